//! Reopens: a return that was a mistake is undone, and the loan goes on as it was.

use super::{Condition, Loan, lending, tag_of};
use crate::asset::{AssetFacts, AssetStatus};
use crate::charge::{self, Charge, ChargeState};
use crate::ticket::{self, Move, Ticket, TicketState};
use crate::{AssetId, LoanId, Refusal, Site, Working, alert, asset, person};
use jiff::Timestamp;
use std::ops::Bound;
use std::sync::Arc;

/// Why the drafts of a return that was undone are let go of.
const WHY: &str = "its return was a mistake, and is undone";

/// Undoes a return: the asset and the parts of its kit are still lent, as they were. What the return proposed is let go of; a part that it
/// left with the borrower under a loan of its own is under this loan again.
///
/// # Errors
/// No such loan, it did not end with a return, or another loan followed; the asset or a part is not here any more; what the return proposed
/// is a charge that is owed or paid by now, or a ticket that is worked on.
pub fn reopen(w: &mut Working, id: LoanId) -> Result<Arc<Loan>, Refusal> {
    let loan = Arc::clone(super::get(&w.site, id)?);
    let back_at = returned_at(&loan)?;
    let asset = Arc::clone(asset::get(&w.site, loan.asset)?);
    person::get(&w.site, &loan.person)?;
    lending::is_at_hand(&w.site, &asset)?;
    if lent_since(&w.site, asset.id, id).next().is_some() {
        return Err(Refusal::conflict(format!("{} was lent again after loan {id}: only its last return can be undone", asset.tag)));
    }
    let (parts, alone) = parts_again(&w.site, &loan)?;
    let (charges, tickets) = demands(&w.site, &loan, back_at)?;
    charges.into_iter().for_each(|charge| charge::let_go(w, charge, WHY));
    for ticket in tickets {
        ticket::go(w, ticket, Move::because(TicketState::Dropped, WHY))?;
    }
    if loan.back.as_ref().is_some_and(|back| back.condition == Condition::Broken) && asset.status == AssetStatus::InRepair {
        asset::set(w, asset.id, AssetFacts { status: Some(AssetStatus::InService), ..AssetFacts::default() })?;
    }
    for alone in alone {
        w.put(Loan { in_at: Some(w.now), undone: true, ..(*alone).clone() });
    }
    let here: Vec<AssetId> = loan.parts.iter().copied().filter(|part| !parts.contains(part)).collect();
    let loan = w.put(Loan { in_at: None, back: None, diff: None, parts, ..(*loan).clone() });
    let mut text = format!("The return of {} is undone: it is still lent to {}", asset.tag, loan.person);
    here.iter().for_each(|part| text.push_str(&format!("; {}, which came back since, is here", tag_of(&w.site, *part))));
    w.event("loan.reopened", text).about(&asset).person = Some(loan.person.clone());
    loan.assets().chain(here).for_each(|asset| alert::judge(w, asset));
    Ok(loan)
}

/// When what was lent came back.
fn returned_at(loan: &Loan) -> Result<Timestamp, Refusal> {
    let id = loan.id;
    match loan.in_at {
        None => Err(Refusal::conflict(format!("loan {id} is not over: there is no return to undo"))),
        Some(_) if loan.undone => Err(Refusal::conflict(format!("loan {id} was undone itself: lend it anew"))),
        Some(_) if loan.gone.is_some() => {
            Err(Refusal::conflict(format!("loan {id} ended because what is gone was answered for: there is no return to undo")))
        }
        Some(at) => Ok(at),
    }
}

/// The loans under which an asset was out later, by itself or as a part of a kit.
fn lent_since(site: &Site, asset: AssetId, id: LoanId) -> impl Iterator<Item = &Arc<Loan>> {
    let later = site.loans.range((Bound::Excluded(id), Bound::Unbounded)).map(|(_, loan)| loan);
    later.filter(move |loan| !loan.undone && loan.assets().any(|other| other == asset))
}

/// The parts that are with it again, and the loans of their own under which they stayed out. A part that came back under its own loan since
/// is here, and stays.
fn parts_again(site: &Site, loan: &Loan) -> Result<(Vec<AssetId>, Vec<Arc<Loan>>), Refusal> {
    let (mut parts, mut alone) = (Vec::new(), Vec::new());
    for id in &loan.parts {
        let Some(part) = site.assets.get(id) else { continue };
        let of_loan = |other: &&Arc<Loan>| other.id > loan.id && other.out_at == loan.out_at && other.person == loan.person;
        match site.loans_of(*id).rev().find(|other| !other.undone && of_loan(other)) {
            Some(own) if own.is_open() && own.gone.is_none() => alone.push(Arc::clone(own)),
            Some(own) if !own.is_open() => continue,
            // It was lent to somebody else since, and is here: it stays.
            None if lent_since(site, *id, loan.id).any(|other| !other.is_open()) => continue,
            _ => lending::is_at_hand(site, part)?,
        }
        parts.push(*id);
    }
    Ok((parts, alone))
}

/// The drafts that the return proposed.
fn demands(site: &Site, loan: &Loan, back_at: Timestamp) -> Result<(Vec<crate::ChargeId>, Vec<crate::TicketId>), Refusal> {
    let of_return = |charge: &&Arc<Charge>| charge.loan == Some(loan.id) && charge.since >= back_at && charge.state != ChargeState::Waived;
    let charges: Vec<&Arc<Charge>> = site.charges.values().filter(of_return).collect();
    if let Some(charge) = charges.iter().find(|charge| charge.state != ChargeState::Draft) {
        let (id, word) = (charge.id, charge.state.word());
        return Err(Refusal::conflict(format!("charge {id} for what came back under loan {} is {word}: the return stands", loan.id)));
    }
    let of_return = |ticket: &&Arc<Ticket>| ticket.loan == Some(loan.id) && ticket.opened_at >= back_at;
    let tickets: Vec<&Arc<Ticket>> = ticket::open_of(site, loan.asset).filter(of_return).collect();
    if let Some(ticket) = tickets.iter().find(|ticket| ticket.state != TicketState::Draft) {
        return Err(Refusal::conflict(format!(
            "ticket {} is worked on for what came back under loan {}: drop it first with `rollcall ticket drop {}`",
            ticket.id, loan.id, ticket.id
        )));
    }
    Ok((charges.iter().map(|charge| charge.id).collect(), tickets.iter().map(|ticket| ticket.id).collect()))
}
