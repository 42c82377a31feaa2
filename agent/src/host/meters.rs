//! The readings of the live machine that sysinfo serves best: processor, memory, temperature, disks.

use serde::{Deserialize, Serialize};
use sysinfo::{Components, Disks, MemoryRefreshKind, System};

/// A mounted file system of a local disk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// The device, "/dev/sda1".
    pub device: String,
    /// Where it is mounted.
    pub mount: String,
    /// Its kind, "ext4".
    pub kind: String,
    /// Size, bytes.
    pub bytes: u64,
    /// Free for ordinary users, bytes.
    pub free: u64,
    /// On a medium that can be taken out.
    pub removable: bool,
}

/// How the machine does now. `None` was not measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Vitals {
    /// Use of all processors since the last reading, permille.
    pub cpu_permille: Option<u32>,
    /// Memory in use, permille.
    pub memory_permille: Option<u32>,
    /// The hottest sensor, 0.1 °C.
    pub temperature_decidegrees: Option<i32>,
    /// One-minute load, 0.01.
    pub load_centi: Option<u32>,
    /// Since the machine's start, seconds.
    pub uptime_s: Option<u64>,
}

/// Keeps what the next reading is compared with.
pub(super) struct Meters {
    system: Option<System>,
    components: Option<Components>,
    primed: bool,
}

impl Meters {
    pub(super) fn new() -> Self {
        Self { system: None, components: None, primed: false }
    }

    /// Reads everything now. The first reading has no processor use: there is nothing to compare with.
    pub(super) fn read(&mut self) -> Vitals {
        let mut vitals = Vitals {
            load_centi: System::load_average().ok().map(|load| (load.one.max(0.0) * 100.0) as u32),
            uptime_s: System::uptime().ok(),
            ..Vitals::default()
        };
        if self.system.is_none() {
            self.system = System::new().ok();
        }
        if let Some(system) = &mut self.system {
            system.refresh_cpu_usage();
            system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
            vitals.cpu_permille = self.primed.then(|| (system.global_cpu_usage().clamp(0.0, 100.0) * 10.0) as u32);
            vitals.memory_permille = permille(system.used_memory(), system.total_memory());
            self.primed = true;
        }
        match &mut self.components {
            Some(components) => components.refresh(true),
            None => self.components = Components::new_with_refreshed_list().ok(),
        }
        let hottest = self.components.iter().flat_map(|components| components.iter()).filter_map(|c| c.temperature());
        vitals.temperature_decidegrees = hottest.filter(|t| (-50.0..=200.0).contains(t)).reduce(f32::max).map(|t| (t * 10.0) as i32);
        vitals
    }
}

/// `part` of `whole` in permille; `None` when there is no whole.
pub(crate) fn permille(part: u64, whole: u64) -> Option<u32> {
    let permille = u128::from(part) * 1000 / u128::from(std::num::NonZeroU64::new(whole)?.get());
    u32::try_from(permille.min(1000)).ok()
}

/// The mounted file systems of local disks; sysinfo leaves network file systems out, which could hang.
pub(super) fn volumes() -> Vec<Volume> {
    let Ok(disks) = Disks::new_with_refreshed_list() else { return Vec::new() };
    let volume = |disk: &sysinfo::Disk| Volume {
        device: disk.name().to_string_lossy().into_owned(),
        mount: disk.mount_point().to_string_lossy().into_owned(),
        kind: disk.file_system().to_string_lossy().into_owned(),
        bytes: disk.total_space(),
        free: disk.available_space(),
        removable: disk.is_removable(),
    };
    disks.iter().map(volume).collect()
}

/// The kernel's word for the architecture.
pub(super) fn architecture() -> String {
    System::cpu_arch()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_reading_knows_the_processor() {
        let mut meters = Meters::new();
        assert_eq!(meters.read().cpu_permille, None);
        let vitals = meters.read();
        assert!(vitals.cpu_permille.is_some() && vitals.memory_permille.is_some() && vitals.uptime_s.is_some(), "{vitals:?}");
    }

    #[test]
    fn a_part_of_nothing_is_not_measured() {
        assert_eq!((permille(1, 0), permille(1, 4), permille(9, 3)), (None, Some(250), Some(1000)));
    }
}
