//! Expected hours over nights, weekends, closed and special days, and the days on which the clocks change.

use super::*;
use crate::calendar::{Closed, Special};
use crate::{About, SiteId, record};

/// A school in Los Angeles that is open Mon-Fri 07:30-16:00, with a winter break and an open day in it.
fn school() -> Site {
    let mut site = Site::default();
    record::put(
        &mut site,
        About {
            id: SiteId::parse("main").unwrap(),
            name: "Lincoln".into(),
            time_zone: "America/Los_Angeles".into(),
            epoch: 1,
            rules: Default::default(),
            rest: Default::default(),
        },
    );
    let day = |text: &str| text.parse::<Date>().unwrap();
    let open_day = Special { name: "Open day".into(), schedule: None, hours: vec!["09:00-12:00".parse().unwrap()] };
    let calendar = Calendar {
        hours: Some("Mon-Fri 07:30-16:00".parse().unwrap()),
        closed: vec![Closed { from: day("2026-12-21"), to: day("2027-01-01"), name: "Winter break".into() }],
        special: [(day("2026-12-22"), open_day)].into(),
        ..Calendar::default()
    };
    record::put(&mut site, calendar);
    site
}

/// What is expected at a time with an offset, said as "since .. until why".
#[track_caller]
fn check(hours: &str, at: &str, want: (bool, &str, &str, &str)) {
    let site = school();
    let room = Room { hours: (hours != "school").then(|| hours.parse().unwrap()), ..room() };
    let got = of_room(&site, Some(&room), at.parse().unwrap());
    let zone = site.zone();
    let local =
        |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| at.to_zoned_datetime(zone.clone()).strftime("%a %F %H:%M%z").to_string());
    assert_eq!((got.expected, local(got.since).as_str(), local(got.until).as_str(), got.why.to_string().as_str()), want, "{hours} at {at}");
}

fn room() -> Room {
    let mut w = crate::Working::begin(Site::default(), Timestamp::UNIX_EPOCH, crate::event::Actor::Rollcall);
    (*crate::room::add(&mut w, crate::RoomId::parse("Lab 1").unwrap(), Default::default()).unwrap()).clone()
}

#[test]
fn a_day_a_night_and_a_weekend() {
    let inside = (true, "Tue 2026-11-24 07:30-0800", "Tue 2026-11-24 16:00-0800", "within the expected hours");
    check("school", "2026-11-24T07:30:00-08:00", inside);
    check("school", "2026-11-24T15:59:59-08:00", inside);
    let night = (false, "Tue 2026-11-24 16:00-0800", "Wed 2026-11-25 07:30-0800", "outside the expected hours");
    check("school", "2026-11-24T16:00:00-08:00", night);
    check("school", "2026-11-25T07:29:59-08:00", night);
    check("school", "2026-11-29T12:00:00-08:00", (false, "Fri 2026-11-27 16:00-0800", "Mon 2026-11-30 07:30-0800", night.3));
    check("always", "2026-12-25T03:00:00-08:00", (true, "-", "-", "day and night"));
    check("never", "2026-11-24T12:00:00-08:00", (false, "-", "-", "the room expects nothing"));
}

#[test]
fn closed_days_and_a_special_day_among_them() {
    let closed = "closed: Winter break";
    check("school", "2026-12-21T10:00:00-08:00", (false, "Fri 2026-12-18 16:00-0800", "Tue 2026-12-22 09:00-0800", closed));
    check(
        "school",
        "2026-12-22T10:00:00-08:00",
        (true, "Tue 2026-12-22 09:00-0800", "Tue 2026-12-22 12:00-0800", "within the expected hours"),
    );
    check("school", "2026-12-25T10:00:00-08:00", (false, "Tue 2026-12-22 12:00-0800", "Mon 2027-01-04 07:30-0800", closed));
    check("Sat 09:00-12:00", "2026-12-26T10:00:00-08:00", (false, "Tue 2026-12-22 12:00-0800", "Sat 2027-01-02 09:00-0800", closed));
}

#[test]
fn the_clocks_change_on_a_school_day() {
    // 2026-03-08: 02:00 becomes 03:00; 2026-11-01: 02:00 becomes 01:00.
    check(
        "Sun 02:30-05:00",
        "2026-03-08T03:00:00-07:00",
        (true, "Sun 2026-03-08 03:00-0700", "Sun 2026-03-08 05:00-0700", "within the expected hours"),
    );
    let outside = "outside the expected hours";
    check("Sun 02:10-02:50", "2026-03-08T03:30:00-07:00", (false, "Sun 2026-03-01 02:50-0800", "Sun 2026-03-15 02:10-0700", outside));
    let twice = (true, "Sun 2026-11-01 01:15-0700", "Sun 2026-11-01 01:45-0800", "within the expected hours");
    check("Sun 01:15-01:45", "2026-11-01T01:20:00-07:00", twice);
    check("Sun 01:15-01:45", "2026-11-01T01:44:59-08:00", twice);
    check("Sun 01:15-01:45", "2026-11-01T01:45:00-08:00", (false, "Sun 2026-11-01 01:45-0800", "Sun 2026-11-08 01:15-0800", outside));
    check("school", "2026-03-09T07:29:00-07:00", (false, "Fri 2026-03-06 16:00-0800", "Mon 2026-03-09 07:30-0700", outside));
}

#[test]
fn days_that_touch_at_midnight_are_one() {
    let inside = "within the expected hours";
    check("Mon-Wed 00:00-24:00", "2026-11-24T12:00:00-08:00", (true, "Mon 2026-11-23 00:00-0800", "Thu 2026-11-26 00:00-0800", inside));
    check(
        "Fri 20:00-24:00, Sat 00:00-02:00",
        "2026-11-27T23:00:00-08:00",
        (true, "Fri 2026-11-27 20:00-0800", "Sat 2026-11-28 02:00-0800", inside),
    );
    check(
        "Mon-Fri 07:30-12:00, 12:00-16:00",
        "2026-11-24T12:00:00-08:00",
        (true, "Tue 2026-11-24 07:30-0800", "Tue 2026-11-24 16:00-0800", inside),
    );
    let site = school();
    let daily = Room { hours: Some("Mon-Sun 00:00-24:00".parse().unwrap()), ..room() };
    let got = of_room(&site, Some(&daily), "2026-11-24T12:00:00-08:00".parse().unwrap());
    assert!(got.expected, "{got:?}");
}

#[test]
fn a_school_that_is_closed_for_longer_than_a_year_has_no_edge_and_is_not_looked_through_for_ever() {
    let mut site = school();
    let years = Closed { from: "2026-01-01".parse().unwrap(), to: "2999-12-31".parse().unwrap(), name: "For good".into() };
    let calendar = Calendar { closed: vec![years], special: Default::default(), ..(**site.calendar().unwrap()).clone() };
    record::put(&mut site, calendar);
    let got = of_room(&site, Some(&room()), "2027-11-24T12:00:00-08:00".parse().unwrap());
    assert_eq!((got.expected, got.since, got.until), (false, None, None));
}
