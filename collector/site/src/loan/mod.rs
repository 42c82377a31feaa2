//! Loans: an asset in somebody's hands, with all that left with it.

mod agreement;
mod bell;
mod class_set;
mod find;
mod gone;
mod lending;
mod limits;
pub mod policy;
mod renew;
mod reopen;
mod returning;
#[cfg(test)]
pub(crate) mod sample;
mod school_day;
#[cfg(test)]
mod tests;
mod value;

pub use agreement::{Agreement, agree, school_year};
pub(crate) use agreement::{forget_person, move_agreements};
pub use bell::{Edge, bell_named};
pub use class_set::{Undone, of_batch, undo, undo_one};
pub(crate) use gone::answered_for;
pub use gone::{Found, Gone, How, found, lost};
pub use lending::{Batch, Due, NewLoan, out};
pub use limits::Objection;
pub(crate) use limits::objections;
pub use renew::renew;
pub use reopen::reopen;
pub use returning::{Condition, Return, Returned, back};
pub use school_day::{end_of, is_school_day, next_school_day};
pub use value::{Proposal, worth};

use crate::asset::Asset;
use crate::device::{Device, DeviceState};
use crate::presence::Presence;
use crate::record::{self, Record, Rest, Table};
use crate::return_diff::Diff;
use crate::{AssetId, LoanId, PersonId, Refusal, Site, Tag, asset, rule};
use jiff::Timestamp;
use rollcall_proto::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Assets that are judged in one change.
const MOST_JUDGED: usize = 200;

/// An asset in somebody's hands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loan {
    /// Its number.
    pub id: LoanId,
    /// What.
    pub asset: AssetId,
    /// Who.
    pub person: PersonId,
    /// Since when.
    pub out_at: Timestamp,
    /// Due back.
    pub due: Option<Timestamp>,
    /// Back since, or over since.
    pub in_at: Option<Timestamp>,
    /// Lent by.
    pub by: String,
    /// The sections' digests when it left.
    pub frozen: BTreeMap<String, Digest>,
    /// Why it was lent though the verdict was STOP.
    pub override_reason: Option<String>,
    /// What left with it that has no tag: "charger", "case".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accessories: Vec<String>,
    /// The assets of its kit that left with it; they are out as long as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<AssetId>,
    /// The class set that it belongs to: the number of the set's first loan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<LoanId>,
    /// The class that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// How often it was renewed.
    #[serde(default, skip_serializing_if = "crate::record::is_default")]
    pub renewals: u16,
    /// It is lost or stolen, and still to be answered for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Gone>,
    /// How it came back; none for one that is out, that was undone, or that came back to an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Box<Return>>,
    /// What was different when it came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<Box<Diff>>,
    /// It was a mistake, and undone: nothing ever left.
    #[serde(default, skip_serializing_if = "crate::record::is_default")]
    pub undone: bool,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Loan {
    type Key = LoanId;
    const KIND: &'static str = "loan";
    fn key(&self) -> LoanId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.loans
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.loans
    }
    fn index(site: &mut Site, old: Option<&Self>, new: Option<&Self>) {
        if let Some(old) = old.filter(|loan| loan.is_open()) {
            for asset in old.assets() {
                record::leave(&mut site.open_loans, &asset, &old.id);
            }
            site.held_loans.remove(&(old.person.clone(), old.id));
            site.due_loans.remove(&(old.falls_due(), old.id));
        }
        if let Some(new) = new.filter(|loan| loan.is_open()) {
            for asset in new.assets() {
                site.open_loans.insert(asset, new.id);
            }
            site.held_loans.insert((new.person.clone(), new.id));
            site.due_loans.insert((new.falls_due(), new.id));
        }
        let ended = |loan: Option<&Self>| loan.and_then(|loan| Some((loan.in_at?, loan.id)));
        ended(old).map(|ended| site.ended_loans.remove(&ended));
        ended(new).map(|ended| site.ended_loans.insert(ended));
        if let Some(old) = old.filter(|loan| loan.is_uncompared()) {
            site.uncompared_loans.remove(&(old.asset, old.id));
        }
        if let Some(new) = new.filter(|loan| loan.is_uncompared()) {
            site.uncompared_loans.insert((new.asset, new.id));
        }
        if old.map(|loan| &loan.person) != new.map(|loan| &loan.person) {
            old.map(|loan| site.person_loans.remove(&(loan.person.clone(), loan.id)));
            new.map(|loan| site.person_loans.insert((loan.person.clone(), loan.id)));
        }
        let began = |loan: Option<&Self>| loan.map(|loan| (loan.out_at, loan.id));
        if began(old) != began(new) {
            began(old).map(|began| site.lent_loans.remove(&began));
            began(new).map(|began| site.lent_loans.insert(began));
        }
        if let (None, Some(new)) = (old, new) {
            site.asset_loans.insert((new.asset, new.id));
        }
        if let (Some(old), None) = (old, new) {
            site.asset_loans.remove(&(old.asset, old.id));
        }
    }
}

impl Loan {
    /// Whether somebody still has it, or has to answer for it.
    pub fn is_open(&self) -> bool {
        self.in_at.is_none()
    }

    /// Whether it should be back by now. What is lost or stolen is a matter of its own.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_open() && self.gone.is_none() && self.due.is_some_and(|due| due < now)
    }

    /// Whether its asset is compared with how it left when it next reports.
    pub(crate) fn is_uncompared(&self) -> bool {
        self.diff.as_ref().is_some_and(|diff| diff.pending)
    }

    /// When it is due, in the order of due dates: one without a date comes after all others.
    pub(crate) fn falls_due(&self) -> Timestamp {
        self.due.unwrap_or(Timestamp::MAX)
    }

    /// Everything with a tag that left: the asset itself, then the parts of its kit.
    pub fn assets(&self) -> impl Iterator<Item = AssetId> + '_ {
        std::iter::once(self.asset).chain(self.parts.iter().copied())
    }

    /// What left with the asset, in words: accessories by name, the parts of its kit by tag.
    pub fn along(&self, site: &Site) -> Vec<String> {
        self.accessories.iter().cloned().chain(self.parts.iter().map(|part| tag_of(site, *part))).collect()
    }
}

/// The loan with this number.
///
/// # Errors
/// There is none.
pub fn get(site: &Site, id: LoanId) -> Result<&Arc<Loan>, Refusal> {
    site.loans.get(&id).ok_or_else(|| Refusal::not_found(format!("there is no loan {id}; `rollcall loan list --all` shows them")))
}

/// The loan under which an asset is out.
///
/// # Errors
/// No such asset, it is not out, or it is out as a part of another asset's kit (says of which).
pub fn open_of<'a>(site: &'a Site, tag: &Tag) -> Result<&'a Arc<Loan>, Refusal> {
    let asset = asset::tagged(site, tag)?;
    let loan = site.open_loan(asset.id).ok_or_else(|| Refusal::conflict(format!("{tag} is not out: nobody has it")))?;
    match site.assets.get(&loan.asset).filter(|main| main.id != asset.id) {
        Some(main) => Err(Refusal::conflict(format!("{tag} is out as a part of the kit of {}: scan {} instead", main.tag, main.tag))),
        None => Ok(loan),
    }
}

/// The loans that should be back by now, the one that was due first first.
pub fn overdue(site: &Site, now: Timestamp) -> impl Iterator<Item = &Arc<Loan>> {
    let due = site.due_loans.iter().take_while(move |(due, _)| *due < now);
    due.filter_map(|(_, id)| site.loans.get(id)).filter(|loan| loan.gone.is_none())
}

/// A tag for a text that people read; an asset that is not there any more has none.
pub(crate) fn tag_of(site: &Site, asset: AssetId) -> String {
    site.assets.get(&asset).map_or_else(|| "an asset that is gone".to_owned(), |asset| asset.tag.to_string())
}

/// What the next loan is numbered.
fn next_id(site: &Site) -> LoanId {
    LoanId(site.loans.get_max().map_or(1, |(id, _)| id.0 + 1))
}

/// The overdue loans whose machine reports in, and of which nobody was told: it was not overdue when it was last judged.
pub fn to_judge(site: &Site, now: Timestamp) -> Vec<AssetId> {
    let speaks = |device: &Device| device.state == DeviceState::Active && device.presence == Presence::Here;
    let holds = |asset: &Asset| {
        let room = asset.room.as_ref().and_then(|room| site.rooms.get(room)).map(|room| &**room);
        rule::Rule::of("overdue-seen").is_some_and(|own| rule::holds(site, room, own))
    };
    let is_here = |asset: &Asset| site.device_of(asset).is_some_and(|device| speaks(device)) && holds(asset);
    let told = |asset: AssetId| site.live_alerts(Some(asset)).any(|alert| alert.rule == "overdue-seen");
    let late = overdue(site, now).filter_map(|loan| site.assets.get(&loan.asset));
    late.filter(|asset| is_here(asset) && !told(asset.id)).map(|asset| asset.id).take(MOST_JUDGED).collect()
}
