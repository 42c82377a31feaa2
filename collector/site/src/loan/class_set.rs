//! Class sets: many loans in a row that belong together, and can be undone in one.

use super::Loan;
use crate::{LoanId, Refusal, Site, Working, alert, reservation, words};
use std::sync::Arc;

/// What undoing a class set came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Undone {
    /// The loans that are undone.
    pub undone: Vec<Arc<Loan>>,
    /// The loans that were over before, and stay as they are.
    pub over: usize,
}

/// The loans of a class set, in the order of the scans.
pub fn of_batch(site: &Site, first: LoanId) -> impl Iterator<Item = &Arc<Loan>> {
    site.loans.range(first..).map(|(_, loan)| loan).filter(move |loan| loan.batch == Some(first))
}

/// The class set that began with this loan.
///
/// # Errors
/// None did.
pub(super) fn begun(site: &Site, first: LoanId) -> Result<LoanId, Refusal> {
    let begins = site.loans.get(&first).is_some_and(|loan| loan.batch == Some(first));
    if begins {
        Ok(first)
    } else {
        Err(Refusal::not_found(format!("no class set begins with loan {first}; `rollcall loan list` shows them")))
    }
}

/// Undoes a class set: every loan of it that is still out was a mistake. The record keeps them, marked so. What is lost or stolen did leave.
///
/// # Errors
/// There is no such class set, or nothing of it is out any more.
pub fn undo(w: &mut Working, first: LoanId) -> Result<Undone, Refusal> {
    begun(&w.site, first)?;
    let loans: Vec<Arc<Loan>> = of_batch(&w.site, first).cloned().collect();
    let mut undone = Undone::default();
    for loan in loans {
        if is_undoable(&loan) {
            undone.undone.push(take_out(w, &loan));
        } else {
            undone.over += 1;
        }
    }
    if undone.undone.is_empty() {
        return Err(Refusal::conflict(format!("nothing of class set {first} is out any more: there is nothing to undo")));
    }
    let text = format!("Class set {first} undone: {}", words::count(undone.undone.len(), "loan", "loans"));
    w.event("loan.set-undone", text).person = undone.undone.first().map(|loan| loan.person.clone());
    Ok(undone)
}

/// Undoes one loan that was a mistake; the record keeps it, marked so.
///
/// # Errors
/// There is no such loan, or it is over.
pub fn undo_one(w: &mut Working, id: LoanId) -> Result<Arc<Loan>, Refusal> {
    let loan = Arc::clone(super::get(&w.site, id)?);
    if !is_undoable(&loan) {
        return Err(Refusal::conflict(format!("loan {id} is over, or what it is of is gone: there is nothing to undo")));
    }
    Ok(take_out(w, &loan))
}

fn is_undoable(loan: &Loan) -> bool {
    loan.is_open() && loan.gone.is_none()
}

fn take_out(w: &mut Working, loan: &Loan) -> Arc<Loan> {
    let loan = w.put(Loan { in_at: Some(w.now), undone: true, ..loan.clone() });
    reservation::unfulfil(w, &loan);
    let text = format!("The loan of {} to {} is undone: it was a mistake", super::tag_of(&w.site, loan.asset), loan.person);
    let asset = w.site.assets.get(&loan.asset).cloned();
    let event = w.event("loan.undone", text);
    if let Some(asset) = asset {
        event.about(&asset);
    }
    event.person = Some(loan.person.clone());
    loan.assets().for_each(|asset| alert::judge(w, asset));
    loan
}
