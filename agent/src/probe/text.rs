//! Text from a machine, made fit to show: no control characters, no placeholders of the makers, no endless lines.

/// Longest text of a single value, characters.
pub const LONGEST: usize = 256;

/// What board makers leave where a serial, a tag or a name belongs.
const PLACEHOLDERS: &[&str] = &[
    "0",
    "0123456789",
    "123456789",
    "asset tag",
    "base board serial number",
    "chassis serial number",
    "default string",
    "empty",
    "n/a",
    "na",
    "no asset information",
    "no asset tag",
    "no module installed",
    "none",
    "not applicable",
    "not available",
    "not provided",
    "not specified",
    "null",
    "o.e.m.",
    "oem",
    "serial number",
    "system product name",
    "system manufacturer",
    "system serial number",
    "system version",
    "to be filled by o.e.m",
    "to be filled by o.e.m.",
    "type1productconfigid",
    "undefined",
    "unknown",
    "xxxxxxxx",
];

/// `text` on one line: control characters and runs of blanks become one blank, at most [`LONGEST`] characters.
pub fn clean(text: &str) -> String {
    let blank = |c: char| {
        if c.is_control() || c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            ' '
        } else {
            c
        }
    };
    let mut line = String::new();
    for word in text.chars().take(LONGEST * 4).map(blank).collect::<String>().split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line.chars().take(LONGEST).collect::<String>().trim_end().to_owned()
}

/// Like [`clean`]; a placeholder counts as not given.
pub fn given(text: &str) -> String {
    let text = clean(text);
    let lower = text.to_lowercase();
    let junk = PLACEHOLDERS.contains(&lower.as_str())
        || lower.starts_with("assettagnum")
        || lower.starts_with("sernum")
        || lower.starts_with("manufacturer0")
        || lower.chars().all(|c| matches!(c, '0' | '-' | '.' | ' ' | 'f' | 'x') && c != 'f')
        || (lower.len() >= 8 && lower.chars().all(|c| matches!(c, 'f' | '-')));
    if junk { String::new() } else { text }
}

/// The number at the start of `text`; `None` when it has none.
pub fn number(text: &str) -> Option<u64> {
    let digits: String = text.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn placeholders_count_as_not_given() {
        for junk in ["Default string", "To Be Filled By O.E.M.", " none ", "0000000000", "00000000-0000", "FFFFFFFF", "", "...", "SerNum01"]
        {
            assert_eq!(given(junk), "", "{junk:?}");
        }
        for real in ["5CG1234XYZ", "LENOVO", "0001", "F0F0"] {
            assert_eq!(given(real), real);
        }
    }

    #[test]
    fn text_comes_on_one_line() {
        assert_eq!(clean("  Dell \u{1b}[31m\tInc.\r\n\0 "), "Dell [31m Inc.");
        assert_eq!(clean("a\u{202e}b\u{2066}c"), "a b c");
        assert_eq!(clean(&"é".repeat(1000)).chars().count(), LONGEST);
    }

    #[test]
    fn a_number_is_read_from_the_start() {
        assert_eq!((number(" 16384 kB"), number("x1"), number("")), (Some(16384), None, None));
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in ".{0,400}") {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once.clone());
            prop_assert!(!once.chars().any(char::is_control));
        }
    }
}
