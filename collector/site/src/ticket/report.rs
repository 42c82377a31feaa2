//! A problem with a machine, reported by whoever sits at it: one of a few kinds, a few words, and not too many at once.

use super::open::{NewTicket, open};
use super::{Category, Ticket, live};
use crate::{AssetId, Refusal, Working};
use jiff::SignedDuration;
use std::sync::Arc;

/// Longest text of a report, characters.
const WORDS: usize = 300;
/// Reports of one account in [`WINDOW`]: a whole row of a lab, and no more.
const MOST: usize = 8;
/// The time in which they count.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// How the title of a report begins.
const BEGINS: &str = "Reported: ";

/// What is wrong, as somebody sees it who only wants to use the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// It does not start.
    Dead,
    /// Nothing to see, or not right.
    Screen,
    /// It can't be operated.
    Keyboard,
    /// Nothing to hear, or nobody hears or sees.
    Sound,
    /// No network.
    Network,
    /// A program is missing or broken.
    Program,
    /// Anything else.
    Other,
}

impl Complaint {
    /// All of them, in the order in which a page shows them.
    pub const ALL: [Self; 7] = [Self::Dead, Self::Screen, Self::Keyboard, Self::Sound, Self::Network, Self::Program, Self::Other];

    /// Its name in forms.
    pub fn code(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Screen => "screen",
            Self::Keyboard => "keyboard",
            Self::Sound => "sound",
            Self::Network => "network",
            Self::Program => "program",
            Self::Other => "other",
        }
    }

    /// The one of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn parse(code: &str) -> Result<Self, Refusal> {
        let known = Self::ALL.into_iter().find(|complaint| complaint.code() == code);
        known.ok_or_else(|| Refusal::invalid("choose one of the buttons: what is wrong?"))
    }

    /// As people say it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Dead => "It does not start",
            Self::Screen => "The screen is dark or wrong",
            Self::Keyboard => "Keyboard, mouse or a plug is broken or missing",
            Self::Sound => "No sound, camera or microphone",
            Self::Network => "No internet",
            Self::Program => "A program is missing or does not work",
            Self::Other => "Something else",
        }
    }

    /// Whether a ticket of this title is such a report.
    pub fn is_title(self, title: &str) -> bool {
        title.strip_prefix(BEGINS) == Some(self.words())
    }

    fn category(self) -> Category {
        match self {
            Self::Dead | Self::Screen | Self::Keyboard | Self::Other => Category::Hardware,
            Self::Sound => Category::AudioVisual,
            Self::Network => Category::NetworkAddress,
            Self::Program => Category::Software,
        }
    }
}

/// Opens a ticket for what somebody reports of a machine.
///
/// # Errors
/// The same is reported of it already and not done; the account reported too much just now; something else and no words; the text is too long.
pub fn report(w: &mut Working, asset: AssetId, complaint: Complaint, words: &str) -> Result<Arc<Ticket>, Refusal> {
    let words = words.trim();
    if words.chars().count() > WORDS {
        return Err(Refusal::invalid(format!("at most {WORDS} characters, please: the technician comes to look")));
    }
    if complaint == Complaint::Other && words.is_empty() {
        return Err(Refusal::invalid("say in a few words what is wrong, then choose “Something else” again"));
    }
    let by = w.actor.words();
    let title = format!("{BEGINS}{}", complaint.words());
    if complaint != Complaint::Other
        && let Some(known) = live(&w.site).find(|ticket| ticket.asset == Some(asset) && ticket.title == title)
    {
        return Err(Refusal::conflict(format!("This is reported already: ticket {}. Nothing more is needed.", known.id)));
    }
    // Closed ones count, too: nobody gets more by having them dropped.
    let since = w.now - WINDOW;
    let late = w.site.tickets.iter().rev().take_while(|(_, ticket)| ticket.opened_at > since);
    if late.filter(|(_, ticket)| ticket.opened_by == by && ticket.title.starts_with(BEGINS)).count() >= MOST {
        return Err(Refusal::conflict("You reported many problems just now. Wait a quarter of an hour, or tell the technician in person."));
    }
    let category = complaint.category();
    open(w, NewTicket { title, detail: words.to_owned(), category, asset: Some(asset), ..NewTicket::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::{self, AssetFacts};
    use crate::event::Actor;
    use crate::ticket::{Move, TicketState, go};
    use crate::{RefusalKind, Site, Tag};
    use jiff::Timestamp;
    use uuid::Uuid;

    fn begin(site: Site, now: Timestamp) -> Working {
        Working::begin(site, now, Actor::User("vera".to_owned()))
    }

    fn lab(machines: u128) -> Site {
        let mut w = begin(Site::default(), Timestamp::UNIX_EPOCH);
        for number in 1..=machines {
            asset::add(&mut w, AssetId(Uuid::from_u128(number)), Tag::parse(&format!("PC-{number}")).unwrap(), AssetFacts::default())
                .unwrap();
        }
        w.finish().site
    }

    #[test]
    fn a_report_is_a_ticket_and_the_same_again_is_none() {
        let mut w = begin(lab(1), Timestamp::UNIX_EPOCH);
        let pc = AssetId(Uuid::from_u128(1));
        let ticket = report(&mut w, pc, Complaint::Screen, " flickers ").unwrap();
        assert_eq!((ticket.asset, ticket.detail.as_str(), ticket.opened_by.as_str()), (Some(pc), "flickers", "vera"));
        assert_eq!(ticket.state, TicketState::Open);
        let again = report(&mut w, pc, Complaint::Screen, "still").unwrap_err();
        assert!(again.kind == RefusalKind::Conflict && again.text.contains("reported already: ticket 1"), "{}", again.text);
        report(&mut w, pc, Complaint::Network, "").unwrap();
        go(&mut w, ticket.id, Move::to(TicketState::Done)).unwrap();
        report(&mut w, pc, Complaint::Screen, "").unwrap();
        assert!(report(&mut w, pc, Complaint::Other, " ").unwrap_err().text.contains("a few words"));
        assert!(report(&mut w, pc, Complaint::Other, &"x".repeat(301)).unwrap_err().text.contains("300"));
        assert!(Complaint::parse("<svg>").is_err() && Complaint::ALL.iter().all(|one| Complaint::parse(one.code()).unwrap() == *one));
    }

    #[test]
    fn an_account_reports_a_row_of_a_lab_and_then_waits() {
        let mut w = begin(lab(10), Timestamp::UNIX_EPOCH);
        let send = |w: &mut Working, number| report(w, AssetId(Uuid::from_u128(number)), Complaint::Dead, "");
        for number in 1..=8 {
            send(&mut w, number).unwrap();
        }
        assert!(send(&mut w, 9).unwrap_err().text.contains("quarter of an hour"));
        let site = w.finish().site;
        let mut other = Working::begin(site.clone(), Timestamp::UNIX_EPOCH, Actor::User("bo".to_owned()));
        send(&mut other, 9).unwrap();
        send(&mut begin(site, Timestamp::UNIX_EPOCH + SignedDuration::from_mins(16)), 9).unwrap();
    }
}
