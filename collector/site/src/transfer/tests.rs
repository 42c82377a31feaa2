//! Transfers: late, short, malformed, and what does not count.

use super::*;
use crate::event::Actor;
use crate::{About, SiteId};

const START: &str = "2026-11-27T06:00:00Z"; // a Friday

fn at(hours: i64) -> Timestamp {
    START.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
}

fn expected() -> Expected {
    let columns = vec!["id".to_owned()];
    Expected { path: "/srv/grades-*.csv".into(), age_s: 26 * 3600, school_days: false, least_size: 100, least_rows: 10, columns }
}

fn file(hours: i64, size: u64, rows: u64, malformed: &str) -> Found {
    Found::File { at: at(hours), size, rows: Some(rows), malformed: malformed.to_owned() }
}

fn site() -> Site {
    let mut w = Working::begin(Site::default(), at(0), Actor::Rollcall);
    w.put(About {
        id: SiteId::parse("main").unwrap(),
        name: "L".into(),
        time_zone: "UTC".into(),
        epoch: 1,
        rules: rule::Settings::new(),
        rest: Rest::new(),
    });
    w.finish().site
}

fn change(site: &Site, now: Timestamp, change: impl FnOnce(&mut Working)) -> Site {
    let mut w = Working::begin(site.clone(), now, Actor::Rollcall);
    change(&mut w);
    w.finish().site
}

fn name() -> TransferName {
    TransferName::parse("grades").unwrap()
}

/// What is told of the file by then, when it was found so.
#[track_caller]
fn check(expected: Expected, found: Found, hours: i64, want: &[&str]) {
    let site = change(&site(), at(0), |w| drop(watch(w, name(), expected).unwrap()));
    assert_eq!(site.open_alerts().count(), 0, "nothing is told before it was looked at");
    let seen = vec![(name(), found)];
    assert!(is_news(&site, &seen, at(hours)));
    let site = change(&site, at(hours), |w| saw(w, seen.clone()));
    let told: Vec<String> = site.open_alerts().map(|alert| alert.title.clone()).collect();
    assert_eq!(told.len(), want.len(), "{told:?}");
    assert!(told.iter().zip(want).all(|(told, want)| told.contains(want)), "{told:?}");
    assert!(!is_news(&site, &seen, at(hours)), "it is told once");
    let site = change(&site, at(hours), |w| remove(w, &name()).unwrap());
    assert_eq!(site.open_alerts().count(), 0);
}

#[test]
fn what_is_late_short_or_malformed_is_told() {
    check(expected(), file(0, 200, 10, ""), 26, &[]);
    check(expected(), file(0, 200, 10, ""), 27, &["grades is late: the last one came 2026-11-27 06:00 UTC"]);
    check(expected(), Found::Missing, 26, &[]);
    check(expected(), Found::Missing, 27, &["grades is late: it never came"]);
    check(expected(), file(0, 99, 10, ""), 1, &["grades is short: 99 bytes, expected at least 100 bytes"]);
    check(expected(), file(0, 100, 9, ""), 1, &["grades is short: 9 rows"]);
    check(expected(), file(0, 99, 1, "lacks the column id"), 1, &["grades lacks the column id"]);
    check(expected(), Found::Unreadable { why: "it is a link".into() }, 1, &["grades can't be read: it is a link"]);
}

#[test]
fn closed_days_do_not_count_where_they_are_not_to() {
    let school_days = Expected { school_days: true, ..expected() };
    check(school_days.clone(), file(0, 200, 10, ""), 24 * 3, &[]);
    check(school_days, file(0, 200, 10, ""), 24 * 3 + 3, &["is late"]);
}

#[test]
fn it_is_over_when_the_next_one_comes() {
    let site = change(&site(), at(0), |w| drop(watch(w, name(), expected()).unwrap()));
    let site = change(&site, at(30), |w| saw(w, vec![(name(), Found::Missing)]));
    assert_eq!(site.open_alerts().count(), 1);
    let site = change(&site, at(31), |w| saw(w, vec![(name(), file(31, 200, 10, ""))]));
    assert_eq!(site.open_alerts().count(), 0);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refuses = |expected: Expected, want: &str| {
        let mut w = Working::begin(site(), at(0), Actor::Rollcall);
        let refusal = watch(&mut w, name(), expected).unwrap_err();
        assert!(refusal.text.contains(want), "{refusal}");
    };
    refuses(Expected { path: "grades.csv".into(), ..expected() }, "whole path");
    refuses(Expected { path: "/srv/".into(), ..expected() }, "whole path");
    refuses(Expected { path: "/srv/*/a.csv".into(), ..expected() }, "one *");
    refuses(Expected { path: "/srv/*-*.csv".into(), ..expected() }, "one *");
    refuses(Expected { age_s: 1, ..expected() }, "a minute");
    refuses(Expected { columns: vec![String::new()], ..expected() }, "columns");
}
