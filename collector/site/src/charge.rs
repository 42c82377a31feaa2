//! Charges: what somebody is asked to pay for an asset that was damaged, lost, or came back without a part.

use crate::loan::{self, Loan};
use crate::money::Money;
use crate::record::{Record, Rest, Table};
use crate::{AssetId, ChargeId, LoanId, PersonId, Refusal, Site, Tag, Working, asset, facts_text, person};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What somebody is asked to pay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Charge {
    /// Its number.
    pub id: ChargeId,
    /// Who.
    pub person: PersonId,
    /// For what.
    pub asset: AssetId,
    /// Of which loan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loan: Option<LoanId>,
    /// How much.
    pub amount: Money,
    /// Why, in words; no names of people.
    pub why: String,
    /// Where it stands.
    pub state: ChargeState,
    /// Since when it stands so.
    pub since: Timestamp,
    /// Who said so, where somebody did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Why it was waived or changed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Where a charge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChargeState {
    /// Proposed by Rollcall; nobody owes it before the technician confirms it.
    Draft,
    /// Owed.
    Due,
    /// Paid.
    Paid,
    /// Let go of.
    Waived,
}

impl ChargeState {
    /// As people say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "proposed",
            Self::Due => "owed",
            Self::Paid => "paid",
            Self::Waived => "waived",
        }
    }
}

impl Record for Charge {
    type Key = ChargeId;
    const KIND: &'static str = "charge";
    fn key(&self) -> ChargeId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.charges
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.charges
    }
    fn index(site: &mut Site, old: Option<&Self>, new: Option<&Self>) {
        if let Some(old) = old {
            site.open_charges.remove(&(old.person.clone(), old.id));
        }
        if let Some(new) = new.filter(|charge| charge.is_open()) {
            site.open_charges.insert((new.person.clone(), new.id));
        }
    }
}

impl Charge {
    /// Whether it is neither paid nor waived.
    pub fn is_open(&self) -> bool {
        matches!(self.state, ChargeState::Draft | ChargeState::Due)
    }
}

/// What is said of a charge to be proposed.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCharge {
    /// Who.
    pub person: PersonId,
    /// For what.
    pub asset: AssetId,
    /// Of which loan.
    pub loan: Option<LoanId>,
    /// How much.
    pub amount: Money,
    /// Why, in words.
    pub why: String,
}

/// Proposes a charge, which the technician confirms, changes or waives.
///
/// # Errors
/// No such person or asset.
pub fn draft(w: &mut Working, new: NewCharge) -> Result<Arc<Charge>, Refusal> {
    person::get(&w.site, &new.person)?;
    let asset = Arc::clone(asset::get(&w.site, new.asset)?);
    let charge = w.put(Charge {
        id: ChargeId(w.site.charges.get_max().map_or(1, |(id, _)| id.0 + 1)),
        person: new.person,
        asset: new.asset,
        loan: new.loan,
        amount: new.amount,
        why: new.why,
        state: ChargeState::Draft,
        since: w.now,
        by: String::new(),
        note: String::new(),
        rest: Rest::new(),
    });
    let text = format!("Charge {} of {} proposed for {}: {}", charge.id, charge.amount, asset.tag, charge.why);
    w.event("charge.proposed", text).about(&asset).person = Some(charge.person.clone());
    Ok(charge)
}

/// The charges that are neither paid nor waived, by person.
pub fn open(site: &Site) -> impl Iterator<Item = &Arc<Charge>> {
    site.open_charges.iter().filter_map(|(_, id)| site.charges.get(id))
}

/// The technician proposes a charge herself.
///
/// # Errors
/// No such person or asset, or no reason is given.
pub fn propose(w: &mut Working, person: &PersonId, tag: &Tag, amount: Money, why: &str) -> Result<Arc<Charge>, Refusal> {
    let (asset, why) = (asset::tagged(&w.site, tag)?.id, reason(why)?);
    let loan = w.site.loans_of(asset).next_back().filter(|loan| loan.person == *person && !loan.is_open()).map(|loan| loan.id);
    draft(w, NewCharge { person: person.clone(), asset, loan, amount, why })
}

/// The charges of somebody that are neither paid nor waived.
pub fn open_of<'a>(site: &'a Site, person: &PersonId) -> impl Iterator<Item = &'a Arc<Charge>> + use<'a> {
    let person = person.clone();
    let from = site.open_charges.range((person.clone(), ChargeId(0))..);
    from.take_while(move |(other, _)| *other == person).filter_map(|(_, id)| site.charges.get(id))
}

/// Longest reason, characters.
const REASON: usize = 200;

/// The charge with this number.
///
/// # Errors
/// There is none.
pub fn get(site: &Site, id: ChargeId) -> Result<&Arc<Charge>, Refusal> {
    site.charges.get(&id).ok_or_else(|| Refusal::not_found(format!("there is no charge {id}; `rollcall charge list` shows them")))
}

/// The technician confirms what was proposed, of another amount if she says so: it is owed now.
///
/// # Errors
/// No such charge, it is not a draft, or its amount is 0.
pub fn confirm(w: &mut Working, id: ChargeId, amount: Option<Money>) -> Result<Arc<Charge>, Refusal> {
    let charge = Arc::clone(get(&w.site, id)?);
    if charge.state != ChargeState::Draft {
        return Err(Refusal::conflict(format!("charge {id} is {} already", charge.state.word())));
    }
    let amount = amount.unwrap_or(charge.amount);
    if amount == Money::ZERO {
        return Err(Refusal::invalid(format!(
            "charge {id} is of 0.00: name its amount, or waive it with `rollcall charge waive {id} REASON`"
        )));
    }
    Ok(turn(w, &charge, Charge { amount, state: ChargeState::Due, ..(*charge).clone() }, "charge.confirmed"))
}

/// Changes the amount of a charge that is proposed or owed.
///
/// # Errors
/// No such charge, it is over, no reason is given, or the amount is 0.
pub fn change(w: &mut Working, id: ChargeId, amount: Money, why: &str) -> Result<Arc<Charge>, Refusal> {
    let charge = unsettled(w, id)?;
    if amount == Money::ZERO {
        return Err(Refusal::invalid(format!("an amount of 0.00 is no charge: waive it with `rollcall charge waive {id} REASON`")));
    }
    let note = reason(why)?;
    Ok(turn(w, &charge, Charge { amount, note, ..(*charge).clone() }, "charge.changed"))
}

/// Lets go of a charge.
///
/// # Errors
/// No such charge, it is over, or no reason is given.
pub fn waive(w: &mut Working, id: ChargeId, why: &str) -> Result<Arc<Charge>, Refusal> {
    let charge = unsettled(w, id)?;
    let note = reason(why)?;
    let charge = turn(w, &charge, Charge { state: ChargeState::Waived, note, ..(*charge).clone() }, "charge.waived");
    answered(w, &charge);
    Ok(charge)
}

/// It is paid.
///
/// # Errors
/// No such charge, it is not owed: a draft is confirmed first.
pub fn pay(w: &mut Working, id: ChargeId) -> Result<Arc<Charge>, Refusal> {
    let charge = unsettled(w, id)?;
    if charge.state == ChargeState::Draft {
        return Err(Refusal::conflict(format!("charge {id} is only proposed: confirm it first with `rollcall charge confirm {id}`")));
    }
    let charge = turn(w, &charge, Charge { state: ChargeState::Paid, ..(*charge).clone() }, "charge.paid");
    answered(w, &charge);
    Ok(charge)
}

/// Lets go of a charge for something that is at hand again, whose loan goes on or ends by itself.
pub(crate) fn let_go(w: &mut Working, id: ChargeId, why: &str) {
    if let Ok(charge) = unsettled(w, id) {
        turn(w, &charge, Charge { state: ChargeState::Waived, note: why.to_owned(), ..(*charge).clone() }, "charge.waived");
    }
}

/// The open charges for the loss of what an open loan is of.
pub(crate) fn for_loss(site: &Site, loan: &Loan) -> Vec<ChargeId> {
    open_of(site, &loan.person).filter(|charge| charge.loan == Some(loan.id)).map(|charge| charge.id).collect()
}

/// What was paid for the loss of what a loan was of.
pub(crate) fn paid_for_loss(site: &Site, loan: &Loan) -> Option<Arc<Charge>> {
    let paid = |charge: &&Arc<Charge>| charge.loan == Some(loan.id) && charge.state == ChargeState::Paid;
    site.charges.values().rev().find(paid).cloned()
}

/// A borrower who has paid, or who need not, has answered for what is lost.
fn answered(w: &mut Working, charge: &Charge) {
    let loan = charge.loan.and_then(|id| w.site.loans.get(&id)).cloned();
    if let Some(loan) = loan.filter(|loan| for_loss(&w.site, loan).is_empty()) {
        loan::answered_for(w, &loan);
    }
}

fn unsettled(w: &Working, id: ChargeId) -> Result<Arc<Charge>, Refusal> {
    let charge = get(&w.site, id)?;
    if charge.is_open() {
        Ok(Arc::clone(charge))
    } else {
        Err(Refusal::conflict(format!("charge {id} is {} already", charge.state.word())))
    }
}

fn reason(why: &str) -> Result<String, Refusal> {
    let refused = || Refusal::invalid(format!("say why in 1 to {REASON} characters: whoever reads it later wants to know"));
    facts_text::says(why, REASON).map(str::to_owned).ok_or_else(refused)
}

fn turn(w: &mut Working, before: &Charge, after: Charge, kind: &'static str) -> Arc<Charge> {
    let charge = w.put(Charge { since: w.now, by: w.actor.words(), ..after });
    let amount =
        if before.amount == charge.amount { charge.amount.to_string() } else { format!("{}, not {}", charge.amount, before.amount) };
    let note = if charge.note.is_empty() || charge.note == before.note { String::new() } else { format!(": {}", charge.note) };
    let text = format!("Charge {} of {amount} to {} is {}{note}", charge.id, charge.person, charge.state.word());
    let asset = w.site.assets.get(&charge.asset).cloned();
    let event = w.event(kind, text);
    if let Some(asset) = asset {
        event.about(&asset);
    }
    event.person = Some(charge.person.clone());
    charge
}
