//! A small reference of lending: what is open, by plain lists and counts, and what of late is over and may be taken back.

mod again;
mod supply;

use super::steps::{Back, Step, Wish};
use std::collections::{BTreeMap, BTreeSet};

/// Hours before its time at which a reservation may be fetched.
const EARLY: i64 = 12;
/// Loans that are over are remembered for so many loans.
pub const REMEMBERED: u64 = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    InService,
    InRepair,
    Lost,
    Stolen,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lent {
    pub asset: usize,
    /// What of its kit is out with it.
    pub parts: Vec<usize>,
    pub charger: bool,
    pub person: usize,
    /// None: some day.
    pub due: Option<i64>,
    pub batch: Option<u64>,
    pub renewals: u16,
    pub gone: bool,
}

impl Lent {
    pub fn has(&self, asset: usize) -> bool {
        self.asset == asset || self.parts.contains(&asset)
    }

    /// Until when it is out.
    fn until(&self) -> i64 {
        self.due.unwrap_or(i64::MAX)
    }
}

/// A loan that is over, and was no mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    pub lent: Lent,
    /// How it came back; none: it did not, and was answered for.
    pub back: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    pub person: usize,
    pub loan: u64,
    pub is_due: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub wish: Wish,
    pub count: usize,
    pub person: usize,
    pub from: i64,
    pub until: i64,
    pub lent: Vec<u64>,
}

/// Everything that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    pub now: i64,
    pub assets: Vec<Status>,
    /// To whose kit each asset belongs.
    pub whole: Vec<Option<usize>>,
    pub loans: BTreeMap<u64, Lent>,
    pub past: BTreeMap<u64, Past>,
    /// Loans of a part that did not come back with its kit, and the kit's loan.
    pub alone: BTreeMap<u64, u64>,
    /// Loans for which something was paid.
    pub paid: BTreeSet<u64>,
    pub charges: BTreeMap<u64, Owed>,
    pub kept: BTreeMap<u64, Kept>,
    pub made: (u64, u64, u64),
    pub undone: u64,
}

/// What the reference says of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Yes,
    No,
    /// The reservations could not all be served before it already: no is right, yes only if it takes nothing more away.
    Unsure,
}

impl Model {
    pub fn new(whole: Vec<Option<usize>>) -> Self {
        Self {
            now: 0,
            assets: vec![Status::InService; whole.len()],
            whole,
            loans: BTreeMap::new(),
            past: BTreeMap::new(),
            alone: BTreeMap::new(),
            paid: BTreeSet::new(),
            charges: BTreeMap::new(),
            kept: BTreeMap::new(),
            made: (0, 0, 0),
            undone: 0,
        }
    }

    /// The loan under which an asset is out, by itself or with the kit that it belongs to.
    pub fn out(&self, asset: usize) -> Option<(u64, &Lent)> {
        self.loans.iter().find(|(_, lent)| lent.has(asset)).map(|(id, lent)| (*id, lent))
    }

    /// The loan of an asset itself.
    fn loan_of(&self, asset: usize) -> Option<(u64, Lent)> {
        self.out(asset).filter(|(_, lent)| lent.asset == asset).map(|(id, lent)| (id, lent.clone()))
    }

    pub fn is_at_hand(&self, asset: usize) -> bool {
        matches!(self.assets[asset], Status::InService | Status::InRepair) && self.out(asset).is_none()
    }

    pub fn is_missing(&self, asset: usize) -> bool {
        matches!(self.assets[asset], Status::Lost | Status::Stolen)
    }

    fn is_overdue(&self, lent: &Lent) -> bool {
        lent.until() < self.now && !lent.gone
    }

    /// Whether the policy or the asset's state stops a loan.
    fn is_stopped(&self, leaving: &[usize], person: usize, due: i64) -> Said {
        let theirs = || self.loans.values().filter(|lent| lent.person == person);
        let owes = self.charges.values().any(|charge| charge.person == person && charge.is_due);
        let broken = self.assets[leaving[0]] == Status::InRepair;
        if broken || theirs().count() >= 2 || theirs().any(|lent| self.is_overdue(lent)) || owes {
            return Said::No;
        }
        self.takes_away(leaving, person, self.now, due)
    }

    /// Does a step, where it is right to; says whether it is.
    pub fn take(&mut self, step: &Step) -> Said {
        match step {
            Step::Wait(hours) => self.now += hours,
            Step::Repair(asset) => return self.repair(*asset),
            Step::Join { part, whole } => return self.join(*part, *whole),
            Step::Lend { .. } => return self.lend(step),
            Step::Back { asset, how, missing } => return self.back(*asset, *how, missing),
            Step::Renew { asset, hours, force } => return self.renew(*asset, *hours, *force),
            Step::Lost { asset, stolen, report } => return self.lose(*asset, *stolen, *report),
            Step::Found { asset, with_borrower } => return self.find(*asset, *with_borrower),
            Step::Undo(batch) => return self.undo(*batch),
            Step::Reopen(loan) => return self.reopen(*loan),
            Step::Reserve { wish, count, person, from, until } => return self.reserve(*wish, *count, *person, *from, *until),
            Step::Cancel(id) => return said(self.open_id(*id) && self.kept.remove(id).is_some()),
            Step::Confirm(id) => {
                let draft = self.charges.get_mut(id).filter(|charge| !charge.is_due);
                return said(draft.map(|charge| charge.is_due = true).is_some());
            }
            Step::Pay(id) => return self.pay(*id),
            Step::Waive(id) => return said(self.settle(*id)),
        }
        Said::Yes
    }

    fn repair(&mut self, asset: usize) -> Said {
        let broken = self.assets[asset] == Status::InRepair;
        if broken {
            self.assets[asset] = Status::InService;
        }
        said(broken)
    }

    /// A kit has one whole, and no part has parts.
    fn join(&mut self, part: usize, whole: Option<usize>) -> Said {
        if whole.is_some_and(|whole| whole == part || self.whole[whole].is_some() || self.whole.contains(&Some(part))) {
            return Said::No;
        }
        self.whole[part] = whole;
        Said::Yes
    }

    fn lend(&mut self, step: &Step) -> Said {
        let Step::Lend { asset, without, person, hours, force, batch } = step else { return Said::No };
        // No two loans begin in the same moment.
        self.now += 1;
        let batch_is = batch.is_none_or(|first| first == 0 || self.loans.values().any(|lent| lent.batch == Some(first)));
        let are_parts = without.iter().all(|part| self.whole[*part] == Some(*asset));
        if !self.is_at_hand(*asset) || hours.is_some_and(|hours| hours <= 0) || !batch_is || !are_parts {
            return Said::No;
        }
        let comes = |part: &usize| self.whole[*part] == Some(*asset) && !without.contains(part);
        let here = |part: &usize| self.assets[*part] == Status::InService && self.out(*part).is_none();
        let parts: Vec<usize> = (0..self.assets.len()).filter(|part| comes(part) && here(part)).collect();
        let leaving: Vec<usize> = std::iter::once(*asset).chain(parts.iter().copied()).collect();
        let due = hours.map(|hours| self.now + hours);
        let stopped = self.is_stopped(&leaving, *person, due.unwrap_or(i64::MAX));
        if !force && stopped == Said::No {
            return Said::No;
        }
        let next = self.made.0 + 1;
        let batch = batch.map(|first| if first == 0 { next } else { first });
        let lent = Lent { asset: *asset, parts, charger: true, person: *person, due, batch, renewals: 0, gone: false };
        let id = self.open_loan(lent);
        leaving.iter().for_each(|asset| self.fetch(*asset, *person, id));
        if *force { Said::Yes } else { stopped }
    }

    fn open_loan(&mut self, lent: Lent) -> u64 {
        self.made.0 += 1;
        self.loans.insert(self.made.0, lent);
        self.made.0
    }

    /// What is still with somebody of a kit that is not out any more.
    fn goes_on_alone(&mut self, id: u64, lent: &Lent, part: usize) -> u64 {
        let alone = self.open_loan(Lent { asset: part, parts: Vec::new(), charger: false, gone: false, ..lent.clone() });
        self.alone.insert(alone, id);
        alone
    }

    fn end(&mut self, id: u64, back: Option<bool>) {
        if let Some(lent) = self.loans.remove(&id) {
            let gone = lent.gone && back.is_none();
            self.past.insert(id, Past { lent: Lent { gone, ..lent }, back });
        }
    }

    fn back(&mut self, asset: usize, how: Back, missing: &[usize]) -> Said {
        let Some((id, lent)) = self.loan_of(asset) else { return Said::No };
        if missing.iter().any(|part| !lent.parts.contains(part)) || (how == Back::Incomplete && !lent.charger) {
            return Said::No;
        }
        if self.is_missing(asset) {
            self.assets[asset] = Status::InService;
            self.charges.retain(|_, charge| charge.loan != id);
        }
        self.end(id, Some(how == Back::Broken));
        let stay: Vec<usize> = lent.parts.iter().copied().filter(|part| missing.contains(part)).collect();
        for part in stay {
            self.goes_on_alone(id, &lent, part);
        }
        if how == Back::Incomplete || how == Back::Broken {
            self.charge(lent.person, id);
        }
        if how == Back::Broken {
            self.assets[asset] = Status::InRepair;
        }
        Said::Yes
    }

    fn charge(&mut self, person: usize, loan: u64) {
        self.made.1 += 1;
        self.charges.insert(self.made.1, Owed { person, loan, is_due: false });
    }

    fn renew(&mut self, asset: usize, hours: Option<i64>, force: bool) -> Said {
        let due = hours.map(|hours| self.now + hours);
        let Some((id, lent)) = self.loan_of(asset).filter(|(_, lent)| !lent.gone) else { return Said::No };
        let is_later = due.zip(lent.due).is_none_or(|(due, old)| due > old);
        if !is_later || hours.is_some_and(|hours| hours <= 0) {
            return Said::No;
        }
        let with_it: Vec<usize> = std::iter::once(asset).chain(lent.parts.iter().copied()).collect();
        let from = lent.due.unwrap_or(self.now).max(self.now);
        let taken = self.takes_away(&with_it, lent.person, from, due.unwrap_or(i64::MAX));
        let over = lent.renewals >= 2 || taken == Said::No;
        if over && !force {
            return Said::No;
        }
        self.loans.insert(id, Lent { due, renewals: lent.renewals + 1, ..lent });
        if force { Said::Yes } else { taken }
    }

    fn lose(&mut self, asset: usize, stolen: bool, report: bool) -> Said {
        let status = if stolen { Status::Stolen } else { Status::Lost };
        if self.assets[asset] == status {
            return Said::No;
        }
        self.assets[asset] = status;
        let Some((out, kit)) = self.out(asset).map(|(id, lent)| (id, lent.clone())) else { return Said::Yes };
        let id = if kit.asset == asset { out } else { self.part_with(out, &kit, asset) };
        let was = self.loans.insert(id, Lent { gone: true, ..self.loans[&id].clone() });
        if was.is_some_and(|lent| !lent.gone) && (!stolen || !report) {
            self.charge(kit.person, id);
        } else if !self.charges.values().any(|charge| charge.loan == id) {
            self.answered_for(id);
        }
        Said::Yes
    }

    /// A part leaves the loan of its kit for one of its own.
    fn part_with(&mut self, out: u64, kit: &Lent, part: usize) -> u64 {
        let parts = kit.parts.iter().copied().filter(|other| *other != part).collect();
        self.loans.insert(out, Lent { parts, ..kit.clone() });
        self.goes_on_alone(out, kit, part)
    }

    /// Nobody answers for what is gone any more; what left with it is still out.
    fn answered_for(&mut self, id: u64) {
        let lent = self.loans[&id].clone();
        self.end(id, None);
        for part in &lent.parts {
            self.goes_on_alone(id, &lent, *part);
        }
    }

    fn find(&mut self, asset: usize, with_borrower: bool) -> Said {
        let loan = self.loan_of(asset);
        if !self.is_missing(asset) || (with_borrower && loan.is_none()) {
            return Said::No;
        }
        match loan {
            Some((id, lent)) if with_borrower => {
                self.assets[asset] = Status::InService;
                self.charges.retain(|_, charge| charge.loan != id);
                self.loans.insert(id, Lent { gone: false, ..lent });
                Said::Yes
            }
            Some(_) => self.back(asset, Back::Fine, &[]),
            None => {
                self.assets[asset] = Status::InService;
                Said::Yes
            }
        }
    }

    fn undo(&mut self, batch: u64) -> Said {
        let of_batch: Vec<u64> = self.loans.iter().filter(|(_, lent)| lent.batch == Some(batch) && !lent.gone).map(|(id, _)| *id).collect();
        for id in &of_batch {
            self.loans.remove(id);
            self.kept.values_mut().for_each(|kept| kept.lent.retain(|lent| lent != id));
        }
        self.undone += of_batch.len() as u64;
        said(!of_batch.is_empty())
    }

    fn pay(&mut self, id: u64) -> Said {
        let Some(owed) = self.charges.get(&id).filter(|charge| charge.is_due).cloned() else { return Said::No };
        self.paid.insert(owed.loan);
        said(self.settle(id))
    }

    fn settle(&mut self, id: u64) -> bool {
        let Some(charge) = self.charges.remove(&id) else { return false };
        let others = self.charges.values().any(|other| other.loan == charge.loan);
        if !others && self.loans.get(&charge.loan).is_some_and(|lent| lent.gone) {
            self.answered_for(charge.loan);
        }
        true
    }

    /// Forgets what is over, as the site's indexes do, and what was lent long ago.
    pub fn tidy(&mut self) {
        let (now, since) = (self.now, self.made.0.saturating_sub(REMEMBERED));
        self.kept.retain(|_, kept| kept.until > now);
        self.past.retain(|id, _| *id > since);
        self.alone.retain(|id, _| *id > since);
        let (open, past) = (&self.loans, &self.past);
        self.paid.retain(|id| open.contains_key(id) || past.contains_key(id));
    }
}

fn said(yes: bool) -> Said {
    if yes { Said::Yes } else { Said::No }
}
