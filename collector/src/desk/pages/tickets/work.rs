//! What work takes, said on a ticket's page: parts, time, a claim, a loaner.

use super::changes::change;
use crate::desk::door::Visitor;
use crate::desk::session::{Notice, Undo};
use crate::desk::{Answer, Desk};
use axum::extract::{Form, Path, State};
use rollcall_site::money::Money;
use rollcall_site::ticket::{self, Ticket, UsedPart};
use rollcall_site::{Refusal, Tag, Working};
use serde::Deserialize;

/// What these forms send; each some of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    name: String,
    count: String,
    each: String,
    number: String,
    minutes: String,
    vendor: String,
    reference: String,
    tag: String,
    reason: String,
}

/// A number of a form; an empty field is `empty`.
fn number<T: std::str::FromStr>(text: &str, empty: T) -> Result<T, Refusal> {
    match text.trim() {
        "" => Ok(empty),
        text => text.parse().map_err(|_| Refusal::invalid(format!("{text:?} is not a whole number"))),
    }
}

/// `POST /tickets/{id}/part`
pub(in crate::desk) async fn add_part(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(sent): Form<Sent>) -> Answer {
    let add = move |w: &mut Working, id| {
        let each = match sent.each.trim() {
            "" => Money::ZERO,
            text => text.parse::<Money>()?,
        };
        ticket::add_part(w, id, UsedPart { name: sent.name, count: number(&sent.count, 1)?, each })
    };
    let said = |ticket: &Ticket| {
        let fields = vec![("number", ticket.parts.len().to_string())];
        Notice::done("The part is written down.").with_undo(Undo { action: format!("/tickets/{id}/part/remove"), fields })
    };
    change(&desk, &visitor, id, "", add, said).await
}

/// `POST /tickets/{id}/part/remove`
pub(in crate::desk) async fn remove_part(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(id): Path<u64>,
    Form(sent): Form<Sent>,
) -> Answer {
    let remove = move |w: &mut Working, id| ticket::remove_part(w, id, number(&sent.number, 0)?);
    change(&desk, &visitor, id, "", remove, |_| Notice::done("The part is taken back.")).await
}

/// `POST /tickets/{id}/labour`
pub(in crate::desk) async fn labour(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(sent): Form<Sent>) -> Answer {
    let say = move |w: &mut Working, id| ticket::labour(w, id, number(&sent.minutes, 0)?);
    change(&desk, &visitor, id, "", say, |_| Notice::done("The time is written down.")).await
}

/// `POST /tickets/{id}/claim`
pub(in crate::desk) async fn claim(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(sent): Form<Sent>) -> Answer {
    let said = |ticket: &Ticket| Notice::done(format!("Claimed: the ticket is the vendor’s now ({}).", ticket.tier.label()));
    change(&desk, &visitor, id, "", move |w, id| ticket::claim(w, id, &sent.vendor, &sent.reference), said).await
}

/// `POST /tickets/{id}/loaner`
pub(in crate::desk) async fn lend(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(sent): Form<Sent>) -> Answer {
    let heard = desk.collector.roll.heard();
    let lend = move |w: &mut Working, id| {
        let reason = Some(sent.reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        ticket::lend(w, &heard, id, &Tag::parse(&sent.tag)?, reason)
    };
    let said = |_: &Ticket| {
        Notice::done("The loaner stands in.").with_undo(Undo { action: format!("/tickets/{id}/loaner/back"), fields: Vec::new() })
    };
    change(&desk, &visitor, id, "", lend, said).await
}

/// `POST /tickets/{id}/loaner/back`
pub(in crate::desk) async fn take_back(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>) -> Answer {
    change(&desk, &visitor, id, "", ticket::take_back, |_| Notice::done("The loaner is back.")).await
}
