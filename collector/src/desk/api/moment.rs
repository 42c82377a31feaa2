//! Reads the moments that people write: "5d", "12h", "2026-12-01", or a full RFC 3339 time.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::Refusal;

/// When a loan is due: a day, or a number of days or weeks, means the end of that day at the site.
///
/// # Errors
/// `Invalid`: what may be written.
pub fn due(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, Refusal> {
    if let Ok(date) = text.trim().parse::<Date>() {
        return end_of(date, zone).ok_or_else(|| bad(text));
    }
    let at = after(text, now)?;
    if text.trim().ends_with(['d', 'w']) {
        end_of(at.to_zoned_datetime(zone.clone()).date(), zone).ok_or_else(|| bad(text))
    } else {
        Ok(at)
    }
}

/// When something ends: a span from now, or a moment.
///
/// # Errors
/// `Invalid`: what may be written.
pub fn after(text: &str, now: Timestamp) -> Result<Timestamp, Refusal> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
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
    let count: i64 = count.parse().ok().filter(|count| (1..=100_000).contains(count))?;
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

    fn check(read: impl Fn(&str, Timestamp) -> Result<Timestamp, Refusal>, text: &str, want: Option<&str>) {
        let now = "2026-11-24T18:00:00Z".parse().unwrap();
        assert_eq!(read(text, now).ok().map(|at| at.to_string()).as_deref(), want, "{text:?}");
    }

    #[test]
    fn a_loan_is_due_at_the_end_of_the_day_at_the_site() {
        let zone = TimeZone::get("America/Los_Angeles").unwrap();
        let due = |text: &str, now| due(text, now, &zone);
        check(due, "5d", Some("2026-11-30T07:59:59Z"));
        check(due, "2026-12-01", Some("2026-12-02T07:59:59Z"));
        check(due, "3h", Some("2026-11-24T21:00:00Z"));
        check(due, "2026-12-01T15:00:00Z", Some("2026-12-01T15:00:00Z"));
        check(due, "tomorrow", None);
        check(due, "", None);
    }

    #[test]
    fn a_token_ends_after_a_span() {
        check(after, "7d", Some("2026-12-01T18:00:00Z"));
        check(after, "30m", Some("2026-11-24T18:30:00Z"));
        check(after, "2w", Some("2026-12-08T18:00:00Z"));
        for bad in ["0d", "-1d", "d", "5y", "999999999999999999d", "5\u{fc}"] {
            check(after, bad, None);
        }
    }
}
