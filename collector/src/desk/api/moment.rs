//! Reads the moments that people write: "5d", "12h", "2026-12-01", or a full RFC 3339 time.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::Refusal;

/// How long a loan lasts when nobody says, as at the desk.
const USUAL_LOAN: &str = "14d";

/// When a loan is due: a day, or a number of days or weeks, means the end of that day at the site. Nothing said: after two weeks; "never": `None`.
///
/// # Errors
/// `Invalid`: what may be written; it is over.
pub fn due(text: Option<&str>, now: Timestamp, zone: &TimeZone) -> Result<Option<Timestamp>, Refusal> {
    let text = text.unwrap_or(USUAL_LOAN).trim();
    if text == "never" {
        return Ok(None);
    }
    let at = after(text, now, zone)?;
    if text.ends_with(['d', 'w']) {
        return end_of(at.to_zoned_datetime(zone.clone()).date(), zone).map(Some).ok_or_else(|| bad(text));
    }
    Ok(Some(at))
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

    /// `want` is the moment, or what a refusal says.
    fn check(read: impl Fn(&str, Timestamp, &TimeZone) -> Result<Timestamp, Refusal>, text: &str, want: Result<&str, &str>) {
        let (now, zone) = ("2026-11-24T18:00:00Z".parse().unwrap(), TimeZone::get("America/Los_Angeles").unwrap());
        match (read(text, now, &zone), want) {
            (Ok(at), Ok(want)) => assert_eq!(at.to_string(), want, "{text:?}"),
            (Err(refusal), Err(want)) => assert!(refusal.text.contains(want), "{text:?}: {}", refusal.text),
            (got, want) => panic!("{text:?}: {got:?}, not {want:?}"),
        }
    }

    #[test]
    fn a_loan_is_due_at_the_end_of_the_day_at_the_site() {
        let some = |text: &str, now, zone: &TimeZone| due(Some(text), now, zone).map(Option::unwrap);
        check(some, "5d", Ok("2026-11-30T07:59:59Z"));
        check(some, "2026-12-01", Ok("2026-12-02T07:59:59Z"));
        check(some, "3h", Ok("2026-11-24T21:00:00Z"));
        check(some, "2026-12-01T15:00:00Z", Ok("2026-12-01T15:00:00Z"));
        check(some, "2026-11-23", Err("is over already"));
        check(some, "tomorrow", Err("is not a moment"));
        check(some, "", Err("is not a moment"));
        check(|_, now, zone| due(None, now, zone).map(Option::unwrap), "nothing said", Ok("2026-12-09T07:59:59Z"));
        assert_eq!(due(Some("never"), Timestamp::UNIX_EPOCH, &TimeZone::UTC), Ok(None));
    }

    #[test]
    fn a_token_ends_after_a_span() {
        check(after, "7d", Ok("2026-12-01T18:00:00Z"));
        check(after, "30m", Ok("2026-11-24T18:30:00Z"));
        check(after, "2w", Ok("2026-12-08T18:00:00Z"));
        check(after, "2026-11-25", Ok("2026-11-26T07:59:59Z"));
        for over in ["0d", "-1d", "2020-01-01", "2020-01-01T00:00:00Z"] {
            check(after, over, Err("is over already"));
        }
        for bad in ["d", "5y", "999999999999999999d", "5\u{fc}"] {
            check(after, bad, Err("is not a moment"));
        }
    }
}
