//! Figures as people read them: sizes, ages, counts; and text of machines made harmless for a terminal.

use jiff::Timestamp;

pub use rollcall_site::words::{count, disk, memory, utc};

/// How far a moment is from now: "5 min ago", "in 3 days".
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - at.as_second();
    let (count, unit) = match seconds.unsigned_abs() {
        0..=9 => return "just now".to_owned(),
        s @ 10..=119 => (s, "s"),
        s @ 120..=7_199 => (s / 60, "min"),
        s @ 7_200..=172_799 => (s / 3_600, "h"),
        s => (s / 86_400, "days"),
    };
    if seconds < 0 { format!("in {count} {unit}") } else { format!("{count} {unit} ago") }
}

/// Text that can do nothing to a terminal: control characters and those that turn the writing direction become `�`.
pub fn harmless(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
