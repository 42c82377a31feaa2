//! What a library system is asked and told: the messages of a self-check machine. Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rollcall_site::library::May;
use std::fmt::Write;

/// What every message says of this place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// What the library system calls the institution.
    pub institution: String,
    /// What it calls this place.
    pub location: String,
    /// Whether it may refuse what is done already.
    pub may: May,
}

/// One message to the library system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request<'a> {
    /// Who asks (93).
    Login {
        /// The login.
        user: &'a str,
        /// Its password.
        password: &'a str,
    },
    /// How are you? (99)
    Status,
    /// Whether a patron may borrow, and what they have (63).
    Patron {
        /// The patron.
        patron: &'a str,
    },
    /// How an item stands (17).
    Item {
        /// The item.
        item: &'a str,
    },
    /// It is lent (11).
    Checkout {
        /// To whom.
        patron: &'a str,
        /// What.
        item: &'a str,
        /// When.
        at: Timestamp,
        /// Until when.
        due: Option<Timestamp>,
    },
    /// It is back (09).
    Checkin {
        /// What.
        item: &'a str,
        /// Since when.
        at: Timestamp,
    },
    /// It is due later (29).
    Renew {
        /// Who has it.
        patron: &'a str,
        /// What.
        item: &'a str,
        /// Until when.
        due: Option<Timestamp>,
    },
    /// The same of a library system that knows no 29: lent again to whom it is lent.
    RenewByCheckout {
        /// Who has it.
        patron: &'a str,
        /// What.
        item: &'a str,
        /// Until when.
        due: Option<Timestamp>,
    },
}

impl Request<'_> {
    /// The two digits that the answer begins with.
    pub fn answered_by(&self) -> &'static str {
        match self {
            Self::Login { .. } => "94",
            Self::Status => "98",
            Self::Patron { .. } => "64",
            Self::Item { .. } => "18",
            Self::Checkout { .. } | Self::RenewByCheckout { .. } => "12",
            Self::Checkin { .. } => "10",
            Self::Renew { .. } => "30",
        }
    }

    /// Whether it changes something there: it is never said twice without asking what became of it.
    pub fn is_change(&self) -> bool {
        matches!(self, Self::Checkout { .. } | Self::Checkin { .. } | Self::Renew { .. } | Self::RenewByCheckout { .. })
    }

    /// The message as text, said at `now` in the site's own time.
    pub fn text(&self, terms: &Terms, now: Timestamp, zone: &TimeZone) -> String {
        let stamp = |at: Timestamp| stamp(at, zone);
        let due = |due: &Option<Timestamp>| due.map_or_else(|| " ".repeat(18), stamp);
        let no_block = if terms.may == May::NotRefuse { 'Y' } else { 'N' };
        let institution = &terms.institution;
        match self {
            Self::Login { user, password } => {
                let line = Line::new("9300").field("CN", user).field("CO", password);
                if terms.location.is_empty() { line } else { line.field("CP", &terms.location) }
            }
            Self::Status => Line::new("9901002.00"),
            // What they have is listed (the third flag), from the first to the last.
            Self::Patron { patron } => Line::new(&format!("63000{}{:10}", stamp(now), "  Y"))
                .field("AO", institution)
                .field("AA", patron)
                .field("AC", "")
                .field("BP", "1")
                .field("BQ", "9999"),
            Self::Item { item } => Line::new(&format!("17{}", stamp(now))).field("AO", institution).field("AB", item).field("AC", ""),
            Self::Checkout { patron, item, at, due: until } => Line::new(&format!("11N{no_block}{}{}", stamp(*at), due(until)))
                .of(institution, patron, item)
                .field("BO", "N")
                .field("BI", "N"),
            Self::RenewByCheckout { patron, item, due: until } => Line::new(&format!("11Y{no_block}{}{}", stamp(now), due(until)))
                .of(institution, patron, item)
                .field("BO", "N")
                .field("BI", "N"),
            Self::Renew { patron, item, due: until } => {
                Line::new(&format!("29N{no_block}{}{}", stamp(now), due(until))).of(institution, patron, item).field("BO", "N")
            }
            Self::Checkin { item, at } => Line::new(&format!("09{no_block}{}{}", stamp(now), stamp(*at)))
                .field("AP", &terms.location)
                .field("AO", institution)
                .field("AB", item)
                .field("AC", "")
                .field("BI", "N"),
        }
        .0
    }
}

/// A moment as SIP2 writes it: local time, with four blanks for the zone.
fn stamp(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%Y%m%d    %H%M%S").to_string()
}

/// A message that is being written.
struct Line(String);

impl Line {
    fn new(fixed: &str) -> Self {
        Self(fixed.to_owned())
    }

    /// Adds whom and what it is about, without the terminal's password.
    fn of(self, institution: &str, patron: &str, item: &str) -> Self {
        self.field("AO", institution).field("AA", patron).field("AB", item).field("AC", "")
    }

    /// Adds a field; what would end it, or the message, can't stand in it.
    fn field(mut self, code: &str, value: &str) -> Self {
        self.0.push_str(code);
        for c in value.chars() {
            match c {
                '|' => self.0.push_str("&#124;"),
                c if c.is_control() => self.0.push(' '),
                c => self.0.push(c),
            }
        }
        self.0.write_char('|').ok();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        Terms { institution: "LIN".into(), location: "Desk".into(), may: May::Refuse }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(request: &Request<'_>, want: &str) {
        let zone = TimeZone::get("America/Los_Angeles").unwrap();
        assert_eq!(request.text(&terms(), at("2026-11-23T20:05:09Z"), &zone), want);
    }

    #[test]
    fn messages_are_as_the_protocol_writes_them() {
        let (patron, item) = ("S1001", "LT-1");
        check(&Request::Login { user: "desk", password: "p|w" }, "9300CNdesk|COp&#124;w|CPDesk|");
        check(&Request::Status, "9901002.00");
        check(&Request::Patron { patron }, "6300020261123    120509  Y       AOLIN|AAS1001|AC|BP1|BQ9999|");
        check(&Request::Item { item }, "1720261123    120509AOLIN|ABLT-1|AC|");
        let (lent, due) = (at("2026-11-23T19:00:00Z"), Some(at("2026-11-30T19:00:00Z")));
        check(
            &Request::Checkout { patron, item, at: lent, due },
            "11NN20261123    11000020261130    110000AOLIN|AAS1001|ABLT-1|AC|BON|BIN|",
        );
        let none = None;
        check(
            &Request::Checkout { patron, item, at: lent, due: none },
            "11NN20261123    110000                  AOLIN|AAS1001|ABLT-1|AC|BON|BIN|",
        );
        check(&Request::Checkin { item, at: lent }, "09N20261123    12050920261123    110000APDesk|AOLIN|ABLT-1|AC|BIN|");
        check(&Request::Renew { patron, item, due }, "29NN20261123    12050920261130    110000AOLIN|AAS1001|ABLT-1|AC|BON|");
        check(&Request::RenewByCheckout { patron, item, due }, "11YN20261123    12050920261130    110000AOLIN|AAS1001|ABLT-1|AC|BON|BIN|");
    }

    #[test]
    fn what_is_done_already_may_be_said_so() {
        let terms = Terms { may: May::NotRefuse, ..terms() };
        let text =
            Request::Checkin { item: "a\rb", at: at("2026-11-23T19:00:00Z") }.text(&terms, at("2026-11-23T19:00:00Z"), &TimeZone::UTC);
        assert!(text.starts_with("09Y2026") && text.contains("ABa b|"), "{text}");
    }
}
