//! Stories of malfunctions: parts that go and come, addresses that two have, readings, and what time alone does.

use super::*;
use crate::vitals::{self, Reading};
use crate::{parts, round};
use rollcall_proto::v1::{Camera, Cameras, Link, Links, Memory, MemoryModule, Updates};

impl School {
    /// The machine reports these sections.
    fn measure(&mut self, number: u128, sections: &[Section]) {
        let device = DeviceId(Uuid::from_u128(number));
        let entry = self.site.devices.get(&device).unwrap().acknowledged + 1;
        let reported = |section: &Section| Reported {
            name: section.name().to_owned(),
            content: Ok(Digest::of(&section.encode())),
            problems: Vec::new(),
        };
        let contents = sections.iter().map(|section| (Digest::of(&section.encode()), Content::of(section, &Arc::default())));
        let (contents, sections) = (contents.collect(), sections.iter().map(reported).collect());
        let report = Report { session: "s1".into(), number: entry, at: self.now, full: false, sections };
        self.must(|w| attend::report(w, device, report, contents));
    }

    fn read(&mut self, device: DeviceId, reading: Reading) {
        self.must(|w| vitals::take(w, device, reading));
    }
}

fn memory(serials: &[&str]) -> Section {
    let module = |(slot, serial): (usize, &&str)| MemoryModule {
        slot: format!("DIMM{slot}"),
        bytes: 8 << 30,
        kind: "DDR4".into(),
        serial: (*serial).to_owned(),
        ..MemoryModule::default()
    };
    Section::Memory(Memory { total_bytes: 0, slots_known: true, modules: serials.iter().enumerate().map(module).collect() })
}

fn address(address: &str) -> Section {
    let link = Link { name: "eth0".into(), state: "up".into(), addresses: vec![address.to_owned()], ..Link::default() };
    Section::Links(Links { links: vec![link], gateway: "10.20.3.1".into(), name_servers: Vec::new() })
}

#[test]
fn a_module_that_goes_is_told_until_it_is_back_or_accepted() {
    let mut school = School::new();
    school.pc(1, "", &[]);
    school.measure(1, &[memory(&["11AA", "22BB"])]);
    assert!(school.site.accepted.is_empty(), "nothing is written down of what is right");
    school.measure(1, &[memory(&["11AA"])]);
    assert_eq!(school.open(), ["PC1 lacks memory"]);
    let digest = Digest::of(&memory(&["11AA", "22BB"]).encode());
    school.site.release_unused();
    assert!(school.site.holds("memory", &digest), "it is told again what it lacks");
    school.measure(1, &[memory(&["11AA", "22BB"])]);
    assert!(school.open().is_empty() && school.site.accepted.is_empty());
    school.measure(1, &[memory(&["11AA"])]);
    school.measure(1, &[memory(&["11AA", "33CC"])]);
    assert_eq!(school.open(), ["PC1 has another memory module"], "it is one finding: another module is in its place by now");
    let asset = school.site.asset_by_tag(&tag("PC1")).unwrap().id;
    school.must(|w| parts::accept(w, asset));
    assert!(school.open().is_empty() && school.told("asset.accepted").len() == 1);
    assert_eq!(school.change(|w| parts::accept(w, asset)).unwrap_err().kind, RefusalKind::Conflict);
    school.measure(1, &[memory(&["11AA"])]);
    assert_eq!(school.open(), ["PC1 lacks memory"], "what was accepted is missed from then on");
}

#[test]
fn what_is_added_inside_joins_and_what_hangs_on_a_cable_does_not() {
    let mut school = School::new();
    school.pc(1, "", &[]);
    let cameras = |names: &[&str]| {
        let camera = |name: &&str| Camera { name: (*name).to_owned(), ..Camera::default() };
        Section::Cameras(Cameras { cameras: names.iter().map(camera).collect() })
    };
    school.measure(1, &[memory(&["11AA"]), cameras(&["C920"])]);
    school.measure(1, &[memory(&["11AA", "22BB"]), cameras(&["C920", "C270"])]);
    assert_eq!(school.told("asset.part-added").len(), 1, "{:?}", school.told("asset.part-added"));
    school.measure(1, &[memory(&["11AA"]), cameras(&["C920"])]);
    school.wait(3600);
    assert_eq!(school.open(), ["PC1 lacks memory"]);
    school.measure(1, &[cameras(&["C270"])]);
    school.wait(3600);
    assert_eq!(school.open().len(), 2);
}

#[test]
fn a_new_agent_on_the_same_hardware_hides_no_missing_part() {
    let mut school = School::new();
    school.pc(1, "A1", &[]);
    school.measure(1, &[memory(&["11AA", "22BB"])]);
    let asset = school.site.asset_by_tag(&tag("A1")).unwrap().id;
    school.must(|w| enroll::allow_rebind(w, asset));
    let request = Enrolment {
        token_hash: "hash".into(),
        device: DeviceId(Uuid::from_u128(2)),
        asset: AssetId(Uuid::from_u128(1002)),
        fingerprint: hardware(1),
        host_name: "pc1".into(),
        tag: "A1".into(),
        seat: String::new(),
        agent_version: "0.1.0".into(),
        certificate: "cert2".into(),
        certificate_ends: school.now + SignedDuration::from_hours(24 * 400),
    };
    school.must(|w| enroll::enroll(w, request));
    school.hello(2, "", "n1", hardware(1)).unwrap();
    school.measure(2, &[memory(&["11AA"])]);
    assert_eq!(school.open(), ["A1 lacks memory"]);
}

#[test]
fn an_address_conflict_is_over_for_both_when_one_takes_another() {
    let mut school = School::new();
    let first = school.pc(1, "", &[]);
    school.pc(2, "", &[]);
    school.measure(1, &[address("10.20.3.17/24")]);
    school.measure(2, &[address("10.20.3.17/24")]);
    school.wait(301);
    assert_eq!(school.open(), ["PC2 has the address of PC1: 10.20.3.17"]);
    school.measure(1, &[address("10.20.3.18/24")]);
    assert!(school.open().is_empty());
    school.measure(1, &[address("10.20.3.17/24")]);
    school.wait(301);
    assert_eq!(school.open().len(), 1);
    school.must(|w| attend::goodbye(w, first, Goodbye::Shutdown));
    assert!(school.open().is_empty(), "a machine that is off has no address");
    let mut again = Site::default();
    school.log.iter().for_each(|written| again.restore(written).unwrap());
    assert_eq!(again.by_address.len(), school.site.by_address.len());
    assert_eq!(again.by_serial.len(), school.site.by_serial.len());
}

#[test]
fn a_hot_machine_is_told_after_ten_minutes_and_one_that_flickers_writes_once_a_minute() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    let hot = |degrees| Reading { hottest: Some(degrees), ..Reading::default() };
    school.read(device, hot(95));
    school.wait(599);
    assert!(school.open().is_empty());
    school.wait(1);
    assert_eq!(school.open(), ["PC1 is too hot"]);
    school.read(device, hot(60));
    assert!(school.open().is_empty());
    let written = school.log.len();
    for second in 0..120 {
        school.now += SignedDuration::from_secs(1);
        school.read(device, hot(60 + 5 * (second % 2)));
    }
    let vitals = school.log[written..].iter().filter(|written| written.kind == "vitals").count();
    assert!((1..=3).contains(&vitals), "{vitals}");
}

#[test]
fn time_alone_makes_a_finding_and_the_round_finds_it_without_a_write_before() {
    let mut school = School::new();
    school.pc(1, "", &[]);
    school.pc(2, "", &[]);
    school.measure(1, &[Section::Updates(Updates { restart_needed: true, ..Updates::default() })]);
    school.now += SignedDuration::from_hours(24 * 3);
    school.measure(1, &[Section::Updates(Updates { restart_needed: true, pending: 3, ..Updates::default() })]);
    let stale = |school: &School| round::stale(&school.site, &round::next(&school.site, None, 256), school.now).len();
    assert_eq!(stale(&school), 0);
    school.now += SignedDuration::from_hours(24 * 4);
    assert_eq!(stale(&school), 1, "since the first report that said so");
    let asset = school.site.asset_by_tag(&tag("PC1")).unwrap().id;
    school.must(|w| {
        alert::judge(w, asset);
        Ok(())
    });
    assert_eq!((school.open(), stale(&school)), (vec!["PC1 needs a restart".to_owned()], 0));
    school.measure(1, &[Section::Updates(Updates::default())]);
    assert!(school.open().is_empty());
    assert_eq!(round::next(&school.site, None, 1), [AssetId(Uuid::from_u128(1001))]);
    assert_eq!(round::next(&school.site, Some(AssetId(Uuid::from_u128(1001))), 9), [AssetId(Uuid::from_u128(1002))]);
}

#[test]
fn a_rooms_subnets_are_set_checked_and_judged() {
    let mut school = School::new();
    school.pc(1, "", &[]);
    school.measure(1, &[address("10.20.4.17/24")]);
    let subnets =
        |texts: &[&str]| RoomFacts { subnets: Some(texts.iter().map(|text| (*text).to_owned()).collect()), ..RoomFacts::default() };
    school.must(|w| room::set(w, &lab(), subnets(&["10.20.3.0/24", "10.20.3.7/24"])));
    assert_eq!(school.site.rooms.get(&lab()).unwrap().subnets.len(), 1);
    school.wait(601);
    assert_eq!(school.open(), ["PC1 is in another subnet than its room"]);
    school.must(|w| room::set(w, &lab(), subnets(&["10.20.0.0/16"])));
    assert!(school.open().is_empty());
    let refusal = school.change(|w| room::set(w, &lab(), subnets(&["10.20.3.0"]))).unwrap_err();
    assert!(refusal.text.contains("10.20.3.0/24"), "{refusal}");
    assert!(school.change(|w| room::set(w, &lab(), subnets(&["10.0.0.0/8"; 17]))).is_err());
    school.must(|w| room::set(w, &lab(), subnets(&[])));
    assert!(school.site.rooms.get(&lab()).unwrap().subnets.is_empty());
}

#[test]
fn a_disk_that_goes_back_is_remembered() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    for (held, next) in [("n1", "n2"), ("n2", "n3"), ("n3", "n4")] {
        school.hello(1, held, next, hardware(1)).unwrap();
    }
    assert_eq!(school.site.devices.get(&device).unwrap().rolled_back_at, None);
    school.hello(1, "n1", "n5", hardware(1)).unwrap();
    assert_eq!(school.site.devices.get(&device).unwrap().rolled_back_at, Some(school.now));
    school.wait(86_400);
    assert_eq!(school.open(), ["PC1 was rolled back to an earlier state"]);
}

#[test]
fn whoever_was_switched_off_and_starts_again_waits_for_no_restart() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    school.measure(1, &[Section::Updates(Updates { restart_needed: true, ..Updates::default() })]);
    school.must(|w| attend::goodbye(w, device, Goodbye::Shutdown));
    let asset = school.site.asset_by_tag(&tag("PC1")).unwrap().id;
    school.now += SignedDuration::from_hours(24 * 20);
    school.must(|w| {
        alert::judge(w, asset);
        Ok(())
    });
    let hello =
        Hello { session: "s2".into(), boot: "b2".into(), nonce: "n1".into(), next: 1, fingerprint: hardware(1), ..Hello::default() };
    let hello = Hello { clock_ms: school.now.as_millisecond(), ..hello };
    school.must(|w| attend::hello(w, device, "cert1", &hello, "n2".into()));
    assert!(school.told("alert.raised").is_empty());
}
