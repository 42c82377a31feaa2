//! Health samples over hours, days, a month and a year, with crashes at the worst places.

use super::*;

const DAY_MS: i64 = 24 * HOUR_MS;
const NOON: i64 = 1_800_014_400_000 - 1_800_014_400_000 % DAY_MS + 12 * HOUR_MS;

fn device(n: u128) -> DeviceId {
    DeviceId(uuid::Uuid::from_u128(n))
}

fn at_ms(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

fn fill(health: &Health, device: DeviceId, minutes: std::ops::Range<i64>) {
    for minute in minutes {
        let sample = Sample { at_ms: NOON + minute * MINUTE_MS, cpu_permille: u32::try_from(minute).ok(), ..Sample::default() };
        health.put(device, sample).unwrap();
    }
}

fn minutes(health: &Health, device: DeviceId, since: i64) -> Vec<i64> {
    let samples = health.samples(device, at_ms(NOON + since * MINUTE_MS)).unwrap();
    samples.iter().map(|sample| (sample.at_ms - NOON) / MINUTE_MS).collect()
}

fn files(dir: &Path) -> Vec<String> {
    entries(dir).unwrap().iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn the_last_hour_stands_by_the_minute_and_what_was_before_every_fifth() {
    let dir = tempfile::tempdir().unwrap();
    let health = Health::open(dir.path());
    fill(&health, device(1), 0..900);
    fill(&health, device(2), 0..10);
    let kept = |minutes: std::ops::Range<i64>| minutes.filter(|minute| minute % 5 == 4).collect::<Vec<_>>();
    assert_eq!(minutes(&health, device(1), 0), [kept(0..840), (840..900).collect()].concat());
    assert_eq!(minutes(&health, device(1), 700), [kept(700..840), (840..900).collect()].concat());
    assert_eq!(minutes(&health, device(2), 5), (5..10).collect::<Vec<_>>());
    assert_eq!(files(dir.path()).len(), 2);
    health.flush().unwrap();
    let reopened = Health::open(dir.path());
    assert_eq!(minutes(&reopened, device(1), 0), kept(0..900));
    assert_eq!(minutes(&reopened, device(2), 0), [4, 9]);
}

#[test]
fn a_minute_keeps_its_last_sample_and_a_mad_clock_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let health = Health::open(dir.path());
    for at_ms in [NOON, NOON + 30_000, i64::MAX, i64::MIN, 0] {
        health.put(device(1), Sample { at_ms, ..Sample::default() }).unwrap();
    }
    let samples = health.samples(device(1), Timestamp::MIN).unwrap();
    assert_eq!(samples.iter().map(|sample| sample.at_ms).collect::<Vec<_>>(), [NOON + 30_000]);
}

/// Mean, least and most of the processor in each step.
fn cpu(health: &Health, range: Range, now: i64) -> Vec<(i64, Spread)> {
    let readings = health.readings(device(1), range, at_ms(now)).unwrap();
    readings.iter().map(|reading| (reading.at.as_millisecond() - NOON, reading.values[&2])).collect()
}

#[test]
fn a_day_is_packed_then_kept_by_the_hour_then_removed_and_says_the_same_all_along() {
    let dir = tempfile::tempdir().unwrap();
    let health = Health::open(dir.path());
    (1..4).for_each(|n| fill(&health, device(n), 0..180));
    let day = cpu(&health, Range::Day, NOON + 180 * MINUTE_MS);
    assert_eq!(day.len(), 36);
    assert_eq!(day[35], (175 * MINUTE_MS, Spread { mean: 177, min: 175, max: 179 }), "the last hour by the minute");
    assert_eq!(day[0], (0, Spread { mean: 4, min: 4, max: 4 }));
    let check = |days: i64, ending: &str, range: Range, hours: usize| {
        health.tidy(at_ms(NOON + days * DAY_MS)).unwrap();
        let found = files(dir.path());
        assert!(found.iter().all(|file| file.ends_with(ending)) && found.len() == usize::from(hours > 0), "{days}: {found:?}");
        for health in [&health, &Health::open(dir.path())] {
            assert_eq!(cpu(health, range, NOON + days * DAY_MS).len(), usize::from(hours > 0), "{days}");
        }
        let mut damage = Vec::new();
        verify(dir.path(), &mut damage).unwrap();
        assert!(damage.is_empty(), "{damage:?}");
    };
    check(0, ".log", Range::Year, 1);
    check(1, ".day", Range::Month, 1);
    check(29, ".day", Range::Month, 1);
    check(31, ".hours", Range::Year, 1);
    check(364, ".hours", Range::Year, 1);
    let year = cpu(&Health::open(dir.path()), Range::Year, NOON + 364 * DAY_MS);
    assert_eq!(year[0].1, Spread { mean: 92, min: 4, max: 179 });
    health.tidy(at_ms(NOON + 370 * DAY_MS)).unwrap();
    assert_eq!(files(dir.path()), Vec::<String>::new());
}

#[test]
fn a_crash_at_any_step_of_packing_counts_nothing_twice_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let fresh = || Health::open(dir.path());
    let health = fresh();
    fill(&health, device(1), 0..300);
    health.flush().unwrap();
    let log = dir.path().join(&files(dir.path())[0]);
    let (log_bytes, want) = (std::fs::read(&log).unwrap(), cpu(&fresh(), Range::Month, NOON + DAY_MS));
    let by_hour = cpu(&fresh(), Range::Year, NOON + DAY_MS);

    fresh().tidy(at_ms(NOON + DAY_MS)).unwrap();
    let day = dir.path().join(&files(dir.path())[0]);
    let day_bytes = std::fs::read(&day).unwrap();
    assert!(day.to_string_lossy().ends_with(".day") && cpu(&fresh(), Range::Month, NOON + DAY_MS) == want);
    std::fs::write(&log, &log_bytes).unwrap();
    std::fs::write(day.with_extension("7.part"), b"half").unwrap();
    assert_eq!(cpu(&fresh(), Range::Month, NOON + DAY_MS), want, "packed, the log not yet removed");
    fresh().tidy(at_ms(NOON + DAY_MS)).unwrap();
    assert_eq!((files(dir.path()).len(), std::fs::read(&day).unwrap()), (1, day_bytes.clone()), "the second try ends it");

    fresh().tidy(at_ms(NOON + 40 * DAY_MS)).unwrap();
    let hours = std::fs::read(day.with_extension("hours")).unwrap();
    std::fs::write(&day, &day_bytes).unwrap();
    std::fs::write(&log, &log_bytes).unwrap();
    assert_eq!(cpu(&fresh(), Range::Year, NOON + 40 * DAY_MS), by_hour, "three files of one day");
    fresh().tidy(at_ms(NOON + 40 * DAY_MS)).unwrap();
    assert_eq!((files(dir.path()).len(), std::fs::read(day.with_extension("hours")).unwrap()), (1, hours));
}

#[test]
fn what_comes_late_to_a_packed_day_is_packed_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let health = Health::open(dir.path());
    fill(&health, device(1), 0..60);
    health.tidy(at_ms(NOON + DAY_MS)).unwrap();
    fill(&health, device(2), 0..60);
    fill(&health, device(1), 120..180);
    health.tidy(at_ms(NOON + DAY_MS)).unwrap();
    assert_eq!(files(dir.path()).len(), 1);
    let reopened = Health::open(dir.path());
    assert_eq!((minutes(&reopened, device(1), 0).len(), minutes(&reopened, device(2), 0).len()), (24, 12));
}

/// A day as a desktop machine in use measures it: every field that it has, with noise.
fn busy(minute: i64, device: u64) -> Sample {
    let noise = |salt: u64, most: u64| {
        let seed = (minute.unsigned_abs() * 31 + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(device.wrapping_mul(0xd134_2543));
        u32::try_from((seed ^ (seed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33).unwrap() % u32::try_from(most).unwrap()
    };
    Sample {
        at_ms: NOON - 12 * HOUR_MS + minute * MINUTE_MS + i64::from(noise(1, 900)),
        cpu_permille: Some(30 + noise(2, 200)),
        memory_permille: Some(400 + noise(3, 40)),
        disk_permille: Some(512),
        temperature_decidegrees: Some(450 + i32::try_from(noise(4, 60)).unwrap()),
        load_centi: Some(noise(5, 150)),
        uptime_s: Some(minute.unsigned_abs() * 60),
        network_errors: Some(0),
        ..Sample::default()
    }
}

#[test]
#[ignore = "a measurement: what 10,000 devices take on disk, and how long a chart and a packing take"]
fn bytes_on_disk() {
    const DEVICES: u64 = 1_000;
    let dir = tempfile::tempdir().unwrap();
    let health = Health::open(dir.path());
    let size = || entries(dir.path()).unwrap().iter().map(|path| path.metadata().unwrap().len()).sum::<u64>();
    let per_device = |what: &str| println!("{what}: {} bytes a device and day", size() / DEVICES);
    let timed = |what: &str, work: &dyn Fn()| {
        let start = std::time::Instant::now();
        work();
        println!("{what}: {:.1?}", start.elapsed());
    };
    timed("1,440 samples each of 1,000 devices", &|| {
        (0..1440).for_each(|minute| (0..DEVICES).for_each(|n| health.put(device(n.into()), busy(minute, n)).unwrap()));
        health.flush().unwrap();
    });
    let kept: usize = health.lock().recent.values().map(|recent| recent.packed.len()).sum();
    println!("in memory: {} bytes a device", kept / 1000);
    per_device("log");
    let read = |range| move |health: &Health, now| drop(health.readings(device(7), range, at_ms(now)).unwrap());
    timed("a day's chart from the log", &|| read(Range::Day)(&health, NOON + 12 * HOUR_MS));
    timed("packing the day", &|| health.tidy(at_ms(NOON + DAY_MS)).unwrap());
    per_device("day");
    timed("a day's chart from the packed day", &|| read(Range::Day)(&health, NOON + 12 * HOUR_MS));
    timed("packing by the hour", &|| health.tidy(at_ms(NOON + 40 * DAY_MS)).unwrap());
    per_device("hours");
    let hours = entries(dir.path()).unwrap().remove(0);
    for days in 1..335 {
        let date = kind_of(&hours).unwrap().0 + jiff::Span::new().days(days);
        std::fs::copy(&hours, path(dir.path(), date, Kind::Hours)).unwrap();
    }
    timed("a year's chart", &|| read(Range::Year)(&health, NOON + 335 * DAY_MS));
}
