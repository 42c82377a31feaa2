//! Stories of the calendar: a night, a weekend, a closed day, a special day, and the edges between them.

use super::*;
use crate::calendar::{self, Closed, Special};
use crate::presence;

fn hours(school: &mut School, text: &str) {
    let hours = text.parse().unwrap();
    school.must(|w| calendar::set_hours(w, Some(hours)));
}

/// Moves the clock as the watch does: it ticks whenever something is due, and at the end.
fn until(school: &mut School, at: &str) {
    let at: Timestamp = at.parse().unwrap();
    while let Some(due) = alert::next_due(&school.site).filter(|due| *due <= at) {
        school.now = school.now.max(due);
        school.wait(0);
    }
    school.now = at;
    school.wait(0);
}

fn whereabouts(school: &School, of: &str) -> (Presence, String, String) {
    let asset = school.site.asset_by_tag(&tag(of)).unwrap();
    let at = presence::of(&school.site, &school.heard, asset, school.site.device_of(asset).unwrap(), school.now);
    (at.presence, at.since.to_string(), at.note)
}

#[test]
fn nothing_is_told_at_night_and_whoever_is_silent_in_the_morning_is_told_then() {
    let mut school = School::new();
    hours(&mut school, "Mon-Fri 07:30-16:00");
    let device = school.pc(1, "PC1", &[]);
    until(&mut school, "2026-11-23T22:00:00Z");
    school.silence(device);
    let rests = (Presence::Resting, "2026-11-23T22:00:00Z".to_owned(), "fell silent; outside the expected hours".to_owned());
    assert_eq!(whereabouts(&school, "PC1"), rests);
    until(&mut school, "2026-11-24T07:30:59Z");
    assert!(school.told("alert.raised").is_empty());
    assert_eq!(whereabouts(&school, "PC1").0, Presence::Silent);
    until(&mut school, "2026-11-24T07:31:00Z");
    assert_eq!(school.open(), ["PC1 fell silent"]);
    // What was told stays so over the night, and is over when the machine is back.
    until(&mut school, "2026-11-25T12:00:00Z");
    assert_eq!((school.told("alert.raised").len(), school.told("alert.resolved").len()), (1, 0));
    school.hello(1, "n1", "n2", hardware(1)).unwrap();
    assert_eq!(school.told("alert.resolved"), ["Over by itself: PC1 fell silent"]);
}

#[test]
fn a_silence_that_has_not_settled_when_the_hours_end_is_not_told() {
    for (at, told) in [("2026-11-23T15:59:30Z", 0), ("2026-11-23T15:58:00Z", 1)] {
        let mut school = School::new();
        hours(&mut school, "Mon-Fri 07:30-16:00");
        let device = school.pc(1, "PC1", &[]);
        until(&mut school, at);
        school.silence(device);
        // A late tick finds both past, the settle time and the end of the hours.
        school.now = "2026-11-23T16:05:00Z".parse().unwrap();
        until(&mut school, "2026-11-23T16:05:00Z");
        assert_eq!(school.told("alert.raised").len(), told, "{at}");
    }
}

#[test]
fn a_weekend_and_closed_days_are_quiet_and_a_special_day_is_not() {
    let mut school = School::new();
    hours(&mut school, "Mon-Fri 07:30-16:00");
    let device = school.pc(1, "PC1", &[]);
    let closed = Closed { from: "2026-11-26".parse().unwrap(), to: "2026-11-27".parse().unwrap(), name: "Thanksgiving".into() };
    school.must(|w| calendar::close(w, closed));
    let open_day = Special { name: "Open day".into(), schedule: None, hours: vec!["10:00-12:00".parse().unwrap()] };
    school.must(|w| calendar::set_special(w, "2026-11-28".parse().unwrap(), open_day));
    until(&mut school, "2026-11-26T10:00:00Z");
    school.silence(device);
    assert_eq!(whereabouts(&school, "PC1").2, "fell silent; closed: Thanksgiving");
    until(&mut school, "2026-11-28T10:00:30Z");
    assert!(school.told("alert.raised").is_empty());
    until(&mut school, "2026-11-28T10:01:00Z");
    assert_eq!(school.open(), ["PC1 fell silent"]);
}

#[test]
fn a_room_has_its_own_hours_and_another_is_always_watched() {
    let mut school = School::new();
    hours(&mut school, "Mon-Fri 07:30-16:00");
    let device = school.pc(1, "PC1", &[]);
    until(&mut school, "2026-11-23T20:00:00Z");
    school.silence(device);
    until(&mut school, "2026-11-23T20:30:00Z");
    assert!(school.open().is_empty());
    school.must(|w| room::set(w, &lab(), RoomFacts { hours: Some("always".into()), ..RoomFacts::default() }));
    until(&mut school, "2026-11-23T20:32:00Z");
    assert_eq!(school.open(), ["PC1 fell silent"]);
    let refusal = school.change(|w| room::set(w, &lab(), RoomFacts { hours: Some("sometimes".into()), ..RoomFacts::default() }));
    assert!(refusal.unwrap_err().text.contains("follows the school's own"));
    let evening = RoomFacts { hours: Some("Mon-Fri 18:00-21:00".into()), ..RoomFacts::default() };
    school.must(|w| room::set(w, &lab(), evening));
    assert_eq!(alert::next_due(&school.site), Some(school.now), "the room is to be judged anew");
    until(&mut school, "2026-11-23T20:33:00Z");
    assert_eq!(
        calendar::of_room(&school.site, school.site.rooms.get(&lab()).map(|room| &**room), school.now).until.unwrap().to_string(),
        "2026-11-23T21:00:00Z"
    );
}

#[test]
fn machines_that_said_goodbye_rest_at_night_and_sleep_by_day() {
    let mut school = School::new();
    hours(&mut school, "Mon-Fri 07:30-16:00");
    let device = school.pc(1, "PC1", &[]);
    until(&mut school, "2026-11-23T15:00:00Z");
    school.must(|w| attend::goodbye(w, device, Goodbye::Shutdown));
    school.heard.clear();
    assert_eq!(whereabouts(&school, "PC1").0, Presence::Asleep);
    until(&mut school, "2026-11-23T17:00:00Z");
    let rests = (Presence::Resting, "2026-11-23T16:00:00Z".to_owned(), "switched off; outside the expected hours".to_owned());
    assert_eq!(whereabouts(&school, "PC1"), rests);
    until(&mut school, "2026-11-24T12:00:00Z");
    assert_eq!(whereabouts(&school, "PC1").0, Presence::Asleep);
    assert!(school.told("alert.raised").is_empty());
}

#[test]
fn a_calendar_that_says_nothing_new_leaves_no_trace_and_hostile_words_are_refused() {
    let mut school = School::new();
    hours(&mut school, "Mon-Fri 07:30-16:00");
    let written = school.log.len();
    hours(&mut school, "mon-fri 7:30-16:00");
    assert_eq!(school.log.len(), written);
    let day = |text: &str| text.parse().unwrap();
    let close = |from: &str, to: &str, name: &str| Closed { from: day(from), to: day(to), name: name.into() };
    let mut refused = |closed: Closed, want: &str| {
        let refusal = school.change(|w| calendar::close(w, closed)).unwrap_err();
        assert!(refusal.text.contains(want), "{refusal}");
    };
    refused(close("2026-12-24", "2026-12-23", "Backwards"), "must be one to");
    refused(close("2026-12-24", "2030-12-23", "For ever"), "must be one to");
    refused(close("-009999-01-01", "9999-12-31", "All of it"), "must be one to");
    refused(close("2026-12-24", "2026-12-24", "\u{7}  "), "needs a name");
    school.must(|w| calendar::close(w, close("2026-12-21", "2027-01-01", "Winter break")));
    let backwards = school.change(|w| calendar::open(w, "2026-12-25".parse().unwrap(), "2026-12-24".parse().unwrap())).unwrap_err();
    assert_eq!(backwards.kind, RefusalKind::Invalid);
    school.must(|w| calendar::open(w, "2026-12-24".parse().unwrap(), "2026-12-25".parse().unwrap()));
    let kept: Vec<String> = school.site.calendar().unwrap().closed.iter().map(|c| format!("{} {}", c.from, c.to)).collect();
    assert_eq!(kept, ["2026-12-21 2026-12-23", "2026-12-26 2027-01-01"]);
    assert_eq!(
        school.change(|w| calendar::open(w, "2026-12-24".parse().unwrap(), "2026-12-24".parse().unwrap())).unwrap_err().kind,
        RefusalKind::NotFound
    );
    let imported = vec![close("2027-02-15", "2027-02-15", "Presidents' Day"), close("2026-12-21", "2026-12-23", "Winter break")];
    assert_eq!(school.must(|w| calendar::import(w, imported.clone())), 1, "what is known is not new");
    assert_eq!(school.must(|w| calendar::import(w, imported)), 0);
}

#[test]
fn bell_schedules_ring_in_the_sites_own_time() {
    let mut school = School::new();
    school.must(|w| calendar::set_zone(w, "america/los_angeles"));
    assert_eq!(school.site.about().unwrap().time_zone, "America/Los_Angeles");
    assert!(school.change(|w| calendar::set_zone(w, "Mars/Olympus")).is_err());
    let period = |name: &str, span: &str| calendar::Period { name: name.into(), span: span.parse().unwrap() };
    let periods = vec![period("2", "08:30-09:20"), period("1", "07:30-08:20")];
    school.must(|w| calendar::set_schedule(w, "Regular", Some("Mon-Fri".parse()?), periods));
    let half = Special { name: "Half day".into(), schedule: Some("Half".into()), hours: Vec::new() };
    assert_eq!(
        school.change(|w| calendar::set_special(w, "2026-11-24".parse().unwrap(), half.clone())).unwrap_err().kind,
        RefusalKind::NotFound
    );
    school.must(|w| calendar::set_schedule(w, "Half", None, vec![period("A", "09:00-10:00")]));
    school.must(|w| calendar::set_special(w, "2026-11-24".parse().unwrap(), half));
    let clash = school.change(|w| calendar::set_schedule(w, "Other", Some("Wed".parse()?), vec![period("1", "07:30-08:20")]));
    assert_eq!(clash.unwrap_err().kind, RefusalKind::Conflict);
    let overlap = vec![period("1", "07:30-08:20"), period("2", "08:00-09:00")];
    assert!(school.change(|w| calendar::set_schedule(w, "Odd", None, overlap)).unwrap_err().text.contains("begins before"));
    let days = calendar::days(&school.site, school.now, 3);
    let said: Vec<String> = days
        .iter()
        .map(|day| {
            let bells: Vec<String> = day.bells.iter().map(|bell| format!("{} {}", bell.name, bell.begins)).collect();
            format!("{} {} {}", day.date, day.schedule.as_deref().unwrap_or("-"), bells.join(", "))
        })
        .collect();
    let want =
        ["2026-11-22 - ", "2026-11-23 Regular 1 2026-11-23T15:30:00Z, 2 2026-11-23T16:30:00Z", "2026-11-24 Half A 2026-11-24T17:00:00Z"];
    assert_eq!(said, want);
}
