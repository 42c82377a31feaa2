//! Figures as people read them: sizes, ages, counts; and text of machines made harmless for a terminal.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::words;

pub use rollcall_site::words::{count, disk, memory, utc};

/// The roles by name, least first.
pub const ROLES: [&str; 4] = ["teacher", "viewer", "technician", "admin"];

/// A moment in a sentence: "2026-11-29 23:59", in the time of the place that is meant.
pub fn day_and_time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%F %H:%M").to_string()
}

/// How far a moment is from now: "5 min ago", "in 3 days".
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - at.as_second();
    match (seconds.unsigned_abs(), seconds < 0) {
        (0..=9, _) => "just now".to_owned(),
        (length, true) => format!("in {}", span(length)),
        (length, false) => format!("{} ago", span(length)),
    }
}

/// A length of time in the largest unit that says it, from seconds: "40 min", "3 days".
pub fn span(seconds: u64) -> String {
    words::span(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)))
}

/// Text that can do nothing to a terminal: control characters and those that turn the writing direction become `�`.
pub fn harmless(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A message of ours that may have several lines and tabs: these stay, all else is made harmless.
pub fn message(text: &str) -> String {
    let line = |line: &str| line.split('\t').map(harmless).collect::<Vec<_>>().join("\t");
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_can_be_named() {
        assert_eq!(ROLES, rollcall_site::access::Role::ALL.map(rollcall_site::access::Role::word));
    }

    #[test]
    fn ages() {
        let now: Timestamp = "2026-11-24T18:00:00Z".parse().unwrap();
        let check = |at: &str, want: &str| assert_eq!(ago(at.parse().unwrap(), now), want);
        check("2026-11-24T17:59:55Z", "just now");
        check("2026-11-24T17:59:00Z", "60 s ago");
        check("2026-11-24T17:50:00Z", "10 min ago");
        check("2026-11-24T10:00:00Z", "8 h ago");
        check("2026-11-20T18:00:00Z", "4 days ago");
        check("2026-11-29T18:00:00Z", "in 5 days");
    }

    #[test]
    fn a_machine_can_not_write_to_the_terminal() {
        assert_eq!(harmless("PC\u{1b}[31m\n\u{202e}x"), "PC\u{fffd}[31m\u{fffd}\u{fffd}x");
        assert_eq!(message("line 2\n\tx\u{1b}[31m\n"), "line 2\n\tx\u{fffd}[31m");
    }

    #[test]
    fn a_moment_is_said_in_the_time_of_the_place() {
        let zone = TimeZone::get("America/Los_Angeles").unwrap();
        assert_eq!(day_and_time("2026-11-30T07:59:59Z".parse().unwrap(), &zone), "2026-11-29 23:59");
    }
}
