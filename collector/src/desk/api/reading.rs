//! The last health reading of a machine: how full, how warm, how busy it was.

use crate::Collector;
use crate::desk::api::problem::Problem;
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::v1::Health;
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
        })
    }
}

/// The last reading of a device that was last heard at `heard`.
pub(super) async fn last(collector: &Collector, device: DeviceId, heard: Timestamp, now: Timestamp) -> Result<Option<Reading>, Problem> {
    let since = heard.saturating_sub(BEFORE_LAST_WORD).unwrap_or(heard).max(now.saturating_sub(FURTHEST).unwrap_or(now));
    let store = collector.keeper.store().clone();
    let samples = tokio::task::spawn_blocking(move || store.samples(device, since)).await;
    let samples = samples.map_err(|_| Problem::broken_off())??;
    Ok(samples.last().and_then(Reading::of))
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
}
