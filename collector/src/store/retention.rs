//! Retention: old segments of the ledger go by policy, and so do contents that nothing uses. Records never do.

use super::ledger::frame::Place;
use super::signed::Says;
use super::{Folder, StoreError, snapshot};
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::Digest;
use std::collections::HashSet;

impl Folder {
    /// Removes whole segments whose events are all older than `keep` and that both snapshots stand behind; gives their number. Where the
    /// ledger then begins is signed first, so that a missing segment is told from one that was removed: without a signer nothing goes.
    ///
    /// # Errors
    /// A snapshot or a segment can't be read, or the disk failed.
    pub fn retain(&self, now: Timestamp, keep: SignedDuration) -> Result<usize, StoreError> {
        let Some(covered) = self.covered_twice()? else { return Ok(0) };
        let Some(end) = self.ledger().end_of_old(covered.group, now - keep)? else { return Ok(0) };
        if !self.signed().say(Says::Anchor, end, now)? {
            tracing::warn!("old segments of the ledger are kept: nobody signs where it begins");
            return Ok(0);
        }
        let removed = self.ledger().remove_upto(end.group)?;
        // The shelf would go on to answer with what was let go of.
        self.shelf().make_anew();
        Ok(removed)
    }

    /// The place of the older of two whole snapshots: should the newer be damaged one day, that one still serves.
    fn covered_twice(&self) -> Result<Option<Place>, StoreError> {
        let mut places = Vec::new();
        for (_, path) in snapshot::list(&self.dir().join("snapshot"))? {
            places.push(snapshot::check(&path)?.1);
        }
        Ok(places.get(1).copied())
    }

    /// Lets go of the contents that are not among `used`, unless they were put or read since the last sweep; gives their number.
    ///
    /// # Errors
    /// The disk failed.
    pub fn sweep_blobs(&self, used: &HashSet<Digest>) -> Result<usize, StoreError> {
        self.blobs().sweep(used)
    }
}
