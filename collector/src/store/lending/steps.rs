//! The steps that people take at the loan desk, by chance, and each as a change of the site.

use super::model::Model;
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
    Lend { asset: usize, person: usize, hours: i64, force: bool, batch: Option<u64> },
    Back(usize, Back),
    Renew { asset: usize, hours: i64, force: bool },
    Lost { asset: usize, stolen: bool, report: bool },
    Found { asset: usize, with_borrower: bool },
    Undo(u64),
    Reserve { wish: Wish, count: usize, person: usize, from: i64, until: i64 },
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
        match random.below(40) {
            0..=3 => Self::Wait(random.below(30) as i64),
            4..=5 => Self::Repair(asset),
            6..=15 => Self::Lend { asset, person, hours: random.below(300) as i64 - 3, force, batch: batch(random, model) },
            16..=22 => Self::Back(asset, [Back::Fine, Back::Fine, Back::Incomplete, Back::Broken][random.below(4) as usize]),
            23..=25 => Self::Renew { asset, hours: random.below(500) as i64, force },
            26..=27 => Self::Lost { asset, stolen: random.below(3) == 0, report: random.below(2) == 0 },
            28..=29 => Self::Found { asset, with_borrower: random.below(3) == 0 },
            30 => Self::Undo(nth(random, model.loans.values().filter_map(|lent| lent.batch))),
            31..=34 => Self::reserve(random, asset, person),
            35 => Self::Cancel(nth(random, model.kept.keys().copied())),
            36 => Self::Confirm(charge),
            37..=38 => Self::Pay(charge),
            _ => Self::Waive(charge),
        }
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
            Self::Lend { asset, person, hours, force, batch } => {
                let due = Due::At(later(*hours));
                let batch = batch.map(|first| if first == 0 { Batch::Begins } else { Batch::Of(LoanId(first)) });
                let lent = NewLoan { due, override_reason: why(*force), batch, ..NewLoan::new(tag(*asset), person_id(*person)) };
                loan::out(w, &Heard::new(), lent)?;
            }
            Self::Back(asset, how) => {
                let condition = if *how == Back::Broken { Condition::Broken } else { Condition::Fine };
                let missing = if *how == Back::Incomplete { vec!["charger".to_owned()] } else { Vec::new() };
                loan::back(w, Returned { condition, missing, ..Returned::fine(tag(*asset)) })?;
            }
            Self::Renew { asset, hours, force } => {
                let due = Due::At(later(*hours));
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
