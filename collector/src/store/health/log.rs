//! The file of a running day: one chunk per device and hour, in the order in which the hours ended, with where each lies in memory.
//!
//! ```text
//!  0 magic F5 "RH1" · 4 stored bytes, u32 · 8 device, 16 · 24 hour's beginning, ms since 1970, i64
//! 32 the first eight bytes of the BLAKE3 hash of bytes 0 to 32 and of what follows
//! 40 zstd of the samples: protobuf `Health`, each behind its length as a varint
//! ```
//! A damaged chunk is left out; what a crash left behind the last sound one is cut before the next is written.

use super::super::StoreError;
use super::super::disk::{at, checksum, read, take};
use super::rows::Row;
use prost::Message;
use rollcall_proto::v1::Health as Sample;
use rollcall_site::DeviceId;
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

const MAGIC: [u8; 4] = *b"\xf5RH1";
const HEAD: usize = 40;
/// Largest chunk, bytes unpacked: sixty samples take a twentieth.
const MAX_CHUNK: usize = 64 * 1024;

/// Where the chunks of a file lie.
#[derive(Clone, Default)]
pub(in crate::store) struct Log {
    /// Offset and stored bytes of each device's chunks.
    pub(in crate::store) chunks: HashMap<DeviceId, Vec<(u64, u32)>>,
    /// Where the next chunk goes.
    pub(in crate::store) end: u64,
}

impl Log {
    /// Reads where the chunks of a file lie, and cuts an unfinished one off its end. No file: none.
    pub(in crate::store) fn open(path: &Path) -> Result<Self, StoreError> {
        let Some(bytes) = read(path)? else { return Ok(Self::default()) };
        let (mut log, mut sound) = (Self { end: bytes.len() as u64, ..Self::default() }, 0);
        for (offset, chunk) in chunks(&bytes) {
            if let Some(chunk) = chunk {
                sound = offset + HEAD + chunk.packed.len();
                log.chunks.entry(chunk.device).or_default().push((offset as u64, u32::try_from(sound - offset).unwrap_or(u32::MAX)));
            }
        }
        if sound < bytes.len() && is_cut_short(bytes.get(sound..).unwrap_or_default()) {
            let file = OpenOptions::new().write(true).open(path);
            file.and_then(|file| file.set_len(sound as u64)).map_err(at("cut an unfinished chunk of health samples", path))?;
            log.end = sound as u64;
        }
        Ok(log)
    }

    /// Appends an hour of a device. What can't be written is dropped.
    pub(in crate::store) fn append(&mut self, path: &Path, device: DeviceId, hour_ms: i64, samples: &[Sample]) -> Result<(), StoreError> {
        let chunk = encode(device, hour_ms, samples);
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        file.and_then(|mut file| file.write_all(&chunk)).map_err(at("append to the health samples", path))?;
        self.chunks.entry(device).or_default().push((self.end, u32::try_from(chunk.len()).unwrap_or(u32::MAX)));
        self.end += chunk.len() as u64;
        Ok(())
    }

    /// The rows of a device, in the order of its chunks; a chunk that is no longer as written is left out.
    pub(in crate::store) fn rows(&self, path: &Path, device: DeviceId) -> Result<Vec<Row>, StoreError> {
        let Some(places) = self.chunks.get(&device) else { return Ok(Vec::new()) };
        let file = match File::open(path) {
            Ok(file) => file,
            // It was packed meanwhile, and the packed file is read after it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(at("read the health samples", path)(error)),
        };
        let mut rows = Vec::new();
        for (offset, length) in places {
            let mut bytes = vec![0; *length as usize];
            match file.read_exact_at(&mut bytes, *offset) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => continue,
                Err(error) => return Err(at("read the health samples", path)(error)),
            }
            let samples = decode(&bytes).filter(|(chunk, _)| chunk.device == device).and_then(|(chunk, _)| chunk.samples());
            rows.extend(samples.iter().flatten().map(Row::of));
        }
        Ok(rows)
    }
}

/// Names the damaged chunks of a file.
pub(in crate::store) fn verify(path: &Path, damage: &mut Vec<String>) -> Result<(), StoreError> {
    let bytes = read(path)?.unwrap_or_default();
    let end = chunks(&bytes).filter_map(|(offset, chunk)| chunk.map(|chunk| offset + HEAD + chunk.packed.len())).last().unwrap_or(0);
    for (offset, chunk) in chunks(&bytes) {
        let sound = chunk.is_some_and(|chunk| chunk.samples().is_some());
        if !sound && (offset < end || !is_cut_short(bytes.get(offset..).unwrap_or_default())) {
            damage.push(format!("{} at byte {offset}: the chunk of health samples is not as it was written", path.display()));
        }
    }
    Ok(())
}

/// One chunk as it stands in a file.
struct Chunk<'a> {
    device: DeviceId,
    packed: &'a [u8],
}

impl Chunk<'_> {
    fn samples(&self) -> Option<Vec<Sample>> {
        let plain = zstd::bulk::decompress(self.packed, MAX_CHUNK).ok()?;
        let mut rest = plain.as_slice();
        let mut samples = Vec::new();
        while !rest.is_empty() {
            samples.push(Sample::decode_length_delimited(&mut rest).ok()?);
        }
        Some(samples)
    }
}

pub(in crate::store) fn encode(device: DeviceId, hour_ms: i64, samples: &[Sample]) -> Vec<u8> {
    let plain: Vec<u8> = samples.iter().flat_map(Message::encode_length_delimited_to_vec).collect();
    let packed = zstd::bulk::compress(&plain, 3).unwrap_or_default();
    let length = u32::try_from(packed.len()).unwrap_or(u32::MAX);
    let head = [&MAGIC[..], &length.to_le_bytes(), device.0.as_bytes(), &hour_ms.to_le_bytes()].concat();
    let sum = checksum(&[&head, &packed]);
    [&head[..], &sum, &packed].concat()
}

/// Reads the chunk at the front of `bytes`, with what follows it; `None` when a byte is not as written.
fn decode(bytes: &[u8]) -> Option<(Chunk<'_>, &[u8])> {
    let (head, mut rest) = bytes.split_at_checked(HEAD - 8)?;
    let mut fields = head.strip_prefix(&MAGIC)?;
    let length = u32::from_le_bytes(take(&mut fields)?) as usize;
    let device = DeviceId(uuid::Uuid::from_bytes(take(&mut fields)?));
    let sum = take(&mut rest)?;
    let (packed, rest) = rest.split_at_checked(length)?;
    (checksum(&[head, packed]) == sum).then_some((Chunk { device, packed }, rest))
}

/// The chunks of a file with where each begins; `None` stands for damage up to the next sound chunk.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (usize, Option<Chunk<'_>>)> {
    let mut offset = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(offset..).filter(|rest| !rest.is_empty())?;
        let start = offset;
        if let Some((chunk, after)) = decode(rest) {
            offset = bytes.len() - after.len();
            return Some((start, Some(chunk)));
        }
        let next =
            rest.windows(MAGIC.len()).enumerate().skip(1).find(|(at, found)| *found == MAGIC && rest.get(*at..).and_then(decode).is_some());
        offset = next.map_or(bytes.len(), |(at, _)| start + at);
        Some((start, None))
    })
}

/// Whether `rest` is a chunk whose writing a crash cut short.
fn is_cut_short(rest: &[u8]) -> bool {
    let length = rest.get(4..8).and_then(|bytes| bytes.try_into().ok()).map_or(0, |bytes| u32::from_le_bytes(bytes) as usize);
    rest.len() < HEAD || rest.len() < HEAD + length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(n: u128) -> DeviceId {
        DeviceId(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn a_damaged_chunk_is_named_and_left_out_and_a_cut_one_is_no_damage() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        let samples: Vec<Sample> = (0..60).map(|n| Sample { at_ms: n, cpu_permille: Some(7), ..Sample::default() }).collect();
        let mut log = Log::open(&path).unwrap();
        (1..4).for_each(|n| log.append(&path, device(n), 0, &samples).unwrap());
        let good = std::fs::read(&path).unwrap();
        let starts: Vec<_> = chunks(&good).map(|(offset, _)| offset).collect();
        for position in 0..good.len() {
            let mut changed = good.clone();
            changed[position] ^= 4;
            std::fs::write(&path, &changed).unwrap();
            let mut damage = Vec::new();
            verify(&path, &mut damage).unwrap();
            let last = position >= starts[2] + 4 && position < starts[2] + 8;
            assert_eq!(damage.len(), usize::from(!last || !is_cut_short(&changed[starts[2]..])), "byte {position}");
            let found = |log: &Log| (1..4).map(|n| log.rows(&path, device(n)).unwrap().len()).sum::<usize>();
            assert_eq!(found(&log), 120, "byte {position}, noticed while it runs");
            assert_eq!(found(&Log::open(&path).unwrap()), 120, "byte {position}, noticed at the start");
            std::fs::write(&path, &good[..position]).unwrap();
            damage.clear();
            verify(&path, &mut damage).unwrap();
            assert!(damage.is_empty(), "cut at {position}");
        }
        let mut again = Log::open(&path).unwrap();
        again.append(&path, device(9), 0, &samples).unwrap();
        assert_eq!(Log::open(&path).unwrap().rows(&path, device(9)).unwrap().len(), 60);
    }
}
