//! The loan desk: one scan box; a tag gives a verdict, a card lends, a tag that is out comes back.

mod boot;
mod card;
mod changes;
pub(in crate::desk) mod class_set;
pub(in crate::desk) mod giving_back;
pub(in crate::desk) mod overdue;
pub(in crate::desk) mod policy;
mod scan;
mod settle;
mod today;

pub(in crate::desk) use changes::{lend, take_back};
pub(in crate::desk) use scan::scan;
pub(in crate::desk) use settle::{confirm_charge, confirm_ticket, drop_ticket, waive_charge};

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::{Answer, Desk, address, anew};
use askama::Template;
use axum::extract::{Query, State};
use boot::Boot;
use card::Card;
use rollcall_site::loan::{self, Due, policy as terms};
use rollcall_site::person::Person;
use rollcall_site::view::{self, LoanRow};
use rollcall_site::{PersonId, Tag};
use serde::Deserialize;
use settle::Line;
use std::sync::Arc;
use today::Entry;

/// Most loans in the list of what is out.
const MOST_OUT: usize = 200;

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    pub tag: String,
    pub person: String,
    pub due: String,
    /// Since when somebody waits for the machine, seconds since 1970.
    pub boot: String,
}

#[derive(Template)]
#[template(path = "loans/page.html")]
struct LoanDesk {
    frame: Frame,
    look: Look,
    card: Option<Card>,
    boot: Option<Boot>,
    person: Option<Arc<Person>>,
    theirs: Vec<LoanRow>,
    due: String,
    settle: Vec<Line>,
    today: Vec<Entry>,
    out: Vec<LoanRow>,
    out_all: usize,
}

/// `GET /loans`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let loans = desk.apart(move |desk| LoanDesk::of(desk, &visitor, &ask));
    page(&loans.await?)
}

impl LoanDesk {
    fn of(desk: &Desk, visitor: &Visitor, ask: &Ask) -> Result<Self, Trouble> {
        let look = desk.look();
        let person = PersonId::parse(&ask.person).ok().and_then(|id| look.site.persons.get(&id).cloned());
        let card = match Tag::parse(&ask.tag) {
            Ok(tag) => Some(Card::of(&look, &tag, person.clone(), until(&look, &ask.due))?),
            Err(_) => None,
        };
        if let Some(card) = &card {
            anew::ask(&desk.collector, &card.check);
        }
        let boot = Boot::of(&look, card.as_ref(), &ask.boot);
        let theirs = person.as_ref().map(|person| view::held(&look.site, &person.id, look.now)).unwrap_or_default();
        let due = due(&look, ask, card.as_ref(), person.as_deref());
        let settle = settle::lines(&look);
        let (today, out) = (today::entries(&look), view::due_first(&look.site, MOST_OUT, look.now));
        let frame = Frame::of(desk, visitor, &look, Tab::Loans);
        Ok(Self { frame, card, boot, person, theirs, due, settle, today, out, out_all: look.site.open_loan_count(), look })
    }

    fn forget(&self, person: &Person) -> String {
        address::forget(&person.id)
    }

    /// What the scan box waits for.
    fn hint(&self) -> &'static str {
        match (&self.card, &self.person) {
            (Some(card), _) if card.loan.is_some() => "Scan it again to take it back, or the next device",
            (Some(_), None) => "Now scan the borrower’s card",
            (Some(_), Some(_)) => "Enter lends it; or scan the next device",
            (None, Some(_)) => "Now scan a device",
            (None, None) => "Scan a device or a card",
        }
    }

    fn last_due(&self) -> String {
        self.look.day_after(366)
    }

    fn first_due(&self) -> String {
        self.look.day_after(0)
    }
}

/// The day that is chosen, or that the policy gives once it is known what is lent to whom.
fn due(look: &Look, ask: &Ask, card: Option<&Card>, person: Option<&Person>) -> String {
    let kind = card.and_then(|card| look.site.assets.get(&card.check.asset)).map(|asset| asset.kind);
    let by_policy = || {
        let days = terms::of(&look.site).terms(person?.role, kind?).days;
        let day = look.today().saturating_add(jiff::Span::new().days(i64::from(days)));
        Some(loan::next_school_day(&look.site, day).unwrap_or(day))
    };
    day(&ask.due).or_else(by_policy).map(|day| day.to_string()).unwrap_or_default()
}

/// Until when something is to be lent: to the end of the day that is written, or as the policy has it.
fn until(look: &Look, day_written: &str) -> Due {
    day(day_written).and_then(|day| look.end_of(day)).map_or(Due::ByPolicy, Due::At)
}

/// A day as a form writes it.
fn day(text: &str) -> Option<jiff::civil::Date> {
    text.parse().ok()
}
