//! How many there are: whether a reservation fits beside the others and beside what is lent, and whether a loan takes away what is reserved.
//!
//! What can be reserved forms nested sets: an asset, the assets of its kind in its room, those of its kind anywhere. So reservations can all
//! be served exactly if in each set, at each moment, no more is wanted than it holds.

use super::{Reservation, Wanted, active, name};
use crate::asset::{Asset, AssetKind, AssetStatus};
use crate::{PersonId, Refusal, RoomId, Site, words};
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
            Self::Anywhere(kind) => Box::new(site.assets_of(*kind).filter(lendable)),
        }
    }
}

/// What there is of a set.
struct Stock {
    /// How many are in service.
    all: usize,
    /// When those of them that are lent come back, the first first: what is overdue should be here by now.
    lent: Vec<Timestamp>,
}

impl Stock {
    /// Counts; none where so many are here that no more need be looked at. Those that are about to leave count as here.
    fn count<'a>(
        site: &Site,
        members: impl Iterator<Item = &'a Arc<Asset>>,
        now: Timestamp,
        leaving: &[&Asset],
        enough: usize,
    ) -> Option<Self> {
        let mut stock = Self { all: 0, lent: Vec::new() };
        for asset in members {
            stock.all += 1;
            let leaves = leaving.iter().any(|leaving| leaving.id == asset.id);
            if let Some(loan) = site.open_loan(asset.id).filter(|loan| !leaves && !loan.is_overdue(now)) {
                stock.lent.push(loan.falls_due());
            }
            if stock.all - stock.lent.len() >= enough {
                return None;
            }
        }
        stock.lent.sort_unstable();
        Some(stock)
    }

    /// How many are lent at a moment.
    fn out(&self, at: Timestamp) -> usize {
        self.lent.len() - self.lent.partition_point(|due| *due <= at)
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

fn most_wanted(others: &[&Arc<Reservation>], from: Timestamp) -> usize {
    moments(others, from).map(|at| wanted_at(others, at)).max().unwrap_or(0)
}

/// Whether a reservation fits beside all others and beside what is lent.
///
/// # Errors
/// It does not: says how many are free, and what is in the way.
pub(super) fn is_free(site: &Site, new: &Reservation, now: Timestamp) -> Result<(), Refusal> {
    for set in Set::of(site, new) {
        let others = others(site, &set, new.from, new.until, now);
        let enough = most_wanted(&others, new.from) + usize::from(new.count);
        let Some(stock) = Stock::count(site, set.members(site), now, &[], enough) else { continue };
        for at in moments(&others, new.from) {
            let (all, reserved, out) = (stock.all, wanted_at(&others, at), stock.out(at));
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

/// The reservation of somebody else that could not be served if these assets, which leave together, were lent to `person` for that time.
pub(crate) fn conflicting<'a>(
    site: &'a Site,
    leaving: &[&Asset],
    from: Timestamp,
    until: Timestamp,
    person: &PersonId,
) -> Option<&'a Arc<Reservation>> {
    if site.open_reservations.is_empty() {
        return None;
    }
    leaving.iter().flat_map(|asset| Set::of_asset(asset)).find_map(|set| {
        let mut others = others(site, &set, from, until, from);
        others.retain(|other| !other.is_for(site, person));
        if others.is_empty() {
            return None;
        }
        // These would be lent all that time, whoever has them now.
        let taken = leaving.iter().filter(|asset| set.has(asset)).count();
        let stock = Stock::count(site, set.members(site), from, leaving, most_wanted(&others, from) + taken)?;
        // What is in repair is lent beside the stock: where nothing is wanted, nothing is in the way.
        let lacks = |at: &Timestamp| wanted_at(&others, *at) > 0 && wanted_at(&others, *at) + stock.out(*at) + taken > stock.all;
        let at = moments(&others, from).find(lacks)?;
        others.iter().find(|other| other.from <= at && at < other.until).copied()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AssetId;
    use crate::asset::AssetFacts;
    use crate::loan::sample::LoanDesk;

    #[test]
    fn no_more_are_counted_than_are_wanted() {
        let mut desk = LoanDesk::new();
        let tags: Vec<String> = (0..300).map(|number| format!("CAM-{number}")).collect();
        desk.cameras(&tags.iter().map(String::as_str).collect::<Vec<_>>());
        let (of, rest) = (desk.site.assets.values().next().unwrap().id, crate::Tag::parse("PC-1").unwrap());
        desk.must(|w| crate::asset::add(w, AssetId(uuid::Uuid::from_u128(1_000)), rest, AssetFacts::default()));
        assert_eq!(desk.site.assets_of(AssetKind::Camera).count(), 300);
        desk.lend("CAM-0", "ana");
        let mut seen = 0;
        let members = Set::Anywhere(AssetKind::Camera);
        let counted = Stock::count(&desk.site, members.members(&desk.site).inspect(|_| seen += 1), desk.now, &[], 3);
        assert!(counted.is_none() && seen == 4, "{seen} were looked at");
        let lent = desk.site.assets.get(&of).unwrap();
        let stock = Stock::count(&desk.site, std::iter::once(lent), desk.now, &[], 1).unwrap();
        assert_eq!((stock.all, stock.out(desk.now), stock.out(Timestamp::MAX)), (1, 1, 0));
    }
}
