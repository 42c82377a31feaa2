//! Loans: an asset in somebody's hands.

use crate::presence::Heard;
use crate::record::{Record, Rest, Table};
use crate::verdict::{self, Verdict};
use crate::{AssetId, LoanId, PersonId, Refusal, Site, Tag, Working, alert, asset, person};
use jiff::Timestamp;
use rollcall_proto::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

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
    /// Back since.
    pub in_at: Option<Timestamp>,
    /// Lent by.
    pub by: String,
    /// The sections' digests when it left.
    pub frozen: BTreeMap<String, Digest>,
    /// Why it was lent though the verdict was STOP.
    pub override_reason: Option<String>,
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
        if let Some(old) = old.filter(|loan| loan.in_at.is_none()) {
            site.open_loans.remove(&old.asset);
            site.held_loans.remove(&(old.person.clone(), old.id));
            site.due_loans.remove(&(old.falls_due(), old.id));
        }
        if let Some(new) = new.filter(|loan| loan.in_at.is_none()) {
            site.open_loans.insert(new.asset, new.id);
            site.held_loans.insert((new.person.clone(), new.id));
            site.due_loans.insert((new.falls_due(), new.id));
        }
        let ended = |loan: Option<&Self>| loan.and_then(|loan| Some((loan.in_at?, loan.id)));
        ended(old).map(|ended| site.ended_loans.remove(&ended));
        ended(new).map(|ended| site.ended_loans.insert(ended));
        if let (None, Some(new)) = (old, new) {
            site.asset_loans.insert((new.asset, new.id));
        }
        if let (Some(old), None) = (old, new) {
            site.asset_loans.remove(&(old.asset, old.id));
        }
    }
}

impl Loan {
    /// When it is due, in the order of due dates: one without a date comes after all others.
    pub(crate) fn falls_due(&self) -> Timestamp {
        self.due.unwrap_or(Timestamp::MAX)
    }
}

/// Lends an asset.
///
/// # Errors
/// No such asset or person; it is out already (`Conflict`, says to whom); the verdict is STOP and no reason to override it was given.
pub fn out(
    w: &mut Working,
    heard: &Heard,
    tag: &Tag,
    person: &PersonId,
    due: Option<Timestamp>,
    override_reason: Option<String>,
) -> Result<Arc<Loan>, Refusal> {
    let asset = Arc::clone(asset::tagged(&w.site, tag)?);
    person::get(&w.site, person)?;
    if let Some(loan) = w.site.open_loan(asset.id) {
        return Err(Refusal::conflict(format!(
            "{tag} is out already: lent to {} on {}; take it back first with `rollcall loan in {tag}`",
            loan.person,
            loan.out_at.strftime("%F")
        )));
    }
    if due.is_some_and(|due| due <= w.now) {
        return Err(Refusal::invalid("the due date is over already: give a time to come"));
    }
    let reason = override_reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    let check = verdict::check(&w.site, heard, tag, Some(person), w.now)?;
    let reason = reason.filter(|_| check.verdict == Verdict::Stop);
    if check.verdict == Verdict::Stop && reason.is_none() {
        let why: Vec<_> =
            check.reasons.iter().filter(|reason| reason.verdict == Verdict::Stop).map(|reason| reason.text.as_str()).collect();
        return Err(Refusal::forbidden(format!("STOP for {tag}: {}; lend another one, or override it with a reason", why.join("; "))));
    }
    let frozen = asset
        .device
        .and_then(|device| w.site.profiles.get(&device))
        .map(|profile| profile.digests().map(|(name, digest)| (name.to_owned(), digest)).collect());
    let loan = Loan {
        id: LoanId(w.site.loans.get_max().map_or(1, |(id, _)| id.0 + 1)),
        asset: asset.id,
        person: person.clone(),
        out_at: w.now,
        due,
        in_at: None,
        by: w.actor.words(),
        frozen: frozen.unwrap_or_default(),
        override_reason: reason,
        rest: Rest::new(),
    };
    let loan = w.put(loan);
    let until = due.map_or_else(String::new, |due| format!(", due {}", crate::words::utc(due)));
    let override_words = loan.override_reason.as_ref().map_or_else(String::new, |reason| format!("; verdict STOP overridden: {reason}"));
    let event = w.event("loan.out", format!("{tag} lent to {person}{until}{override_words}"));
    event.about(&asset).person = Some(person.clone());
    alert::judge(w, asset.id);
    Ok(loan)
}

/// Takes an asset back.
///
/// # Errors
/// No such asset, or it is not out.
pub fn back(w: &mut Working, tag: &Tag) -> Result<Arc<Loan>, Refusal> {
    let asset = Arc::clone(asset::tagged(&w.site, tag)?);
    let loan = w.site.open_loan(asset.id).cloned().ok_or_else(|| Refusal::conflict(format!("{tag} is not out: nobody has it")))?;
    let loan = w.put(Loan { in_at: Some(w.now), ..(*loan).clone() });
    let event = w.event("loan.in", format!("{tag} returned by {}", loan.person));
    event.about(&asset).person = Some(loan.person.clone());
    alert::judge(w, asset.id);
    Ok(loan)
}
