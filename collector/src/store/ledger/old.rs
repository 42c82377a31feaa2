//! Lets go of old segments: whole ones, the oldest first, and only what the caller says that nothing needs any more.

use super::frame::Place;
use super::segment::{Reader, Segment};
use super::walk::Walk;
use super::{Chart, Ledger};
use crate::store::StoreError;
use crate::store::disk::at;
use crate::store::out::{remove as remove_file, sync_dir};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::PoisonError;

impl Ledger {
    /// The end of the last old segment: one that ends at `covered` or before and whose newest event is before `time`. `None`: there is none.
    pub(in crate::store) fn end_of_old(&self, covered: u64, time: Timestamp) -> Result<Option<Place>, StoreError> {
        let mut end = None;
        let (segments, _) = self.segments();
        for (segment, next) in segments.iter().zip(segments.iter().skip(1)) {
            let is_old = next.before.group <= covered && newest(segment)?.is_none_or(|at| at < time);
            if !is_old {
                break;
            }
            end = Some(next.before);
        }
        Ok(end)
    }

    /// Removes every segment that ends at group `upto` or before; gives their number.
    pub(in crate::store) fn remove_upto(&self, upto: u64) -> Result<usize, StoreError> {
        let mut chart = self.chart.write().unwrap_or_else(PoisonError::into_inner);
        let Chart { segments, marks, .. } = &mut *chart;
        let removed = remove(segments, upto);
        marks.retain(|_, mark| segments.contains_key(&mark.first));
        let begin = segments.values().next().map_or(0, |first| first.before.seq);
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).retain(|event| event.seq > begin);
        removed
    }
}

/// Removes the files of the segments that end at group `upto` or before, the oldest first; never the last.
pub(super) fn remove(segments: &mut BTreeMap<u64, Segment>, upto: u64) -> Result<usize, StoreError> {
    let mut removed = 0;
    while let Some(first) = segments.first_entry().map(|first| *first.key()) {
        let is_old = segments.range(first + 1..).next().is_some_and(|(_, next)| next.before.group <= upto);
        let Some(segment) = segments.get(&first).filter(|_| is_old) else { break };
        remove_file(&segment.path).map_err(at("remove an old segment", &segment.path))?;
        segment.path.parent().map_or(Ok(()), sync_dir)?;
        segments.remove(&first);
        removed += 1;
    }
    Ok(removed)
}

/// When the newest event of a segment was; `None`: it has none.
fn newest(segment: &Segment) -> Result<Option<Timestamp>, StoreError> {
    let mut reader = Reader::open(segment)?;
    let mut last = None;
    loop {
        let (offset, place) = (reader.offset(), reader.place());
        let Some(frame) = reader.head()? else { break };
        reader.skip(&frame)?;
        if frame.after.seq > place.seq {
            last = Some((offset, place));
        }
    }
    let Some((offset, place)) = last else { return Ok(None) };
    let mut walk = Walk::new(Reader::open_at(segment, offset, place)?, Vec::new());
    let events = walk.head()?.map(|frame| walk.events(&frame, None)).transpose()?;
    Ok(events.unwrap_or_default().iter().map(|event| event.at).max())
}
