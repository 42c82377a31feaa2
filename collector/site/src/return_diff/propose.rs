//! Proposes what follows from a difference: a ticket for the repair, and a charge for the borrower.

use super::{Diff, Difference, PartKind};
use crate::alert::Alert;
use crate::asset::Asset;
use crate::charge::{self, NewCharge};
use crate::loan::{self, Loan};
use crate::money::Money;
use crate::ticket::{self, Category, NewTicket, Priority, TicketState};
use crate::verdict::Policy;
use crate::{AlertId, Refusal, Site, TicketId, Working, words};
use std::sync::Arc;

/// The rules whose alerts tell of the same, alphabetical.
const SAME: &[&str] = &["display-missing", "memory-missing", "part-missing"];
/// Characters of a ticket's title or a charge's reason, at most.
const LONGEST: usize = 180;

/// Proposes a ticket and a charge for what is new in a difference, and notes their numbers.
///
/// # Errors
/// They could not be made.
pub(super) fn draft(w: &mut Working, asset: &Arc<Asset>, loan: &Loan, diff: &mut Diff, new: &[Difference]) -> Result<(), Refusal> {
    let alerts: Vec<AlertId> = w.site.live_alerts(Some(asset.id)).filter(|alert| tells_the_same(alert)).map(|alert| alert.id).collect();
    let texts: Vec<String> = new.iter().map(|difference| difference.text.clone()).collect();
    let what = words::first(texts, 3).join("; ");
    diff.ticket = match diff.ticket.or_else(|| known(&w.site, asset, &alerts)) {
        Some(known) => Some(known),
        None => Some(ticket_of(w, asset, loan, alerts, &what)?),
    };
    let lent_again = w.site.open_loan(asset.id).is_some();
    if diff.charge.is_none() && !lent_again && w.site.persons.contains_key(&loan.person) {
        diff.charge = Some(charge_of(w, asset, loan, new, &what)?);
    }
    Ok(())
}

fn tells_the_same(alert: &Arc<Alert>) -> bool {
    SAME.contains(&alert.rule.as_str())
}

/// The open ticket that one of the alerts has already.
fn known(site: &Site, asset: &Asset, alerts: &[AlertId]) -> Option<TicketId> {
    ticket::open_of(site, asset.id).find(|ticket| ticket.alerts.iter().any(|alert| alerts.contains(alert))).map(|ticket| ticket.id)
}

fn ticket_of(w: &mut Working, asset: &Asset, loan: &Loan, alerts: Vec<AlertId>, what: &str) -> Result<TicketId, Refusal> {
    let ticket = ticket::open(
        w,
        NewTicket {
            title: words::cut(format!("{} came back otherwise than it left: {what}", asset.tag), LONGEST),
            category: Category::Hardware,
            state: TicketState::Draft,
            priority: Priority::Normal,
            asset: Some(asset.id),
            loan: Some(loan.id),
            alerts,
            ..NewTicket::default()
        },
    )?;
    Ok(ticket.id)
}

fn charge_of(w: &mut Working, asset: &Arc<Asset>, loan: &Loan, new: &[Difference], what: &str) -> Result<crate::ChargeId, Refusal> {
    let amounts: Vec<Option<Money>> = new.iter().map(|difference| amount(&w.site, asset, &difference.part, w.now)).collect();
    let amount = amounts.iter().flatten().fold(Money::ZERO, |sum, amount| sum.plus(*amount));
    let unknown = if amounts.iter().any(Option::is_none) { "; the price is not known, set the amount" } else { "" };
    let why = format!("{} came back otherwise than it left: {}{unknown}", asset.tag, words::cut(what.to_owned(), LONGEST));
    let new = NewCharge { person: loan.person.clone(), asset: asset.id, loan: Some(loan.id), amount, why };
    Ok(charge::draft(w, new)?.id)
}

/// What is asked for a part: as the policy has it, or a share of what the asset is worth; none: its price is not known.
fn amount(site: &Site, asset: &Arc<Asset>, part: &str, now: jiff::Timestamp) -> Option<Money> {
    let share = || Some(loan::worth(site, asset, now)?.share(PartKind::of(part)?.share, 100));
    Policy::of(site, asset.kind).price(part).or_else(share)
}
