//! What a site holds, as the reference writes it, and what must be true of it at any time.

use super::model::{Kept, Lent, Model, Owed, Past, REMEMBERED, Status};
use super::steps::{self, ASSETS, PEOPLE, at};
use super::{asset_id, noon, person_id, room_id};
use rollcall_site::asset::AssetStatus;
use rollcall_site::charge::{self, Charge, ChargeState};
use rollcall_site::loan::{self, Condition, Loan};
use rollcall_site::reservation::{Reservation, Wanted};
use rollcall_site::{AssetId, LoanId, PersonId, ReservationId, Site};

fn place(id: AssetId) -> usize {
    id.0.as_u128() as usize - 1
}

fn number(id: &PersonId) -> usize {
    (0..PEOPLE).find(|person| person_id(*person) == *id).unwrap()
}

fn hours(moment: jiff::Timestamp) -> i64 {
    moment.duration_since(noon()).as_hours()
}

fn status(site: &Site, asset: usize) -> Status {
    match site.assets[&asset_id(asset)].status {
        AssetStatus::InService => Status::InService,
        AssetStatus::InRepair => Status::InRepair,
        AssetStatus::Lost => Status::Lost,
        AssetStatus::Stolen => Status::Stolen,
        other => panic!("{other:?}"),
    }
}

fn lent(lent: &Loan) -> Lent {
    Lent {
        asset: place(lent.asset),
        parts: lent.parts.iter().copied().map(place).collect(),
        charger: !lent.accessories.is_empty(),
        person: number(&lent.person),
        due: lent.due.map(hours),
        batch: lent.batch.map(|first| first.0),
        renewals: lent.renewals,
        gone: lent.gone.is_some(),
    }
}

fn past(of: &Loan) -> Past {
    Past { lent: lent(of), back: of.back.as_ref().map(|back| back.condition == Condition::Broken) }
}

fn owed(charge: &Charge) -> Owed {
    Owed { person: number(&charge.person), loan: charge.loan.unwrap().0, is_due: charge.state == ChargeState::Due }
}

fn wish(of: &Wanted) -> steps::Wish {
    match of {
        Wanted::Asset(id) => steps::Wish::One(place(*id)),
        Wanted::Kind { room: None, .. } => steps::Wish::Any,
        Wanted::Kind { room: Some(room), .. } => steps::Wish::InCart(usize::from(*room == room_id(1))),
    }
}

fn kept(kept: &Reservation) -> Kept {
    Kept {
        wish: wish(&kept.of),
        count: usize::from(kept.count),
        person: number(&kept.person),
        from: hours(kept.from),
        until: hours(kept.until),
        lent: kept.lent.iter().map(|id| id.0).collect(),
    }
}

/// What is open at a site, and what was lent of late, as the reference writes it.
pub fn seen(site: &Site, model: &Model) -> Model {
    let held = (0..PEOPLE).flat_map(|person| site.held_by(&person_id(person)).cloned().collect::<Vec<_>>());
    // Those that were fetched whole are in no index, and may be to fetch again once a loan is undone.
    let known = model.kept.keys().filter_map(|id| site.reservations.get(&ReservationId(*id)));
    let open = known.filter(|kept| kept.cancelled_at.is_none());
    let last = |id: Option<u64>| id.unwrap_or(0);
    let made = (
        last(site.loans.get_max().map(|(id, _)| id.0)),
        last(site.charges.get_max().map(|(id, _)| id.0)),
        last(site.reservations.get_max().map(|(id, _)| id.0)),
    );
    let of_late = site.loans.range(LoanId(made.0.saturating_sub(REMEMBERED) + 1)..).map(|(_, loan)| loan);
    Model {
        now: model.now,
        assets: (0..ASSETS).map(|asset| status(site, asset)).collect(),
        whole: (0..ASSETS).map(|asset| site.assets[&asset_id(asset)].part_of.map(place)).collect(),
        loans: held.map(|open| (open.id.0, lent(&open))).collect(),
        past: of_late.filter(|loan| !loan.is_open() && !loan.undone).map(|loan| (loan.id.0, past(loan))).collect(),
        alone: model.alone.clone(),
        paid: model.paid.clone(),
        charges: charge::open(site).map(|charge| (charge.id.0, owed(charge))).collect(),
        kept: open.map(|open| (open.id.0, kept(open))).collect(),
        made,
        undone: model.undone,
    }
}

/// The indexes hold what the records say.
pub fn indexes(site: &Site, model: &Model) {
    let mut open = 0;
    for lent in site.loans.values().filter(|lent| lent.is_open()) {
        open += 1;
        for asset in lent.assets() {
            assert_eq!(site.open_loan(asset).map(|found| found.id), Some(lent.id), "two loans of one asset");
        }
        assert!(site.held_by(&lent.person).any(|held| held.id == lent.id));
    }
    assert_eq!((open, site.open_loan_count()), (model.loans.len(), open));
    assert_eq!(site.loans.values().filter(|lent| lent.undone).count() as u64, model.undone);
    let owed = site.charges.values().filter(|charge| charge.is_open()).count();
    assert_eq!(charge::open(site).count(), owed);
    let late = site.loans.values().filter(|lent| lent.is_overdue(at(model.now))).count();
    assert_eq!(loan::overdue(site, at(model.now)).count(), late);
}

/// Nothing was ever with two people at once.
pub fn history(site: &Site) {
    for asset in (0..ASSETS).map(asset_id) {
        let of_asset = site.loans.values().filter(|lent| !lent.undone && lent.assets().any(|one| one == asset));
        let mut times: Vec<_> = of_asset.map(|lent| (lent.out_at, lent.in_at.unwrap_or(jiff::Timestamp::MAX), lent)).collect();
        times.sort_by_key(|(from, until, _)| (*from, *until));
        for pair in times.windows(2) {
            let [(_, until, first), (from, _, next)] = pair else { continue };
            assert!(until <= from || first.person == next.person, "two had it at once: {first:?} and {next:?}");
        }
    }
}
