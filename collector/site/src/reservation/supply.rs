//! How many there are: whether a reservation fits beside the others and beside what is lent, and whether a loan takes away what is reserved.
//!
//! What can be reserved forms nested sets: an asset, the assets of its kind in its room, those of its kind anywhere. So reservations can all
//! be served exactly if in each set, at each moment, no more is wanted than it holds.

use super::{Reservation, Wanted, active, name};
use crate::asset::{Asset, AssetKind, AssetStatus};
use crate::{AssetId, PersonId, Refusal, RoomId, Site, words};
use jiff::Timestamp;
use std::sync::Arc;

/// Assets among which something is wanted.
enum Set<'a> {
    One(&'a Asset),
    InRoom(AssetKind, &'a RoomId),
    Anywhere(AssetKind),
}

impl<'a> Set<'a> {
    /// The sets that hold this asset, the smallest first.
    fn of_asset(asset: &'a Asset) -> Vec<Self> {
        let in_room = asset.room.as_ref().map(|room| Self::InRoom(asset.kind, room));
        [Some(Self::One(asset)), in_room, Some(Self::Anywhere(asset.kind))].into_iter().flatten().collect()
    }

    /// The sets that hold everything that a reservation may be served with.
    fn of(site: &'a Site, reservation: &'a Reservation) -> Vec<Self> {
        match &reservation.of {
            Wanted::Asset(id) => site.assets.get(id).map(|asset| Self::of_asset(asset)).unwrap_or_default(),
            Wanted::Kind { kind, room: Some(room) } => vec![Self::InRoom(*kind, room), Self::Anywhere(*kind)],
            Wanted::Kind { kind, room: None } => vec![Self::Anywhere(*kind)],
        }
    }

    fn has(&self, asset: &Asset) -> bool {
        match self {
            Self::One(one) => one.id == asset.id,
            Self::InRoom(kind, room) => asset.kind == *kind && asset.room.as_ref() == Some(*room),
            Self::Anywhere(kind) => asset.kind == *kind,
        }
    }

    /// Whether a reservation can be served only from this set.
    fn holds(&self, site: &Site, reservation: &Reservation) -> bool {
        match (&reservation.of, self) {
            (Wanted::Asset(id), _) => site.assets.get(id).is_some_and(|asset| self.has(asset)),
            (Wanted::Kind { .. }, Self::One(_)) => false,
            (Wanted::Kind { kind, room }, Self::InRoom(own, of)) => kind == own && room.as_ref() == Some(*of),
            (Wanted::Kind { kind, .. }, Self::Anywhere(own)) => kind == own,
        }
    }

    /// Those that are in service.
    fn members(&self, site: &'a Site) -> Box<dyn Iterator<Item = &'a Arc<Asset>> + '_> {
        let lendable = |asset: &&Arc<Asset>| asset.status == AssetStatus::InService && self.has(asset);
        match self {
            Self::One(one) => Box::new(site.assets.get(&one.id).into_iter().filter(lendable)),
            Self::InRoom(_, room) => Box::new(site.assets_in(room).filter(lendable)),
            Self::Anywhere(_) => Box::new(site.assets.values().filter(lendable)),
        }
    }

    /// How many are in service, and when those of them that are lent come back, but for one: what is overdue should be here by now.
    fn count(&self, site: &'a Site, now: Timestamp, but: Option<AssetId>) -> (usize, Vec<Timestamp>) {
        let (mut all, mut lent) = (0, Vec::new());
        for asset in self.members(site) {
            all += 1;
            if let Some(loan) = site.open_loan(asset.id).filter(|loan| but != Some(asset.id) && !loan.is_overdue(now)) {
                lent.push(loan.falls_due());
            }
        }
        (all, lent)
    }
}

/// The other reservations of a set within a time, oldest first.
fn others<'a>(site: &'a Site, set: &Set<'_>, from: Timestamp, until: Timestamp, now: Timestamp) -> Vec<&'a Arc<Reservation>> {
    let meets = |other: &&Arc<Reservation>| other.from < until && from < other.until;
    let mut others: Vec<_> = active(site, now).filter(meets).filter(|other| set.holds(site, other)).collect();
    others.sort_by_key(|other| other.id);
    others
}

/// The moments within a time at which more is wanted than before.
fn moments<'a>(others: &'a [&Arc<Reservation>], from: Timestamp) -> impl Iterator<Item = Timestamp> + 'a {
    std::iter::once(from).chain(others.iter().map(|other| other.from).filter(move |at| *at > from))
}

fn wanted_at(others: &[&Arc<Reservation>], at: Timestamp) -> usize {
    others.iter().filter(|other| other.from <= at && at < other.until).map(|other| usize::from(other.left())).sum()
}

/// Whether a reservation fits beside all others and beside what is lent.
///
/// # Errors
/// It does not: says how many are free, and what is in the way.
pub(super) fn is_free(site: &Site, new: &Reservation, now: Timestamp) -> Result<(), Refusal> {
    for set in Set::of(site, new) {
        let others = others(site, &set, new.from, new.until, now);
        let (all, lent) = set.count(site, now, None);
        for at in moments(&others, new.from) {
            let (reserved, out) = (wanted_at(&others, at), lent.iter().filter(|due| **due > at).count());
            let free = all.saturating_sub(reserved + out);
            if free < usize::from(new.count) {
                return Err(refused(site, new, &others, at, [all, reserved, out, free]));
            }
        }
    }
    Ok(())
}

fn refused(site: &Site, new: &Reservation, others: &[&Arc<Reservation>], at: Timestamp, counts: [usize; 4]) -> Refusal {
    let when = words::utc(at);
    if let Wanted::Asset(id) = &new.of {
        let tag = name(site, new);
        if let Some(other) = others.iter().find(|other| other.of == new.of) {
            let (from, until) = (words::utc(other.from), words::utc(other.until));
            return Refusal::conflict(format!(
                "{tag} is reserved for {} from {from} to {until} (reservation {})",
                other.holder(),
                other.id
            ));
        }
        if let Some(loan) = site.open_loan(*id).filter(|loan| loan.falls_due() > at) {
            let due = loan.due.map_or_else(|| "without a due date".to_owned(), |due| format!("until {}", words::utc(due)));
            return Refusal::conflict(format!("{tag} is lent to {} {due}: reserve it for later, or another one", loan.person));
        }
        if site.assets.get(id).is_some_and(|asset| asset.status != AssetStatus::InService) {
            return Refusal::conflict(format!("{tag} is not in service: reserve another one"));
        }
    }
    let [all, reserved, out, free] = counts;
    Refusal::conflict(format!(
        "{} can't be reserved: on {when} {free} of {all} would be free, {reserved} reserved and {out} lent; take fewer or another time",
        name(site, new)
    ))
}

/// The reservation of somebody else that could not be served if this asset were lent to `person` for that time.
pub fn conflicting<'a>(
    site: &'a Site,
    asset: &Asset,
    from: Timestamp,
    until: Timestamp,
    person: &PersonId,
) -> Option<&'a Arc<Reservation>> {
    if site.open_reservations.is_empty() {
        return None;
    }
    Set::of_asset(asset).iter().find_map(|set| {
        let mut others = others(site, set, from, until, from);
        others.retain(|other| !other.is_for(site, person));
        if others.is_empty() {
            return None;
        }
        // This one would be lent all that time, whoever has it now.
        let (all, lent) = set.count(site, from, Some(asset.id));
        let short = |at: &Timestamp| wanted_at(&others, *at) + lent.iter().filter(|due| *due > at).count() + 1 > all;
        let at = moments(&others, from).find(short)?;
        others.iter().find(|other| other.from <= at && at < other.until).copied()
    })
}
