//! The last health reading of a machine: how full, how warm, how busy it was.

use crate::Collector;
use crate::desk::api::problem::Problem;
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::v1::{Health, HealthDetail};
use rollcall_site::DeviceId;
use serde::Serialize;

/// A machine reads its health every minute; what is older than this against its last word was not its last state.
const BEFORE_LAST_WORD: SignedDuration = SignedDuration::from_hours(1);
/// Health is read from disk no further back than this.
const FURTHEST: SignedDuration = SignedDuration::from_hours(48);

/// A health reading. What was not measured is absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Reading {
    /// When it was read.
    at: Timestamp,
    /// Share of all processors that was busy, percent.
    cpu_percent: Option<f64>,
    /// Share of the memory in use, percent.
    memory_percent: Option<f64>,
    /// Share of the fullest fixed file system in use, percent.
    disk_percent: Option<f64>,
    /// The hottest sensor, °C.
    temperature_celsius: Option<f64>,
    /// One-minute load.
    load: Option<f64>,
    /// Time since it was started, seconds.
    uptime_s: Option<u64>,
    /// Charge of the battery, percent.
    battery_percent: Option<f64>,
    /// Errors of all physical network interfaces since it was started.
    network_errors: Option<u64>,
    /// Share of the swap space in use, percent.
    swap_percent: Option<f64>,
    /// Errors of all disks since it was started.
    disk_errors: Option<u64>,
    /// Programs that were ended since it was started because memory ran out.
    out_of_memory: Option<u64>,
    /// Errors of memory and processors since it was started.
    hardware_errors: Option<u64>,
    /// The parts behind the sums, while the machine is connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Detail>,
}

/// The parts behind a reading: read every fifth time, kept only while the machine is connected.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Detail {
    /// When they came.
    at: Timestamp,
    /// Share of each processor thread that was busy, percent.
    core_percent: Vec<f64>,
    /// Five-minute load.
    load_5: Option<f64>,
    /// Fifteen-minute load.
    load_15: Option<f64>,
    /// How full each file system is.
    file_systems: Vec<FileSystem>,
    /// Every sensor.
    temperatures: Vec<Temperature>,
    /// Every fan.
    fans: Vec<Fan>,
}

/// How full a file system is.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct FileSystem {
    mount: String,
    percent: f64,
}

/// What a sensor says.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Temperature {
    name: String,
    celsius: f64,
}

/// How fast a fan turns.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Fan {
    name: String,
    rpm: u32,
}

impl Detail {
    fn of(at: Timestamp, detail: HealthDetail) -> Self {
        let percent = |permille: u32| f64::from(permille) / 10.0;
        let load = |hundredths: Option<u32>| hundredths.map(|hundredths| f64::from(hundredths) / 100.0);
        let temperature = |tenths: i32| f64::from(tenths) / 10.0;
        Self {
            at,
            core_percent: detail.core_permille.into_iter().map(percent).collect(),
            load_5: load(detail.load_5_centi),
            load_15: load(detail.load_15_centi),
            file_systems: detail.file_systems.into_iter().map(|u| FileSystem { percent: percent(u.permille), mount: u.mount }).collect(),
            temperatures: detail
                .temperatures
                .into_iter()
                .map(|sensor| Temperature { celsius: temperature(sensor.decidegrees), name: sensor.name })
                .collect(),
            fans: detail.fans.into_iter().map(|fan| Fan { name: fan.name, rpm: fan.rpm }).collect(),
        }
    }
}

/// The parts behind the last detailed reading of a device that is connected.
pub(super) fn detail(collector: &Collector, device: DeviceId) -> Option<Detail> {
    collector.roll.detail(device).map(|(at, detail)| Detail::of(at, detail))
}

impl Reading {
    fn of(health: &Health) -> Option<Self> {
        let percent = |permille: Option<u32>| permille.map(|permille| f64::from(permille) / 10.0);
        Some(Self {
            at: Timestamp::from_millisecond(health.at_ms).ok()?,
            cpu_percent: percent(health.cpu_permille),
            memory_percent: percent(health.memory_permille),
            disk_percent: percent(health.disk_permille),
            temperature_celsius: health.temperature_decidegrees.map(|tenths| f64::from(tenths) / 10.0),
            load: health.load_centi.map(|hundredths| f64::from(hundredths) / 100.0),
            uptime_s: health.uptime_s,
            battery_percent: percent(health.battery_permille),
            network_errors: health.network_errors,
            swap_percent: percent(health.swap_permille),
            disk_errors: health.io_errors,
            out_of_memory: health.oom_kills,
            hardware_errors: health.hardware_errors,
            detail: None,
        })
    }
}

/// The last reading of a device that was last heard at `heard`.
pub(super) async fn last(collector: &Collector, device: DeviceId, heard: Timestamp, now: Timestamp) -> Result<Option<Reading>, Problem> {
    let since = heard.saturating_sub(BEFORE_LAST_WORD).unwrap_or(heard).max(now.saturating_sub(FURTHEST).unwrap_or(now));
    let store = collector.keeper.store().clone();
    let samples = tokio::task::spawn_blocking(move || store.samples(device, since)).await;
    let samples = samples.map_err(|_| Problem::broken_off())??;
    let last = samples.last().and_then(Reading::of);
    Ok(last.map(|last| Reading { detail: detail(collector, device), ..last }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_has_units_that_people_know() {
        let health = Health {
            at_ms: 1_795_000_000_000,
            disk_permille: Some(873),
            temperature_decidegrees: Some(-5),
            load_centi: Some(25),
            ..Health::default()
        };
        let json = serde_json::to_value(Reading::of(&health)).unwrap();
        assert_eq!((&json["disk_percent"], &json["temperature_celsius"], &json["load"]), (&87.3.into(), &(-0.5).into(), &0.25.into()));
        assert!(json["cpu_percent"].is_null() && json["at"].is_string());
    }

    #[test]
    fn the_parts_behind_it_have_their_units_too() {
        let said = HealthDetail {
            core_permille: vec![10, 1000],
            file_systems: vec![rollcall_proto::v1::FileSystemUse { mount: "/home".to_owned(), permille: 912 }],
            load_15_centi: Some(150),
            ..HealthDetail::default()
        };
        let json = serde_json::to_value(Detail::of(Timestamp::UNIX_EPOCH, said)).unwrap();
        assert_eq!(json["core_percent"], serde_json::json!([1.0, 100.0]));
        assert_eq!(json["file_systems"], serde_json::json!([{"mount": "/home", "percent": 91.2}]));
        assert_eq!((&json["load_15"], &json["fans"]), (&1.5.into(), &serde_json::json!([])));
    }
}
