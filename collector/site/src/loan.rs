//! Loans: an asset in somebody's hands.

use crate::record::{Record, Rest, Table};
use crate::{AssetId, LoanId, PersonId, Site};
use jiff::Timestamp;
use rollcall_proto::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
