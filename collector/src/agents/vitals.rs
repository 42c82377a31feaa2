//! From a health reading to what rules look at: figures in steps, which stay where they are while a value wavers about their edge.

use rollcall_proto::v1::{Fan, Health, HealthDetail, Sensor};
use rollcall_site::vitals::Reading;

/// Step of the hottest sensor, °C.
const STEP: i32 = 5;
/// It must be cooler than its step by more than this before the step goes down, 0.1 °C.
const COOLER: i32 = 20;
/// A file system must be emptier than its percent by more than this before the figure goes down, permille.
const EMPTIER: u32 = 15;
/// Step of a battery's charge, percent.
const CHARGE_STEP: u32 = 10;
/// A battery must be charged less than its step by more than this before the step goes down, permille.
const FLATTER: u32 = 20;
/// From here on a fan should turn, 0.1 °C.
const WARM: i32 = 600;
/// No part of a running machine is hotter: a sensor that says so is broken, 0.1 °C.
const ABSURD: i32 = 1_250;
/// Counters are exact up to here, and rounded down to a power of two above.
const EXACT: u64 = 16;

/// A reading for the rules. `before` is what is written down of the device.
pub(super) fn reading(health: &Health, detail: Option<&HealthDetail>, before: Option<&Reading>) -> Reading {
    let fans = detail.map(|detail| detail.fans.as_slice()).unwrap_or_default();
    let turned = fans.iter().filter(|fan| fan.rpm > 0).map(|fan| fan.name.clone());
    Reading {
        disks: detail.map(|detail| disks(detail, before)).unwrap_or_default(),
        hottest: health.temperature_decidegrees.filter(|degrees| *degrees < ABSURD).map(|degrees| hottest(degrees, before)),
        turned: turned.collect(),
        still_fans: detail.map(|detail| still(&detail.fans, &detail.temperatures)),
        io_errors: health.io_errors.map(rounded),
        oom_kills: health.oom_kills.map(rounded),
        hardware_errors: health.hardware_errors.map(rounded),
        throttled: health.throttled.map(|times| times / 100 * 100),
        link_changes: health.link_changes.map(|times| times / 10 * 10),
        charge: health.battery_permille.map(|permille| charge(permille, before)),
        dns_failing: health.dns_failing,
    }
}

fn disks(detail: &HealthDetail, before: Option<&Reading>) -> std::collections::BTreeMap<String, u32> {
    let percent = |mount: &str, permille: u32| {
        let stays = |percent: &u32| permille < percent * 10 && permille + EMPTIER > percent * 10;
        before.and_then(|before| before.disks.get(mount).copied()).filter(stays).unwrap_or(permille / 10)
    };
    detail.file_systems.iter().map(|used| (used.mount.clone(), percent(&used.mount, used.permille))).collect()
}

fn charge(permille: u32, before: Option<&Reading>) -> u32 {
    let stays = |step: &u32| permille < step * 10 && permille + FLATTER > step * 10;
    let charge = permille.min(1_000) / (CHARGE_STEP * 10) * CHARGE_STEP;
    before.and_then(|before| before.charge).filter(stays).unwrap_or(charge)
}

fn hottest(decidegrees: i32, before: Option<&Reading>) -> i32 {
    let stays = |step: &i32| decidegrees < step * 10 && decidegrees + COOLER > step * 10;
    before.and_then(|before| before.hottest).filter(stays).unwrap_or_else(|| decidegrees.div_euclid(STEP * 10) * STEP)
}

/// The fans that stand still though the chip that watches them is warm; where it measures no heat, though anything is.
fn still(fans: &[Fan], sensors: &[Sensor]) -> Vec<String> {
    let chip = |name: &str| name.split(' ').next().unwrap_or_default().to_owned();
    let sane = || sensors.iter().filter(|sensor| sensor.decidegrees < ABSURD);
    let warm = |fan: &&Fan| {
        let own = sane().filter(|sensor| chip(&sensor.name) == chip(&fan.name)).map(|sensor| sensor.decidegrees).max();
        own.or_else(|| sane().map(|sensor| sensor.decidegrees).max()).is_some_and(|degrees| degrees >= WARM)
    };
    fans.iter().filter(|fan| fan.rpm == 0).filter(warm).map(|fan| fan.name.clone()).collect()
}

fn rounded(count: u64) -> u64 {
    if count <= EXACT { count } else { 1 << count.ilog2() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_proto::v1::FileSystemUse;

    fn at(decidegrees: i32, before: Option<i32>) -> Option<i32> {
        let health = Health { temperature_decidegrees: Some(decidegrees), ..Health::default() };
        reading(&health, None, Some(&Reading { hottest: before, ..Reading::default() })).hottest
    }

    fn full(permille: u32, before: Option<u32>) -> u32 {
        let file_systems = vec![FileSystemUse { mount: "/".into(), permille }];
        let before = Reading { disks: before.map(|percent| ("/".to_owned(), percent)).into_iter().collect(), ..Reading::default() };
        reading(&Health::default(), Some(&HealthDetail { file_systems, ..HealthDetail::default() }), Some(&before)).disks["/"]
    }

    #[test]
    fn a_step_goes_up_at_once_and_down_only_when_it_is_clear() {
        assert_eq!(
            [at(899, None), at(900, Some(85)), at(899, Some(90)), at(881, Some(90)), at(880, Some(90))],
            [85, 90, 90, 90, 85].map(Some)
        );
        assert_eq!((at(-31, None), at(1_300, None)), (Some(-5), None));
        assert_eq!(
            [full(899, None), full(900, Some(89)), full(899, Some(90)), full(886, Some(90)), full(885, Some(90))],
            [89, 90, 90, 90, 88]
        );
    }

    #[test]
    fn a_charge_is_told_in_tenths_that_do_not_waver() {
        let charge = |permille, before: Option<u32>| {
            let health = Health { battery_permille: Some(permille), ..Health::default() };
            reading(&health, None, Some(&Reading { charge: before, ..Reading::default() })).charge
        };
        let charges = [charge(799, None), charge(800, Some(70)), charge(799, Some(80)), charge(780, Some(80)), charge(1_040, None)];
        assert_eq!(charges, [70, 80, 80, 70, 100].map(Some));
    }

    #[test]
    fn a_fan_stands_still_where_its_own_chip_is_warm() {
        let fan = |name: &str, rpm| Fan { name: name.into(), rpm };
        let sensor = |name: &str, decidegrees| Sensor { name: name.into(), decidegrees };
        let check = |fans: &[Fan], sensors: &[Sensor], want: &[&str]| assert_eq!(still(fans, sensors), want);
        let fans = [fan("nct6775 fan1", 0), fan("nct6775 fan2", 900), fan("amdgpu fan1", 0)];
        check(&fans, &[sensor("nct6775 CPUTIN", 650), sensor("amdgpu edge", 420)], &["nct6775 fan1"]);
        check(&fans, &[sensor("nct6775 CPUTIN", 420), sensor("amdgpu edge", 420), sensor("coretemp Core 0", 800)], &[]);
        check(&fans[..1], &[sensor("coretemp Core 0", 800)], &["nct6775 fan1"]);
        check(&fans[..1], &[sensor("nct6775 AUXTIN", 1_270), sensor("coretemp Core 0", 400)], &[]);
        check(&fans, &[], &[]);
    }

    #[test]
    fn counters_are_exact_while_they_are_few() {
        assert_eq!([0, 16, 17, 1_000, u64::MAX].map(rounded), [0, 16, 16, 512, 1 << 63]);
        let health = Health { throttled: Some(1_999), link_changes: Some(39), ..Health::default() };
        let reading = reading(&health, None, None);
        assert_eq!((reading.throttled, reading.link_changes, reading.still_fans), (Some(1_900), Some(30), None));
    }
}
