//! Reads the moments that people write: "5d", "12h", "2026-12-01", or a full RFC 3339 time.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::loan::{self, Due, Edge};
use rollcall_site::{Refusal, Site};

/// When a loan is due: a day, or a number of days or weeks, means the end of that day at the site; a period of the bell schedule its end.
/// Nothing said: as the policy says.
///
/// # Errors
/// `Invalid`: what may be written; it is over.
pub fn due(text: Option<&str>, now: Timestamp, site: &Site) -> Result<Due, Refusal> {
    match text.map(str::trim) {
        None | Some("") => Ok(Due::ByPolicy),
        Some("never") => Ok(Due::Never),
        Some(text) => by_the_bell(text, now, site).map(Due::At),
    }
}

/// When something begins or ends at the desk, by the clock, the calendar or the bell: what [`after`] reads, "tomorrow", "period 3",
/// "start of period 3", "tomorrow period 1"; days and weeks are whole.
///
/// # Errors
/// `Invalid`: what may be written; it is over.
pub fn by_the_bell(text: &str, now: Timestamp, site: &Site) -> Result<Timestamp, Refusal> {
    if let Some(at) = loan::bell_named(site, text, Edge::Ends, now) {
        return at;
    }
    let (text, zone) = (text.trim(), site.zone());
    let at = after(text, now, &zone)?;
    if text.ends_with(['d', 'w']) {
        return end_of(at.to_zoned_datetime(zone.clone()).date(), &zone).ok_or_else(|| bad(text));
    }
    Ok(at)
}

/// When something begins: a day means its beginning, a period too; what began already is no mistake.
///
/// # Errors
/// `Invalid`: what may be written.
pub fn from(text: &str, now: Timestamp, site: &Site) -> Result<Timestamp, Refusal> {
    let (text, zone) = (text.trim(), site.zone());
    if let Ok(date) = text.parse::<Date>() {
        return date.to_zoned_datetime(zone).map(|day| day.timestamp()).map_err(|_| bad(text));
    }
    match loan::bell_named(site, text, Edge::Begins, now) {
        Some(at) => at,
        None if text == "now" => Ok(now),
        None => read(text, now, &zone),
    }
}

/// When something ends: a span from now, the end of a day at the site, or a moment.
///
/// # Errors
/// `Invalid`: what may be written; it is over.
pub fn after(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, Refusal> {
    let at = read(text.trim(), now, zone)?;
    if at <= now {
        return Err(Refusal::invalid(format!("{:?} is over already: give a time to come, 5d or a day as 2026-12-01", text.trim())));
    }
    Ok(at)
}

/// A length of time in seconds: "15m", "26h", "400d".
///
/// # Errors
/// `Invalid`: what may be written.
pub fn seconds(text: &str) -> Result<u32, Refusal> {
    let text = text.trim();
    let bad =
        || Refusal::invalid(format!("{:?} is not a length of time: write 15m, 26h, 5d or 2w", text.chars().take(80).collect::<String>()));
    let (count, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(bad)?;
    let each = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return Err(bad()),
    };
    count.parse::<u32>().ok().and_then(|count| count.checked_mul(each)).ok_or_else(bad)
}

fn read(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, Refusal> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Ok(date) = text.parse::<Date>() {
        return end_of(date, zone).ok_or_else(|| bad(text));
    }
    let unit_at = text.len().saturating_sub(1);
    let (count, unit) = text.split_at_checked(unit_at).ok_or_else(|| bad(text))?;
    let hours = match unit {
        "m" => return span(count, 1, now).ok_or_else(|| bad(text)),
        "h" => 1,
        "d" => 24,
        "w" => 24 * 7,
        _ => return Err(bad(text)),
    };
    span(count, hours * 60, now).ok_or_else(|| bad(text))
}

fn span(count: &str, minutes: i64, now: Timestamp) -> Option<Timestamp> {
    let count: i64 = count.parse().ok().filter(|count| (-100_000..=100_000).contains(count))?;
    now.checked_add(SignedDuration::from_mins(count * minutes)).ok()
}

fn end_of(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    let last = Time::new(23, 59, 59, 0).ok()?;
    Some(date.to_datetime(last).to_zoned_datetime(zone.clone()).ok()?.timestamp())
}

fn bad(text: &str) -> Refusal {
    let text: String = text.chars().take(80).collect();
    Refusal::invalid(format!("{text:?} is not a moment: write 30m, 12h, 5d, 2w, a day as 2026-12-01, or a time as 2026-12-01T15:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_site::event::Actor;
    use rollcall_site::{About, SiteId, Working};

    fn site() -> Site {
        let mut w = Working::begin(Site::default(), Timestamp::UNIX_EPOCH, Actor::Rollcall);
        let (id, name) = (SiteId::parse("main").unwrap(), "Lincoln".to_owned());
        let (time_zone, rules, rest) = ("America/Los_Angeles".to_owned(), Default::default(), Default::default());
        w.put(About { id, name, time_zone, epoch: 1, rules, rest });
        w.finish().site
    }

    /// `want` is the moment, or what a refusal says.
    #[track_caller]
    fn check(read: impl Fn(&str, Timestamp, &Site) -> Result<Timestamp, Refusal>, text: &str, want: Result<&str, &str>) {
        match (read(text, "2026-11-24T18:00:00Z".parse().unwrap(), &site()), want) {
            (Ok(at), Ok(want)) => assert_eq!(at.to_string(), want, "{text:?}"),
            (Err(refusal), Err(want)) => assert!(refusal.text.contains(want), "{text:?}: {}", refusal.text),
            (got, want) => panic!("{text:?}: {got:?}, not {want:?}"),
        }
    }

    #[test]
    fn a_loan_is_due_at_the_end_of_the_day_at_the_site() {
        let some = |text: &str, now, site: &Site| match due(Some(text), now, site)? {
            Due::At(at) => Ok(at),
            other => panic!("{text:?}: {other:?}"),
        };
        check(some, "5d", Ok("2026-11-30T07:59:59Z"));
        check(some, "2026-12-01", Ok("2026-12-02T07:59:59Z"));
        check(some, "3h", Ok("2026-11-24T21:00:00Z"));
        check(some, "2026-12-01T15:00:00Z", Ok("2026-12-01T15:00:00Z"));
        check(some, "2026-11-23", Err("is over already"));
        check(some, "tomorrow", Ok("2026-11-26T07:59:59Z"));
        check(some, "some day", Err("is not a moment"));
        check(some, "period 3", Err("no period"));
        for (text, want) in [(None, Due::ByPolicy), (Some(" "), Due::ByPolicy), (Some("never"), Due::Never)] {
            assert_eq!(due(text, Timestamp::UNIX_EPOCH, &site()), Ok(want));
        }
    }

    #[test]
    fn a_token_ends_after_a_span() {
        let until = |text: &str, now, site: &Site| after(text, now, &site.zone());
        check(until, "7d", Ok("2026-12-01T18:00:00Z"));
        check(until, "30m", Ok("2026-11-24T18:30:00Z"));
        check(until, "2w", Ok("2026-12-08T18:00:00Z"));
        check(until, "2026-11-25", Ok("2026-11-26T07:59:59Z"));
        for over in ["0d", "-1d", "2020-01-01", "2020-01-01T00:00:00Z"] {
            check(until, over, Err("is over already"));
        }
        for bad in ["d", "5y", "999999999999999999d", "5\u{fc}"] {
            check(until, bad, Err("is not a moment"));
        }
    }
}
