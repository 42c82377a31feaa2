//! Looks through the last segment at a start: cuts an unfinished write, and passes over damage that a snapshot stands behind.
//!
//! Damage within what the newest whole snapshot covers loses no record, so it refuses no start: the collector serves from the snapshot, the
//! damage is named at every start and by `verify`, and a question that would read it is answered with its name. Where a frame's head is
//! damaged the chain is taken up again at the snapshot's own place, in a segment of its own; the damaged file stays as it is. Behind the
//! snapshot any damage refuses the start, for groups that were acknowledged may be gone. So does an end before a signed checkpoint: a
//! frame that is gone whole looks like a torn write, and only the checkpoint tells them apart.

use super::frame::{FRAME_HEAD, Frame, MAGIC, Place, segment_head};
use super::segment::{Reader, Segment};
use super::{RESTORE, tail, writer};
use crate::store::disk::{damaged, read_from, write_whole};
use crate::store::{Known, StoreError};
use std::io::Write;
use std::path::Path;

/// What the last segment came to.
pub(super) struct Last {
    /// The segment to write on.
    pub(super) segment: Segment,
    /// Where it ends.
    pub(super) place: Place,
    /// What is damaged and covered by a snapshot.
    pub(super) damage: Vec<String>,
}

/// Checks `segment`, the last of the ledger in `dir`.
pub(super) fn check(dir: &Path, mut segment: Segment, known: &Known) -> Result<Last, StoreError> {
    let mut damage = Vec::new();
    let mut reader = Reader::open(&segment)?;
    let mut good = (reader.offset(), reader.place());
    let found = loop {
        let step = reader.head().and_then(|frame| frame.map(|frame| reader.payload(&frame)).transpose());
        let is_covered = known.snapshot.is_some_and(|place| place.group > good.1.group);
        match step {
            Ok(None) => break None,
            Ok(Some(_)) => {}
            // The head is whole: what follows it can be read, and the snapshot holds what it brought.
            Err(error @ StoreError::Damaged { .. }) if is_covered && reader.place() != good.1 => damage.push(error.to_string()),
            Err(StoreError::Damaged { path, offset, what }) => {
                break Some(StoreError::Damaged { path, offset, what: format!("{what}; {RESTORE}") });
            }
            Err(error) => return Err(error),
        }
        good = (reader.offset(), reader.place());
    };
    if let Some(error) = found {
        let rest = read_from(&segment.path, good.0)?;
        if let Some((place, start)) =
            known.snapshot.filter(|place| place.group > good.1.group).and_then(|place| Some((place, taken_up(&rest, &place)?)))
        {
            damage.push(error.to_string());
            let again = begin_at(dir, &segment, place, rest.get(start..).unwrap_or_default())?;
            let mut last = check(dir, again, known)?;
            last.damage.splice(..0, damage);
            return Ok(last);
        }
        if !tail::is_unfinished(&rest, good.0, &good.1) {
            return Err(error);
        }
        holds_checkpoint(&segment, good, known)?;
        let (file, bytes) = (segment.path.display(), rest.len());
        tracing::warn!(%file, offset = good.0, bytes, "cut an unfinished write off the ledger's end; it was never acknowledged");
        writer::cut(&segment.path, good.0)?;
        segment.length = good.0;
    }
    holds_checkpoint(&segment, good, known)?;
    Ok(Last { segment, place: good.1, damage })
}

/// A ledger that ends before a signed checkpoint has lost what was acknowledged.
fn holds_checkpoint(segment: &Segment, (offset, place): (u64, Place), known: &Known) -> Result<(), StoreError> {
    let Some((signed, at)) = known.checkpoint.filter(|(signed, _)| signed.group > place.group) else { return Ok(()) };
    let (last, group) = (place.group, signed.group);
    let what = format!("the ledger ends with group {last}, and the checkpoint signed at {at} stands at group {group}; {RESTORE}");
    Err(damaged(&segment.path, offset, what))
}

/// Where in `rest` the ledger goes on behind `place`: at the frame that follows it, or at the end of the one that leads to it.
fn taken_up(rest: &[u8], place: &Place) -> Option<usize> {
    let candidates = rest.windows(MAGIC.len()).enumerate().filter(|(_, bytes)| *bytes == MAGIC).map(|(start, _)| start);
    let mut own = None;
    for (start, frame) in candidates.filter_map(|start| Some((start, Frame::read(rest.get(start..)?)?))) {
        if frame.follows(place) {
            return Some(start);
        }
        if frame.after == *place {
            own = Some(start + FRAME_HEAD + frame.stored as usize).filter(|end| *end <= rest.len());
        }
    }
    own
}

/// A segment that begins behind `place` with `frames`.
fn begin_at(dir: &Path, damaged: &Segment, place: Place, frames: &[u8]) -> Result<Segment, StoreError> {
    let path = dir.join(format!("{:020}.log", place.group + 1));
    let file = damaged.path.display();
    tracing::error!(%file, group = place.group, "the ledger is damaged before a snapshot; it goes on behind that in a segment of its own");
    let head = segment_head(&place);
    write_whole(&path, |file| file.write_all(&head).and_then(|()| file.write_all(frames)))?;
    Ok(Segment { path, before: place, length: (head.len() + frames.len()) as u64 })
}
