//! What else happens to a loan at the desk: it comes back damaged or without a part, is renewed, or lost.

use super::day;
use super::today::undo_return;
use crate::desk::door::Visitor;
use crate::desk::session::Notice;
use crate::desk::trouble::Trouble;
use crate::desk::{Answer, Desk, address, anew};
use axum::extract::{Form, State};
use rollcall_site::access::Role;
use rollcall_site::loan::{self, Condition, Due, Found, How, Loan, Returned};
use rollcall_site::{Refusal, Tag};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a ticked box of something that is missing is called: "missing/charger".
const MISSING: &str = "missing/";

/// How something comes back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    tag: String,
    condition: String,
    damage: String,
    /// The ticked boxes.
    #[serde(flatten)]
    boxes: BTreeMap<String, String>,
}

/// What the short forms send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Asked {
    tag: String,
    due: String,
    reason: String,
    how: String,
    report: String,
    /// "1": what was gone is with its borrower again, and the loan goes on.
    with_borrower: String,
    /// Where to go then.
    back: String,
}

impl Sent {
    fn read(self) -> Result<Returned, Refusal> {
        let condition = match self.condition.as_str() {
            "" | "fine" => Condition::Fine,
            "worn" => Condition::Worn,
            "damaged" => Condition::Damaged,
            "broken" => Condition::Broken,
            other => return Err(Refusal::invalid(format!("{:?} is no condition", other.chars().take(20).collect::<String>()))),
        };
        let missing = self.boxes.into_keys().filter_map(|name| name.strip_prefix(MISSING).map(str::to_owned)).collect();
        Ok(Returned { condition, missing, damage: self.damage, ..Returned::fine(Tag::parse(&self.tag)?) })
    }
}

/// `POST /loans/return`
pub(in crate::desk) async fn give_back(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let at = address::query("/loans", &[("tag", &form.tag)]);
    let returned = match form.read() {
        Ok(returned) => returned,
        Err(refusal) => return desk.then(&visitor, Err(refusal.into()), &at),
    };
    let (tag, whole) = (returned.tag.clone(), returned.condition == Condition::Fine && returned.missing.is_empty());
    match desk.change(&visitor, move |w| loan::back(w, returned)).await {
        Err(error) => desk.then(&visitor, Err(error.into()), &at),
        Ok(loan) => {
            anew::after_return(&desk.collector, &tag);
            desk.then(&visitor, Ok(said(&desk, &tag, &loan, whole)), "/loans")
        }
    }
}

fn said(desk: &Desk, tag: &Tag, loan: &Loan, whole: bool) -> Notice {
    let look = desk.look();
    let from = look.person(&loan.person);
    if whole {
        return Notice::done(format!("{tag} is back from {from}.")).with_undo(undo_return(loan));
    }
    let text = format!("{tag} is back from {from}. What is to be paid or mended is proposed under “To settle”.");
    Notice { tone: "check", ..Notice::done(text) }.with_undo(undo_return(loan))
}

/// `POST /loans/renew`
pub(in crate::desk) async fn renew(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Asked>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let tag = Tag::parse(&form.tag).map_err(Refusal::from)?;
    let due = day(&form.due).and_then(|day| desk.look().end_of(day)).map_or(Due::ByPolicy, Due::At);
    let (renewed, reason) = (tag.clone(), Some(form.reason.trim().to_owned()).filter(|reason| !reason.is_empty()));
    let done = desk.change(&visitor, move |w| loan::renew(w, &renewed, due, reason.as_deref())).await;
    let look = desk.look();
    let notice = done.map_err(Trouble::from).map(|loan| {
        let until = loan.due.map(|due| format!(" until {}", look.day(due).words)).unwrap_or_default();
        Notice::done(format!("{tag} stays with {}{until}.", look.person(&loan.person)))
    });
    desk.then(&visitor, notice, to(&form.back))
}

/// `POST /loans/lost`
pub(in crate::desk) async fn lose(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Asked>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let tag = Tag::parse(&form.tag).map_err(Refusal::from)?;
    let how = if form.how == "stolen" { How::Stolen } else { How::Lost };
    let (gone, report) = (tag.clone(), form.report);
    let done = desk.change(&visitor, move |w| loan::lost(w, &gone, how, &report)).await;
    let text = format!("{tag} is {}. It is told when it reports in; what it cost is proposed under Charges.", how.word());
    desk.then(&visitor, done.map_err(Trouble::from).map(|_| Notice { tone: "check", ..Notice::done(text) }), "/loans")
}

/// `POST /loans/found`
pub(in crate::desk) async fn find(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Asked>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let tag = Tag::parse(&form.tag).map_err(Refusal::from)?;
    let found = tag.clone();
    let (place, said) = match form.with_borrower.as_str() {
        "1" => (Found::WithBorrower, "found: its borrower has it, and the loan goes on"),
        _ => (Found::Here, "found, and in service again"),
    };
    let done = desk.change(&visitor, move |w| loan::found(w, &found, place)).await;
    desk.then(&visitor, done.map_err(Trouble::from).map(|_| Notice::done(format!("{tag} is {said}."))), "/loans")
}

/// Back to the list from which a form was sent.
fn to(back: &str) -> &'static str {
    if back == "overdue" { "/loans/overdue" } else { "/loans" }
}
