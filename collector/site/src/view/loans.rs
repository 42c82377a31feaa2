//! Questions about loans. A site has tens of thousands of them, so each walks an index, and only as far as it shows.

use super::{Ended, LoanRow};
use crate::loan::{self, Loan};
use crate::{LoanId, PersonId, RoomId, Site};
use jiff::Timestamp;
use std::sync::Arc;

/// What happened to a loan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It began.
    Out,
    /// It ended.
    Back,
}

/// A loan that began or ended.
#[derive(Clone, Debug)]
pub struct Movement<'a> {
    /// When.
    pub at: Timestamp,
    /// What of the two.
    pub moved: Moved,
    /// The loan.
    pub loan: &'a Arc<Loan>,
}

/// The loans, newest first: open ones, or all.
pub fn loans(site: &Site, ended: Ended, now: Timestamp) -> Vec<LoanRow> {
    if ended == Ended::Shown {
        return site.loans.values().rev().map(|loan| loan_row(site, loan, now)).collect();
    }
    let mut rows: Vec<LoanRow> = open(site).map(|loan| loan_row(site, loan, now)).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.id));
    rows
}

/// Which loans a list shows: absent means any.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoanFilter {
    /// Those that are over too.
    pub ended: Option<Ended>,
    /// Those that should be back by now only.
    pub overdue: Option<Overdue>,
    /// Of this person.
    pub person: Option<PersonId>,
    /// Of what belongs in this room.
    pub room: Option<RoomId>,
    /// Of this class set.
    pub batch: Option<LoanId>,
}

/// That only what is overdue is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue;

/// The loans that a filter lets through, newest first.
pub fn loans_where(site: &Site, filter: &LoanFilter, now: Timestamp) -> Vec<LoanRow> {
    let all = filter.ended == Some(Ended::Shown);
    let found: Vec<&Arc<Loan>> = match (filter, &filter.person) {
        (LoanFilter { overdue: Some(Overdue), .. }, _) => loan::overdue(site, now).collect(),
        (_, Some(person)) if !all => site.held_by(person).collect(),
        (_, Some(person)) => site.loans_to(person).collect(),
        (LoanFilter { batch: Some(batch), .. }, _) => loan::of_batch(site, *batch).collect(),
        _ if all => site.loans.values().collect(),
        _ => open(site).collect(),
    };
    let fits = |loan: &&Arc<Loan>| {
        let room = site.assets.get(&loan.asset).and_then(|asset| asset.room.as_ref());
        (all || loan.is_open())
            && filter.person.as_ref().is_none_or(|person| loan.person == *person)
            && filter.room.as_ref().is_none_or(|wanted| room == Some(wanted))
            && filter.batch.is_none_or(|batch| loan.batch == Some(batch))
    };
    let mut rows: Vec<LoanRow> = found.into_iter().filter(fits).map(|loan| loan_row(site, loan, now)).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.id));
    rows
}

/// The open loans that are due first, so overdue ones lead; those without a date come last.
pub fn due_first(site: &Site, most: usize, now: Timestamp) -> Vec<LoanRow> {
    open(site).take(most).map(|loan| loan_row(site, loan, now)).collect()
}

/// What somebody has, oldest loan first.
pub fn held(site: &Site, person: &PersonId, now: Timestamp) -> Vec<LoanRow> {
    site.held_by(person).map(|loan| loan_row(site, loan, now)).collect()
}

/// What was lent and taken back since then, newest first, at most so many.
pub fn moved(site: &Site, since: Timestamp, most: usize) -> Vec<Movement<'_>> {
    let mut moved: Vec<Movement<'_>> = Vec::new();
    // Not in the order of numbers: a part of a kit that stayed out has a late one, and left with the kit.
    let lent = site.lent_loans.range((since, LoanId(0))..).rev().take(most);
    moved.extend(lent.filter_map(|(at, id)| Some(Movement { at: *at, moved: Moved::Out, loan: site.loans.get(id)? })));
    let ended = site.ended_loans.range((since, LoanId(0))..).rev().take(most);
    moved.extend(ended.filter_map(|(at, id)| Some(Movement { at: *at, moved: Moved::Back, loan: site.loans.get(id)? })));
    moved.sort_by_key(|movement| std::cmp::Reverse(movement.at));
    moved.truncate(most);
    moved
}

/// The loans that are over, the one that ended last first.
pub fn ended(site: &Site) -> impl Iterator<Item = &Arc<Loan>> {
    site.ended_loans.iter().rev().filter_map(|(_, id)| site.loans.get(id))
}

fn open(site: &Site) -> impl Iterator<Item = &Arc<Loan>> {
    site.due_loans.iter().filter_map(|(_, id)| site.loans.get(id))
}

/// One loan as a row.
pub fn loan_row(site: &Site, loan: &Loan, now: Timestamp) -> LoanRow {
    let asset = site.assets.get(&loan.asset);
    LoanRow {
        id: loan.id,
        tag: asset.map(|asset| asset.tag.clone()),
        title: asset.map_or_else(String::new, |asset| asset.title()),
        person: loan.person.clone(),
        person_name: site.persons.get(&loan.person).map_or_else(String::new, |person| person.name.clone()),
        out_at: loan.out_at,
        due: loan.due,
        overdue: loan.is_overdue(now),
        in_at: loan.in_at,
        by: loan.by.clone(),
        room: asset.and_then(|asset| asset.room.clone()),
        accessories: loan.accessories.clone(),
        parts: loan.parts.iter().filter_map(|part| site.assets.get(part)).map(|part| part.tag.clone()).collect(),
        batch: loan.batch,
        class: loan.class.clone(),
        renewals: loan.renewals,
        gone: loan.gone.as_ref().map(|gone| gone.how.word()),
        back: loan.back.as_deref().cloned(),
        undone: loan.undone,
        diff: loan.diff.as_ref().map(|diff| diff.words()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loan::sample::{LoanDesk, tag};
    use crate::loan::{Returned, back};
    use jiff::SignedDuration;

    #[test]
    fn a_part_that_stayed_out_hides_nothing_that_was_lent_since() {
        let mut desk = LoanDesk::new();
        desk.cameras(&["CAM-1", "CAM-2", "HOT-1"]);
        let whole = desk.site.asset_by_tag(&tag("CAM-1")).unwrap().id;
        desk.write("HOT-1", |asset| asset.part_of = Some(whole));
        desk.lend("CAM-1", "ana");
        desk.hours(24);
        let second = desk.lend("CAM-2", "ben");
        desk.must(|w| back(w, Returned { missing: vec!["HOT-1".into()], ..Returned::fine(tag("CAM-1")) }));
        let today = moved(&desk.site, desk.now - SignedDuration::from_hours(1), 10);
        let out: Vec<LoanId> = today.iter().filter(|movement| movement.moved == Moved::Out).map(|movement| movement.loan.id).collect();
        assert_eq!(out, [second.id]);
    }
}
