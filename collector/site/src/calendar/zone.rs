//! The site's time zone, and what a time on the wall means where the clocks change.

use super::hours::WallTime;
use crate::Refusal;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

/// The zone that is called so, of the database that Rollcall brings along: the same on every system.
///
/// # Errors
/// `Invalid`: there is none.
pub(crate) fn named(name: &str) -> Result<TimeZone, Refusal> {
    let unknown = || {
        let name = crate::words::cut(name.trim().to_owned(), 60);
        Refusal::invalid(format!("there is no time zone {name:?}: give it by region and city, as America/Los_Angeles or Europe/Berlin"))
    };
    TimeZoneDatabase::bundled().get(name.trim()).map_err(|_| unknown())
}

/// The instant at which a span begins that begins at `time`: where the clocks skip it, when they skip; where they show it twice, the
/// first time.
pub(super) fn begins(zone: &TimeZone, date: Date, time: WallTime) -> Option<Timestamp> {
    let at = on_the_wall(date, time)?;
    let ambiguous = zone.to_ambiguous_timestamp(at);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => gap(zone, at),
        _ => ambiguous.earlier().ok(),
    }
}

/// The instant at which a span has ended that ends at `time`: where the clocks skip it, when they skip; where they show it twice, the
/// second time.
pub(super) fn ends(zone: &TimeZone, date: Date, time: WallTime) -> Option<Timestamp> {
    let at = on_the_wall(date, time)?;
    let ambiguous = zone.to_ambiguous_timestamp(at);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => gap(zone, at),
        _ => ambiguous.later().ok(),
    }
}

/// When the clocks skip over `at`.
fn gap(zone: &TimeZone, at: DateTime) -> Option<Timestamp> {
    // The earlier reading lies before the skip, by less than the skip is long.
    let before = zone.to_ambiguous_timestamp(at).earlier().ok()?;
    zone.following(before).next().map(|skip| skip.timestamp())
}

fn on_the_wall(date: Date, time: WallTime) -> Option<DateTime> {
    let (hour, minute) = (i8::try_from(time.minutes() / 60).ok()?, i8::try_from(time.minutes() % 60).ok()?);
    if hour == 24 { Some(date.tomorrow().ok()?.at(0, 0, 0, 0)) } else { Some(date.at(hour, minute, 0, 0)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(zone: &str, date: &str, span: &str, want: [&str; 2]) {
        let (zone, date) = (named(zone).unwrap(), date.parse().unwrap());
        let span: super::super::Span = span.parse().unwrap();
        let got = [begins(&zone, date, span.from), ends(&zone, date, span.to)].map(|at| at.unwrap().to_string());
        assert_eq!(got, want, "{date} {span}");
    }

    #[test]
    fn the_days_on_which_the_clocks_change_have_their_own_length() {
        let zone = "America/Los_Angeles";
        check(zone, "2026-03-06", "07:30-16:00", ["2026-03-06T15:30:00Z", "2026-03-07T00:00:00Z"]);
        check(zone, "2026-03-09", "07:30-16:00", ["2026-03-09T14:30:00Z", "2026-03-09T23:00:00Z"]);
        check(zone, "2026-03-08", "00:00-24:00", ["2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z"]);
        check(zone, "2026-11-01", "00:00-24:00", ["2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"]);
        check("Europe/Berlin", "2026-03-29", "01:00-04:00", ["2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z"]);
    }

    #[test]
    fn a_skipped_time_is_when_the_clocks_skip_and_a_repeated_one_is_both() {
        let zone = "America/Los_Angeles";
        check(zone, "2026-03-08", "02:30-05:00", ["2026-03-08T10:00:00Z", "2026-03-08T12:00:00Z"]);
        check(zone, "2026-03-08", "01:00-02:30", ["2026-03-08T09:00:00Z", "2026-03-08T10:00:00Z"]);
        check(zone, "2026-03-08", "02:10-02:50", ["2026-03-08T10:00:00Z", "2026-03-08T10:00:00Z"]);
        check(zone, "2026-11-01", "01:15-01:45", ["2026-11-01T08:15:00Z", "2026-11-01T09:45:00Z"]);
        // A zone whose clocks skip midnight, and one that skips half an hour.
        check("America/Santiago", "2026-09-06", "00:00-08:00", ["2026-09-06T04:00:00Z", "2026-09-06T11:00:00Z"]);
        check("Australia/Lord_Howe", "2026-10-04", "02:15-03:00", ["2026-10-03T15:30:00Z", "2026-10-03T16:00:00Z"]);
    }

    #[test]
    fn an_unknown_zone_is_refused_with_what_would_do() {
        assert!(named("Mars/Olympus").unwrap_err().text.contains("America/Los_Angeles"));
        assert!(named("../../etc/passwd").is_err());
        assert_eq!(named(" UTC ").unwrap().iana_name(), Some("UTC"));
    }
}
