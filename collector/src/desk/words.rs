//! How the desk says things: states as colour, mark and word; sentences.

use askama::Template;
use askama::filters::HtmlSafe;
use rollcall_site::access::Role;
use rollcall_site::asset::{AssetKind, AssetStatus};
use rollcall_site::charge::ChargeState;
use rollcall_site::presence::Presence;
use rollcall_site::room::RoomKind;
use rollcall_site::rule::Severity;
use rollcall_site::verdict::Verdict;
pub use rollcall_site::words::{count, disk as disk_size, memory as memory_size};

/// A state: always a colour, a mark and a word together, so that none of them has to be seen.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(ext = "html", source = r#"<span class="chip {{ tone }}"><i aria-hidden="true">{{ mark }}</i>{{ word }}</span>"#)]
pub struct Chip {
    /// The class that gives the colour: "go", "check", "stop", "rest" or "away".
    pub tone: &'static str,
    /// The mark.
    pub mark: &'static str,
    /// The word.
    pub word: String,
}

// Its own template escapes what it shows.
impl HtmlSafe for Chip {}

impl Chip {
    /// All is well.
    pub fn go(word: impl Into<String>) -> Self {
        Self { tone: "go", mark: "✓", word: word.into() }
    }
    /// Look first.
    pub fn check(word: impl Into<String>) -> Self {
        Self { tone: "check", mark: "!", word: word.into() }
    }
    /// Something is wrong.
    pub fn stop(word: impl Into<String>) -> Self {
        Self { tone: "stop", mark: "✕", word: word.into() }
    }
    /// Nothing is expected of it.
    pub fn rest(word: impl Into<String>) -> Self {
        Self { tone: "rest", mark: "–", word: word.into() }
    }
    /// In somebody's hands.
    pub fn away(word: impl Into<String>) -> Self {
        Self { tone: "away", mark: "→", word: word.into() }
    }
}

/// Where a machine is.
pub fn presence(presence: Presence) -> Chip {
    match presence {
        Presence::Here => Chip::go("Here"),
        Presence::Late => Chip::check("Late"),
        Presence::Silent => Chip::stop("Silent"),
        Presence::Asleep => Chip::rest("Asleep"),
        Presence::Away => Chip::away("On loan"),
        Presence::Resting => Chip::rest("Resting"),
        Presence::Retired => Chip::rest("Retired"),
    }
}

/// How bad an alert is.
pub fn severity(severity: Severity) -> Chip {
    match severity {
        Severity::High => Chip::stop("High"),
        Severity::Medium => Chip::check("Medium"),
        Severity::Low => Chip::rest("Low"),
    }
}

/// A verdict, or one reason of it.
pub fn verdict(verdict: Verdict, word: &str) -> Chip {
    match verdict {
        Verdict::Go => Chip::go(word),
        Verdict::Check => Chip::check(word),
        Verdict::Stop => Chip::stop(word),
    }
}

/// A role with what it may do, for choosing one.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Teacher => "Teacher: sees whether the labs are ready, reports problems",
        Role::Viewer => "Viewer: sees everything, changes nothing",
        Role::Technician => "Technician: lends, acknowledges, sweeps, moves",
        Role::Admin => "Admin: everything, tokens and accounts too",
    }
}

/// The verdict's own word.
pub fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Go => "GO",
        Verdict::Check => "CHECK",
        Verdict::Stop => "STOP",
    }
}

/// Where an asset stands in its life; `None` while it is in service.
pub fn status(status: AssetStatus) -> Option<Chip> {
    match status {
        AssetStatus::InService => None,
        AssetStatus::InRepair => Some(Chip::rest("In repair")),
        AssetStatus::Lost => Some(Chip::stop("Lost")),
        AssetStatus::Stolen => Some(Chip::stop("Stolen")),
        AssetStatus::Retired => Some(Chip::rest("Retired")),
        AssetStatus::Disposed => Some(Chip::rest("Disposed")),
    }
}

/// Where a charge stands.
pub fn charge(state: ChargeState) -> Chip {
    match state {
        ChargeState::Draft => Chip::check("Proposed"),
        ChargeState::Due => Chip::stop("Owed"),
        ChargeState::Paid => Chip::go("Paid"),
        ChargeState::Waived => Chip::rest("Waived"),
    }
}

/// What an asset is.
pub fn kind(kind: AssetKind) -> &'static str {
    kind.title()
}

/// What a room is.
pub fn room_kind(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Lab => "Lab",
        RoomKind::Cart => "Cart",
        RoomKind::Library => "Library",
        RoomKind::Office => "Office",
        RoomKind::Other => "Other place",
    }
}

/// A text as a sentence: begins with a capital, ends with a stop.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let mut sentence: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    sentence.push_str(letters.as_str());
    if !sentence.is_empty() && !sentence.ends_with(['.', '!', '?', ':', '…']) {
        sentence.push('.');
    }
    sentence
}

/// What a text says of a tag, when it begins with that tag: "PC-1 fell silent" says "fell silent".
pub fn said_of<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    text.strip_prefix(tag)?.strip_prefix([' ', ':']).map(str::trim_start)
}

/// Up to four names, and how many more there are.
pub fn names(names: &[&str]) -> String {
    let named = names.iter().take(4).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(4) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// Joins what is known with a comma; what is empty is left out.
pub fn join<const N: usize>(parts: [&str; N]) -> String {
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_escapes_its_word() {
        let chip = Chip::stop("<svg onload=x>").to_string();
        assert!(!chip.contains("<svg"), "{chip}");
    }

    #[test]
    fn texts_become_sentences_and_say_of_whom() {
        assert_eq!(sentence("it is here"), "It is here.");
        assert_eq!(sentence("Rescan it."), "Rescan it.");
        assert_eq!(sentence(""), "");
        assert_eq!(said_of("PC-1 fell silent", "PC-1"), Some("fell silent"));
        assert_eq!(said_of("PC-10 fell silent", "PC-1"), None);
        assert_eq!(names(&["a", "b"]), "a, b");
        assert_eq!(names(&["a", "b", "c", "d", "e", "f"]), "a, b, c, d and 2 more");
    }

    #[test]
    fn joining_leaves_out_what_is_empty() {
        assert_eq!(join(["Dell", " ", "", "7090"]), "Dell, 7090");
    }
}
