//! The contents of sections that the site holds, each once however many machines report it.

use crate::content::{self, Content};
use crate::packages::{Marks, Packages};
use crate::{Site, sweep};
use rollcall_proto::Digest;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Site {
    /// Whether the content of a section with this digest is held. Two sections may have the same bytes (an empty list of
    /// displays, an empty list of batteries), so the name belongs to the question.
    pub fn holds(&self, name: &str, digest: &Digest) -> bool {
        self.content(name, digest).is_some()
    }

    /// A section's content.
    pub fn content(&self, name: &str, digest: &Digest) -> Option<&Content> {
        self.contents.get(&(content::place(name)?, *digest.as_bytes()))
    }

    /// The software lists that are held, by digest.
    pub(crate) fn lists(&self) -> impl Iterator<Item = (&[u8; 32], &Content)> {
        let lists = content::place("software").into_iter().flat_map(|place| self.contents.range((place, [0; 32])..=(place, [u8::MAX; 32])));
        lists.map(|((_, digest), list)| (digest, list))
    }

    /// What the software lists name: [`Content::of`] shares a list's packages there.
    pub fn packages(&self) -> &Arc<Packages> {
        &self.packages
    }

    /// Takes up a section's content, whose bytes are durable under that digest, or will be with the change that first names it.
    pub fn hold(&mut self, digest: Digest, content: Content) {
        self.contents_bytes += content.bytes();
        let before = self.contents.insert((content.place, *digest.as_bytes()), content.within(&self.packages));
        self.contents_bytes = self.contents_bytes.saturating_sub(before.map_or(0, |before| before.bytes()));
    }

    /// Memory that the contents take with their packages, those too that nothing uses any more; about, bytes.
    pub fn contents_bytes(&self) -> usize {
        self.contents_bytes + self.packages.bytes()
    }

    /// Name and digest of every content that a profile, the accepted parts of an asset, a room's last sweep, or a loan uses that is open or
    /// still to be compared.
    pub fn used_contents(&self) -> BTreeSet<(&str, Digest)> {
        let profiles = self.profiles.iter().flat_map(|(_, profile)| profile.digests());
        let loans = self.open_loans.values().chain(self.uncompared_loans.iter().map(|(_, id)| id));
        let loans = loans.filter_map(|id| self.loans.get(id)).flat_map(|loan| loan.frozen.iter());
        let sweeps = self.rooms.keys().filter_map(|room| sweep::last_of(self, room)).flat_map(|sweep| sweep.lines.iter());
        let sweeps = sweeps.flat_map(|line| line.sections.iter());
        let accepted = self.accepted.iter().flat_map(|(_, accepted)| accepted.sections.iter());
        profiles.chain(loans.chain(sweeps).chain(accepted).map(|(name, digest)| (name.as_str(), *digest))).collect()
    }

    /// The digest of every content that is held: a report may name it without bringing it.
    pub fn held_contents(&self) -> impl Iterator<Item = Digest> {
        self.contents.keys().filter_map(|(_, digest)| Digest::from_wire(digest))
    }

    /// Lets go of the contents that nothing uses; their bytes may then be removed.
    pub fn release_unused(&mut self) {
        let used = self.used_contents();
        let kept = used.iter().filter_map(|(name, digest)| self.content(name, digest).map(|content| (digest, content.clone())));
        self.contents = kept.map(|(digest, content)| ((content.place, *digest.as_bytes()), content)).collect();
        self.contents_bytes = self.contents.values().map(Content::bytes).sum();
        let mut marks = Marks::default();
        self.contents.values().for_each(|content| content.mark(&mut marks));
        // Views read the old packages without a lock, so what is left moves into new ones, once that pays.
        if marks.count() < self.packages.count() / 4 * 3 {
            let (packages, numbers) = self.packages.only(&marks);
            self.packages = Arc::new(packages);
            self.contents = self.contents.iter().map(|(key, content)| (*key, content.renumbered(&self.packages, &numbers))).collect();
        }
    }
}
