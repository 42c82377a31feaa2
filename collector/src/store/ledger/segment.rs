//! Reads one segment file frame by frame and checks every byte that it hands out.

use super::frame::{FRAME_HEAD, Frame, MAX_PAYLOAD, Place, SEGMENT_HEAD, read_segment_head};
use crate::store::StoreError;
use crate::store::disk::{at, damaged};
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// One segment file, as far as it is durable.
#[derive(Clone, Debug)]
pub(in crate::store) struct Segment {
    /// Where it is.
    pub(in crate::store) path: PathBuf,
    /// The place that it begins after.
    pub(in crate::store) before: Place,
    /// Durable bytes.
    pub(in crate::store) length: u64,
}

impl Segment {
    /// Reads the head of the file named for group `first`; `None` when the head is not as written.
    pub(super) fn open(first: u64, path: &Path) -> Result<Option<Self>, StoreError> {
        let mut head = Vec::new();
        let mut file = File::open(path).map_err(at("open the segment", path))?;
        file.by_ref().take(SEGMENT_HEAD as u64).read_to_end(&mut head).map_err(at("read the segment's head", path))?;
        let length = file.metadata().map_err(at("ask for the segment's length", path))?.len();
        let before = read_segment_head(&head).filter(|before| before.group.checked_add(1) == Some(first));
        Ok(before.map(|before| Self { path: path.to_owned(), before, length }))
    }
}

/// Reads a segment from a place on.
pub(in crate::store) struct Reader {
    file: BufReader<File>,
    path: PathBuf,
    first: u64,
    offset: u64,
    end: u64,
    place: Place,
}

impl Reader {
    /// From the segment's first frame on.
    pub(in crate::store) fn open(segment: &Segment) -> Result<Self, StoreError> {
        Self::open_at(segment, SEGMENT_HEAD as u64, segment.before)
    }

    /// From the frame at `offset` on, which follows `place`.
    pub(super) fn open_at(segment: &Segment, offset: u64, place: Place) -> Result<Self, StoreError> {
        let path = segment.path.clone();
        let mut file = BufReader::new(File::open(&path).map_err(at("open the segment", &path))?);
        file.seek(SeekFrom::Start(offset)).map_err(at("read the segment", &path))?;
        Ok(Self { file, path, first: segment.before.group + 1, offset, end: segment.length, place })
    }

    /// Where the next frame begins.
    pub(in crate::store) fn offset(&self) -> u64 {
        self.offset
    }

    /// The place reached.
    pub(in crate::store) fn place(&self) -> Place {
        self.place
    }

    /// The first group of the segment.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The file.
    pub(in crate::store) fn path(&self) -> &Path {
        &self.path
    }

    /// The next frame's head, checked with its place in the chain; `None` at the end. Follow it by [`Reader::payload`] or [`Reader::skip`].
    pub(in crate::store) fn head(&mut self) -> Result<Option<Frame>, StoreError> {
        if self.offset == self.end {
            return Ok(None);
        }
        let mut bytes = [0; FRAME_HEAD];
        let start = self.offset;
        self.read(&mut bytes)?;
        let frame = Frame::read(&bytes).ok_or_else(|| damaged(&self.path, start, "the frame's head is not as it was written"))?;
        if !frame.follows(&self.place) {
            return Err(damaged(&self.path, start, format!("the frame does not follow group {} in the chain", self.place.group)));
        }
        Ok(Some(frame))
    }

    /// Passes over the payload of the frame just read.
    pub(in crate::store) fn skip(&mut self, frame: &Frame) -> Result<(), StoreError> {
        self.room(u64::from(frame.stored))?;
        self.file.seek_relative(i64::from(frame.stored)).map_err(at("read the segment", &self.path))?;
        self.offset += u64::from(frame.stored);
        self.place = frame.after;
        Ok(())
    }

    /// The payload of the frame just read: the group's lines, checked and unpacked.
    pub(in crate::store) fn payload(&mut self, frame: &Frame) -> Result<Vec<u8>, StoreError> {
        let start = self.offset;
        self.room(u64::from(frame.stored))?;
        let mut stored = vec![0; frame.stored as usize];
        self.read(&mut stored)?;
        self.place = frame.after;
        if !frame.fits(&stored) {
            return Err(damaged(&self.path, start, "the group's bytes are not as they were written"));
        }
        let plain = zstd::bulk::decompress(&stored, frame.plain.min(MAX_PAYLOAD) as usize);
        plain.map_err(|_| damaged(&self.path, start, "the group's bytes can't be unpacked"))
    }

    fn room(&self, wanted: u64) -> Result<(), StoreError> {
        let left = self.end.saturating_sub(self.offset);
        if left < wanted {
            return Err(damaged(&self.path, self.end, format!("the file ends {} bytes early", wanted - left)));
        }
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8]) -> Result<(), StoreError> {
        self.room(bytes.len() as u64)?;
        match self.file.read_exact(bytes) {
            Ok(()) => self.offset += bytes.len() as u64,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                return Err(damaged(&self.path, self.offset, "the file ends before what was durable in it"));
            }
            Err(error) => return Err(at("read the segment", &self.path)(error)),
        }
        Ok(())
    }
}
