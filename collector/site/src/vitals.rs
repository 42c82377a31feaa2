//! What a machine's health readings come to for the rules: one small record a device, written only when it changes notably.
//!
//! The readings themselves are samples in the store. A rule can't ask the store, and a change for each reading of ten thousand machines
//! would be waste: so figures are kept in steps, and counters of rare faults as they are.

use crate::device;
use crate::record::{Record, Rest, Table};
use crate::{DeviceId, Refusal, Site, Working};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
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
    /// Fans that stand still while others turn or it is warm, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub still_fans: Vec<String>,
    /// Errors of the disks since the machine's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_errors: Option<u64>,
    /// Programs that the kernel ended for want of memory since the machine's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_kills: Option<u64>,
    /// Errors of memory and processor since the machine's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware_errors: Option<u64>,
    /// Errors of the network interfaces since the machine's start, rounded down to a power of two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_errors: Option<u64>,
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
    /// This reading with what it does not say of `before`: parts come with every fifth reading only.
    fn over(self, before: &Self) -> Self {
        Self {
            disks: if self.disks.is_empty() { before.disks.clone() } else { self.disks },
            hottest: self.hottest.or(before.hottest),
            still_fans: self.still_fans,
            io_errors: self.io_errors.or(before.io_errors),
            oom_kills: self.oom_kills.or(before.oom_kills),
            hardware_errors: self.hardware_errors.or(before.hardware_errors),
            network_errors: self.network_errors.or(before.network_errors),
        }
    }
}

/// Whether a reading differs from what is written down.
pub fn is_news(site: &Site, device: DeviceId, reading: &Reading) -> bool {
    site.vitals.get(&device).is_none_or(|vitals| reading.clone().over(&vitals.reading) != vitals.reading)
}

/// Writes a reading down and judges the device's asset. Makes no event of its own.
///
/// # Errors
/// No such device, or it may not speak.
pub fn take(w: &mut Working, device: DeviceId, reading: Reading) -> Result<(), Refusal> {
    let record = device::speaking(&w.site, device)?;
    let before = w.site.vitals.get(&device).cloned();
    let after = match before.as_deref() {
        None => Vitals { device, at: w.now, reading, hot_since: w.now, rest: Rest::new() },
        Some(before) => {
            let reading = reading.over(&before.reading);
            let hot_since = if reading.hottest > before.reading.hottest { w.now } else { before.hot_since };
            Vitals { at: w.now, reading, hot_since, ..before.clone() }
        }
    };
    if before.as_deref().is_some_and(|before| before.reading == after.reading) {
        return Ok(());
    }
    w.put(after);
    crate::alert::judge(w, record.asset);
    Ok(())
}
