//! The steps that people take at the loan desk, by chance, and each as a change of the site.

use super::model::{Model, REMEMBERED};
use super::{asset_id, person_id, room_id, tag};
use crate::store::simulated::Random;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::asset::{self, AssetFacts, AssetKind, AssetStatus};
use rollcall_site::loan::{self, Batch, Condition, Due, Found, How, NewLoan, Returned};
use rollcall_site::money::Money;
use rollcall_site::presence::Heard;
use rollcall_site::reservation::{self, NewReservation, Of};
use rollcall_site::{ChargeId, LoanId, Refusal, ReservationId, Working, charge};

/// Assets; the first half belongs in one cart, the others in another.
pub const ASSETS: usize = 8;
/// Parts, and to whose kit they belong at first.
pub const KITS: [(usize, usize); 4] = [(1, 0), (2, 0), (3, 4), (5, 4)];
/// Borrowers.
pub const PEOPLE: usize = 4;

/// What a reservation wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    One(usize),
    InCart(usize),
    Any,
}

impl Wish {
    pub fn has(self, asset: usize) -> bool {
        match self {
            Self::One(one) => one == asset,
            Self::InCart(cart) => cart == cart_of(asset),
            Self::Any => true,
        }
    }

    pub fn is_one(self) -> bool {
        matches!(self, Self::One(_))
    }
}

pub fn cart_of(asset: usize) -> usize {
    asset * 2 / ASSETS
}

/// How something comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    Fine,
    Incomplete,
    Broken,
}

#[derive(Clone, Debug)]
pub enum Step {
    Wait(i64),
    Repair(usize),
    /// Makes an asset a part of another's kit, or of none.
    Join {
        part: usize,
        whole: Option<usize>,
    },
    /// For so many hours, or for good.
    Lend {
        asset: usize,
        without: Vec<usize>,
        person: usize,
        hours: Option<i64>,
        force: bool,
        batch: Option<u64>,
    },
    Back {
        asset: usize,
        how: Back,
        missing: Vec<usize>,
    },
    Renew {
        asset: usize,
        hours: Option<i64>,
        force: bool,
    },
    Lost {
        asset: usize,
        stolen: bool,
        report: bool,
    },
    Found {
        asset: usize,
        with_borrower: bool,
    },
    Undo(u64),
    Reopen(u64),
    Reserve {
        wish: Wish,
        count: usize,
        person: usize,
        from: i64,
        until: i64,
    },
    Cancel(u64),
    Confirm(u64),
    Pay(u64),
    Waive(u64),
}

impl Step {
    /// Some step, more often one that has something to do.
    pub fn any(random: &mut Random, model: &Model) -> Self {
        let asset = random.below(ASSETS as u64) as usize;
        let person = random.below(PEOPLE as u64) as usize;
        let force = random.below(5) == 0;
        let charge = nth(random, model.charges.keys().copied());
        match random.below(43) {
            0..=3 => Self::Wait(random.below(30) as i64),
            4..=5 => Self::Repair(asset),
            6..=15 => Self::lend(random, model, asset, person),
            16..=22 => Self::back(random, model, asset),
            23..=25 => Self::Renew { asset, hours: for_long(random, 500), force },
            26..=27 => Self::Lost { asset, stolen: random.below(3) == 0, report: random.below(2) == 0 },
            28..=29 => {
                let asset = either(random, asset, (0..ASSETS).filter(|asset| model.is_missing(*asset)));
                Self::Found { asset, with_borrower: random.below(3) == 0 }
            }
            30 => Self::Undo(nth(random, model.loans.values().filter_map(|lent| lent.batch))),
            31..=34 => Self::reserve(random, asset, person),
            35 => Self::Cancel(nth(random, model.kept.keys().copied())),
            36 => Self::Confirm(charge),
            37..=38 => Self::Pay(charge),
            39 => Self::Waive(charge),
            40 => Self::join(random, asset),
            41 => Self::Reopen(model.made.0.saturating_sub(random.below(REMEMBERED))),
            _ => Self::Reopen(nth(random, model.past.keys().rev().take(8).copied())),
        }
    }

    /// Mostly with the whole kit, at times without a part of it, or without something that is none.
    fn lend(random: &mut Random, model: &Model, asset: usize, person: usize) -> Self {
        let asset = either(random, asset, (0..ASSETS).filter(|asset| model.is_at_hand(*asset)));
        let kit = (0..ASSETS).filter(|part| model.whole[*part] == Some(asset)).collect();
        let (without, batch) = (some(random, kit), batch(random, model));
        Self::Lend { asset, without, person, hours: for_long(random, 300), force: random.below(5) == 0, batch }
    }

    fn back(random: &mut Random, model: &Model, asset: usize) -> Self {
        let asset = either(random, asset, model.loans.values().map(|lent| lent.asset));
        let how = [Back::Fine, Back::Fine, Back::Incomplete, Back::Broken][random.below(4) as usize];
        let missing = some(random, model.out(asset).map(|(_, lent)| lent.parts.clone()).unwrap_or_default());
        Self::Back { asset, how, missing }
    }

    fn join(random: &mut Random, part: usize) -> Self {
        let whole = random.below(ASSETS as u64 + 3) as usize;
        Self::Join { part, whole: Some(whole).filter(|whole| *whole < ASSETS) }
    }

    fn reserve(random: &mut Random, asset: usize, person: usize) -> Self {
        let from = random.below(200) as i64 - 5;
        let until = from + random.below(60) as i64;
        let (wish, count) = match random.below(4) {
            0 | 1 => (Wish::One(asset), 1),
            2 => (Wish::InCart(cart_of(asset)), 1 + random.below(4) as usize),
            _ => (Wish::Any, 1 + random.below(5) as usize),
        };
        Self::Reserve { wish, count, person, from, until }
    }

    /// The same at the site.
    pub fn at(&self, w: &mut Working) -> Result<(), Refusal> {
        let later = |hours: i64| w.now + SignedDuration::from_hours(hours);
        let why = |force: bool| force.then(|| "a film".to_owned());
        match self {
            Self::Wait(_) => {}
            Self::Repair(asset) => return repair(w, *asset),
            Self::Join { part, whole } => {
                let whole = whole.map(|whole| tag(whole).to_string()).unwrap_or_default();
                asset::set(w, asset_id(*part), AssetFacts { part_of: Some(whole), ..AssetFacts::default() })?;
            }
            Self::Lend { asset, without, person, hours, force, batch } => {
                let due = hours.map_or(Due::Never, |hours| Due::At(later(hours)));
                let batch = batch.map(|first| if first == 0 { Batch::Begins } else { Batch::Of(LoanId(first)) });
                let without = without.iter().map(|part| tag(*part)).collect();
                let lent = NewLoan { due, override_reason: why(*force), batch, without, ..NewLoan::new(tag(*asset), person_id(*person)) };
                loan::out(w, &Heard::new(), lent)?;
            }
            Self::Back { asset, how, missing } => {
                let condition = if *how == Back::Broken { Condition::Broken } else { Condition::Fine };
                let charger = (*how == Back::Incomplete).then(|| "charger".to_owned());
                let missing = missing.iter().map(|part| tag(*part).to_string()).chain(charger).collect();
                loan::back(w, Returned { condition, missing, ..Returned::fine(tag(*asset)) })?;
            }
            Self::Renew { asset, hours, force } => {
                let due = hours.map_or(Due::Never, |hours| Due::At(later(hours)));
                loan::renew(w, &tag(*asset), due, why(*force).as_deref())?;
            }
            Self::Lost { asset, stolen, report } => {
                let how = if *stolen { How::Stolen } else { How::Lost };
                loan::lost(w, &tag(*asset), how, if *report { "PD 1" } else { "" })?;
            }
            Self::Found { asset, with_borrower } => {
                loan::found(w, &tag(*asset), if *with_borrower { Found::WithBorrower } else { Found::Here })?;
            }
            Self::Undo(batch) => drop(loan::undo(w, LoanId(*batch))?),
            Self::Reopen(id) => drop(loan::reopen(w, LoanId(*id))?),
            Self::Reserve { wish, count, person, from, until } => {
                let (from, until) = (Some(later(*from)), later(*until));
                reservation::add(w, NewReservation { of: of(*wish, *count), person: person_id(*person), class: None, from, until })?;
            }
            Self::Cancel(id) => drop(reservation::cancel(w, ReservationId(*id))?),
            Self::Confirm(id) => drop(charge::confirm(w, ChargeId(*id), Some(Money(10_000)))?),
            Self::Pay(id) => drop(charge::pay(w, ChargeId(*id))?),
            Self::Waive(id) => drop(charge::waive(w, ChargeId(*id), "a trial")?),
        }
        Ok(())
    }
}

fn of(wish: Wish, count: usize) -> Of {
    let count = count as u16;
    match wish {
        Wish::One(asset) => Of::Tag(tag(asset)),
        Wish::InCart(cart) => Of::Kind { count, kind: AssetKind::Camera, room: Some(room_id(cart)) },
        Wish::Any => Of::Kind { count, kind: AssetKind::Camera, room: None },
    }
}

fn repair(w: &mut Working, asset: usize) -> Result<(), Refusal> {
    let id = asset_id(asset);
    if asset::get(&w.site, id)?.status != AssetStatus::InRepair {
        return Err(Refusal::conflict("it is not in repair"));
    }
    asset::set(w, id, AssetFacts { status: Some(AssetStatus::InService), ..AssetFacts::default() })?;
    Ok(())
}

/// A new set, an old one, none, or one that there is not.
fn batch(random: &mut Random, model: &Model) -> Option<u64> {
    match random.below(6) {
        0 => Some(0),
        1 => Some(nth(random, model.loans.values().filter_map(|lent| lent.batch))),
        _ => None,
    }
}

/// Mostly for so many hours, some of them over; at times for good.
fn for_long(random: &mut Random, hours: u64) -> Option<i64> {
    let hours = random.below(hours) as i64 - 3;
    (random.below(12) > 0).then_some(hours)
}

/// One of these, where there are any, more often than the other.
fn either(random: &mut Random, other: usize, of: impl Iterator<Item = usize>) -> usize {
    let of: Vec<usize> = of.collect();
    if random.below(3) == 0 || of.is_empty() { other } else { of[random.below(of.len() as u64) as usize] }
}

/// Some of these, more often none; at times something else.
fn some(random: &mut Random, of: Vec<usize>) -> Vec<usize> {
    let mut some: Vec<usize> = of.into_iter().filter(|_| random.below(3) == 0).collect();
    if random.below(40) == 0 {
        some.push(random.below(ASSETS as u64) as usize);
    }
    some
}

/// One of these numbers, or one that there is not.
fn nth(random: &mut Random, numbers: impl Iterator<Item = u64>) -> u64 {
    let numbers: Vec<u64> = numbers.collect();
    let place = random.below(numbers.len() as u64 + 1) as usize;
    numbers.get(place).copied().unwrap_or(u64::MAX)
}

/// The moment of so many hours.
pub fn at(hours: i64) -> Timestamp {
    super::noon() + SignedDuration::from_hours(hours)
}
