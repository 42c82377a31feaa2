//! What the reference says of a return that was a mistake.

use super::{Lent, Model, Past, Said, Status};

impl Model {
    /// What came back is out again, as it was; what happened to it since is not undone.
    pub(super) fn reopen(&mut self, id: u64) -> Said {
        let Some(Past { lent, back: Some(broken) }) = self.past.get(&id).cloned() else { return Said::No };
        let owed = self.charges.values().any(|charge| charge.loan == id && charge.is_due);
        if !self.is_at_hand(lent.asset) || self.ended_since(lent.asset, id) || owed || self.paid.contains(&id) {
            return Said::No;
        }
        let (mut parts, mut alone) = (Vec::new(), Vec::new());
        for part in lent.parts.iter().copied() {
            match self.left_over(id, part) {
                // It is still with the borrower.
                Some(own) if self.loans.get(&own).is_some_and(|lent| !lent.gone) => alone.push(own),
                Some(own) if self.loans.contains_key(&own) => return Said::No,
                // It came back later, or was lent to somebody else since.
                Some(_) => continue,
                None if self.ended_since(part, id) => continue,
                None if self.is_at_hand(part) => {}
                None => return Said::No,
            }
            parts.push(part);
        }
        self.undone += alone.len() as u64;
        self.loans.retain(|id, _| !alone.contains(id));
        self.charges.retain(|_, charge| charge.loan != id);
        if broken && self.assets[lent.asset] == Status::InRepair {
            self.assets[lent.asset] = Status::InService;
        }
        self.past.remove(&id);
        self.loans.insert(id, Lent { parts, ..lent });
        Said::Yes
    }

    /// Whether an asset was out under a later loan, by itself or with a kit, which is over.
    fn ended_since(&self, asset: usize, id: u64) -> bool {
        self.past.range(id + 1..).any(|(_, past)| past.lent.has(asset))
    }

    /// The loan under which a part stayed out when its kit came back.
    fn left_over(&self, id: u64, part: usize) -> Option<u64> {
        let stands = |own: &u64| self.loans.get(own).or_else(|| Some(&self.past.get(own)?.lent)).is_some_and(|lent| lent.asset == part);
        self.alone.iter().filter(|(own, of)| **of == id && stands(own)).map(|(own, _)| *own).next_back()
    }
}
