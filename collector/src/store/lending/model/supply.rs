//! What the reference says of reservations, by matching every wish to an asset.

use super::{EARLY, Kept, Model, Said, Status};
use crate::store::lending::steps::Wish;
use std::collections::BTreeMap;

impl Model {
    /// Whether lending these assets for that time leaves somebody else's reservation unserved.
    pub(super) fn takes_away(&self, leaving: &[usize], person: usize, from: i64, until: i64) -> Said {
        let others: Vec<&Kept> = self.open().filter(|kept| kept.person != person && kept.from < until && from < kept.until).collect();
        let mut served_before = leaving.iter().all(|asset| self.assets[*asset] == Status::InService);
        for at in moments(&others, from) {
            let wishes = wishes(&others, at);
            let is_here = |asset: &usize| self.assets[*asset] == Status::InService && leaving.contains(asset);
            let all: Vec<usize> = (0..self.assets.len()).filter(|asset| is_here(asset) || self.is_free(*asset, at, from)).collect();
            let others: Vec<usize> = all.iter().copied().filter(|asset| !leaving.contains(asset)).collect();
            let (with, without) = (matched(&wishes, &all), matched(&wishes, &others));
            if without < with {
                return Said::No;
            }
            served_before &= with == wishes.len();
        }
        if served_before { Said::Yes } else { Said::Unsure }
    }

    /// Whether an asset can serve a reservation at a moment, as seen from `from`: what is overdue should be here by then.
    fn is_free(&self, asset: usize, at: i64, from: i64) -> bool {
        let lent = self.out(asset).filter(|(_, lent)| lent.until() >= from || lent.gone);
        self.assets[asset] == Status::InService && lent.is_none_or(|(_, lent)| lent.until() <= at)
    }

    fn open(&self) -> impl Iterator<Item = &Kept> {
        self.kept.values().filter(|kept| kept.until > self.now && kept.lent.len() < kept.count)
    }

    pub(super) fn open_id(&self, id: u64) -> bool {
        self.kept.get(&id).is_some_and(|kept| kept.until > self.now && kept.lent.len() < kept.count)
    }

    /// An asset that leaves fetches one reservation: one of this very asset first, then that which ends first.
    pub(super) fn fetch(&mut self, asset: usize, person: usize, loan: u64) {
        let fits = |kept: &Kept| kept.person == person && kept.from <= self.now + EARLY && kept.wish.has(asset);
        let fitting = self.kept.iter().filter(|(id, kept)| self.open_id(**id) && fits(kept));
        let first = fitting.map(|(id, kept)| (!kept.wish.is_one(), kept.until, *id)).min();
        if let Some(kept) = first.and_then(|(_, _, id)| self.kept.get_mut(&id)) {
            kept.lent.push(loan);
        }
    }

    pub(super) fn reserve(&mut self, wish: Wish, count: usize, person: usize, from: i64, until: i64) -> Said {
        let (from, until) = (self.now + from, self.now + until);
        if until <= from.max(self.now) {
            return Said::No;
        }
        let others: Vec<&Kept> = self.open().filter(|kept| kept.from < until && from < kept.until).collect();
        let mut answer = Said::Yes;
        for at in moments(&others, from) {
            let mut wishes = wishes(&others, at);
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
}

/// What is still to be fetched at a moment.
fn wishes(others: &[&Kept], at: i64) -> Vec<Wish> {
    let wanted = others.iter().filter(|kept| kept.from <= at && at < kept.until);
    wanted.flat_map(|kept| std::iter::repeat_n(kept.wish, kept.count - kept.lent.len())).collect()
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
