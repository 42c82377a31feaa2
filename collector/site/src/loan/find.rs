//! Finds loans: the open one of an asset, all of an asset, all of somebody.

use super::Loan;
use crate::{AssetId, LoanId, PersonId, Site};
use std::sync::Arc;

impl Site {
    /// The open loan of an asset.
    pub fn open_loan(&self, asset: AssetId) -> Option<&Arc<Loan>> {
        self.open_loans.get(&asset).and_then(|id| self.loans.get(id))
    }

    /// How many loans are open.
    pub fn open_loan_count(&self) -> usize {
        self.due_loans.len()
    }

    /// Every loan that an asset ever had, oldest first.
    pub fn loans_of(&self, asset: AssetId) -> impl DoubleEndedIterator<Item = &Arc<Loan>> {
        self.asset_loans.range((asset, LoanId(0))..=(asset, LoanId(u64::MAX))).filter_map(|(_, id)| self.loans.get(id))
    }

    /// Every loan that somebody ever had, oldest first.
    pub fn loans_to<'a>(&'a self, person: &PersonId) -> impl DoubleEndedIterator<Item = &'a Arc<Loan>> + use<'a> {
        let numbers = (person.clone(), LoanId(0))..=(person.clone(), LoanId(u64::MAX));
        self.person_loans.range(numbers).filter_map(|(_, id)| self.loans.get(id))
    }
}
