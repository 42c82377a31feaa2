//! Loans: an asset in somebody's hands.

use crate::presence::Heard;
use crate::record::{Record, Rest, Table};
use crate::{AssetId, LoanId, PersonId, Refusal, Site, Tag, Working};
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
        }
        if let Some(new) = new.filter(|loan| loan.in_at.is_none()) {
            site.open_loans.insert(new.asset, new.id);
        }
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
    let _ = (w, heard, tag, person, due, override_reason);
    todo!()
}

/// Takes an asset back.
///
/// # Errors
/// No such asset, or it is not out.
pub fn back(w: &mut Working, tag: &Tag) -> Result<Arc<Loan>, Refusal> {
    let _ = (w, tag);
    todo!()
}
