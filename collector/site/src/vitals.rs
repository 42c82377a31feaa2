//! What a machine's health readings come to for the rules: one small record a device, written only when it changes notably.
//!
//! The readings themselves are samples in the store. A rule can't ask the store, and a change for each reading of ten thousand machines
//! would be waste: so figures are kept in steps, and counters of rare faults as they are.

use crate::device;
use crate::record::{Record, Rest, Table};
use crate::{DeviceId, Refusal, Site, Working};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A device's vitals are written down once in this time at most: no agent makes a write of each of its heartbeats.
pub const APART: SignedDuration = SignedDuration::from_secs(50);
/// Days that a trend reaches back.
const DAYS: usize = 14;
/// File systems whose trend is kept, the fullest.
const TRENDS: usize = 4;
/// The trend of a file system that is emptier is not kept, percent.
const TREND_FROM: u32 = 50;
/// Fans that are remembered: as many as an agent tells.
const FANS: usize = 32;

/// What a device last said of its health.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vitals {
    /// The device.
    pub device: DeviceId,
    /// When it was last written down.
    pub at: Timestamp,
    /// What was read.
    #[serde(flatten)]
    pub reading: Reading,
    /// Since when the hottest sensor is at this step or above it.
    pub hot_since: Timestamp,
    /// What the counters stood at when the day began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub today: Option<Today>,
    /// The fullest file systems by mount point: the first reading of each of the last days, percent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub trends: BTreeMap<String, Vec<(Date, u32)>>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// The first reading of a day, as far as a rule counts by the day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Today {
    /// The day, UTC.
    pub day: Date,
    /// [`Reading::throttled`] then.
    #[serde(default)]
    pub throttled: u64,
    /// [`Reading::link_changes`] then.
    #[serde(default)]
    pub link_changes: u64,
}

/// A health reading, in steps. What is absent was not measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reading {
    /// Use of each file system by mount point, percent, rounded down.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub disks: BTreeMap<String, u32>,
    /// The hottest sensor, °C, rounded down to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hottest: Option<i32>,
    /// Fans that were seen to turn, by name: a plug without a fan never turns.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub turned: BTreeSet<String>,
    /// Fans that stand still though it is warm, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub still_fans: Option<Vec<String>>,
    /// Errors of the disks since the machine's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_errors: Option<u64>,
    /// Programs that the kernel ended for want of memory since the machine's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_kills: Option<u64>,
    /// Errors of memory and processor since the machine's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware_errors: Option<u64>,
    /// Times that a processor slowed down for heat since the machine's start, rounded down to hundreds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttled: Option<u64>,
    /// Times that a link came or went since the machine's start, rounded down to tens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_changes: Option<u64>,
    /// Charge of all batteries together, percent, rounded down to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge: Option<u32>,
    /// No name server answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_failing: Option<bool>,
}

impl Record for Vitals {
    type Key = DeviceId;
    const KIND: &'static str = "vitals";
    fn key(&self) -> DeviceId {
        self.device
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.vitals
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.vitals
    }
}

impl Reading {
    /// This reading with what it does not say of `before`: parts do not come with every reading.
    fn over(self, before: &Self) -> Self {
        Self {
            disks: if self.disks.is_empty() { before.disks.clone() } else { self.disks },
            hottest: self.hottest.or(before.hottest),
            turned: before.turned.union(&self.turned).take(FANS).cloned().collect(),
            still_fans: self.still_fans.or_else(|| before.still_fans.clone()),
            io_errors: self.io_errors.or(before.io_errors),
            oom_kills: self.oom_kills.or(before.oom_kills),
            hardware_errors: self.hardware_errors.or(before.hardware_errors),
            throttled: self.throttled.or(before.throttled),
            link_changes: self.link_changes.or(before.link_changes),
            charge: self.charge.or(before.charge),
            dns_failing: self.dns_failing.or(before.dns_failing),
        }
    }
}

impl Vitals {
    /// How much a counter has risen today; one that fell began anew with the machine.
    pub(crate) fn risen(&self, now: Option<u64>, first: impl Fn(&Today) -> u64) -> u64 {
        let (now, first) = (now.unwrap_or(0), self.today.as_ref().map_or(0, first));
        now.checked_sub(first).unwrap_or(now)
    }

    /// Days until a file system is full if it goes on as in the last days; `None`: it does not fill, or nobody can say yet.
    pub(crate) fn days_left(&self, mount: &str) -> Option<u32> {
        let used = *self.reading.disks.get(mount)?;
        let points = self.trends.get(mount)?;
        let today = day(self.at);
        // Of the whole time and of its last days the slower counts: what was put there once does not go on.
        let slopes = [points.first()?, points.get(points.len().saturating_sub(4))?].map(|(then, percent)| {
            let days = days_between(*then, today);
            (days >= 3 && used > *percent).then(|| (used - percent, days))
        });
        let lefts = slopes.map(|slope| slope.map(|(risen, days)| 100u32.saturating_sub(used) * days / risen));
        lefts[0].zip(lefts[1]).map(|(a, b)| a.max(b))
    }
}

fn day(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::UTC).date()
}

fn days_between(from: Date, to: Date) -> u32 {
    u32::try_from(to.duration_since(from).as_hours() / 24).unwrap_or(0)
}

/// Whether a reading differs from what is written down, or is a day's first; never so soon after the last that was.
pub fn is_news(site: &Site, device: DeviceId, reading: &Reading, now: Timestamp) -> bool {
    let Some(vitals) = site.vitals.get(&device) else { return true };
    let another_day = vitals.today.as_ref().is_none_or(|today| today.day != day(now));
    now.duration_since(vitals.at).abs() >= APART && (another_day || reading.clone().over(&vitals.reading) != vitals.reading)
}

/// Writes a reading down and judges the device's asset. Makes no event of its own.
///
/// # Errors
/// No such device, or it may not speak.
pub fn take(w: &mut Working, device: DeviceId, reading: Reading) -> Result<(), Refusal> {
    let record = device::speaking(&w.site, device)?;
    if !is_news(&w.site, device, &reading, w.now) {
        return Ok(());
    }
    let before = w.site.vitals.get(&device).cloned();
    let mut after = match before.as_deref() {
        None => {
            let reading = reading.over(&Reading::default());
            Vitals { device, at: w.now, reading, hot_since: w.now, today: None, trends: BTreeMap::new(), rest: Rest::new() }
        }
        Some(before) => {
            let reading = reading.over(&before.reading);
            let hot_since = if reading.hottest > before.reading.hottest { w.now } else { before.hot_since };
            Vitals { at: w.now, reading, hot_since, ..before.clone() }
        }
    };
    begin_day(&mut after, day(w.now));
    w.put(after);
    crate::alert::judge(w, record.asset);
    Ok(())
}

/// A day's first reading goes into the trends.
fn begin_day(vitals: &mut Vitals, day: Date) {
    if vitals.today.as_ref().is_some_and(|today| today.day == day) {
        return;
    }
    let reading = &vitals.reading;
    vitals.today = Some(Today { day, throttled: reading.throttled.unwrap_or(0), link_changes: reading.link_changes.unwrap_or(0) });
    let mut full: Vec<(&String, u32)> = reading.disks.iter().map(|(mount, used)| (mount, *used)).collect();
    full.retain(|(_, used)| *used >= TREND_FROM);
    full.sort_by_key(|(_, used)| std::cmp::Reverse(*used));
    let mut before = std::mem::take(&mut vitals.trends);
    for (mount, used) in full.into_iter().take(TRENDS) {
        let mut points = before.remove(mount).unwrap_or_default();
        // A clock that was set back leaves no days of the future behind.
        points.retain(|(then, _)| *then < day);
        points.push((day, used));
        points.drain(..points.len().saturating_sub(DAYS));
        vitals.trends.insert(mount.clone(), points);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::Asset;
    use crate::device::Device;
    use crate::event::Actor;
    use crate::{AssetId, Tag};
    use uuid::Uuid;

    const DEVICE: DeviceId = DeviceId(Uuid::nil());

    fn time(hours: i64) -> Timestamp {
        "2026-11-02T07:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
    }

    fn site() -> Site {
        let mut w = Working::begin(Site::default(), time(0), Actor::Rollcall);
        w.put(Asset::new(AssetId(Uuid::nil()), Tag::parse("PC1").unwrap()));
        w.put(Device::new(DEVICE, AssetId(Uuid::nil()), time(0)));
        w.finish().site
    }

    fn root(percent: u32) -> Reading {
        Reading { disks: [("/".to_owned(), percent)].into(), ..Reading::default() }
    }

    fn read(site: &Site, now: Timestamp, reading: Reading) -> (Site, usize) {
        let mut w = Working::begin(site.clone(), now, Actor::Rollcall);
        take(&mut w, DEVICE, reading).unwrap();
        let finished = w.finish();
        (finished.site, finished.written.len())
    }

    #[test]
    fn the_same_again_and_what_comes_too_soon_write_nothing() {
        let (site, _) = read(&site(), time(0), root(40));
        let soon = time(0) + SignedDuration::from_secs(49);
        for (now, percent, want) in [(time(1), 40, false), (soon, 41, false), (time(1), 41, true), (time(24), 40, true)] {
            assert_eq!(is_news(&site, DEVICE, &root(percent), now), want, "{now} {percent}");
            assert_eq!(read(&site, now, root(percent)).1 > 0, want, "{now} {percent}");
        }
        assert!(!is_news(&site, DEVICE, &Reading::default(), time(1)), "what is not measured is no news");
    }

    #[test]
    fn a_trend_is_told_of_what_fills_day_by_day_and_of_nothing_else() {
        let check = |days: &[u32], want: Option<u32>| {
            let mut site = site();
            for (day, percent) in days.iter().enumerate() {
                site = read(&site, time(24 * i64::try_from(day).unwrap()), root(*percent)).0;
            }
            assert_eq!(site.vitals.get(&DEVICE).unwrap().days_left("/"), want, "{days:?}");
        };
        check(&[80, 82, 84, 86], Some(7));
        check(&[80, 82, 84], None);
        check(&[60, 80, 80, 80, 80, 80], None);
        check(&[80, 80, 80, 80], None);
        check(&[30, 32, 34, 40], None);
        check(&[70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86], Some(14));
    }

    #[test]
    fn a_day_counts_from_its_first_reading_and_a_restart_from_zero() {
        let changes = |count| Reading { link_changes: Some(count), ..Reading::default() };
        let risen = |site: &Site| {
            let vitals = site.vitals.get(&DEVICE).unwrap();
            vitals.risen(vitals.reading.link_changes, |today| today.link_changes)
        };
        let (site, _) = read(&site(), time(0), changes(50));
        let (site, _) = read(&site, time(1), changes(90));
        assert_eq!(risen(&site), 40);
        assert_eq!(risen(&read(&site, time(2), changes(10)).0), 10);
        assert_eq!(risen(&read(&site, time(24), changes(90)).0), 0);
    }

    #[test]
    fn a_record_reads_back_and_keeps_what_it_does_not_know() {
        let (site, _) = read(&site(), time(0), Reading { turned: ["cpu fan".to_owned()].into(), ..root(77) });
        let record = (**site.vitals.get(&DEVICE).unwrap()).clone();
        let mut json = serde_json::to_value(&record).unwrap();
        assert_eq!(serde_json::from_value::<Vitals>(json.clone()).unwrap(), record);
        json["newer"] = 7.into();
        assert_eq!(serde_json::from_value::<Vitals>(json).unwrap().rest.get("newer"), Some(&7.into()));
        assert_eq!(record.trends.len(), 1);
    }
}
