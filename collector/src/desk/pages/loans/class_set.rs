//! Class sets at the counter: the borrower stays, scan after scan, and all of it is undone in one.

use crate::desk::api::moment;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::{Answer, Desk, address, scanned};
use askama::Template;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect};
use rollcall_site::access::Role;
use rollcall_site::loan::{self, Batch, Loan, NewLoan};
use rollcall_site::person::Person;
use rollcall_site::view::{self, LoanRow};
use rollcall_site::{LoanId, PersonId, Refusal};
use serde::Deserialize;
use std::sync::Arc;

/// What the address asks for, and the form sends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    scan: String,
    person: String,
    class: String,
    due: String,
    set: String,
    reason: String,
}

impl Ask {
    fn first(&self) -> Option<LoanId> {
        self.set.parse().ok()
    }

    /// The page with what stays from scan to scan.
    fn address(&self) -> String {
        let parts = [("person", self.person.as_str()), ("class", &self.class), ("due", &self.due), ("set", &self.set)];
        address::query("/loans/class-set", &parts)
    }
}

#[derive(Template)]
#[template(path = "loans/class_set.html")]
struct ClassSet {
    frame: Frame,
    look: Look,
    ask: Ask,
    person: Option<Arc<Person>>,
    lent: Vec<LoanRow>,
}

/// `GET /loans/class-set`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let look = desk.look();
    let person = PersonId::parse(&ask.person).ok().and_then(|id| look.site.persons.get(&id).cloned());
    let of_set = ask.first().into_iter().flat_map(|first| loan::of_batch(&look.site, first));
    let mut lent: Vec<LoanRow> = of_set.filter(|loan| loan.is_open()).map(|loan| view::loan_row(&look.site, loan, look.now)).collect();
    lent.reverse();
    page(&ClassSet { frame: Frame::of(&desk, &visitor, &look, Tab::Loans), ask, person, lent, look })
}

/// `POST /loans/class-set`: a card first, then one device after the other.
pub(in crate::desk) async fn scan(State(desk): State<Desk>, visitor: Visitor, Form(ask): Form<Ask>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let look = desk.look();
    let Ok(person) = PersonId::parse(&ask.person) else {
        let card = PersonId::parse(ask.scan.trim()).ok().filter(|id| look.site.persons.contains_key(id));
        return match card {
            Some(card) => Ok(Redirect::to(&Ask { person: card.to_string(), ..ask }.address()).into_response()),
            None => desk.then(&visitor, Err(Refusal::invalid("Scan the card of the teacher first.").into()), &ask.address()),
        };
    };
    match lend(&desk, &visitor, person, &ask).await {
        Ok(first) => Ok(Redirect::to(&Ask { set: first.to_string(), reason: String::new(), ..ask }.address()).into_response()),
        Err(trouble) => desk.then(&visitor, Err(trouble), &ask.address()),
    }
}

async fn lend(desk: &Desk, visitor: &Visitor, person: PersonId, ask: &Ask) -> Result<LoanId, Trouble> {
    let look = desk.look();
    let (site, scan) = (Arc::clone(&look.site), ask.scan.clone());
    let asset = desk.apart(move |_| Ok(Arc::clone(scanned::asset(&site, &scan)?))).await?;
    let (tag, old) = (asset.tag.clone(), scanned::old_label(&asset, &ask.scan));
    let due = moment::due(Some(&ask.due), look.now, &look.site)?;
    let batch = Some(ask.first().map_or(Batch::Begins, Batch::Of));
    let reason = Some(ask.reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    let new = NewLoan { due, batch, class: Some(ask.class.clone()), override_reason: reason, ..NewLoan::new(tag, person) };
    let heard = desk.collector.roll.heard();
    let loan = desk.change(visitor, move |w| loan::out(w, &heard, new)).await?;
    if let Some(old) = old {
        desk.sessions.tell(&visitor.session, old);
    }
    Ok(loan.batch.unwrap_or(loan.id))
}

/// What is undone: one loan, the return of one, or all loans of a set.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Mistake {
    loan: String,
    returned: String,
    set: String,
}

/// `POST /loans/undo`: one loan, a return, or a whole set, was a mistake.
pub(in crate::desk) async fn undo(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Mistake>) -> Answer {
    visitor.must_be(Role::Technician)?;
    if !form.returned.is_empty() {
        let id: LoanId = form.returned.parse().map_err(Refusal::from)?;
        let done = desk.change(&visitor, move |w| loan::reopen(w, id)).await.map_err(Trouble::from);
        let look = desk.look();
        let said = |loan: Arc<Loan>| {
            let still = format!("{} is not back: {} still has it, as before.", tag_of(&look, &loan), look.person(&loan.person));
            Notice::done(still)
        };
        return desk.then(&visitor, done.map(said), "/loans");
    }
    if form.loan.is_empty() {
        let first: LoanId = form.set.parse().map_err(Refusal::from)?;
        let done = desk.change(&visitor, move |w| loan::undo(w, first)).await.map_err(Trouble::from);
        let notice =
            done.map(|undone| Notice::done(format!("{} of the set are undone; the record keeps them, marked so.", undone.undone.len())));
        return desk.then(&visitor, notice, "/loans/class-set");
    }
    let id: LoanId = form.loan.parse().map_err(Refusal::from)?;
    let done = desk.change(&visitor, move |w| loan::undo_one(w, id)).await.map_err(Trouble::from);
    let look = desk.look();
    let notice = done.map(|loan| {
        let (tag, who) = (tag_of(&look, &loan), look.person(&loan.person));
        Notice::done(format!("{tag} was not lent to {who}: that loan is undone; the record keeps it, marked so."))
    });
    desk.then(&visitor, notice, "/loans")
}

fn tag_of(look: &Look, loan: &Loan) -> String {
    look.site.assets.get(&loan.asset).map_or_else(String::new, |asset| asset.tag.to_string())
}
