//! Stories of an alert's life: snoozed, reopened, flapping, kept quiet by maintenance, set otherwise in a room.

use super::*;
use crate::maintenance::{self, Planned};
use crate::rule::{self, Setting};
use crate::{AlertId, MaintenanceId};

fn only(school: &School) -> Arc<alert::Alert> {
    let [alert] = school.site.alerts.values().cloned().collect::<Vec<_>>().try_into().expect("one alert");
    alert
}

/// Silent for so long, then back.
fn away(school: &mut School, device: DeviceId, seconds: i64) {
    school.silence(device);
    school.wait(seconds);
    school.hello(1, "n1", "n2", hardware(1)).unwrap();
    school.wait(60);
}

fn planned(school: &School, minutes: i64, room: Option<RoomId>, tag: Option<Tag>) -> Planned {
    Planned { tag, room, from: None, until: school.now + SignedDuration::from_mins(minutes), reason: "new switch".into() }
}

#[test]
fn a_snoozed_alert_comes_back_by_itself_and_not_if_it_has_passed() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    school.silence(device);
    school.wait(60);
    let (id, until) = (only(&school).id, school.now + SignedDuration::from_hours(2));
    for bad in [school.now, school.now + SignedDuration::from_hours(24 * 61)] {
        assert_eq!(school.change(|w| alert::snooze(w, id, bad)).unwrap_err().kind, RefusalKind::Invalid);
    }
    school.must(|w| alert::snooze(w, id, until));
    assert!(school.open().is_empty() && only(&school).is_told());
    school.wait(2 * 3600 - 1);
    assert!(school.open().is_empty());
    school.wait(1);
    assert_eq!((school.open().len(), school.told("alert.reopened").len()), (1, 1));
    let later = school.now + SignedDuration::from_hours(1);
    school.must(|w| alert::snooze(w, id, later));
    for _ in 0..3 {
        school.hello(1, "n1", "n2", hardware(1)).unwrap();
        school.wait(60);
        school.silence(device);
        school.wait(120);
    }
    assert_eq!(school.told("alert.resolved").len() + school.told("alert.raised").len(), 1, "nobody hears that it went and came");
    school.hello(1, "n1", "n2", hardware(1)).unwrap();
    school.wait(7200);
    assert_eq!((school.told("alert.reopened").len(), school.told("alert.resolved").len()), (1, 1));
}

#[test]
fn what_comes_again_soon_is_the_same_alert_and_later_a_new_one() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    away(&mut school, device, 60);
    school.wait(70 * 3600);
    away(&mut school, device, 60);
    let alert = only(&school);
    assert_eq!((alert.times, school.told("alert.raised").len()), (2, 1));
    assert!(school.told("alert.reopened")[0].starts_with("Again, for the second time: PC1"));
    school.wait(73 * 3600);
    away(&mut school, device, 60);
    let silences = school.site.alerts.values().filter(|alert| alert.rule == "machine-silent").count();
    assert_eq!((silences, school.told("alert.raised").len()), (2, 2));
}

#[test]
fn one_that_flaps_is_told_three_times_and_then_is_open_until_it_is_quiet() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    for _ in 0..10 {
        away(&mut school, device, 60);
    }
    let told = |school: &School| school.told("alert.raised").len() + school.told("alert.reopened").len();
    assert_eq!((told(&school), school.told("alert.resolved").len(), school.open().len()), (3, 2, 1));
    school.wait(15 * 60);
    assert_eq!((school.told("alert.resolved").len(), school.open().len()), (3, 0));
    school.wait(2 * 3600);
    away(&mut school, device, 60);
    assert_eq!((told(&school), school.told("alert.resolved").len()), (4, 4), "an hour later it is news again");
}

#[test]
fn a_person_reopens_what_was_resolved_or_taken_too_early() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    school.silence(device);
    school.wait(60);
    let id = only(&school).id;
    assert_eq!(school.change(|w| alert::reopen(w, id)).unwrap_err().kind, RefusalKind::Conflict);
    school.must(|w| alert::acknowledge(w, id));
    school.must(|w| alert::reopen(w, id));
    school.must(|w| alert::resolve(w, id));
    assert!(school.open().is_empty());
    school.must(|w| alert::reopen(w, id));
    assert_eq!(school.open(), ["PC1 fell silent"]);
    school.hello(1, "n1", "n2", hardware(1)).unwrap();
    assert!(school.change(|w| alert::reopen(w, id)).unwrap_err().text.contains("nothing is found any more"));
    assert_eq!(school.change(|w| alert::reopen(w, AlertId(99))).unwrap_err().kind, RefusalKind::NotFound);
}

#[test]
fn nobody_is_told_during_maintenance_and_of_what_still_holds_after_it() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    let plan = planned(&school, 30, Some(lab()), None);
    school.must(|w| maintenance::plan(w, plan));
    school.silence(device);
    school.wait(29 * 60);
    assert!(school.open().is_empty());
    school.wait(60);
    assert_eq!(school.open(), ["PC1 fell silent"]);
    let over = planned(&school, -1, Some(lab()), None);
    assert_eq!(school.change(|w| maintenance::plan(w, over)).unwrap_err().kind, RefusalKind::Invalid);
    let both = planned(&school, 5, Some(lab()), Some(tag("PC1")));
    assert_eq!(school.change(|w| maintenance::plan(w, both)).unwrap_err().kind, RefusalKind::Invalid);
}

#[test]
fn a_window_that_begins_while_a_finding_settles_holds_it_and_one_ended_early_lets_it_go() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    school.silence(device);
    school.wait(30);
    let plan = planned(&school, 120, None, Some(tag("PC1")));
    let window = school.must(|w| maintenance::plan(w, plan));
    school.wait(3600);
    assert!(school.open().is_empty());
    school.must(|w| maintenance::finish(w, window.id));
    school.wait(59);
    assert!(school.open().is_empty(), "it settles as if it were found now");
    school.wait(1);
    assert_eq!(school.open(), ["PC1 fell silent"]);
    assert_eq!(school.change(|w| maintenance::finish(w, window.id)).unwrap_err().kind, RefusalKind::NotFound);
    assert_eq!(school.change(|w| maintenance::finish(w, MaintenanceId(9))).unwrap_err().kind, RefusalKind::NotFound);
}

#[test]
fn a_room_and_the_site_set_rules_otherwise() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    let settle = |seconds| Setting { settle_s: Some(seconds), ..Setting::default() };
    school.must(|w| rule::set(w, None, "machine-silent", settle(0)));
    school.silence(device);
    assert_eq!(school.open().len(), 1, "settle 0: at once");
    school.hello(1, "n1", "n2", hardware(1)).unwrap();
    school.must(|w| rule::set(w, Some(&lab()), "machine-silent", settle(600)));
    school.silence(device);
    school.wait(599);
    assert!(school.open().is_empty(), "the room's word counts before the site's");
    school.wait(1);
    assert_eq!(school.open().len(), 1);
    school.must(|w| rule::set(w, Some(&lab()), "machine-silent", Setting { on: Some(false), ..Setting::default() }));
    assert!(school.open().is_empty(), "a rule that is off finds nothing");
    assert_eq!(school.site.rooms[&lab()].rules.len(), 1);
    school.must(|w| rule::set(w, Some(&lab()), "machine-silent", Setting::default()));
    assert!(school.site.rooms[&lab()].rules.is_empty() && school.open().len() == 1);
    assert_eq!(school.change(|w| rule::set(w, None, "no-such", settle(1))).unwrap_err().kind, RefusalKind::Invalid);
}

/// Told three times within the hour, put off, and away since just now: open until it has been quiet.
fn flapping(school: &mut School) -> Arc<alert::Alert> {
    let device = school.pc(1, "", &[]);
    for _ in 0..2 {
        away(school, device, 60);
    }
    school.silence(device);
    school.wait(60);
    let until = school.now + SignedDuration::from_mins(5);
    school.must(|w| alert::snooze(w, AlertId(1), until));
    school.hello(1, "n1", "n2", hardware(1)).unwrap();
    first(school)
}

fn first(school: &School) -> Arc<alert::Alert> {
    Arc::clone(school.site.alerts.get(&AlertId(1)).unwrap())
}

#[test]
fn one_that_flaps_is_over_by_itself_also_when_it_was_put_off_or_opened_again_meanwhile() {
    let mut school = School::new();
    let alert = flapping(&mut school);
    assert!(!alert.holds && alert.quiet_until.is_some() && alert.is_told(), "{alert:?}");
    let told = school.told("alert.reopened").len();
    school.wait(6 * 60);
    assert_eq!((first(&school).state.clone(), school.told("alert.reopened").len()), (alert::AlertState::Raised, told), "nothing to tell");
    school.wait(10 * 60);
    assert!(!first(&school).is_open());

    let mut school = School::new();
    flapping(&mut school);
    school.must(|w| alert::reopen(w, AlertId(1)));
    school.wait(16 * 60);
    assert!(!first(&school).is_open());
}

#[test]
fn what_was_put_off_until_within_a_window_waits_for_its_end() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    school.silence(device);
    school.wait(60);
    let (id, until) = (only(&school).id, school.now + SignedDuration::from_mins(30));
    school.must(|w| alert::snooze(w, id, until));
    let plan = planned(&school, 60, Some(lab()), None);
    school.must(|w| maintenance::plan(w, plan));
    school.wait(59 * 60);
    assert_eq!((school.open().len(), school.told("alert.reopened").len()), (0, 0));
    school.wait(60);
    assert_eq!((school.open().len(), school.told("alert.reopened").len()), (1, 1));
}

#[test]
fn an_asset_that_leaves_a_room_under_maintenance_is_told_as_if_it_were_found_there() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    let plan = planned(&school, 24 * 60, Some(lab()), None);
    school.must(|w| maintenance::plan(w, plan));
    school.silence(device);
    school.wait(3600);
    let asset = school.site.asset_by_tag(&tag("PC1")).unwrap().id;
    school.must(|w| asset::set(w, asset, AssetFacts { room: Some(String::new()), ..AssetFacts::default() }));
    assert!(school.open().is_empty());
    school.wait(60);
    assert_eq!(school.open(), ["PC1 fell silent"]);
}

#[test]
fn a_clock_that_is_set_back_puts_nothing_off_for_longer_than_was_said() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    school.silence(device);
    school.wait(60);
    let (id, until) = (only(&school).id, school.now + SignedDuration::from_hours(1));
    school.must(|w| alert::snooze(w, id, until));
    school.now -= SignedDuration::from_hours(24 * 300);
    school.must(|w| {
        alert::clock_set_back(w);
        Ok(())
    });
    school.wait(3599);
    assert!(school.open().is_empty());
    school.wait(1);
    assert_eq!(school.open(), ["PC1 fell silent"]);
}

#[test]
fn the_rule_of_licences_is_switched_off_and_settles_as_others_do() {
    let mut school = School::new();
    school.pc(1, "", &[("geogebra", "6.0")]);
    school.pc(2, "", &[("geogebra", "6.0")]);
    let of = |on, settle_s| Setting { on, settle_s, ..Setting::default() };
    school.must(|w| rule::set(w, None, "licence-over", of(None, Some(600))));
    let text = "name = \"Lab\"\nrooms = [\"Lab 118\"]\n[[licence]]\ntitle = \"geogebra\"\nseats = 1\n";
    school.must(|w| baseline::apply(w, baseline::parse(text)?));
    assert!(school.open().is_empty());
    school.wait(600);
    assert_eq!(school.open().len(), 1);
    school.must(|w| rule::set(w, None, "licence-over", of(Some(false), None)));
    assert!(baseline::licence::is_news(&school.site, &baseline::licence::seats(&school.site)));
    school.must(|w| {
        baseline::licence::judge(w);
        Ok(())
    });
    assert!(school.open().is_empty());
}
