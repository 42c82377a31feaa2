//! Lets go of contents that nothing uses: forgotten at once, and off the disk when their pack is mostly unused.

use super::{Blobs, Held, Place};
use crate::store::StoreError;
use crate::store::disk::at;
use crate::store::out::{remove, sync_dir};
use rollcall_proto::Digest;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// A pack that has fewer unused bytes than this is left as it is.
const WORTH_IT: u64 = 1024 * 1024;

impl Blobs {
    /// Forgets what is neither among `used` nor was touched since the last sweep; gives the number. Moves what is used out of packs that
    /// are mostly unused, and removes those.
    pub(in crate::store) fn sweep(&self, used: &HashSet<Digest>) -> Result<usize, StoreError> {
        let mut held = self.held();
        let spared = std::mem::take(&mut held.touched);
        let before = held.contents.len();
        held.contents.retain(|digest, _| used.contains(digest) || spared.contains(digest));
        let removed = before - held.contents.len();
        let mostly_unused = held.mostly_unused();
        drop(held);
        for pack in mostly_unused {
            self.empty(pack)?;
        }
        Ok(removed)
    }

    /// Moves what is used in a pack to the current one, a content at a time, and removes it once that is durable.
    fn empty(&self, number: u64) -> Result<(), StoreError> {
        let mut held = self.held();
        if held.current.as_ref().is_some_and(|current| current.number == number) {
            held.sync()?;
            held.current = None;
        }
        let inside: Vec<Place> = held.contents.values().filter(|place| place.pack == number).copied().collect();
        drop(held);
        for place in inside {
            self.held().carry(&self.dir, place)?;
        }
        let mut held = self.held();
        held.sync()?;
        let Some(pack) = held.packs.remove(&number) else { return Ok(()) };
        drop(held);
        remove(&pack.path).map_err(at("remove a pack that nothing uses", &pack.path))?;
        sync_dir(&self.dir)
    }
}

impl Held {
    /// Packs more than half of whose bytes nothing uses, if that is worth the work.
    fn mostly_unused(&self) -> Vec<u64> {
        let mut used: HashMap<u64, u64> = HashMap::new();
        for place in self.contents.values() {
            *used.entry(place.pack).or_default() += place.frame.length;
        }
        let unused = |number: &u64, length: u64| length.saturating_sub(used.get(number).copied().unwrap_or_default());
        let is_mostly = |number: &u64, length: u64| unused(number, length) > WORTH_IT && unused(number, length) > length / 2;
        self.packs.iter().filter(|(number, pack)| is_mostly(number, pack.length)).map(|(number, _)| *number).collect()
    }

    /// Moves one content to the current pack, unless it was forgotten or is damaged: then its agent is asked again.
    fn carry(&mut self, dir: &Path, place: Place) -> Result<(), StoreError> {
        let digest = place.frame.digest;
        let still_there = self.contents.get(&digest) == Some(&place);
        let Some(pack) = self.packs.get(&place.pack).filter(|_| still_there) else { return Ok(()) };
        let read = super::read_at(&pack.file, &pack.path, place.frame.offset, place.frame.length);
        let opened = read.and_then(|frame| match super::pack::open(&frame, &digest) {
            Some(_) => Ok(frame),
            None => Err(super::not_whole(&pack.path, place.frame.offset)),
        });
        match opened {
            // Until it is in the other pack, this one has it: a disk that is full loses nothing.
            Ok(frame) => self.append(dir, &[(&digest, frame.get(super::pack::FRAME as usize..).unwrap_or_default())]),
            Err(error @ StoreError::Damaged { .. }) => {
                tracing::error!(%error, "a content is let go of");
                self.let_go(&digest, place);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
