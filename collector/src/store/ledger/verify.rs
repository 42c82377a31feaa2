//! Reads and checks every byte of the ledger, and goes on behind damage as far as the chain lets it.

use super::frame::{Place, SEGMENT_HEAD};
use super::segment::{Reader, Segment};
use super::walk::{Walk, follows};
use super::{is_stillborn, tail};
use crate::store::disk::{numbered, read_from};
use crate::store::{StoreError, Verified};
use std::path::Path;

/// The segments in `dir` as they lie there, for a store that is not open; what is wrong with a head is added to `damage`.
pub(in crate::store) fn lying(dir: &Path, damage: &mut Vec<String>) -> Result<Vec<Segment>, StoreError> {
    let files = numbered(dir, "log")?;
    let last = files.last().map(|(first, _)| *first);
    let mut segments = Vec::new();
    for (first, path) in files {
        match Segment::open(first, &path)? {
            Some(segment) => segments.push(segment),
            None if Some(first) == last && is_stillborn(&path)? => {}
            None => damage.push(format!("{} at byte 0: the segment's head is not as it was written", path.display())),
        }
    }
    Ok(segments)
}

/// Checks every byte of `segments` into `verified`; gives the place where they end. An unfinished write at the very end is no damage.
pub(in crate::store) fn segments(segments: &[Segment], verified: &mut Verified) -> Place {
    let mut end: Option<(Place, &Segment)> = None;
    let mut reached = Place::default();
    for (number, segment) in segments.iter().enumerate() {
        match &end {
            Some((place, before)) => note(follows(segment, place, &before.path), verified),
            None if number == 0 && segment.before.group > 0 => verified.damage.push(format!(
                "{} at byte 0: groups 1 to {} are missing before it",
                segment.path.display(),
                segment.before.group
            )),
            None => {}
        }
        let (place, whole) = one(segment, number + 1 == segments.len(), verified);
        reached = place;
        // Behind a damaged head the rest of the segment can't be read, and what the next one must follow is not known.
        end = whole.then_some((place, segment));
    }
    reached
}

/// Checks one segment; gives the place reached, and whether that is its end.
fn one(segment: &Segment, is_last: bool, verified: &mut Verified) -> (Place, bool) {
    let mut good = (SEGMENT_HEAD as u64, segment.before);
    let mut walk = match Reader::open(segment) {
        Ok(reader) => Walk::new(reader, Vec::new()),
        Err(error) => {
            verified.damage.push(error.to_string());
            return (good.1, false);
        }
    };
    loop {
        let group = walk.head().and_then(|frame| frame.map(|frame| walk.entries(&frame).map(|entries| (frame, entries))).transpose());
        match group {
            Ok(Some((frame, entries))) => {
                let events = entries.iter().map(|entry| entry.events.len() as u64).sum::<u64>();
                if entries.len() as u64 != u64::from(frame.entries) || good.1.seq + events != frame.after.seq {
                    verified.damage.push(format!("{} at byte {}: the frame's counts don't fit its group", segment.path.display(), good.0));
                }
                verified.entries += u64::from(frame.entries);
                verified.events += events;
                good = (walk.file().1, walk.place());
            }
            Ok(None) => return (good.1, true),
            Err(error) => {
                let unfinished = is_last && read_from(&segment.path, good.0).is_ok_and(|rest| tail::is_unfinished(&rest, good.0, &good.1));
                if !unfinished {
                    verified.damage.push(error.to_string());
                }
                // A damaged payload leaves head and chain whole: what follows it can still be checked.
                if walk.place() == good.1 {
                    return (good.1, false);
                }
                good = (walk.file().1, walk.place());
            }
        }
    }
}

fn note(result: Result<(), StoreError>, verified: &mut Verified) {
    verified.damage.extend(result.err().map(|error| error.to_string()));
}
