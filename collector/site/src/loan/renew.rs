//! Renews: a later due date, as often as the policy allows, unless somebody else has reserved it.

use super::{Due, Loan, lending, limits, open_of, policy};
use crate::asset::Asset;
use crate::facts_text::short;
use crate::{Refusal, Tag, Working, alert, asset, person, reservation, words};
use std::sync::Arc;

/// Gives a loan a later due date: by policy, as long again from today.
///
/// # Errors
/// No such asset, it is not out, or lost; it was renewed as often as the policy allows; somebody else has reserved it for that time; the
/// new date is not later. The second and third can be overridden with a reason.
pub fn renew(w: &mut Working, tag: &Tag, due: Due, override_reason: Option<&str>) -> Result<Arc<Loan>, Refusal> {
    let loan = Arc::clone(open_of(&w.site, tag)?);
    let asset = Arc::clone(asset::get(&w.site, loan.asset)?);
    let borrower = Arc::clone(person::get(&w.site, &loan.person)?);
    if let Some(gone) = &loan.gone {
        return Err(Refusal::conflict(format!("{tag} is {}: it can't be renewed", gone.how.word())));
    }
    let until = lending::due_of(&w.site, &asset, &borrower, due, w.now)?;
    // One without a date can only be given one.
    if until.is_some() && loan.due.is_some() && until <= loan.due {
        let has = loan.due.map_or_else(String::new, |due| format!("is due {} already", words::utc(due)));
        return Err(Refusal::conflict(format!("{tag} {has}: name a later date with --due")));
    }
    let reason = override_reason.map(|reason| short("a reason", reason, 300)).transpose()?.filter(|reason| !reason.is_empty());
    let most = policy::of(&w.site).terms(borrower.role, asset.kind).renewals;
    let with_it: Vec<&Asset> = loan.assets().filter_map(|asset| w.site.assets.get(&asset)).map(|asset| &**asset).collect();
    let (from, to) = (loan.due.unwrap_or(w.now).max(w.now), until.unwrap_or(jiff::Timestamp::MAX));
    let against = match reservation::conflicting(&w.site, &with_it, from, to, &loan.person) {
        Some(other) => Some(format!("{} from {}", limits::taken_from(other, &with_it), words::utc(other.from))),
        None if loan.renewals >= most => {
            Some(format!("it was renewed {} already, which is the most", words::count(loan.renewals, "time", "times")))
        }
        None => None,
    };
    if let (Some(against), None) = (&against, &reason) {
        return Err(Refusal::forbidden(format!("{tag} can't be renewed: {against}; ask for it back, or give a reason with --override")));
    }
    let loan = w.put(Loan { due: until, renewals: loan.renewals.saturating_add(1), ..(*loan).clone() });
    let until = until.map_or_else(|| "without a date".to_owned(), |due| format!("until {}", words::utc(due)));
    let although = match (against, reason) {
        (Some(against), Some(reason)) => format!("; although {against}: {reason}"),
        _ => String::new(),
    };
    let text = format!("The loan of {tag} to {} is renewed {until} (renewal {}){although}", loan.person, loan.renewals);
    w.event("loan.renewed", text).about(&asset).person = Some(loan.person.clone());
    alert::judge(w, asset.id);
    Ok(loan)
}
