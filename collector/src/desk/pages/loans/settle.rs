//! What came back otherwise than it left: drafts of tickets and charges, which somebody confirms or drops.

use crate::desk::door::Visitor;
use crate::desk::look::{Look, Moment};
use crate::desk::pages::charges::amount;
use crate::desk::session::Notice;
use crate::desk::words::Chip;
use crate::desk::{Answer, Desk};
use axum::extract::{Form, Path, State};
use rollcall_site::access::Role;
use rollcall_site::charge::{self, Charge, ChargeState};
use rollcall_site::loan::Loan;
use rollcall_site::ticket::{self, Move, Ticket, TicketState};
use rollcall_site::{ChargeId, Tag, TicketId, view};
use serde::Deserialize;
use std::sync::Arc;

/// Ended loans that are looked through, newest first.
const LOOKED: usize = 200;
/// Lines that are shown.
const MOST: usize = 12;

/// One return with what is to be settled.
pub(super) struct Line {
    pub tag: Tag,
    pub who: String,
    pub back: Moment,
    pub says: String,
    pub tickets: Vec<Arc<Ticket>>,
    pub charges: Vec<Arc<Charge>>,
}

impl Line {
    /// What kind of return it was.
    pub fn chip(&self) -> Chip {
        Chip::check(if self.says.is_empty() { "Returned" } else { "Differs" })
    }
}

/// The latest returns that left a draft behind.
pub(super) fn lines(look: &Look) -> Vec<Line> {
    view::ended(&look.site).take(LOOKED).filter_map(|loan| line(look, loan)).take(MOST).collect()
}

fn line(look: &Look, loan: &Arc<Loan>) -> Option<Line> {
    let site = &look.site;
    let of_loan = |ticket: &&Arc<Ticket>| ticket.loan == Some(loan.id) && ticket.state == TicketState::Draft;
    let tickets: Vec<_> = ticket::open_of(site, loan.asset).filter(of_loan).cloned().collect();
    let drafts = charge::open_of(site, &loan.person).filter(|charge| charge.loan == Some(loan.id) && charge.state == ChargeState::Draft);
    let charges: Vec<_> = drafts.cloned().collect();
    if tickets.is_empty() && charges.is_empty() {
        return None;
    }
    let says = loan.diff.as_ref().filter(|diff| !diff.differences.is_empty()).map(|diff| diff.words()).unwrap_or_default();
    let tag = site.assets.get(&loan.asset)?.tag.clone();
    Some(Line { tag, who: look.person(&loan.person), back: look.moment(loan.in_at?), says, tickets, charges })
}

/// What the forms send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    amount: String,
}

/// `POST /loans/tickets/{id}/confirm`
pub(in crate::desk) async fn confirm_ticket(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>) -> Answer {
    go(&desk, &visitor, TicketId(id), Move::to(TicketState::Open)).await
}

/// `POST /loans/tickets/{id}/drop`
pub(in crate::desk) async fn drop_ticket(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>) -> Answer {
    go(&desk, &visitor, TicketId(id), Move::because(TicketState::Dropped, "looked at when it came back: nothing to repair")).await
}

async fn go(desk: &Desk, visitor: &Visitor, id: TicketId, to: Move) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = desk.change(visitor, move |w| ticket::go(w, id, to)).await;
    let notice = done.map(|ticket| Notice::done(format!("Ticket {id} is {}: {}", ticket.state.word(), ticket.title)));
    desk.then(visitor, notice.map_err(Into::into), "/loans")
}

/// `POST /loans/charges/{id}/confirm`
pub(in crate::desk) async fn confirm_charge(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(id): Path<u64>,
    Form(form): Form<Sent>,
) -> Answer {
    visitor.must_be(Role::Technician)?;
    let id = ChargeId(id);
    let outcome = match amount(&form.amount) {
        Err(refusal) => Err(refusal.into()),
        Ok(amount) => {
            let done = desk.change(&visitor, move |w| charge::confirm(w, id, amount)).await;
            let who = |charge: &Charge| desk.look().person(&charge.person);
            done.map_err(Into::into).map(|charge| Notice::done(format!("{} is due from {}.", charge.amount, who(&charge))))
        }
    };
    desk.then(&visitor, outcome, "/loans")
}

/// `POST /loans/charges/{id}/waive`
pub(in crate::desk) async fn waive_charge(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let id = ChargeId(id);
    let done = desk.change(&visitor, move |w| charge::waive(w, id, "waived when it came back")).await;
    let notice = done.map(|charge| Notice::done(format!("The charge of {} for {} is waived.", charge.amount, charge.person)));
    desk.then(&visitor, notice.map_err(Into::into), "/loans")
}
