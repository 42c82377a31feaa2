//! What the loan desk does: lends and takes back; each can be undone.

use super::day;
use super::today::{self, lend_again};
use crate::desk::door::Visitor;
use crate::desk::session::Notice;
use crate::desk::trouble::Trouble;
use crate::desk::{Answer, Desk, address};
use axum::extract::{Form, State};
use rollcall_site::access::Role;
use rollcall_site::loan::{self, Due, Loan, NewLoan, Returned};
use rollcall_site::{PersonId, Refusal, Site, Tag};
use serde::Deserialize;

/// Sections that stay as they are in a borrower's hands.
const LASTING: &[(&str, &str)] = &[
    ("battery", "battery"),
    ("memory", "memory"),
    ("network", "network hardware"),
    ("processors", "processor"),
    ("storage", "disk"),
    ("system", "machine"),
];

/// What the forms of the loan desk send; each form some of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    pub scan: String,
    pub tag: String,
    pub person: String,
    pub due: String,
    pub reason: String,
}

/// `POST /loans/out`
pub(in crate::desk) async fn lend(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let tag = Tag::parse(&form.tag).map_err(Refusal::from)?;
    let person = PersonId::parse(&form.person).map_err(Refusal::from)?;
    hand_out(&desk, &visitor, tag, person, &form.due, reason(&form)).await
}

/// Why STOP is overridden, if that was written.
pub(super) fn reason(form: &Sent) -> Option<String> {
    Some(form.reason.trim().chars().take(300).collect::<String>()).filter(|reason| !reason.is_empty())
}

/// `POST /loans/in`
pub(in crate::desk) async fn take_back(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    bring_back(&desk, &visitor, Tag::parse(&form.tag).map_err(Refusal::from)?).await
}

pub(super) async fn hand_out(desk: &Desk, visitor: &Visitor, tag: Tag, person: PersonId, due: &str, reason: Option<String>) -> Answer {
    let due = day(due).and_then(|day| desk.look().end_of(day)).map_or(Due::ByPolicy, Due::At);
    let heard = desk.collector.roll.heard();
    let lent = NewLoan { due, override_reason: reason, ..NewLoan::new(tag.clone(), person.clone()) };
    let loan = desk.change(visitor, move |w| loan::out(w, &heard, lent)).await;
    let look = desk.look();
    match loan {
        Ok(loan) => {
            let until = loan.due.map(|due| format!(" until {}", look.day(due).words)).unwrap_or_default();
            let notice = Notice::done(format!("{tag} is lent to {}{until}. Scan the next device.", look.person(&loan.person)));
            desk.then(visitor, Ok(notice.with_undo(today::take_back(&tag))), "/loans")
        }
        Err(error) => desk.then(visitor, Err(error.into()), &format!("/loans?tag={tag}&person={}", address::encoded(person.as_str()))),
    }
}

pub(super) async fn bring_back(desk: &Desk, visitor: &Visitor, tag: Tag) -> Answer {
    let back = Returned::fine(tag.clone());
    let loan = desk.change(visitor, move |w| loan::back(w, back)).await;
    let look = desk.look();
    let outcome = loan.map_err(Trouble::from).map(|loan| {
        let changed = changed(&look.site, &loan);
        let undo = lend_again(&look, &tag, &loan.person, loan.due);
        let from = look.person(&loan.person);
        let notice = if changed.is_empty() {
            Notice::done(format!("{tag} is back from {from}; its hardware is as it left, by its last report."))
        } else {
            let text = format!(
                "{tag} is back from {from}. Look at it before it is lent again: its {} changed since it left.",
                changed.join(" and ")
            );
            Notice { tone: "check", ..Notice::done(text) }
        };
        notice.with_undo(undo)
    });
    desk.then(visitor, outcome, "/loans")
}

/// What of the hardware is another than when it left.
fn changed(site: &Site, loan: &Loan) -> Vec<&'static str> {
    let device = site.assets.get(&loan.asset).and_then(|asset| asset.device);
    let Some(profile) = device.and_then(|device| site.profiles.get(&device)) else { return Vec::new() };
    let now = |name: &str| profile.sections.get(name).and_then(|held| held.digest);
    let differs = |name: &str| matches!((loan.frozen.get(name), now(name)), (Some(then), Some(now)) if *then != now);
    LASTING.iter().filter(|(name, _)| differs(name)).map(|(_, word)| *word).collect()
}
