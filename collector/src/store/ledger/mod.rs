//! The ledger: append-only segments of committed groups. Audit trail, outbox and source of every other form at once.
//!
//! `DIR/ledger/NNNNNNNNNNNNNNNNNNNN.log` is named by its first group, twenty digits. See [`frame`] for the bytes. One commit is one
//! group, one write and one fdatasync; a segment is followed by the next once it holds 64 MiB. A write or fsync that failed is never
//! tried again: what reached the disk is then unknown, and only reading it again tells.

pub(super) mod frame;
mod last;
mod old;
pub(super) mod replay;
pub(super) mod segment;
mod tail;
#[cfg(test)]
mod tests;
pub(super) mod verify;
pub(super) mod walk;
mod writer;

use super::disk::{at, damaged, numbered, read_from};
use super::out::{make_dir, remove};
use super::people::People;
use super::{Entry, Known, StoreError};
use frame::{Place, SEGMENT_HEAD};
use rollcall_site::event::Event;
use rollcall_site::{AssetId, Site};
use segment::{Reader, Segment};
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Mutex, PoisonError, RwLock};
use walk::Walk;
use writer::Writer;

/// Bytes after which a segment is followed by the next.
const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes between two remembered places: what a question by event number reads in vain at most.
const MARK_BYTES: u64 = 1024 * 1024;
/// Latest events that are kept in memory for the outbox.
const RECENT: usize = 4096;

/// The ledger of one site.
pub(super) struct Ledger {
    writer: Mutex<Writer>,
    chart: RwLock<Chart>,
    recent: Mutex<VecDeque<Event>>,
    damage: Vec<String>,
}

/// What readers go by: only what is durable.
#[derive(Default)]
struct Chart {
    /// By first group.
    segments: BTreeMap<u64, Segment>,
    /// Frames by the last event before them.
    marks: BTreeMap<u64, Mark>,
    /// The ledger's end.
    place: Place,
}

/// Where a frame begins.
#[derive(Clone, Copy)]
struct Mark {
    first: u64,
    offset: u64,
    place: Place,
}

impl Ledger {
    /// Opens the ledger in `dir`, checks its last segment against what is known beside it, and cuts an unfinished write at its end.
    pub(super) fn open(dir: &Path, known: &Known) -> Result<Self, StoreError> {
        make_dir(dir)?;
        let mut segments = segments(dir)?;
        if let Some(anchor) = known.anchor {
            old::remove(&mut segments, anchor.group)?;
        }
        if segments.is_empty() {
            segments.insert(1, writer::begin_segment(dir, Place::default())?);
        }
        let mut chart = Chart { segments, ..Chart::default() };
        for (first, segment) in &chart.segments {
            let mark = Mark { first: *first, offset: SEGMENT_HEAD as u64, place: segment.before };
            chart.marks.entry(segment.before.seq).or_insert(mark);
        }
        let (_, last) = chart.segments.last_key_value().ok_or_else(no_segment)?;
        let last = last::check(dir, last.clone(), known)?;
        let mark = Mark { first: last.segment.before.group + 1, offset: SEGMENT_HEAD as u64, place: last.segment.before };
        chart.marks.entry(mark.place.seq).or_insert(mark);
        chart.segments.insert(mark.first, last.segment.clone());
        chart.place = last.place;
        let writer = Writer::open(dir.to_owned(), &last.segment, last.place)?;
        Ok(Self { writer: Mutex::new(writer), chart: RwLock::new(chart), recent: Mutex::default(), damage: last.damage })
    }

    /// Makes a group durable, all or nothing.
    pub(super) fn commit(&self, group: &[Entry]) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let written = writer.write(group)?;
        self.remember(group);
        self.chart.write().unwrap_or_else(PoisonError::into_inner).take(written);
        Ok(())
    }

    /// Accepts nothing more: something that a group needs beside the ledger could not be made durable.
    pub(super) fn stop(&self, error: &StoreError) {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).stop(error);
    }

    /// Keeps the events of a group that is durable for the outbox. The chart moves after it, so that what it promises is there.
    fn remember(&self, group: &[Entry]) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.extend(group.iter().flat_map(|entry| &entry.events).cloned());
        let old = recent.len().saturating_sub(RECENT);
        recent.drain(..old);
    }

    /// What was damaged at the start in the last segment, within what a snapshot covers.
    pub(super) fn damage(&self) -> &[String] {
        &self.damage
    }

    /// The ledger's end.
    pub(super) fn place(&self) -> Place {
        self.read_chart().place
    }

    /// The segments as far as they are durable, oldest first, and the place where they end.
    pub(super) fn segments(&self) -> (Vec<Segment>, Place) {
        let chart = self.read_chart();
        (chart.segments.values().cloned().collect(), chart.place)
    }

    /// Takes up every record of the groups after `from`, and the number of the last event.
    pub(super) fn replay(&self, from: &Place, people: &People, site: &mut Site) -> Result<(), StoreError> {
        let (segments, to) = self.segments();
        replay::replay(segments, from, &to, people, site)
    }

    /// Up to `limit` events after number `after`, in order.
    pub(super) fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        if after >= self.place().seq || limit == 0 {
            return Ok(Vec::new());
        }
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.front().is_some_and(|first| first.seq <= after + 1) {
            return Ok(recent.iter().filter(|event| event.seq > after).take(limit).cloned().collect());
        }
        drop(recent);
        let mut events = Vec::new();
        let mut walk = self.near(after)?;
        let mut mark = walk.mark();
        while let Some(frame) = walk.head()? {
            if frame.after.seq <= after {
                walk.skip(&frame)?;
            } else {
                events.extend(walk.events(&frame, None)?.into_iter().filter(|event| event.seq > after));
            }
            if events.len() >= limit {
                break;
            }
            mark = walk.mark();
        }
        self.chart.write().unwrap_or_else(PoisonError::into_inner).mark(mark);
        events.truncate(limit);
        Ok(events)
    }

    /// The last `limit` events, newest first: of one asset, or of the site. Reads segments from the newest back.
    pub(super) fn history(&self, asset: Option<AssetId>, limit: usize) -> Result<Vec<Event>, StoreError> {
        if asset.is_none() {
            let mut events = self.events(self.place().seq.saturating_sub(limit as u64), limit)?;
            events.reverse();
            return Ok(events);
        }
        let mut found = Vec::new();
        for segment in self.segments().0.into_iter().rev() {
            let mut here = Vec::new();
            let mut walk = Walk::new(Reader::open(&segment)?, Vec::new());
            while let Some(frame) = walk.head()? {
                here.extend(walk.events(&frame, asset)?);
            }
            found.extend(here.into_iter().rev());
            if found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// The place of the first group that ends with event `seq`; `None`: no group does.
    pub(super) fn place_of(&self, seq: u64) -> Result<Option<Place>, StoreError> {
        let mut walk = self.near(seq.saturating_sub(1))?;
        while walk.place().seq < seq {
            match walk.head()? {
                Some(frame) => walk.skip(&frame)?,
                None => return Ok(None),
            }
        }
        Ok(Some(walk.place()).filter(|place| place.seq == seq))
    }

    /// Walks from the last remembered frame that has no event after number `seq` before it.
    fn near(&self, seq: u64) -> Result<Walk, StoreError> {
        let chart = self.read_chart();
        let mark = chart.marks.range(..=seq).next_back().or_else(|| chart.marks.first_key_value()).map(|(_, mark)| *mark);
        let mark = mark.ok_or_else(no_segment)?;
        let mut segments = chart.segments.range(mark.first..).map(|(_, segment)| segment.clone());
        let segment = segments.next().ok_or_else(no_segment)?;
        Ok(Walk::new(Reader::open_at(&segment, mark.offset, mark.place)?, segments.collect()))
    }

    fn read_chart(&self) -> std::sync::RwLockReadGuard<'_, Chart> {
        self.chart.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the next group begin a segment.
    #[cfg(test)]
    pub(super) fn fill_segment(&self) {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).fill_segment();
    }

    /// Makes the next write fail, as a full or broken disk would.
    #[cfg(test)]
    pub(super) fn break_disk(&self) {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).break_disk();
    }
}

/// What to do about a ledger that does not fit.
const RESTORE: &str = "restore a backup into a new folder";

fn no_segment() -> StoreError {
    StoreError::Stopped("the ledger has no segment".to_owned())
}

impl Chart {
    /// Takes up a group that is durable.
    fn take(&mut self, written: writer::Written) {
        let first = written.segment.before.group + 1;
        self.mark(Mark { first, offset: written.offset, place: written.before });
        self.segments.insert(first, written.segment);
        self.place = written.after;
    }

    /// Remembers where a frame begins when no remembered one is near.
    fn mark(&mut self, mark: Mark) {
        let near = self.marks.range(..=mark.place.seq).next_back();
        if near.is_none_or(|(_, near)| near.first != mark.first || near.offset + MARK_BYTES <= mark.offset) {
            self.marks.entry(mark.place.seq).or_insert(mark);
        }
    }
}

/// The segments in `dir` by first group; one whose making a crash cut short is removed.
fn segments(dir: &Path) -> Result<BTreeMap<u64, Segment>, StoreError> {
    let files = numbered(dir, "log")?;
    let last = files.last().map(|(first, _)| *first);
    let mut segments = BTreeMap::new();
    for (first, path) in files {
        match Segment::open(first, &path)? {
            Some(segment) => {
                segments.insert(first, segment);
            }
            None if Some(first) == last && is_stillborn(&path)? => {
                remove(&path).map_err(at("remove the segment that a crash cut short", &path))?;
            }
            None => return Err(damaged(&path, 0, format!("the segment's head is not as it was written; {RESTORE}"))),
        }
    }
    Ok(segments)
}

/// Whether a crash came between making the file and its head reaching the disk: no frame is in it.
fn is_stillborn(path: &Path) -> Result<bool, StoreError> {
    let bytes = read_from(path, 0)?;
    Ok(bytes.len() < SEGMENT_HEAD || (bytes.len() == SEGMENT_HEAD && bytes.iter().all(|byte| *byte == 0)))
}
