//! Appends groups to the last segment, one write and one fdatasync each, and begins the next segment.

use super::SEGMENT_BYTES;
use super::frame::{END, Frame, MAX_PAYLOAD, Place, segment_head};
use super::segment::Segment;
use crate::store::disk::{at, full};
use crate::store::out::{Out, remove, sync_dir};
use crate::store::{Entry, StoreError, lines};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Fast enough to cost less than the disk; a group of 256 packs to a fifth.
const ZSTD_LEVEL: i32 = 1;

/// The ledger's end, open for writing.
pub(super) struct Writer {
    dir: PathBuf,
    file: Out,
    segment: Segment,
    place: Place,
    /// Bytes after which the next segment is begun.
    limit: u64,
    stopped: Option<String>,
}

/// A group that is durable now.
pub(super) struct Written {
    /// The segment, at its new length.
    pub(super) segment: Segment,
    /// Where the frame begins.
    pub(super) offset: u64,
    /// The place before it.
    pub(super) before: Place,
    /// The place after it.
    pub(super) after: Place,
}

impl Writer {
    /// Opens `segment`, which ends at `place`, for writing.
    pub(super) fn open(dir: PathBuf, segment: &Segment, place: Place) -> Result<Self, StoreError> {
        let file = Out::open(&segment.path, segment.length).map_err(at("open the segment", &segment.path))?;
        Ok(Self { dir, file, segment: segment.clone(), place, limit: SEGMENT_BYTES, stopped: None })
    }

    /// Makes a group durable. After an error of the disk nothing more is accepted, unless the disk is full and nothing is left of the group.
    pub(super) fn write(&mut self, group: &[Entry]) -> Result<Written, StoreError> {
        if let Some(why) = &self.stopped {
            return Err(StoreError::Stopped(why.clone()));
        }
        let (head, payload) = self.frame(group)?;
        let written = self.roll().and_then(|()| self.append(&head, &payload));
        written.inspect_err(|error| self.stop(error))
    }

    /// Accepts nothing more after `error`, unless the disk is full: that one left no trace.
    pub(super) fn stop(&mut self, error: &StoreError) {
        if !matches!(error, StoreError::Full { .. }) {
            self.stopped.get_or_insert_with(|| error.to_string());
        }
    }

    /// The frame of a group; refused before a byte is written when its events don't continue the sequence or when it is too large.
    fn frame(&self, group: &[Entry]) -> Result<(Frame, Vec<u8>), StoreError> {
        let mut seq = self.place.seq;
        for event in group.iter().flat_map(|entry| &entry.events) {
            seq += 1;
            if event.seq != seq {
                return Err(StoreError::OutOfOrder { wanted: seq, given: event.seq });
            }
        }
        let mut text = Vec::new();
        group.iter().for_each(|entry| lines::write_entry(&mut text, entry));
        let plain =
            u32::try_from(text.len()).ok().filter(|plain| *plain <= MAX_PAYLOAD).ok_or(StoreError::TooLarge { bytes: text.len() })?;
        let mut payload = zstd::bulk::compress(&text, ZSTD_LEVEL).map_err(at("pack the group", &self.segment.path))?;
        payload.extend(END);
        if payload.len() > MAX_PAYLOAD as usize {
            return Err(StoreError::TooLarge { bytes: payload.len() });
        }
        let entries = u32::try_from(group.len()).unwrap_or(u32::MAX);
        Ok((Frame::following(&self.place, seq, entries, plain, &payload), payload))
    }

    fn append(&mut self, frame: &Frame, payload: &[u8]) -> Result<Written, StoreError> {
        let bytes = [&frame.encode()[..], payload].concat();
        let offset = self.segment.length;
        if let Err(error) = self.file.write_all(&bytes) {
            return Err(self.step_back(error));
        }
        // Whatever the reason: what is on the disk after a failed fsync only a new start can tell.
        let failed = |source| StoreError::Io { action: "make the ledger durable", path: self.segment.path.clone(), source };
        self.file.sync_data().map_err(failed)?;
        self.segment.length += bytes.len() as u64;
        let before = std::mem::replace(&mut self.place, frame.after);
        Ok(Written { segment: self.segment.clone(), offset, before, after: frame.after })
    }

    /// After a write that failed: when the disk is full, takes back what was written of the group, so that the next one may succeed.
    fn step_back(&mut self, error: io::Error) -> StoreError {
        let is_full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
        let back = if is_full { self.file.cut(self.segment.length).and_then(|()| self.file.sync()) } else { Err(error) };
        let failed = |source| StoreError::Io { action: "write to the ledger", path: self.segment.path.clone(), source };
        back.map_or_else(failed, |()| full(&self.segment.path))
    }

    /// Begins the next segment when this one is full.
    fn roll(&mut self) -> Result<(), StoreError> {
        if self.segment.length >= self.limit {
            let segment = begin_segment(&self.dir, self.place)?;
            *self = Self::open(self.dir.clone(), &segment, self.place)?;
        }
        Ok(())
    }

    /// Makes the next write fail.
    #[cfg(test)]
    pub(super) fn break_disk(&mut self) {
        self.file = Out::open_to_read(&self.segment.path);
    }

    /// Makes the next group begin a segment, as if this one were full.
    #[cfg(test)]
    pub(super) fn fill_segment(&mut self) {
        self.limit = 0;
    }
}

/// Makes the segment that follows `before`, durable with its name.
pub(super) fn begin_segment(dir: &Path, before: Place) -> Result<Segment, StoreError> {
    let path = dir.join(format!("{:020}.log", before.group + 1));
    let head = segment_head(&before);
    let made = Out::create(&path).and_then(|mut file| file.write_all(&head).and_then(|()| file.sync()));
    if let Err(error) = made {
        // No frame is in it; were it left, the next start would remove it.
        remove(&path).ok();
        return Err(at("begin a segment of the ledger", &path)(error));
    }
    sync_dir(dir)?;
    Ok(Segment { path, before, length: head.len() as u64 })
}

/// Cuts the file to `length` bytes, durable.
pub(super) fn cut(path: &Path, length: u64) -> Result<(), StoreError> {
    let cut = |mut file: Out| -> io::Result<()> {
        file.cut(length)?;
        file.sync()
    };
    Out::open(path, length).and_then(cut).map_err(at("cut an unfinished write", path))
}
