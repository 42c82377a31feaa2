//! Charges: what somebody is asked to pay for an asset that was damaged, lost, or came back without a part.

use crate::money::Money;
use crate::record::{Record, Rest, Table};
use crate::{AssetId, ChargeId, LoanId, PersonId, Refusal, Site, Working, asset, person};
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
        rest: Rest::new(),
    });
    let text = format!("Charge {} of {} proposed for {}: {}", charge.id, charge.amount, asset.tag, charge.why);
    w.event("charge.proposed", text).about(&asset).person = Some(charge.person.clone());
    Ok(charge)
}

/// The charges of somebody that are neither paid nor waived.
pub fn open_of<'a>(site: &'a Site, person: &PersonId) -> impl Iterator<Item = &'a Arc<Charge>> + use<'a> {
    let person = person.clone();
    let from = site.open_charges.range((person.clone(), ChargeId(0))..);
    from.take_while(move |(other, _)| *other == person).filter_map(|(_, id)| site.charges.get(id))
}
