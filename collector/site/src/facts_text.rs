//! Texts that people give as facts: trimmed, bounded, without control characters.

use crate::Refusal;

/// The text trimmed, where it is one line of at most `most` characters.
pub(crate) fn fits(text: &str, most: usize) -> Option<&str> {
    let text = text.trim();
    (text.chars().nth(most).is_none() && !text.chars().any(char::is_control)).then_some(text)
}

/// [`fits`], where something is said at all.
pub(crate) fn says(text: &str, most: usize) -> Option<&str> {
    fits(text, most).filter(|text| !text.is_empty())
}

/// One line of at most `most` characters.
///
/// # Errors
/// It is longer, or has control characters.
pub(crate) fn short(what: &str, text: &str, most: usize) -> Result<String, Refusal> {
    let refused = || Refusal::invalid(format!("{what} has at most {most} characters and no control characters"));
    fits(text, most).map(str::to_owned).ok_or_else(refused)
}

/// Several lines of at most `most` characters together.
///
/// # Errors
/// It is longer, or has control characters other than line ends and tabs.
pub(crate) fn lines(what: &str, text: &str, most: usize) -> Result<String, Refusal> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim();
    if text.chars().nth(most).is_some() || text.chars().any(|c| c.is_control() && !"\n\t".contains(c)) {
        return Err(Refusal::invalid(format!("{what} have at most {most} characters, and no control characters but line ends")));
    }
    Ok(text.to_owned())
}
