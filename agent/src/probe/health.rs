//! How the machine does now: state, not inventory. What could not be measured is absent.

use super::{battery, network, storage, text};
use crate::host::{Host, Volume};
use rollcall_proto::v1::Health;

/// Reads the health of `host`; `at_ms` is now, milliseconds since 1970 UTC.
pub fn read(host: &Host, at_ms: i64) -> Health {
    let vitals = host.vitals();
    let mounts = host.text("/proc/mounts", 4 * 1024 * 1024).unwrap_or_default();
    Health {
        at_ms,
        cpu_permille: vitals.cpu_permille,
        memory_permille: vitals.memory_permille,
        disk_permille: fullest(&mounts, &host.volumes()),
        temperature_decidegrees: vitals.temperature_decidegrees,
        load_centi: vitals.load_centi,
        uptime_s: vitals.uptime_s,
        battery_permille: charge(host),
        network_errors: network_errors(host),
    }
}

/// How full the fullest of the machine's own file systems is.
fn fullest(mounts: &str, volumes: &[Volume]) -> Option<u32> {
    let own = storage::file_systems(mounts, volumes);
    let of_own = volumes.iter().filter(|volume| own.iter().any(|fs| fs.mount == volume.mount));
    of_own.filter_map(|volume| crate::host::permille(volume.bytes.saturating_sub(volume.free), volume.bytes)).max()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_own_file_system_counts() {
        let volume = |mount: &str, bytes, free| Volume { mount: mount.into(), bytes, free, ..Volume::default() };
        let mounts = "/dev/sda2 / ext4 rw 0 0\n/dev/sda3 /home ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n";
        let volumes = [volume("/", 100, 40), volume("/home", 1000, 50), volume("/run", 10, 0)];
        assert_eq!(fullest(mounts, &volumes), Some(950));
        assert_eq!(fullest("", &volumes), None);
    }

    #[test]
    fn what_is_not_there_is_not_measured() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(&Host::recorded(dir.path()).unwrap(), 7), Health { at_ms: 7, ..Health::default() });
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
            ("net/eth0/device/x", ""),
            ("net/eth0/statistics/rx_errors", "3\n"),
            ("net/eth0/statistics/tx_errors", "4\n"),
        ] {
            let at = dir.path().join("sys/class").join(path);
            std::fs::create_dir_all(at.parent().unwrap()).unwrap();
            std::fs::write(at, value).unwrap();
        }
        let health = read(&Host::recorded(dir.path()).unwrap(), 0);
        assert_eq!((health.battery_permille, health.network_errors), (Some(400), Some(7)));
    }
}
