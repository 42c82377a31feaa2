//! Reservations: an asset, or so many of a kind, kept for somebody from a moment until another; never more than there are.

mod supply;
#[cfg(test)]
mod tests;

pub(crate) use supply::conflicting;

use crate::asset::{Asset, AssetKind};
use crate::loan::Loan;
use crate::record::{Record, Rest, Table};
use crate::{
    AssetId, ClassId, LoanId, PersonId, Refusal, ReservationId, RoomId, Site, Tag, Working, asset, facts_text, person, room, words,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is kept for somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reservation {
    /// Its number.
    pub id: ReservationId,
    /// What of.
    pub of: Wanted,
    /// How many; 1 of an asset.
    pub count: u16,
    /// For whom.
    pub person: PersonId,
    /// For which class; whoever is in it may fetch it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The loans with which it was fetched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lent: Vec<LoanId>,
    /// When it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// Who made it.
    pub by: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a reservation is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// This asset.
    Asset(AssetId),
    /// Any of a kind.
    Kind {
        /// Of this kind.
        kind: AssetKind,
        /// That belongs in this room or cart; none: anywhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
    },
}

/// Where a reservation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// To come, or to be fetched.
    Open,
    /// All of it was fetched.
    Fetched,
    /// Nobody fetched it, or not all of it, and its time is over.
    Over,
    /// Cancelled.
    Cancelled,
}

impl Record for Reservation {
    type Key = ReservationId;
    const KIND: &'static str = "reservation";
    fn key(&self) -> ReservationId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.reservations
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.reservations
    }
    fn index(site: &mut Site, old: Option<&Self>, new: Option<&Self>) {
        if let Some(old) = old {
            site.open_reservations.remove(&(old.until, old.id));
        }
        if let Some(new) = new.filter(|reservation| reservation.cancelled_at.is_none() && reservation.left() > 0) {
            site.open_reservations.insert((new.until, new.id));
        }
    }
}

/// The longest reservation, and how far ahead one may end: a school year.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);
/// Most reservations that are open.
const MOST: usize = 2_000;
/// Something that is reserved may be fetched this long before.
const EARLY: SignedDuration = SignedDuration::from_hours(12);
/// Longest name of a class, characters.
const CLASS: usize = 60;

impl Reservation {
    /// How many are still to be fetched.
    pub fn left(&self) -> u16 {
        self.count.saturating_sub(u16::try_from(self.lent.len()).unwrap_or(u16::MAX))
    }

    /// Where it stands.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match self.cancelled_at {
            Some(_) => Standing::Cancelled,
            None if self.left() == 0 => Standing::Fetched,
            None if self.until <= now => Standing::Over,
            None => Standing::Open,
        }
    }

    /// For whom it is, by id: "20431", "20431 (Biology 3)".
    pub fn holder(&self) -> String {
        self.class.as_ref().map_or_else(|| self.person.to_string(), |class| format!("{} ({class})", self.person))
    }

    /// Whether it is for this person, or for a class of theirs.
    pub fn is_for(&self, site: &Site, person: &PersonId) -> bool {
        let in_class = |class: &String| ClassId::parse(class).is_ok_and(|class| site.class_members.contains(&(class, person.clone())));
        self.person == *person || self.class.as_ref().is_some_and(in_class)
    }

    /// Whether it may be served with this asset.
    pub(crate) fn covers(&self, asset: &Asset) -> bool {
        match &self.of {
            Wanted::Asset(id) => *id == asset.id,
            Wanted::Kind { kind, room } => *kind == asset.kind && (room.is_none() || *room == asset.room),
        }
    }
}

/// What is said of a reservation to be made.
#[derive(Clone, Debug)]
pub struct NewReservation {
    /// What of.
    pub of: Of,
    /// For whom.
    pub person: PersonId,
    /// For which class.
    pub class: Option<String>,
    /// From when; none: now.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Timestamp,
}

/// What a reservation to be made is of.
#[derive(Clone, Debug)]
pub enum Of {
    /// The asset with this tag.
    Tag(Tag),
    /// So many of a kind, of a room or anywhere.
    Kind {
        /// How many.
        count: u16,
        /// Of this kind.
        kind: AssetKind,
        /// That belongs there.
        room: Option<RoomId>,
    },
}

/// Keeps something for somebody.
///
/// # Errors
/// No such asset, room or person; the times make no sense; so many are not free then: says how many are, and for whom the others are.
pub fn add(w: &mut Working, new: NewReservation) -> Result<Arc<Reservation>, Refusal> {
    person::get(&w.site, &new.person)?;
    let (of, count) = wanted(&w.site, &new.of)?;
    let from = new.from.unwrap_or(w.now);
    if new.until <= from.max(w.now) || new.until.duration_since(w.now) > LONGEST {
        return Err(Refusal::invalid("a reservation ends after it begins, in the time to come, and within a year"));
    }
    let class = new.class.map(|class| facts_text::short("a class", &class, CLASS)).transpose()?.filter(|class| !class.is_empty());
    if active(&w.site, w.now).count() >= MOST {
        return Err(Refusal::conflict(format!("there are {MOST} reservations already: cancel some with `rollcall reserve cancel N`")));
    }
    let reservation = Reservation {
        id: ReservationId(w.site.reservations.get_max().map_or(1, |(id, _)| id.0 + 1)),
        of,
        count,
        person: new.person,
        class,
        from,
        until: new.until,
        lent: Vec::new(),
        cancelled_at: None,
        by: w.actor.words(),
        rest: Rest::new(),
    };
    supply::is_free(&w.site, &reservation, w.now)?;
    let reservation = w.put(reservation);
    let what = name(&w.site, &reservation);
    let (from, until) = (words::utc(reservation.from), words::utc(reservation.until));
    say(w, &reservation, "reservation.made", format!("{what} reserved for {} from {from} to {until}", reservation.holder()));
    Ok(reservation)
}

/// Cancels what is still to come or to be fetched.
///
/// # Errors
/// No such reservation, or it is over.
pub fn cancel(w: &mut Working, id: ReservationId) -> Result<Arc<Reservation>, Refusal> {
    let reservation = Arc::clone(get(&w.site, id)?);
    if reservation.standing(w.now) != Standing::Open {
        return Err(Refusal::conflict(format!("reservation {id} is over: there is nothing to cancel")));
    }
    Ok(end(w, &reservation))
}

fn end(w: &mut Working, reservation: &Reservation) -> Arc<Reservation> {
    let reservation = w.put(Reservation { cancelled_at: Some(w.now), ..reservation.clone() });
    let text = format!("{} is not reserved for {} any more", name(&w.site, &reservation), reservation.holder());
    say(w, &reservation, "reservation.cancelled", text);
    reservation
}

/// The reservation with this number.
///
/// # Errors
/// There is none.
pub fn get(site: &Site, id: ReservationId) -> Result<&Arc<Reservation>, Refusal> {
    site.reservations
        .get(&id)
        .ok_or_else(|| Refusal::not_found(format!("there is no reservation {id}; `rollcall reserve list` shows them")))
}

/// The reservations that are open, the one that ends first first.
pub fn active(site: &Site, now: Timestamp) -> impl Iterator<Item = &Arc<Reservation>> {
    let ahead = site.open_reservations.range((now, ReservationId(u64::MAX))..);
    ahead.filter_map(|(_, id)| site.reservations.get(id))
}

/// What a reservation is of, in words: "LT-1", "10 of the kind laptop of Cart A".
pub fn name(site: &Site, reservation: &Reservation) -> String {
    match &reservation.of {
        Wanted::Asset(id) => site.assets.get(id).map_or_else(|| "an asset that is gone".to_owned(), |asset| asset.tag.to_string()),
        Wanted::Kind { kind, room } => {
            let of = room.as_ref().map(|room| format!(" of {room}")).unwrap_or_default();
            format!("{} of the kind {}{of}", reservation.count, kind.word())
        }
    }
}

/// A loan that was made fetches what is reserved for its borrower, with its asset and with each part of its kit.
pub(crate) fn fulfil(w: &mut Working, loan: &Loan) {
    loan.assets().for_each(|asset| fulfil_with(w, loan, asset));
}

/// One asset fetches one reservation, that which ends first.
fn fulfil_with(w: &mut Working, loan: &Loan, asset: AssetId) {
    let Some(asset) = w.site.assets.get(&asset).cloned() else { return };
    let fits = |reservation: &&Arc<Reservation>| {
        reservation.is_for(&w.site, &loan.person)
            && reservation.from <= w.now.saturating_add(EARLY).unwrap_or(w.now)
            && reservation.covers(&asset)
    };
    // One of this very asset goes before one of any of its kind.
    let of_asset = active(&w.site, w.now).filter(fits).find(|reservation| matches!(reservation.of, Wanted::Asset(_)));
    let Some(reservation) = of_asset.or_else(|| active(&w.site, w.now).find(fits)).cloned() else { return };
    let mut fetched = (*reservation).clone();
    fetched.lent.push(loan.id);
    let fetched = w.put(fetched);
    if fetched.left() == 0 {
        let text = format!("{}, reserved for {}, was fetched", name(&w.site, &fetched), fetched.holder());
        say(w, &fetched, "reservation.fetched", text);
    }
}

/// A loan is undone: what it had fetched is to be fetched again.
pub(crate) fn unfulfil(w: &mut Working, loan: &Loan) {
    let of_loan = w.site.reservations.values().filter(|reservation| reservation.lent.contains(&loan.id));
    for reservation in of_loan.cloned().collect::<Vec<_>>() {
        let lent = reservation.lent.iter().copied().filter(|id| *id != loan.id).collect();
        w.put(Reservation { lent, ..(*reservation).clone() });
    }
}

fn wanted(site: &Site, of: &Of) -> Result<(Wanted, u16), Refusal> {
    match of {
        Of::Tag(tag) => Ok((Wanted::Asset(asset::tagged(site, tag)?.id), 1)),
        Of::Kind { count: 0 | 1_001.., .. } => Err(Refusal::invalid("reserve 1 to 1000 of a kind")),
        Of::Kind { count, kind, room } => {
            let room = room.as_ref().map(|room| room::get(site, room).map(|room| room.id.clone())).transpose()?;
            Ok((Wanted::Kind { kind: *kind, room }, *count))
        }
    }
}

fn say(w: &mut Working, reservation: &Reservation, kind: &'static str, text: String) {
    let asset = match &reservation.of {
        Wanted::Asset(id) => w.site.assets.get(id).cloned(),
        Wanted::Kind { .. } => None,
    };
    let event = w.event(kind, text);
    if let Some(asset) = asset {
        event.about(&asset);
    }
    event.person = Some(reservation.person.clone());
}

/// What is reserved for one id is for another, who is the same human being.
pub(crate) fn move_all(w: &mut Working, moves: &std::collections::BTreeMap<PersonId, PersonId>) {
    let moved = |old: &Arc<Reservation>| Some(Reservation { person: moves.get(&old.person)?.clone(), ..(**old).clone() });
    let moved: Vec<Reservation> = w.site.reservations.values().filter_map(moved).collect();
    moved.into_iter().for_each(|reservation| drop(w.put(reservation)));
}

/// Nothing is kept for somebody any more.
pub(crate) fn cancel_all(w: &mut Working, person: &PersonId) {
    let theirs: Vec<Arc<Reservation>> = active(&w.site, w.now).filter(|open| open.person == *person).cloned().collect();
    for reservation in theirs {
        end(w, &reservation);
    }
}
