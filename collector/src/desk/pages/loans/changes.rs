//! What the loan desk does: lends and takes back; each can be undone.

use super::today;
use super::until;
use crate::desk::door::Visitor;
use crate::desk::session::Notice;
use crate::desk::trouble::Trouble;
use crate::desk::{Answer, Desk, address, anew};
use axum::extract::{Form, State};
use rollcall_site::access::Role;
use rollcall_site::loan::{self, NewLoan, Returned};
use rollcall_site::{PersonId, Refusal, Tag};
use serde::Deserialize;

/// What the forms of the loan desk send; each form some of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    pub scan: String,
    pub tag: String,
    pub person: String,
    pub due: String,
    pub reason: String,
    /// "1": the borrower has accepted the agreement with it.
    pub agreed: String,
}

/// `POST /loans/out`
pub(in crate::desk) async fn lend(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let tag = Tag::parse(&form.tag).map_err(Refusal::from)?;
    let person = PersonId::parse(&form.person).map_err(Refusal::from)?;
    hand_out(&desk, &visitor, tag, person, &form).await
}

/// Why STOP is overridden, if that was written.
fn reason(form: &Sent) -> Option<String> {
    Some(form.reason.trim().chars().take(300).collect::<String>()).filter(|reason| !reason.is_empty())
}

/// `POST /loans/in`
pub(in crate::desk) async fn take_back(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    bring_back(&desk, &visitor, Tag::parse(&form.tag).map_err(Refusal::from)?).await
}

pub(super) async fn hand_out(desk: &Desk, visitor: &Visitor, tag: Tag, person: PersonId, form: &Sent) -> Answer {
    let due = until(&desk.look(), &form.due);
    let heard = desk.collector.roll.heard();
    let lent = NewLoan { due, override_reason: reason(form), ..NewLoan::new(tag.clone(), person.clone()) };
    let agreed = form.agreed == "1";
    let loan = desk
        .change(visitor, move |w| {
            if agreed {
                loan::agree(w, &lent.person)?;
            }
            loan::out(w, &heard, lent)
        })
        .await;
    let look = desk.look();
    match loan {
        Ok(loan) => {
            let until = loan.due.map(|due| format!(" until {}", look.day(due).words)).unwrap_or_default();
            let notice = Notice::done(format!("{tag} is lent to {}{until}. Scan the next device.", look.person(&loan.person)));
            desk.then(visitor, Ok(notice.with_undo(today::undo_lending(&loan))), "/loans")
        }
        Err(error) => {
            let at = address::query("/loans", &[("tag", tag.as_str()), ("person", person.as_str())]);
            desk.then(visitor, Err(error.into()), &at)
        }
    }
}

pub(super) async fn bring_back(desk: &Desk, visitor: &Visitor, tag: Tag) -> Answer {
    let back = Returned::fine(tag.clone());
    let loan = desk.change(visitor, move |w| loan::back(w, back)).await;
    let look = desk.look();
    anew::after_return(&desk.collector, &tag);
    let outcome = loan.map_err(Trouble::from).map(|loan| {
        let from = look.person(&loan.person);
        let differs = loan.diff.as_ref().is_some_and(|diff| !diff.differences.is_empty());
        let hardware = loan.diff.as_ref().map(|diff| format!("; {}", diff.words())).unwrap_or_default();
        let notice = Notice::done(format!("{tag} is back from {from}{hardware}."));
        let notice = if differs { Notice { tone: "check", ..notice } } else { notice };
        notice.with_undo(today::undo_return(&loan))
    });
    desk.then(visitor, outcome, "/loans")
}
