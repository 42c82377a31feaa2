//! Health samples: the last hour in memory by the minute, every fifth minute for 30 days, then mean, least and most by the hour for a year.
//!
//! ```text
//! DIR/health/YYYY-MM-DD.log    a day that runs (log.rs): written hour by hour, not forced to disk; an hour may be lost, nothing else may
//! DIR/health/YYYY-MM-DD.day    a day that is over (table.rs)
//! DIR/health/YYYY-MM-DD.hours  a day that is 30 days over (table.rs)
//! ```
//! Days are UTC. [`Health::tidy`] turns one into the next: the new file is written beside the old one, forced to disk, renamed, and only
//! then the old one removed. After a crash in between both are there, and are read as one: a minute counts once, an hour that is
//! packed by the hour is not counted again.
//!
//! Bytes on disk of a device that is on all day, seven fields measured (`cargo test -p rollcall --release --lib -- --ignored bytes_on_disk`):
//! 7,350 in the file of a running day, 2,090 in a packed one, 390 by the hour. 10,000 such devices take 0.15 GB for the two days that may
//! run, 0.6 GB for 30 days and 1.3 GB for the rest of the year: 2.1 GB; a school's, on for nine hours of five days, a quarter of that. In
//! memory a device takes 1.7 KB.

pub(super) mod log;
mod range;
pub(super) mod rows;
pub(super) mod table;

pub use range::{Range, Reading, Spread};

use super::StoreError;
use super::disk::{at, entries, remove_unfinished};
use super::out::make_dir;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use log::Log;
use prost::Message;
use range::{Steps, hour_row, of_hour_row};
use rollcall_proto::v1::Health as Sample;
use rollcall_site::DeviceId;
use rows::Row;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use table::Table;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
/// Minutes of which one sample is kept on disk.
const KEPT_MINUTES: i64 = 5;
/// Days after which a day is kept by the hour.
const BY_SAMPLE: i64 = 30;
/// Days after which a day is removed.
const BY_HOUR: i64 = 366;
/// A day is packed when it is over for so long: what is still on its way has come.
const SETTLED: SignedDuration = SignedDuration::from_hours(2);
/// Days that samples are taken for, 2020 to 2199: a clock further off says nothing.
const SANE_MS: std::ops::Range<i64> = 1_577_836_800_000..7_258_118_400_000;

/// The health samples of one site.
pub(super) struct Health {
    dir: PathBuf,
    open: Mutex<Open>,
    /// Held while days are packed: one at a time.
    tidying: Mutex<()>,
}

/// What is in memory.
#[derive(Default)]
struct Open {
    /// The last hour of each device that was heard in the last two.
    recent: HashMap<DeviceId, Recent>,
    /// The hour of each device that is not written yet, since 1970.
    unwritten: HashMap<DeviceId, i64>,
    /// Where the samples of days that run lie.
    logs: HashMap<Date, Log>,
}

/// The last hour of a device, a sample a minute.
struct Recent {
    /// The minute of the last one, since 1970.
    last: i64,
    /// Oldest first, each behind its length: 2 KB, where the samples as they are would take 6.
    packed: Box<[u8]>,
}

impl Health {
    /// Samples in `dir`, which need not be there yet.
    pub(super) fn open(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), open: Mutex::default(), tidying: Mutex::default() }
    }

    /// Keeps a sample, the last of its minute; writes the device's hour when this is a later one.
    pub(super) fn put(&self, device: DeviceId, sample: Sample) -> Result<(), StoreError> {
        if !SANE_MS.contains(&sample.at_ms) {
            return Ok(());
        }
        let mut open = self.lock();
        let (minute, hour) = (minute_of(&sample), sample.at_ms.div_euclid(HOUR_MS));
        let written = if *open.unwritten.entry(device).or_insert(hour) == hour { Ok(()) } else { self.write(&mut open, device) };
        open.unwritten.entry(device).or_insert(hour);
        let mut recent = open.recent(device);
        recent.retain(|other| minute_of(other) != minute);
        recent.insert(recent.partition_point(|other| other.at_ms < sample.at_ms), sample);
        let first = recent.len().saturating_sub(60);
        let packed: Vec<u8> = recent.iter().skip(first).flat_map(Message::encode_length_delimited_to_vec).collect();
        let last = recent.last().map_or(minute, minute_of);
        open.recent.insert(device, Recent { last, packed: packed.into() });
        written
    }

    /// Writes what is only in memory: before the collector ends.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.write_hours(&mut self.lock(), |_| true)
    }

    /// The samples of a device since `since`, oldest first: by the minute in the last hour, every fifth minute for 30 days.
    pub(super) fn samples(&self, device: DeviceId, since: Timestamp) -> Result<Vec<Sample>, StoreError> {
        let since = since.as_millisecond();
        let mut found = BTreeMap::new();
        for (date, _) in self.days(since)? {
            found.extend(self.rows(date, device)?.into_values().map(|row| (row.at_ms.div_euclid(MINUTE_MS), row.sample())));
        }
        found.extend(self.lock().recent(device).into_iter().map(|sample| (minute_of(&sample), sample)));
        Ok(found.into_values().filter(|sample| sample.at_ms >= since).collect())
    }

    /// What a device measured in a range that ends now, step by step; a step without a sample is not there.
    pub(super) fn readings(&self, device: DeviceId, range: Range, now: Timestamp) -> Result<Vec<Reading>, StoreError> {
        let (since, mut steps) = (range.since(now).as_millisecond(), Steps::of(range.step()));
        let mut samples = BTreeMap::new();
        for (date, files) in self.days(since)? {
            let mut rows = self.rows(date, device)?;
            if files.contains(&Kind::Hours)
                && let Some(hours) = Table::open(&self.path(date, Kind::Hours))?
            {
                for hour in hours.rows(device)?.iter().filter(|hour| hour.at_ms >= since) {
                    steps.take(hour.at_ms, of_hour_row(hour));
                    rows.retain(|_, row| row.at_ms.div_euclid(HOUR_MS) != hour.at_ms.div_euclid(HOUR_MS));
                }
            }
            samples.append(&mut rows);
        }
        samples.extend(self.lock().recent(device).iter().map(|sample| (minute_of(sample), Row::of(sample))));
        samples.values().filter(|row| row.at_ms >= since).for_each(|row| steps.take_row(row));
        Ok(steps.readings())
    }

    /// Writes the hours that are over, packs the days that are over, by the hour those of a month ago, and removes those of a year ago.
    pub(super) fn tidy(&self, now: Timestamp) -> Result<(), StoreError> {
        let _one = self.tidying.lock().unwrap_or_else(PoisonError::into_inner);
        let hour = now.as_millisecond().div_euclid(HOUR_MS);
        {
            let mut open = self.lock();
            self.write_hours(&mut open, |unwritten| unwritten < hour)?;
            open.recent.retain(|_, recent| recent.last >= (hour - 1) * 60);
        }
        remove_unfinished(&self.dir)?;
        let ago = |days: i64| day_of((now - SETTLED).as_millisecond()).saturating_sub(jiff::Span::new().days(days));
        let (today, by_sample, by_hour) = (ago(0), ago(BY_SAMPLE), ago(BY_HOUR));
        for (date, files) in self.days(i64::MIN)? {
            match date {
                _ if date < by_hour => files.into_iter().try_for_each(|kind| self.remove(date, kind))?,
                _ if date < by_sample && (files.contains(&Kind::Log) || files.contains(&Kind::Day)) => self.pack_hours(date)?,
                _ if date < today && files.contains(&Kind::Log) => self.pack_day(date)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Packs a day that is over: what ran of it, and what was packed of it before.
    fn pack_day(&self, date: Date) -> Result<(), StoreError> {
        let log = self.lock().log(&self.dir, date)?.clone();
        let old = Table::open(&self.path(date, Kind::Day))?;
        let devices = devices(&log, old.as_ref())?;
        let rows = |device| self.rows_of(date, device, &log, old.as_ref()).map(|rows| rows.into_values().collect());
        table::write(&self.path(date, Kind::Day), devices.into_iter(), rows)?;
        self.remove_log(date, &log)
    }

    /// Packs a day by the hour; an hour that is packed already stays as it is.
    fn pack_hours(&self, date: Date) -> Result<(), StoreError> {
        let log = self.lock().log(&self.dir, date)?.clone();
        let day = Table::open(&self.path(date, Kind::Day))?;
        let old = Table::open(&self.path(date, Kind::Hours))?;
        let mut devices = devices(&log, day.as_ref())?;
        devices.extend(old.as_ref().map(Table::devices).transpose()?.unwrap_or_default());
        let rows = |device| {
            let mut steps = Steps::of(SignedDuration::from_hours(1));
            self.rows_of(date, device, &log, day.as_ref())?.values().for_each(|row| steps.take_row(row));
            let mut hours: BTreeMap<i64, Row> = steps.readings().iter().map(hour_row).map(|row| (row.at_ms, row)).collect();
            hours.extend(old.as_ref().map(|old| old.rows(device)).transpose()?.into_iter().flatten().map(|row| (row.at_ms, row)));
            Ok(hours.into_values().collect())
        };
        table::write(&self.path(date, Kind::Hours), devices.into_iter(), rows)?;
        self.remove(date, Kind::Day)?;
        self.remove_log(date, &log)
    }

    /// The samples of a device on a day, by the minute.
    fn rows(&self, date: Date, device: DeviceId) -> Result<BTreeMap<i64, Row>, StoreError> {
        let log = {
            let mut open = self.lock();
            let log = open.log(&self.dir, date)?;
            Log {
                chunks: log.chunks.get_key_value(&device).map(|(device, places)| (*device, places.clone())).into_iter().collect(),
                end: log.end,
            }
        };
        // The running file first: what is packed meanwhile is found in the packed one.
        let mut rows = self.rows_of(date, device, &log, None)?;
        if let Some(day) = Table::open(&self.path(date, Kind::Day))? {
            rows.extend(day.rows(device)?.into_iter().map(|row| (row.at_ms.div_euclid(MINUTE_MS), row)));
        }
        Ok(rows)
    }

    fn rows_of(&self, date: Date, device: DeviceId, log: &Log, day: Option<&Table>) -> Result<BTreeMap<i64, Row>, StoreError> {
        let packed = day.map(|day| day.rows(device)).transpose()?.unwrap_or_default();
        let rows = packed.into_iter().chain(log.rows(&self.path(date, Kind::Log), device)?);
        Ok(rows.map(|row| (row.at_ms.div_euclid(MINUTE_MS), row)).collect())
    }

    fn write_hours(&self, open: &mut Open, which: impl Fn(i64) -> bool) -> Result<(), StoreError> {
        let devices: Vec<_> = open.unwritten.iter().filter(|(_, hour)| which(**hour)).map(|(device, _)| *device).collect();
        devices.into_iter().try_for_each(|device| self.write(open, device))
    }

    /// Appends the unwritten hour of a device to the file of its day: the last sample of every fifth minute. What can't be written is
    /// dropped.
    fn write(&self, open: &mut Open, device: DeviceId) -> Result<(), StoreError> {
        let Some(hour) = open.unwritten.remove(&device) else { return Ok(()) };
        let of_hour = open.recent(device).into_iter().filter(|sample| sample.at_ms.div_euclid(HOUR_MS) == hour);
        let kept: BTreeMap<i64, Sample> = of_hour.map(|sample| (minute_of(&sample).div_euclid(KEPT_MINUTES), sample)).collect();
        let (date, kept) = (day_of(hour * HOUR_MS), kept.into_values().collect::<Vec<_>>());
        make_dir(&self.dir)?;
        open.log(&self.dir, date)?.append(&self.path(date, Kind::Log), device, hour * HOUR_MS, &kept)
    }

    /// Removes the file of a day that ran, when nothing came to it since `packed` was read.
    fn remove_log(&self, date: Date, packed: &Log) -> Result<(), StoreError> {
        let mut open = self.lock();
        if open.logs.get(&date).is_none_or(|log| log.end == packed.end) {
            open.logs.remove(&date);
            return self.remove(date, Kind::Log);
        }
        Ok(())
    }

    fn remove(&self, date: Date, kind: Kind) -> Result<(), StoreError> {
        let path = self.path(date, kind);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at("remove old health samples", &path)(error)),
            _ => Ok(()),
        }
    }

    /// The days that may hold samples since `since`, ms since 1970, oldest first, with their files.
    fn days(&self, since: i64) -> Result<BTreeMap<Date, BTreeSet<Kind>>, StoreError> {
        let first = day_of(since.clamp(SANE_MS.start, SANE_MS.end));
        let mut days = BTreeMap::<Date, BTreeSet<Kind>>::new();
        for (date, kind) in entries(&self.dir)?.iter().filter_map(|path| kind_of(path)).filter(|(date, _)| *date >= first) {
            days.entry(date).or_default().insert(kind);
        }
        Ok(days)
    }

    fn path(&self, date: Date, kind: Kind) -> PathBuf {
        path(&self.dir, date, kind)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// The last hour of a device, oldest first.
    fn recent(&self, device: DeviceId) -> Vec<Sample> {
        let mut rest = self.recent.get(&device).map(|recent| &*recent.packed).unwrap_or_default();
        std::iter::from_fn(|| if rest.is_empty() { None } else { Sample::decode_length_delimited(&mut rest).ok() }).collect()
    }

    /// The file of a day that runs, read when it is first asked for.
    fn log(&mut self, dir: &Path, date: Date) -> Result<&mut Log, StoreError> {
        match self.logs.entry(date) {
            std::collections::hash_map::Entry::Occupied(log) => Ok(log.into_mut()),
            std::collections::hash_map::Entry::Vacant(place) => Ok(place.insert(Log::open(&path(dir, date, Kind::Log))?)),
        }
    }
}

/// What a file of a day holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Log,
    Day,
    Hours,
}

const KINDS: [(Kind, &str); 3] = [(Kind::Log, "log"), (Kind::Day, "day"), (Kind::Hours, "hours")];

fn path(dir: &Path, date: Date, kind: Kind) -> PathBuf {
    let ending = KINDS.iter().find(|(known, _)| *known == kind).map_or("log", |(_, ending)| ending);
    dir.join(format!("{date}.{ending}"))
}

/// Of which day a file is, and what it holds.
fn kind_of(path: &Path) -> Option<(Date, Kind)> {
    let kind = KINDS.iter().find(|(_, ending)| path.extension().is_some_and(|found| found == *ending))?.0;
    Some((path.file_stem()?.to_str()?.parse().ok()?, kind))
}

fn devices(log: &Log, day: Option<&Table>) -> Result<BTreeSet<DeviceId>, StoreError> {
    let packed = day.map(Table::devices).transpose()?.unwrap_or_default();
    Ok(log.chunks.keys().copied().chain(packed).collect())
}

fn minute_of(sample: &Sample) -> i64 {
    sample.at_ms.div_euclid(MINUTE_MS)
}

fn day_of(ms: i64) -> Date {
    TimeZone::UTC.to_datetime(Timestamp::from_millisecond(ms).unwrap_or_default()).date()
}

/// Names what is damaged in the files in `dir`.
pub(super) fn verify(dir: &Path, damage: &mut Vec<String>) -> Result<(), StoreError> {
    entries(dir)?.iter().filter_map(|path| Some((path, kind_of(path)?.1))).try_for_each(|(path, kind)| match kind {
        Kind::Log => log::verify(path, damage),
        Kind::Day | Kind::Hours => table::verify(path, damage),
    })
}

#[cfg(test)]
mod tests;
