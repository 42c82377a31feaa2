//! A small reference of lending: what is open, by plain lists and counts, reservations by matching every wish to an asset.

use super::steps::{Back, Step, Wish};
use std::collections::BTreeMap;

/// Hours before its time at which a reservation may be fetched.
const EARLY: i64 = 12;

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
    pub person: usize,
    pub due: i64,
    pub batch: Option<u64>,
    pub renewals: u16,
    pub gone: bool,
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
    pub loans: BTreeMap<u64, Lent>,
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
    pub fn new(assets: usize) -> Self {
        let (loans, charges, kept) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { now: 0, assets: vec![Status::InService; assets], loans, charges, kept, made: (0, 0, 0), undone: 0 }
    }

    pub fn loan_of(&self, asset: usize) -> Option<(u64, &Lent)> {
        self.loans.iter().find(|(_, lent)| lent.asset == asset).map(|(id, lent)| (*id, lent))
    }

    fn is_overdue(&self, lent: &Lent) -> bool {
        lent.due < self.now && !lent.gone
    }

    /// Whether the policy or the asset's state stops a loan.
    fn is_stopped(&self, asset: usize, person: usize, due: i64) -> Said {
        let theirs = || self.loans.values().filter(|lent| lent.person == person);
        let owes = self.charges.values().any(|charge| charge.person == person && charge.is_due);
        if self.assets[asset] == Status::InRepair || theirs().count() >= 2 || theirs().any(|lent| self.is_overdue(lent)) || owes {
            return Said::No;
        }
        self.takes_away(asset, person, self.now, due)
    }

    /// Whether lending an asset for that time leaves somebody else's reservation unserved.
    fn takes_away(&self, asset: usize, person: usize, from: i64, until: i64) -> Said {
        let others: Vec<&Kept> = self.open().filter(|kept| kept.person != person && kept.from < until && from < kept.until).collect();
        let mut served_before = true;
        for at in moments(&others, from) {
            let wanted: Vec<&Kept> = others.iter().copied().filter(|kept| kept.from <= at && at < kept.until).collect();
            let wishes: Vec<Wish> = wanted.iter().flat_map(|kept| std::iter::repeat_n(kept.wish, kept.count - kept.lent.len())).collect();
            let free = |but: Option<usize>| -> Vec<usize> {
                (0..self.assets.len()).filter(|other| Some(*other) != but && (*other == asset || self.is_free(*other, at, from))).collect()
            };
            let (with, without) = (matched(&wishes, &free(None)), matched(&wishes, &free(Some(asset))));
            if self.assets[asset] == Status::InService && without < with {
                return Said::No;
            }
            served_before &= with == wishes.len() && self.assets[asset] == Status::InService;
        }
        if served_before { Said::Yes } else { Said::Unsure }
    }

    /// Whether an asset can serve a reservation at a moment, as seen from `from`: what is overdue should be here by then.
    fn is_free(&self, asset: usize, at: i64, from: i64) -> bool {
        let lent = self.loan_of(asset).filter(|(_, lent)| lent.due >= from || lent.gone);
        self.assets[asset] == Status::InService && lent.is_none_or(|(_, lent)| lent.due <= at)
    }

    fn open(&self) -> impl Iterator<Item = &Kept> {
        self.kept.values().filter(|kept| kept.until > self.now && kept.lent.len() < kept.count)
    }

    /// Does a step, where it is right to; says whether it is.
    pub fn take(&mut self, step: &Step) -> Said {
        match step {
            Step::Wait(hours) => self.now += hours,
            Step::Repair(asset) => return self.repair(*asset),
            Step::Lend { asset, person, hours, force, batch } => return self.lend(*asset, *person, *hours, *force, *batch),
            Step::Back(asset, how) => return self.back(*asset, *how),
            Step::Renew { asset, hours, force } => return self.renew(*asset, *hours, *force),
            Step::Lost { asset, stolen, report } => return self.lose(*asset, *stolen, *report),
            Step::Found { asset, with_borrower } => return self.find(*asset, *with_borrower),
            Step::Undo(batch) => return self.undo(*batch),
            Step::Reserve { wish, count, person, from, until } => return self.reserve(*wish, *count, *person, *from, *until),
            Step::Cancel(id) => return said(self.open_id(*id) && self.kept.remove(id).is_some()),
            Step::Confirm(id) => {
                let draft = self.charges.get_mut(id).filter(|charge| !charge.is_due);
                return said(draft.map(|charge| charge.is_due = true).is_some());
            }
            Step::Pay(id) => return said(self.charges.get(id).is_some_and(|charge| charge.is_due) && self.settle(*id)),
            Step::Waive(id) => return said(self.settle(*id)),
        }
        Said::Yes
    }

    fn open_id(&self, id: u64) -> bool {
        self.kept.get(&id).is_some_and(|kept| kept.until > self.now && kept.lent.len() < kept.count)
    }

    fn repair(&mut self, asset: usize) -> Said {
        let broken = self.assets[asset] == Status::InRepair;
        if broken {
            self.assets[asset] = Status::InService;
        }
        said(broken)
    }

    fn lend(&mut self, asset: usize, person: usize, hours: i64, force: bool, batch: Option<u64>) -> Said {
        let at_hand = matches!(self.assets[asset], Status::InService | Status::InRepair) && self.loan_of(asset).is_none();
        let batch_is = batch.is_none_or(|first| first == 0 || self.loans.values().any(|lent| lent.batch == Some(first)));
        if !at_hand || hours <= 0 || !batch_is {
            return Said::No;
        }
        let stopped = self.is_stopped(asset, person, self.now + hours);
        if !force && stopped == Said::No {
            return Said::No;
        }
        self.made.0 += 1;
        let id = self.made.0;
        let batch = batch.map(|first| if first == 0 { id } else { first });
        self.loans.insert(id, Lent { asset, person, due: self.now + hours, batch, renewals: 0, gone: false });
        let now = self.now;
        let fits = |kept: &Kept| kept.person == person && kept.from <= now + EARLY && kept.wish.has(asset);
        let mut fitting: Vec<(bool, i64, u64)> = self
            .kept
            .iter()
            .filter(|(id, kept)| self.open_id(**id) && fits(kept))
            .map(|(id, kept)| (!kept.wish.is_one(), kept.until, *id))
            .collect();
        fitting.sort_unstable();
        if let Some(kept) = fitting.first().and_then(|(_, _, first)| self.kept.get_mut(first)) {
            kept.lent.push(id);
        }
        if force { Said::Yes } else { stopped }
    }

    fn back(&mut self, asset: usize, how: Back) -> Said {
        let Some((id, lent)) = self.loan_of(asset).map(|(id, lent)| (id, lent.clone())) else { return Said::No };
        if matches!(self.assets[asset], Status::Lost | Status::Stolen) {
            self.assets[asset] = Status::InService;
            self.charges.retain(|_, charge| charge.loan != id);
        }
        self.loans.remove(&id);
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

    fn renew(&mut self, asset: usize, hours: i64, force: bool) -> Said {
        let due = self.now + hours;
        let Some((id, lent)) = self.loan_of(asset).filter(|(_, lent)| !lent.gone && due > lent.due && hours > 0) else { return Said::No };
        let taken = self.takes_away(asset, lent.person, lent.due.max(self.now), due);
        let over = lent.renewals >= 2 || taken == Said::No;
        if over && !force {
            return Said::No;
        }
        let (renewals, old) = (lent.renewals + 1, lent.clone());
        self.loans.insert(id, Lent { due, renewals, ..old });
        if force { Said::Yes } else { taken }
    }

    fn lose(&mut self, asset: usize, stolen: bool, report: bool) -> Said {
        let status = if stolen { Status::Stolen } else { Status::Lost };
        if self.assets[asset] == status {
            return Said::No;
        }
        self.assets[asset] = status;
        let Some((id, lent)) = self.loan_of(asset).map(|(id, lent)| (id, lent.clone())) else { return Said::Yes };
        self.loans.insert(id, Lent { gone: true, ..lent });
        if !lent.gone && (!stolen || !report) {
            self.charge(lent.person, id);
        } else if !self.charges.values().any(|charge| charge.loan == id) {
            self.loans.remove(&id);
        }
        Said::Yes
    }

    fn find(&mut self, asset: usize, with_borrower: bool) -> Said {
        let loan = self.loan_of(asset).map(|(id, lent)| (id, lent.clone()));
        if !matches!(self.assets[asset], Status::Lost | Status::Stolen) || (with_borrower && loan.is_none()) {
            return Said::No;
        }
        self.assets[asset] = Status::InService;
        if let Some((id, lent)) = loan {
            self.charges.retain(|_, charge| charge.loan != id);
            if with_borrower {
                self.loans.insert(id, Lent { gone: false, ..lent });
            } else {
                self.loans.remove(&id);
            }
        }
        Said::Yes
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

    fn reserve(&mut self, wish: Wish, count: usize, person: usize, from: i64, until: i64) -> Said {
        let (from, until) = (self.now + from, self.now + until);
        if until <= from.max(self.now) {
            return Said::No;
        }
        let others: Vec<&Kept> = self.open().filter(|kept| kept.from < until && from < kept.until).collect();
        let mut answer = Said::Yes;
        for at in moments(&others, from) {
            let wanted = others.iter().filter(|kept| kept.from <= at && at < kept.until);
            let mut wishes: Vec<Wish> = wanted.flat_map(|kept| std::iter::repeat_n(kept.wish, kept.count - kept.lent.len())).collect();
            let free: Vec<usize> = (0..self.assets.len()).filter(|asset| self.is_free(*asset, at, self.now)).collect();
            let (all, before) = (wishes.len(), matched(&wishes, &free));
            wishes.extend(std::iter::repeat_n(wish, count));
            if matched(&wishes, &free) < before + count {
                return Said::No;
            }
            if before < all {
                answer = Said::Unsure;
            }
        }
        self.made.2 += 1;
        self.kept.insert(self.made.2, Kept { wish, count, person, from, until, lent: Vec::new() });
        answer
    }

    fn settle(&mut self, id: u64) -> bool {
        let Some(charge) = self.charges.remove(&id) else { return false };
        let others = self.charges.values().any(|other| other.loan == charge.loan);
        if !others && self.loans.get(&charge.loan).is_some_and(|lent| lent.gone) {
            self.loans.remove(&charge.loan);
        }
        true
    }

    /// Forgets what is over, as the site's indexes do.
    pub fn tidy(&mut self) {
        let now = self.now;
        self.kept.retain(|_, kept| kept.until > now);
    }
}

fn said(yes: bool) -> Said {
    if yes { Said::Yes } else { Said::No }
}

fn moments(others: &[&Kept], from: i64) -> Vec<i64> {
    std::iter::once(from).chain(others.iter().map(|kept| kept.from).filter(|at| *at > from)).collect()
}

/// How many wishes can be served at once: the largest matching, by augmenting paths.
fn matched(wishes: &[Wish], free: &[usize]) -> usize {
    let mut served: BTreeMap<usize, usize> = BTreeMap::new();
    (0..wishes.len()).filter(|wish| serve(*wish, wishes, free, &mut served, &mut Vec::new())).count()
}

fn serve(wish: usize, wishes: &[Wish], free: &[usize], served: &mut BTreeMap<usize, usize>, seen: &mut Vec<usize>) -> bool {
    for asset in free.iter().copied().filter(|asset| wishes[wish].has(*asset)) {
        if seen.contains(&asset) {
            continue;
        }
        seen.push(asset);
        let holder = served.get(&asset).copied();
        if holder.is_none_or(|other| serve(other, wishes, free, served, seen)) {
            served.insert(asset, wish);
            return true;
        }
    }
    false
}
