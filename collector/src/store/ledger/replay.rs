//! Replays the groups of a ledger into a site, from the place where a snapshot stands: of a store that is open, or as it lies there.

use super::RESTORE;
use super::frame::Place;
use super::segment::{Reader, Segment};
use super::walk::Walk;
use crate::store::StoreError;
use crate::store::disk::damaged;
use crate::store::people::People;
use rollcall_site::Site;
use std::path::PathBuf;

/// Takes up every record of the groups after `from` up to `to`, both places of the ledger that `segments` are, and the number of the last
/// event.
pub(in crate::store) fn replay(
    segments: Vec<Segment>,
    from: &Place,
    to: &Place,
    people: &People,
    site: &mut Site,
) -> Result<(), StoreError> {
    let mut walk = after(segments, from)?;
    while walk.place() != *to
        && let Some(frame) = walk.head()?
    {
        for record in walk.entries(&frame)?.into_iter().flat_map(|entry| entry.records) {
            site.restore(&people.open_record(record)?)?;
        }
    }
    site.seq = walk.place().seq;
    Ok(())
}

/// Walks the groups after `from`.
fn after(mut segments: Vec<Segment>, from: &Place) -> Result<Walk, StoreError> {
    let Some(begin) = segments.iter().rposition(|segment| segment.before.group <= from.group) else {
        return Err(no_beginning(&segments, from));
    };
    let mut segments = segments.split_off(begin).into_iter();
    let Some(segment) = segments.next() else { return Err(no_beginning(&[], from)) };
    let mut walk = Walk::new(Reader::open(&segment)?, segments.collect());
    while walk.place().group < from.group {
        let Some(frame) = walk.head()? else {
            let (path, offset) = walk.file();
            let (last, wanted) = (walk.place().group, from.group);
            let what = format!("the ledger ends with group {last}, and the snapshot stands at group {wanted}; {RESTORE}");
            return Err(damaged(path, offset, what));
        };
        walk.skip(&frame)?;
    }
    let (path, offset) = walk.file();
    if walk.place() == *from {
        Ok(walk)
    } else {
        Err(damaged(path, offset, format!("group {} is not the one that the snapshot stands at; {RESTORE}", from.group)))
    }
}

fn no_beginning(segments: &[Segment], from: &Place) -> StoreError {
    let path = segments.first().map_or_else(PathBuf::new, |segment| segment.path.clone());
    damaged(&path, 0, format!("groups from {} on are missing before it, and no snapshot stands for them; {RESTORE}", from.group + 1))
}
