//! Stories of outages: a switch with 30 seats, its return seat by seat, and what is no outage.

use super::*;
use crate::calendar;

/// A lab of so many PCs, all here.
fn lab_of(count: u128) -> (School, Vec<DeviceId>) {
    let mut school = School::new();
    let devices = (1..=count).map(|n| school.pc(n, &format!("LAB-{n:02}"), &[])).collect();
    (school, devices)
}

/// They fall silent within one tick of the watch.
fn cut(school: &mut School, devices: &[DeviceId]) {
    for device in devices {
        school.heard.remove(device);
    }
    let fell: Vec<_> = devices.iter().map(|device| (*device, school.now)).collect();
    school.must(|w| {
        attend::silent_all(w, fell);
        Ok(())
    });
}

fn back(school: &mut School, device: DeviceId) {
    let number = device.0.as_u128();
    let nonce = school.site.devices.get(&device).unwrap().nonces[0].clone();
    school.hello(number, &nonce, &format!("{nonce}'"), hardware(number)).unwrap();
}

#[test]
fn a_switch_with_thirty_seats_is_one_alert_and_unfolds_seat_by_seat() {
    let (mut school, devices) = lab_of(30);
    // They are noticed a few at a time, as heartbeats go.
    for few in devices.chunks(4) {
        cut(&mut school, few);
        school.wait(1);
    }
    assert!(school.open().is_empty(), "it settles first");
    school.wait(60);
    assert_eq!(school.open(), ["Lab 118: 30 machines fell silent together"]);
    assert_eq!(school.told("alert.raised").len(), 1);
    let row = &view::alerts(&school.site, AlertsShown::Live)[0];
    assert_eq!(
        (row.rule.as_str(), row.room.as_ref(), row.tag.as_ref(), row.severity),
        ("room-outage", Some(&lab()), None, crate::rule::Severity::High)
    );
    assert!(row.evidence.contains("30 of 30 that should be here") && row.evidence.contains("LAB-01, LAB-02"), "{}", row.evidence);
    for device in &devices[..12] {
        back(&mut school, *device);
    }
    let row = &view::alerts(&school.site, AlertsShown::Live)[0];
    assert_eq!(row.title, "Lab 118: 30 machines fell silent together, 12 of 30 are back");
    assert!(row.evidence.contains("12 of 30 are back; still silent: LAB-13, LAB-14"), "{}", row.evidence);
    for device in &devices[12..] {
        back(&mut school, *device);
    }
    assert!(school.open().is_empty());
    school.wait(3_600);
    assert_eq!(school.told("alert.resolved"), ["Over by itself: Lab 118: 30 machines fell silent together, all are back"]);
    assert_eq!(school.told("alert.raised").len(), 1);
    assert!(school.site.outages.is_empty());
}

#[test]
fn those_that_stay_silent_are_told_on_their_own() {
    let (mut school, devices) = lab_of(10);
    cut(&mut school, &devices);
    school.wait(60);
    for device in &devices[2..] {
        back(&mut school, *device);
        school.wait(1);
    }
    assert_eq!(school.open(), ["Lab 118: 10 machines fell silent together, 8 of 10 are back"]);
    school.wait(180);
    assert!(school.open().is_empty(), "their own settle time begins");
    let over = "Over by itself: Lab 118: 10 machines fell silent together, 8 of 10 are back; told on their own: LAB-01, LAB-02";
    assert_eq!(school.told("alert.resolved"), [over]);
    school.wait(60);
    assert_eq!(school.open(), ["LAB-01 fell silent", "LAB-02 fell silent"]);
}

#[test]
fn what_was_raised_already_folds_into_the_outage() {
    let (mut school, devices) = lab_of(8);
    cut(&mut school, &devices[..2]);
    school.wait(61);
    assert_eq!(school.open(), ["LAB-01 fell silent", "LAB-02 fell silent"]);
    cut(&mut school, &devices[2..]);
    assert_eq!(school.open().len(), 2, "until people are told of the outage");
    school.wait(60);
    assert_eq!(school.told("alert.resolved")[0], "LAB-01 fell silent: it belongs to the outage of Lab 118 now");
    assert_eq!(school.open(), ["Lab 118: 8 machines fell silent together"]);
    assert_eq!(school.told("alert.raised").len(), 3);
    for device in devices {
        back(&mut school, device);
    }
    assert!(school.open().is_empty());
}

#[test]
fn what_was_told_long_ago_is_no_part_of_it() {
    let (mut school, devices) = lab_of(8);
    cut(&mut school, &devices[..2]);
    school.wait(60);
    school.wait(3_600);
    cut(&mut school, &devices[2..]);
    school.wait(60);
    assert_eq!(school.open(), ["Lab 118: 6 machines fell silent together", "LAB-01 fell silent", "LAB-02 fell silent"]);
}

#[test]
fn few_machines_or_a_small_part_or_a_slow_decay_are_no_outage() {
    // (of so many, fall silent, seconds apart) and the alerts that come of it.
    for (all, fall, apart, outages, own) in [(10, 5, 0, 1, 0), (10, 4, 0, 0, 4), (2, 2, 0, 0, 2), (3, 3, 0, 1, 0), (6, 6, 120, 0, 6)] {
        let (mut school, devices) = lab_of(all);
        for device in &devices[..fall] {
            cut(&mut school, &[*device]);
            school.wait(apart);
        }
        school.wait(60);
        let open = view::alerts(&school.site, AlertsShown::Open);
        let of = |rule: &str| open.iter().filter(|row| row.rule == rule).count();
        assert_eq!((of("room-outage"), of("machine-silent")), (outages, own), "{fall} of {all}, {apart} s apart");
    }
}

#[test]
fn who_sleeps_or_is_away_does_not_count() {
    let (mut school, devices) = lab_of(10);
    for device in &devices[..5] {
        school.must(|w| attend::goodbye(w, *device, Goodbye::Suspend));
    }
    let (anna, heard) = (pupil(&mut school, "20431"), school.heard.clone());
    school.must(|w| loan::out(w, &heard, NewLoan::new(tag("LAB-10"), anna)));
    cut(&mut school, &devices[6..]);
    school.wait(60);
    assert_eq!(school.open(), ["Lab 118: 3 machines fell silent together"], "three of the four that should be here");
}

#[test]
fn a_blip_that_is_over_before_it_settles_is_never_told() {
    let (mut school, devices) = lab_of(12);
    cut(&mut school, &devices);
    school.wait(20);
    for device in devices {
        back(&mut school, device);
    }
    school.wait(600);
    assert!(school.told("alert.raised").is_empty() && school.told("alert.resolved").is_empty());
    assert!(school.site.outages.is_empty());
}

#[test]
fn an_outage_of_the_night_is_told_once_in_the_morning() {
    let (mut school, devices) = lab_of(12);
    let hours = "Mon-Fri 07:30-16:00".parse().unwrap();
    school.must(|w| calendar::set_hours(w, Some(hours)));
    school.now = "2026-11-23T22:00:00Z".parse().unwrap();
    school.wait(0);
    cut(&mut school, &devices);
    school.wait(600);
    assert!(school.open().is_empty());
    school.now = "2026-11-24T07:30:00Z".parse().unwrap();
    school.wait(0);
    assert!(school.open().is_empty());
    school.wait(60);
    assert_eq!(school.open(), ["Lab 118: 12 machines fell silent together"]);
    assert_eq!(school.told("alert.raised").len(), 1);
}

#[test]
fn a_master_switch_at_the_end_of_the_day_is_no_outage_and_a_told_one_outlasts_the_night() {
    for (at, told) in [("2026-11-23T15:59:30Z", 0), ("2026-11-23T15:30:00Z", 1)] {
        let (mut school, devices) = lab_of(12);
        let hours = "Mon-Fri 07:30-16:00".parse().unwrap();
        school.must(|w| calendar::set_hours(w, Some(hours)));
        school.now = at.parse().unwrap();
        school.wait(0);
        cut(&mut school, &devices);
        school.wait(29);
        school.wait(31);
        school.now = "2026-11-23T16:00:00Z".parse().unwrap();
        school.wait(0);
        school.now = "2026-11-24T06:00:00Z".parse().unwrap();
        school.wait(0);
        assert_eq!((school.told("alert.raised").len(), school.told("alert.resolved").len()), (told, 0), "{at}");
        for device in devices {
            back(&mut school, device);
        }
        school.now = "2026-11-24T08:00:00Z".parse().unwrap();
        school.wait(0);
        assert_eq!((school.told("alert.raised").len(), school.told("alert.resolved").len()), (told, told), "{at}");
    }
}

#[test]
fn a_restart_in_the_middle_of_an_outage_tells_nothing_twice() {
    let (mut school, devices) = lab_of(12);
    cut(&mut school, &devices);
    school.wait(60);
    back(&mut school, devices[0]);
    let mut replayed = Site { seq: school.site.seq, ..Site::default() };
    for written in &school.log {
        replayed.restore(written).unwrap();
    }
    assert_eq!(replayed.state_hash(), school.site.state_hash());
    school.site = replayed;
    school.wait(600);
    for device in &devices[1..] {
        back(&mut school, *device);
    }
    assert_eq!((school.told("alert.raised").len(), school.told("alert.resolved").len()), (1, 1));
}

#[test]
fn an_outage_that_a_person_resolved_stays_quiet_until_it_has_passed() {
    let (mut school, devices) = lab_of(12);
    cut(&mut school, &devices);
    school.wait(60);
    let id = view::alerts(&school.site, AlertsShown::Open)[0].id;
    school.must(|w| alert::resolve(w, id));
    back(&mut school, devices[0]);
    school.wait(600);
    assert!(school.open().is_empty());
    for device in &devices[1..] {
        back(&mut school, *device);
    }
    cut(&mut school, &devices);
    school.wait(60);
    assert_eq!((school.told("alert.raised").len(), school.told("alert.reopened").len()), (1, 1));
}

#[test]
fn a_switch_that_fails_again_and_again_is_one_alert_that_stays_open() {
    let (mut school, devices) = lab_of(12);
    for _ in 0..6 {
        cut(&mut school, &devices);
        school.wait(60);
        devices.iter().for_each(|device| back(&mut school, *device));
        school.wait(60);
    }
    let told = [school.told("alert.raised").len(), school.told("alert.reopened").len(), school.told("alert.resolved").len()];
    assert_eq!((told, school.open().len(), school.site.alerts.len()), ([1, 2, 2], 1, 1));
    school.wait(15 * 60);
    assert!(school.open().is_empty() && school.site.outages.is_empty());
}

#[test]
fn an_outage_that_passes_untold_tells_nobody_again_of_who_was_silent_before() {
    let (mut school, devices) = lab_of(8);
    cut(&mut school, &devices[..1]);
    school.wait(61);
    cut(&mut school, &devices[1..]);
    school.wait(20);
    for device in &devices[1..] {
        back(&mut school, *device);
    }
    school.wait(600);
    assert_eq!(school.open(), ["LAB-01 fell silent"]);
    assert_eq!([school.told("alert.raised").len(), school.told("alert.reopened").len(), school.told("alert.resolved").len()], [1, 0, 0]);
}

#[test]
fn the_rule_is_off_or_has_other_limits_where_a_room_says_so() {
    for (text, want) in [(r#"{"room-outage": {"on": false}}"#, 4), (r#"{"room-outage": {"limits": {"percent": 80}}}"#, 4), ("{}", 1)] {
        let (mut school, devices) = lab_of(6);
        let settings: crate::rule::Settings = serde_json::from_str(text).unwrap();
        school.must(|w| {
            let room = (**w.site.rooms.get(&lab()).unwrap()).clone();
            Ok(w.put(room::Room { rules: settings, ..room }))
        });
        cut(&mut school, &devices[..4]);
        school.wait(60);
        assert_eq!(school.open().len(), want, "{text}");
    }
}

#[test]
fn a_machine_that_is_moved_or_retired_leaves_the_outage() {
    let (mut school, devices) = lab_of(4);
    cut(&mut school, &devices);
    school.wait(60);
    for device in &devices[..3] {
        back(&mut school, *device);
    }
    let asset = school.site.asset_by_tag(&tag("LAB-04")).unwrap().id;
    school.must(|w| asset::set(w, asset, AssetFacts { room: Some(String::new()), ..AssetFacts::default() }));
    assert!(school.site.outages.is_empty());
    school.wait(60);
    assert_eq!(school.open(), ["LAB-04 fell silent"]);
}

#[test]
fn a_clock_that_is_set_back_in_the_middle_of_an_outage_delays_nothing() {
    let (mut school, devices) = lab_of(6);
    school.now += SignedDuration::from_hours(24 * 365);
    cut(&mut school, &devices);
    back_in_time(&mut school);
    school.wait(60);
    assert_eq!(school.open(), ["Lab 118: 6 machines fell silent together"]);
    school.now += SignedDuration::from_hours(24 * 365);
    for device in &devices[..5] {
        back(&mut school, *device);
    }
    back_in_time(&mut school);
    school.wait(180);
    school.wait(60);
    assert_eq!(school.open(), ["LAB-06 fell silent"]);
}

fn back_in_time(school: &mut School) {
    school.now -= SignedDuration::from_hours(24 * 365);
    school.must(|w| {
        alert::clock_set_back(w);
        Ok(())
    });
}

#[test]
fn an_outage_that_nobody_wants_to_hear_of_any_more_is_over() {
    let told = || {
        let (mut school, devices) = lab_of(4);
        cut(&mut school, &devices);
        school.wait(60);
        assert_eq!(school.open(), ["Lab 118: 4 machines fell silent together"]);
        school
    };
    let mut school = told();
    let off = crate::rule::Setting { on: Some(false), ..Default::default() };
    school.must(|w| crate::rule::set(w, Some(&lab()), "room-outage", off));
    assert!(school.site.outages.is_empty());
    school.wait(60);
    assert_eq!(school.open().len(), 4, "each on its own");

    let mut school = told();
    let cart = RoomFacts { kind: Some(room::RoomKind::Cart), ..RoomFacts::default() };
    school.must(|w| room::set(w, &lab(), cart));
    school.wait(3600);
    assert_eq!((school.open().len(), school.site.outages.len()), (0, 0));
}

#[test]
fn an_outage_that_comes_again_while_the_last_is_open_keeps_when_it_was_told() {
    let (mut school, devices) = lab_of(4);
    for _ in 0..4 {
        cut(&mut school, &devices);
        school.wait(60);
        for device in &devices {
            back(&mut school, *device);
        }
        school.wait(60);
    }
    cut(&mut school, &devices);
    school.wait(60);
    let open: Vec<_> = school.site.alerts.values().filter(|alert| alert.is_told()).collect();
    assert_eq!(open.len(), 1);
    assert!(open[0].raised_at.is_some() && open[0].holds, "{:?}", open[0]);
}
