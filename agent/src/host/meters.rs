//! The readings of the live machine that sysinfo serves best: processor, memory, temperature, disks.

use serde::{Deserialize, Serialize};
use sysinfo::{Components, Disks, MemoryRefreshKind, Networks, System};

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
    /// Swap in use, permille; none where there is no swap.
    pub swap_permille: Option<u32>,
    /// Use of each processor thread since the last reading, permille.
    pub core_permille: Vec<u32>,
    /// Every sensor by name, 0.1 °C.
    pub temperatures: Vec<(String, i32)>,
    /// Five-minute load, 0.01.
    pub load_5_centi: Option<u32>,
    /// Fifteen-minute load, 0.01.
    pub load_15_centi: Option<u32>,
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
        let load = System::load_average().ok();
        let centi = |load: f64| (load.max(0.0) * 100.0) as u32;
        let mut vitals = Vitals {
            load_centi: load.as_ref().map(|load| centi(load.one)),
            load_5_centi: load.as_ref().map(|load| centi(load.five)),
            load_15_centi: load.as_ref().map(|load| centi(load.fifteen)),
            uptime_s: System::uptime().ok(),
            ..Vitals::default()
        };
        self.read_system(&mut vitals);
        match &mut self.components {
            Some(components) => components.refresh(true),
            None => self.components = Components::new_with_refreshed_list().ok(),
        }
        let sensors = self.components.iter().flat_map(|components| components.iter());
        let sensible = |celsius: &f32| (-50.0..=200.0).contains(celsius);
        let reading = |sensor: &sysinfo::Component| {
            Some((sensor.label().to_owned(), sensor.temperature().filter(sensible).map(|celsius| (celsius * 10.0) as i32)?))
        };
        vitals.temperatures = sensors.filter_map(reading).collect();
        vitals.temperatures.sort_unstable();
        vitals.temperature_decidegrees = vitals.temperatures.iter().map(|(_, decidegrees)| *decidegrees).max();
        vitals
    }

    fn read_system(&mut self, vitals: &mut Vitals) {
        if self.system.is_none() {
            self.system = System::new().ok();
        }
        let Some(system) = &mut self.system else { return };
        system.refresh_cpu_usage();
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram().with_swap());
        let use_of = |percent: f32| (percent.clamp(0.0, 100.0) * 10.0) as u32;
        if self.primed {
            vitals.cpu_permille = Some(use_of(system.global_cpu_usage()));
            vitals.core_permille = system.cpus().iter().map(|core| use_of(core.usage())).collect();
        }
        vitals.memory_permille = permille(system.used_memory(), system.total_memory());
        vitals.swap_permille = permille(system.used_swap(), system.total_swap());
        self.primed = true;
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

/// The IPv4 addresses of the interfaces with their prefixes, by name.
pub(super) fn addresses() -> Vec<(String, String)> {
    let Ok(networks) = Networks::new_with_refreshed_list() else { return Vec::new() };
    let of = |(name, data): (&std::ffi::OsString, &sysinfo::NetworkData)| {
        let four = data.ip_networks().iter().filter(|network| network.addr.is_ipv4());
        four.map(|network| (name.to_string_lossy().into_owned(), format!("{}/{}", network.addr, network.prefix))).collect::<Vec<_>>()
    };
    let mut addresses: Vec<(String, String)> = networks.iter().flat_map(of).collect();
    addresses.sort_unstable();
    addresses
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
