//! Walks the ledger over its segments: replay, events, the history of an asset.

use super::Mark;
use super::frame::{Frame, Place};
use super::segment::{Reader, Segment};
use crate::store::disk::damaged;
use crate::store::lines::{self, BadLine};
use crate::store::{Entry, StoreError};
use rollcall_site::AssetId;
use rollcall_site::event::Event;
use std::path::Path;

/// Walks the groups of some segments, one after another.
pub(in crate::store) struct Walk {
    reader: Reader,
    later: std::vec::IntoIter<Segment>,
}

impl Walk {
    /// From what `reader` stands at, then through `later`.
    pub(super) fn new(reader: Reader, later: Vec<Segment>) -> Self {
        Self { reader, later: later.into_iter() }
    }

    /// The next group's head; `None` at the ledger's end. Follow it by one of the readers below, or by [`Walk::skip`].
    pub(in crate::store) fn head(&mut self) -> Result<Option<Frame>, StoreError> {
        loop {
            if let Some(frame) = self.reader.head()? {
                return Ok(Some(frame));
            }
            let Some(segment) = self.later.next() else { return Ok(None) };
            follows(&segment, &self.reader.place(), self.reader.path())?;
            self.reader = Reader::open(&segment)?;
        }
    }

    /// Passes over the group just read.
    pub(in crate::store) fn skip(&mut self, frame: &Frame) -> Result<(), StoreError> {
        self.reader.skip(frame)
    }

    /// The entries of the group just read.
    pub(in crate::store) fn entries(&mut self, frame: &Frame) -> Result<Vec<Entry>, StoreError> {
        self.read(frame, lines::read_entries)
    }

    /// The events of the group just read; of one asset only, where one is named.
    pub(in crate::store) fn events(&mut self, frame: &Frame, asset: Option<AssetId>) -> Result<Vec<Event>, StoreError> {
        self.read(frame, |text| lines::read_events(text, asset))
    }

    /// The place reached.
    pub(in crate::store) fn place(&self) -> Place {
        self.reader.place()
    }

    /// Where the next frame begins.
    pub(super) fn mark(&self) -> Mark {
        Mark { first: self.reader.first(), offset: self.reader.offset(), place: self.reader.place() }
    }

    /// The file reached, and where in it.
    pub(in crate::store) fn file(&self) -> (&Path, u64) {
        (self.reader.path(), self.reader.offset())
    }

    fn read<T>(&mut self, frame: &Frame, read: impl FnOnce(&[u8]) -> Result<T, BadLine>) -> Result<T, StoreError> {
        let start = self.reader.offset();
        let text = self.reader.payload(frame)?;
        read(&text).map_err(|bad| damaged(self.reader.path(), start, format!("group {}: {bad}", frame.after.group)))
    }
}

/// Holds a segment to the end of the one before it.
pub(super) fn follows(segment: &Segment, place: &Place, before: &Path) -> Result<(), StoreError> {
    if segment.before == *place {
        return Ok(());
    }
    let (wanted, found) = (place.group + 1, segment.before.group + 1);
    let what = match found.cmp(&wanted) {
        std::cmp::Ordering::Greater => format!("groups {wanted} to {} are missing after {}", found - 1, before.display()),
        _ => format!("it does not continue {}", before.display()),
    };
    Err(damaged(&segment.path, 0, what))
}
