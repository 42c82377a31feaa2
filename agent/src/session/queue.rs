//! The entries that wait for their acknowledgement, and what has been told so far.
//!
//! A state counts as told once its entry is in here, which it leaves only when acknowledged; whatever breaks that chain
//! (an entry gave way, another session, another epoch) makes the next survey tell everything.

use super::agenda::Request;
use crate::spool::Kept;
use crate::survey::{Contents, Reading};
use rollcall_proto::Digest;
use rollcall_proto::v1::{Entry, SectionBytes, SectionState, Want};
use std::collections::{BTreeMap, VecDeque};

/// Most entries kept: a laptop away for a year with one change a day.
const ENTRIES_LIMIT: usize = 512;
/// Most bytes of sections kept.
const CONTENTS_LIMIT: usize = 32 * 1024 * 1024;

/// What an entry lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// Every section that was read.
    Everything,
    /// Only those that differ from what was told; no entry when none does.
    Changes,
}

/// What a collector asked for and cannot get any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lacking;

#[derive(Debug)]
pub(super) struct Queue {
    session: String,
    next: u64,
    entries: VecDeque<Entry>,
    contents: Contents,
    told: BTreeMap<String, SectionState>,
    whole: bool,
    lost: u64,
}

impl Queue {
    /// Takes up what the spool held. What was told before a restart is not known: the first survey tells everything.
    pub(super) fn new(kept: Kept) -> Self {
        let Kept { session, next, entries, contents, lost } = kept;
        Self { session, next, entries: entries.into(), contents, told: BTreeMap::new(), whole: false, lost }
    }

    pub(super) fn session(&self) -> &str {
        &self.session
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    /// Whether the collector will know everything once all entries have arrived.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// The next survey tells everything.
    pub(super) fn tell_everything(&mut self) {
        self.whole = false;
    }

    /// These sections count as not told.
    pub(super) fn untell(&mut self, which: impl Fn(&str) -> bool) {
        self.told.retain(|name, _| !which(name));
    }

    pub(super) fn contents(&self) -> &Contents {
        &self.contents
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Number of the oldest entry, or of the next one.
    pub(super) fn oldest(&self) -> u64 {
        self.entries.front().map_or(self.next, |entry| entry.number)
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Puts what was read into an entry, with the bytes that it announces; `None` when there is nothing to tell.
    pub(super) fn announce(&mut self, readings: &[Reading], request: &Request, listing: Listing, at_ms: i64) -> Option<(Entry, Contents)> {
        let all_read = request.sections.is_empty() && !readings.is_empty();
        let everything = listing == Listing::Everything || (all_read && !self.whole);
        let listed: Vec<&Reading> = readings.iter().filter(|r| everything || self.told.get(r.name) != Some(&r.state())).collect();
        if listed.is_empty() {
            return None;
        }
        let states: Vec<SectionState> = listed.iter().map(|reading| reading.state()).collect();
        self.told.extend(states.iter().map(|state| (state.name.clone(), state.clone())));
        self.whole |= all_read;
        let full = all_read && listed.len() == readings.len();
        let entry = Entry { session: self.session.clone(), number: self.next, at_ms, full, sections: states, cause: request.cause.into() };
        let announced = listed.iter().filter_map(|reading| reading.content.as_ref().ok());
        let contents: Contents = announced.map(|content| (content.digest, content.bytes.clone())).collect();
        self.next += 1;
        self.entries.push_back(entry.clone());
        self.contents.extend(contents.clone());
        Some((entry, contents))
    }

    /// When there are too many, the oldest give way; gives the number up to which.
    pub(super) fn make_room(&mut self) -> Option<u64> {
        let mut up_to = None;
        while self.entries.len() > 1 && (self.entries.len() > ENTRIES_LIMIT || self.size() > CONTENTS_LIMIT) {
            let Some(oldest) = self.entries.pop_front() else { break };
            up_to = Some(oldest.number);
            self.lost += 1;
            self.whole = false;
            self.drop_unused();
        }
        up_to
    }

    /// Entries up to `up_to` are durable at the collector.
    pub(super) fn acknowledge(&mut self, up_to: u64) {
        while self.entries.front().is_some_and(|entry| entry.number <= up_to) {
            self.entries.pop_front();
        }
        self.drop_unused();
    }

    /// The bytes asked for.
    pub(super) fn answer(&self, want: &Want) -> Result<Vec<SectionBytes>, Lacking> {
        let mut answers = Vec::new();
        for wire in &want.digests {
            let digest = Digest::from_wire(wire).ok_or(Lacking)?;
            let bytes = self.contents.get(&digest).ok_or(Lacking)?;
            answers.push(SectionBytes { digest: wire.clone(), zstd: rollcall_proto::pack(bytes).map_err(|_| Lacking)? });
        }
        Ok(answers)
    }

    /// Begins a new `session`: entries that can still be told get numbers from 1, and the next survey tells everything.
    pub(super) fn begin_anew(&mut self, session: String) {
        let before = self.entries.len();
        let contents = &self.contents;
        let can_be_told = |state: &SectionState| Digest::from_wire(&state.digest).is_none_or(|digest| contents.contains_key(&digest));
        self.entries.retain(|entry| entry.sections.iter().all(can_be_told));
        self.lost += (before - self.entries.len()) as u64;
        for (entry, number) in self.entries.iter_mut().zip(1..) {
            entry.number = number;
            entry.session.clone_from(&session);
        }
        self.next = self.entries.len() as u64 + 1;
        self.session = session;
        self.whole = false;
    }

    fn size(&self) -> usize {
        self.contents.values().map(|bytes| bytes.len()).sum()
    }

    fn drop_unused(&mut self) {
        let states = self.entries.iter().flat_map(|entry| &entry.sections);
        let used: std::collections::BTreeSet<Digest> = states.filter_map(|state| Digest::from_wire(&state.digest)).collect();
        self.contents.retain(|digest, _| used.contains(digest));
    }
}
