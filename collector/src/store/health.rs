//! Health samples: the last hour in memory by device, then one chunk per device and hour, appended to the file of the day.
//!
//! `DIR/health/YYYY-MM-DD.log` (UTC) holds chunks one after another, numbers little-endian:
//! ```text
//!  0 magic F5 "RH1" · 4 stored bytes, u32 · 8 device, 16 · 24 hour's beginning, ms since 1970, i64
//! 32 the first eight bytes of the BLAKE3 hash of bytes 0 to 32 and of what follows
//! 40 zstd of the samples: protobuf `Health`, each behind its length as a varint
//! ```
//! A chunk is written when the first sample of a later hour comes, and is not forced to disk: an hour may be lost. A damaged chunk is
//! left out.

use super::StoreError;
use super::disk::{at, checksum, read, take};
use super::out::{Out, make_dir};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use prost::Message;
use rollcall_proto::v1::Health as Sample;
use rollcall_site::DeviceId;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

const MAGIC: [u8; 4] = *b"\xf5RH1";
const HEAD: usize = 40;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
/// Largest chunk, bytes unpacked: sixty samples take a twentieth.
const MAX_CHUNK: usize = 64 * 1024;
/// Days that samples are taken for, 2020 to 2199: a clock further off says nothing.
const SANE_MS: std::ops::Range<i64> = 1_577_836_800_000..7_258_118_400_000;

/// The health samples of one site.
pub(super) struct Health {
    dir: PathBuf,
    open: Mutex<Open>,
}

/// What is in memory.
#[derive(Default)]
struct Open {
    /// The last hour of each device, a sample a minute, by minute since 1970.
    recent: HashMap<DeviceId, BTreeMap<i64, Sample>>,
    /// The hour of each device that is not written yet, since 1970.
    unwritten: HashMap<DeviceId, i64>,
    /// Day files whose end was checked.
    checked: HashSet<PathBuf>,
}

impl Health {
    /// Samples in `dir`, which need not be there yet.
    pub(super) fn open(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), open: Mutex::default() }
    }

    /// Keeps a sample, the last of its minute; writes the device's hour when this is a later one.
    pub(super) fn put(&self, device: DeviceId, sample: Sample) -> Result<(), StoreError> {
        if !SANE_MS.contains(&sample.at_ms) {
            return Ok(());
        }
        let mut open = self.lock();
        let (minute, hour) = (sample.at_ms.div_euclid(MINUTE_MS), sample.at_ms.div_euclid(HOUR_MS));
        let written = if *open.unwritten.entry(device).or_insert(hour) == hour { Ok(()) } else { self.write(&mut open, device) };
        open.unwritten.entry(device).or_insert(hour);
        let recent = open.recent.entry(device).or_default();
        recent.insert(minute, sample);
        while recent.len() > 60 {
            recent.pop_first();
        }
        written
    }

    /// Writes what is only in memory: before the collector ends.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        let mut open = self.lock();
        let devices: Vec<_> = open.unwritten.keys().copied().collect();
        devices.into_iter().try_for_each(|device| self.write(&mut open, device))
    }

    /// The samples of a device since `since`, oldest first, one a minute.
    pub(super) fn samples(&self, device: DeviceId, since: Timestamp) -> Result<Vec<Sample>, StoreError> {
        let since = since.as_millisecond();
        let mut found = BTreeMap::new();
        for path in days(&self.dir, since)? {
            let Some(bytes) = read(&path)? else { continue };
            for chunk in
                chunks(&bytes).filter_map(|(_, chunk)| chunk).filter(|chunk| chunk.device == device && chunk.hour + HOUR_MS > since)
            {
                found.extend(chunk.samples().into_iter().flatten().map(|sample| (sample.at_ms.div_euclid(MINUTE_MS), sample)));
            }
        }
        if let Some(recent) = self.lock().recent.get(&device) {
            found.extend(recent.iter().map(|(minute, sample)| (*minute, *sample)));
        }
        Ok(found.into_values().filter(|sample| sample.at_ms >= since).collect())
    }

    /// Appends the unwritten hour of a device to the file of its day. What can't be written is dropped.
    fn write(&self, open: &mut Open, device: DeviceId) -> Result<(), StoreError> {
        let Some(hour) = open.unwritten.remove(&device) else { return Ok(()) };
        let samples = open.recent.get(&device).into_iter().flat_map(|recent| recent.range(hour * 60..(hour + 1) * 60));
        let chunk = encode(device, hour * HOUR_MS, samples.map(|(_, sample)| sample));
        let path = self.dir.join(format!("{}.log", day_of(hour * HOUR_MS)));
        make_dir(&self.dir)?;
        if open.checked.insert(path.clone()) {
            cut_unfinished(&path)?;
        }
        Out::append(&path).and_then(|mut file| file.write_all(&chunk)).map_err(at("append to the health samples", &path))
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names the damaged chunks of the day files in `dir`.
pub(super) fn verify(dir: &Path, damage: &mut Vec<String>) -> Result<(), StoreError> {
    for path in days(dir, i64::MIN)? {
        let bytes = read(&path)?.unwrap_or_default();
        let end = sound_end(&bytes);
        for (offset, chunk) in chunks(&bytes) {
            let sound = chunk.is_some_and(|chunk| chunk.samples().is_some());
            if !sound && (offset < end || !is_cut_short(bytes.get(offset..).unwrap_or_default())) {
                damage.push(format!("{} at byte {offset}: the chunk of health samples is not as it was written", path.display()));
            }
        }
    }
    Ok(())
}

/// The day files that may hold samples since `since`, ms since 1970, oldest first.
fn days(dir: &Path, since: i64) -> Result<Vec<PathBuf>, StoreError> {
    let first = format!("{}.log", day_of(since.clamp(SANE_MS.start, SANE_MS.end)));
    let mut found = super::disk::entries(dir)?;
    found.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(".log") && *name.to_string_lossy() >= *first));
    Ok(found)
}

fn day_of(ms: i64) -> jiff::civil::Date {
    TimeZone::UTC.to_datetime(Timestamp::from_millisecond(ms).unwrap_or_default()).date()
}

/// One chunk as it stands in a file.
struct Chunk<'a> {
    device: DeviceId,
    hour: i64,
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

fn encode<'a>(device: DeviceId, hour: i64, samples: impl Iterator<Item = &'a Sample>) -> Vec<u8> {
    let plain: Vec<u8> = samples.flat_map(Message::encode_length_delimited_to_vec).collect();
    let packed = zstd::bulk::compress(&plain, 3).unwrap_or_default();
    let length = u32::try_from(packed.len()).unwrap_or(u32::MAX);
    let head = [&MAGIC[..], &length.to_le_bytes(), device.0.as_bytes(), &hour.to_le_bytes()].concat();
    let sum = checksum(&[&head, &packed]);
    [&head[..], &sum, &packed].concat()
}

/// Reads the chunk at the front of `bytes`, with what follows it; `None` when a byte is not as written.
fn decode(bytes: &[u8]) -> Option<(Chunk<'_>, &[u8])> {
    let (head, mut rest) = bytes.split_at_checked(HEAD - 8)?;
    let mut fields = head.strip_prefix(&MAGIC)?;
    let length = u32::from_le_bytes(take(&mut fields)?) as usize;
    let device = DeviceId(uuid::Uuid::from_bytes(take(&mut fields)?));
    let hour = i64::from_le_bytes(take(&mut fields)?);
    let sum = take(&mut rest)?;
    let (packed, rest) = rest.split_at_checked(length)?;
    (checksum(&[head, packed]) == sum).then_some((Chunk { device, hour, packed }, rest))
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

/// Where the last sound chunk ends.
fn sound_end(bytes: &[u8]) -> usize {
    chunks(bytes).filter_map(|(offset, chunk)| chunk.map(|chunk| offset + HEAD + chunk.packed.len())).last().unwrap_or(0)
}

/// Whether `rest` is a chunk whose writing a crash cut short.
fn is_cut_short(rest: &[u8]) -> bool {
    let length = rest.get(4..8).and_then(|bytes| bytes.try_into().ok()).map_or(0, |bytes| u32::from_le_bytes(bytes) as usize);
    rest.len() < HEAD || rest.len() < HEAD + length
}

/// Cuts what a crash left behind the last sound chunk, so that the next one follows it.
fn cut_unfinished(path: &Path) -> Result<(), StoreError> {
    let Some(bytes) = read(path)? else { return Ok(()) };
    let end = sound_end(&bytes);
    if end == bytes.len() || !is_cut_short(bytes.get(end..).unwrap_or_default()) {
        return Ok(());
    }
    Out::open(path, 0).and_then(|mut file| file.cut(end as u64)).map_err(at("cut an unfinished chunk of health samples", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_800_014_400_000 - 1_800_014_400_000 % 86_400_000 + 12 * HOUR_MS;

    fn device(n: u128) -> DeviceId {
        DeviceId(uuid::Uuid::from_u128(n))
    }

    fn fill(health: &Health, device: DeviceId, minutes: std::ops::Range<i64>) {
        for minute in minutes {
            let sample = Sample { at_ms: NOON + minute * MINUTE_MS, cpu_permille: u32::try_from(minute).ok(), ..Sample::default() };
            health.put(device, sample).unwrap();
        }
    }

    fn minutes(health: &Health, device: DeviceId, since: i64) -> Vec<i64> {
        let samples = health.samples(device, Timestamp::from_millisecond(NOON + since * MINUTE_MS).unwrap()).unwrap();
        samples.iter().map(|sample| (sample.at_ms - NOON) / MINUTE_MS).collect()
    }

    #[test]
    fn samples_come_back_by_device_and_time_over_hours_and_days() {
        let dir = tempfile::tempdir().unwrap();
        let health = Health::open(dir.path());
        fill(&health, device(1), 0..900);
        fill(&health, device(2), 0..10);
        assert_eq!(minutes(&health, device(1), 0), (0..900).collect::<Vec<_>>());
        assert_eq!(minutes(&health, device(1), 700), (700..900).collect::<Vec<_>>());
        assert_eq!(minutes(&health, device(2), 5), (5..10).collect::<Vec<_>>());
        assert_eq!(super::super::disk::entries(dir.path()).unwrap().len(), 2);
        health.flush().unwrap();
        let reopened = Health::open(dir.path());
        assert_eq!(minutes(&reopened, device(1), 0), (0..900).collect::<Vec<_>>());
        assert_eq!(minutes(&reopened, device(2), 0), (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn a_minute_keeps_its_last_sample_and_a_mad_clock_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let health = Health::open(dir.path());
        for at_ms in [NOON, NOON + 30_000, i64::MAX, i64::MIN, 0] {
            health.put(device(1), Sample { at_ms, ..Sample::default() }).unwrap();
        }
        let samples = health.samples(device(1), Timestamp::MIN).unwrap();
        assert_eq!(samples.iter().map(|sample| sample.at_ms).collect::<Vec<_>>(), [NOON + 30_000]);
    }

    #[test]
    fn a_damaged_chunk_is_named_and_left_out_and_a_cut_one_is_no_damage() {
        let dir = tempfile::tempdir().unwrap();
        let health = Health::open(dir.path());
        (1..4).for_each(|n| fill(&health, device(n), 0..61));
        let path = super::super::disk::entries(dir.path()).unwrap().remove(0);
        let good = std::fs::read(&path).unwrap();
        let starts: Vec<_> = chunks(&good).map(|(offset, _)| offset).collect();
        let reopened = Health::open(dir.path());
        for position in 0..good.len() {
            let mut changed = good.clone();
            changed[position] ^= 4;
            std::fs::write(&path, &changed).unwrap();
            let found: usize = (1..4).map(|n| minutes(&reopened, device(n), 0).len()).sum();
            assert_eq!(found, 120, "byte {position}");
            let mut damage = Vec::new();
            verify(dir.path(), &mut damage).unwrap();
            let last = position >= starts[2] + 4 && position < starts[2] + 8;
            assert_eq!(damage.len(), usize::from(!last || !is_cut_short(&changed[starts[2]..])), "byte {position}");
            std::fs::write(&path, &good[..position]).unwrap();
            damage.clear();
            verify(dir.path(), &mut damage).unwrap();
            assert!(damage.is_empty(), "cut at {position}");
        }
        fill(&Health::open(dir.path()), device(9), 0..61);
        assert_eq!(minutes(&Health::open(dir.path()), device(9), 0).len(), 60);
    }
}
