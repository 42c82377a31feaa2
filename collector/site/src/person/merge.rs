//! Two ids of one human being become one: a provisional borrower whom the roster knows, or a card with a new number.

use super::{Person, get};
use crate::charge::Charge;
use crate::loan::{self, Loan};
use crate::ticket::Ticket;
use crate::{AssetId, PersonId, Refusal, Working, alert, reservation};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was moved from one id to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// Loans, those that are over too.
    pub loans: usize,
    /// Charges.
    pub charges: usize,
    /// Tickets.
    pub tickets: usize,
}

/// From which id to which.
pub(crate) type Move = BTreeMap<PersonId, PersonId>;

/// Moves everything of `from` to `into`, who is the same human being; `from` is then out of the records, and its key is to be destroyed.
/// A block of either holds.
///
/// # Errors
/// No such person, or the two are one.
pub fn merge(w: &mut Working, from: &PersonId, into: &PersonId) -> Result<Merged, Refusal> {
    let (gone, kept) = (Arc::clone(get(&w.site, from)?), Arc::clone(get(&w.site, into)?));
    if from == into {
        return Err(Refusal::invalid(format!("{from} is one person already: name the provisional one, and the one of the roster")));
    }
    if !gone.source.is_empty() && gone.source != kept.source && !kept.source.is_empty() {
        return Err(Refusal::conflict(format!(
            "{from} and {into} are two people of the roster; where they are one, mend it in the student information system first"
        )));
    }
    if kept.source.is_empty() && !gone.source.is_empty() {
        return Err(Refusal::conflict(format!("{from} is of the roster and {into} is not: say it the other way round")));
    }
    let blocked = kept.blocked.clone().or_else(|| gone.blocked.clone());
    if blocked != kept.blocked {
        w.put(Person { blocked, ..(*kept).clone() });
    }
    let merged = move_all(w, &BTreeMap::from([(from.clone(), into.clone())]));
    w.remove::<Person>(from);
    let words = format!(
        "{from} is {into}: {}, {} and {} were moved",
        crate::words::count(merged.loans, "loan", "loans"),
        crate::words::count(merged.charges, "charge", "charges"),
        crate::words::count(merged.tickets, "ticket", "tickets")
    );
    w.event("person.merged", words).person = Some(into.clone());
    Ok(merged)
}

/// Moves what names one of these ids to the other; walks over every charge and ticket once.
pub(crate) fn move_all(w: &mut Working, moves: &Move) -> Merged {
    let theirs = moves.iter().flat_map(|(from, into)| w.site.loans_to(from).map(move |loan| (loan, into)));
    let loans: Vec<Loan> = theirs.map(|(loan, into)| Loan { person: into.clone(), ..(**loan).clone() }).collect();
    let charges: Vec<Charge> = w
        .site
        .charges
        .values()
        .filter_map(|charge| Some(Charge { person: moves.get(&charge.person)?.clone(), ..(**charge).clone() }))
        .collect();
    let moved = |ticket: &Arc<Ticket>| Some(Ticket { person: Some(moves.get(ticket.person.as_ref()?)?.clone()), ..(**ticket).clone() });
    let tickets: Vec<Ticket> = w.site.tickets.values().filter_map(moved).collect();
    reservation::move_all(w, moves);
    loan::move_agreements(w, moves);
    let merged = Merged { loans: loans.len(), charges: charges.len(), tickets: tickets.len() };
    let touched: BTreeSet<AssetId> = loans.iter().filter(|loan| loan.in_at.is_none()).map(|loan| loan.asset).collect();
    loans.into_iter().for_each(|loan| drop(w.put(loan)));
    charges.into_iter().for_each(|charge| drop(w.put(charge)));
    tickets.into_iter().for_each(|ticket| drop(w.put(ticket)));
    touched.into_iter().for_each(|asset| alert::judge(w, asset));
    merged
}
