//! How the machine does now: state, not inventory. What could not be measured is absent.

use super::{battery, errors, links, network, storage, text};
use crate::host::{Host, Volume};
use rollcall_proto::v1::{Fan, FileSystemUse, Health, HealthDetail, Sensor};

/// Where the kernel lists the chips that watch temperatures and fans.
const SENSORS: &str = "/sys/class/hwmon";

/// Most parts of one kind told in a detail.
const MOST: usize = 32;

/// Reads the health of `host`, and the parts behind its sums; `at_ms` is now, milliseconds since 1970 UTC.
pub fn read(host: &Host, at_ms: i64) -> (Health, HealthDetail) {
    let vitals = host.vitals();
    let mounts = host.text("/proc/mounts", 4 * 1024 * 1024).unwrap_or_default();
    let mut file_systems = uses(&mounts, &host.volumes());
    let health = Health {
        at_ms,
        cpu_permille: vitals.cpu_permille,
        memory_permille: vitals.memory_permille,
        disk_permille: file_systems.iter().map(|file_system| file_system.permille).max(),
        temperature_decidegrees: vitals.temperature_decidegrees,
        load_centi: vitals.load_centi,
        uptime_s: vitals.uptime_s,
        battery_permille: charge(host),
        network_errors: network_errors(host),
        swap_permille: vitals.swap_permille,
        io_errors: errors::of_disks(host),
        oom_kills: errors::oom_kills(host),
        hardware_errors: errors::of_hardware(host),
        throttled: errors::throttled(host),
        dns_failing: links::dns_failing(host),
        link_changes: link_changes(host),
    };
    file_systems.truncate(MOST);
    let sensor = |(name, decidegrees): &(String, i32)| Sensor { name: text::clean(name), decidegrees: *decidegrees };
    let detail = HealthDetail {
        core_permille: vitals.core_permille,
        file_systems,
        temperatures: vitals.temperatures.iter().take(MOST).map(sensor).collect(),
        fans: fans(host),
        load_5_centi: vitals.load_5_centi,
        load_15_centi: vitals.load_15_centi,
    };
    (health, detail)
}

/// How full each of the machine's own file systems is.
pub(crate) fn uses(mounts: &str, volumes: &[Volume]) -> Vec<FileSystemUse> {
    let own = storage::file_systems(mounts, volumes).into_iter();
    let used = own.filter_map(|own| {
        let volume = volumes.iter().find(|volume| volume.mount == own.mount)?;
        let permille = crate::host::permille(volume.bytes.saturating_sub(volume.free), volume.bytes)?;
        Some(FileSystemUse { mount: own.mount, permille })
    });
    used.collect()
}

/// Every fan that the kernel knows, by the chip that watches it.
fn fans(host: &Host) -> Vec<Fan> {
    let mut fans = Vec::new();
    for chip in host.list(SENSORS).unwrap_or_default() {
        let at = format!("{SENSORS}/{chip}");
        let inputs = host.list(&at).unwrap_or_default().into_iter().filter(|file| file.starts_with("fan") && file.ends_with("_input"));
        let name = host.value(&format!("{at}/name")).unwrap_or_default();
        let fan = |file: String| {
            let rpm = host.value(&format!("{at}/{file}")).ok().and_then(|value| text::number(&value))?;
            let place = file.trim_end_matches("_input");
            let label = host.value(&format!("{at}/{place}_label")).unwrap_or_else(|_| place.to_owned());
            Some(Fan { name: text::clean(&format!("{name} {label}")), rpm: u32::try_from(rpm).ok()? })
        };
        fans.extend(inputs.filter_map(fan));
    }
    fans.sort_by(|a, b| a.name.cmp(&b.name));
    fans.truncate(MOST);
    fans
}

/// The charge of all batteries together.
fn charge(host: &Host) -> Option<u32> {
    let names = battery::names(host).ok()?;
    let number = |name: &str, file: &str| battery::supply(host, name, file).and_then(|value| text::number(&value));
    let level = |name: &String| {
        let pair = |what: &str| Some((number(name, &format!("{what}_now"))?, number(name, &format!("{what}_full"))?));
        pair("energy").or_else(|| pair("charge")).or_else(|| Some((number(name, "capacity")?, 100)))
    };
    let levels: Vec<(u64, u64)> = names.iter().filter_map(level).collect();
    let now = levels.iter().fold(0u64, |sum, (now, _)| sum.saturating_add(*now));
    let full = levels.iter().fold(0u64, |sum, (_, full)| sum.saturating_add(*full));
    crate::host::permille(now, full)
}

/// Errors since boot on all interfaces with hardware.
fn network_errors(host: &Host) -> Option<u64> {
    let counts = network::physical(host).into_iter().flat_map(|name| {
        ["rx_errors", "tx_errors"]
            .map(|file| host.value(&format!("{}/{name}/statistics/{file}", network::CLASS)).ok().and_then(|value| text::number(&value)))
    });
    counts.flatten().reduce(u64::saturating_add)
}

/// How often the interfaces with hardware lost or got their link since boot.
fn link_changes(host: &Host) -> Option<u64> {
    let count =
        |name: String| host.value(&format!("{}/{name}/carrier_changes", network::CLASS)).ok().and_then(|value| text::number(&value));
    network::physical(host).into_iter().filter_map(count).reduce(u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_file_systems_count() {
        let volume = |mount: &str, bytes, free| Volume { mount: mount.into(), bytes, free, ..Volume::default() };
        let mounts = "/dev/sda2 / ext4 rw 0 0\n/dev/sda3 /home ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n";
        let volumes = [volume("/", 100, 40), volume("/home", 1000, 50), volume("/run", 10, 0)];
        let rows: Vec<_> = uses(mounts, &volumes).into_iter().map(|of| (of.mount, of.permille)).collect();
        assert_eq!(rows, [("/".to_owned(), 600), ("/home".to_owned(), 950)]);
        assert!(uses("", &volumes).is_empty());
    }

    #[test]
    fn what_is_not_there_is_not_measured() {
        let dir = tempfile::tempdir().unwrap();
        let nothing = (Health { at_ms: 7, ..Health::default() }, HealthDetail::default());
        assert_eq!(read(&Host::recorded(dir.path()).unwrap(), 7), nothing);
    }

    #[test]
    fn charge_and_errors_are_sums() {
        let dir = tempfile::tempdir().unwrap();
        for (path, value) in [
            ("power_supply/BAT0/type", "Battery"),
            ("power_supply/BAT0/energy_now", "30000"),
            ("power_supply/BAT0/energy_full", "40000"),
            ("power_supply/BAT1/type", "Battery"),
            ("power_supply/BAT1/energy_now", "10000"),
            ("power_supply/BAT1/energy_full", "60000"),
            ("hwmon/hwmon2/name", "dell_smm"),
            ("hwmon/hwmon2/fan1_input", "2214"),
            ("hwmon/hwmon2/fan1_label", "Processor Fan"),
            ("hwmon/hwmon2/fan2_input", "rubbish"),
            ("net/eth0/device/x", ""),
            ("net/eth0/statistics/rx_errors", "3\n"),
            ("net/eth0/statistics/tx_errors", "4\n"),
            ("net/eth0/carrier_changes", "5\n"),
            ("net/wlan0/device/x", ""),
            ("net/wlan0/carrier_changes", "2\n"),
            ("net/docker0/carrier_changes", "99\n"),
        ] {
            let at = dir.path().join("sys/class").join(path);
            std::fs::create_dir_all(at.parent().unwrap()).unwrap();
            std::fs::write(at, value).unwrap();
        }
        let (health, detail) = read(&Host::recorded(dir.path()).unwrap(), 0);
        assert_eq!(detail.fans, [Fan { name: "dell_smm Processor Fan".to_owned(), rpm: 2214 }]);
        assert_eq!((health.battery_permille, health.network_errors, health.link_changes), (Some(400), Some(7), Some(7)));
    }
}
