//! Whether a seat, and a room, is ready for a class: presence and open alerts put together.

use super::look::Look;
use super::words::{self, Chip};
use jiff::Timestamp;
use rollcall_site::asset::{Asset, AssetStatus};
use rollcall_site::presence::{self, Presence, Whereabouts};
use rollcall_site::room::RoomKind;
use rollcall_site::rule::Severity;
use rollcall_site::seat_plan::SeatPlan;
use rollcall_site::view::AlertRow;
use rollcall_site::{AssetId, DeviceId, RoomId, Tag, natural};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The devices and open alerts of the site, or of one room, by asset.
pub struct Roster {
    /// The devices; retired and revoked ones are not there.
    pub devices: HashMap<AssetId, Standing>,
    /// The worst open alert of each tag.
    pub worst: HashMap<Tag, AlertRow>,
}

/// A device and where it is.
pub struct Standing {
    /// The device.
    pub device: DeviceId,
    /// Its tag.
    pub tag: Tag,
    /// Where it belongs.
    pub room: Option<RoomId>,
    /// Where it is.
    pub seen: Whereabouts,
}

/// A place of a room's plan.
pub struct Place {
    /// Its number, or the seat's own name; empty for what has none.
    pub name: String,
    /// What stands there; nothing on an empty seat.
    pub seat: Option<Seat>,
}

/// A seat of a room's plan.
pub struct Seat {
    /// Its asset.
    pub asset: Arc<Asset>,
    /// Ready or not, and why.
    pub state: Chip,
}

/// A room's seats counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Ready for a class.
    pub ready: usize,
    /// Here, ready or not.
    pub here: usize,
    /// Not ready and needing somebody now.
    pub broken: usize,
    /// Not ready and to be looked at.
    pub doubtful: usize,
    /// On loan.
    pub away: usize,
    /// Everything that belongs there.
    pub all: usize,
}

impl Roster {
    /// Takes the roster of one room, or of the whole site; `alerts` are the open ones, worst first.
    pub fn take(look: &Look, room: Option<&RoomId>, alerts: &[AlertRow]) -> Self {
        let standing = |asset: &Arc<Asset>| {
            let device = look.site.device_of(asset)?;
            let seen = presence::of(&look.site, &look.heard, asset, device, look.now);
            let here = Standing { device: device.id, tag: asset.tag.clone(), room: asset.room.clone(), seen };
            (here.seen.presence != Presence::Retired).then_some((asset.id, here))
        };
        let devices = match room {
            Some(room) => look.site.assets_in(room).filter_map(standing).collect(),
            None => look.site.assets.values().filter_map(standing).collect(),
        };
        let mut worst = HashMap::new();
        for alert in alerts {
            if let Some(tag) = alert.tag.clone() {
                worst.entry(tag).or_insert_with(|| alert.clone());
            }
        }
        Self { devices, worst }
    }

    /// What belongs in a room, in no order.
    pub fn seats<'a>(&'a self, look: &'a Look, room: &RoomId) -> impl Iterator<Item = Seat> + use<'a> {
        belongs(look, room).map(|asset| Seat { state: self.state(asset).chip(look, asset), asset: Arc::clone(asset) })
    }

    /// Whether an asset is ready, and why not.
    fn state(&self, asset: &Asset) -> State<'_> {
        match asset.status {
            AssetStatus::InRepair => return State::InRepair,
            AssetStatus::Lost | AssetStatus::Stolen => return State::Lost,
            AssetStatus::Retired | AssetStatus::Disposed => return State::Retired,
            AssetStatus::InService => (),
        }
        let Some(standing) = self.devices.get(&asset.id) else { return State::NoAgent };
        match standing.seen.presence {
            Presence::Away => State::Away,
            Presence::Retired => State::Retired,
            _ if standing.seen.note.starts_with("quarantined") => State::Quarantined,
            Presence::Silent => State::Silent(standing.seen.since),
            Presence::Asleep | Presence::Resting => State::Resting(standing.seen.presence),
            Presence::Late => State::Late,
            Presence::Here => match self.worst.get(&asset.tag) {
                Some(alert) if alert.severity >= Severity::Medium => State::Alert(alert),
                _ => State::Ready,
            },
        }
    }

    /// Counts the seats of a room.
    pub fn tally(&self, look: &Look, room: &RoomId) -> Tally {
        let mut tally = Tally::default();
        for asset in belongs(look, room) {
            tally.all += 1;
            match self.state(asset) {
                State::Ready => tally.ready += 1,
                State::Lost | State::Quarantined | State::Silent(_) => tally.broken += 1,
                State::Alert(alert) if alert.severity == Severity::High => tally.broken += 1,
                State::Late | State::Alert(_) => tally.doubtful += 1,
                State::Away => tally.away += 1,
                State::InRepair | State::NoAgent | State::Resting(_) | State::Retired => (),
            }
            let presence = self.devices.get(&asset.id).map(|standing| standing.seen.presence);
            tally.here += usize::from(matches!(presence, Some(Presence::Here | Presence::Late)));
        }
        tally
    }
}

/// Whether an asset is ready for a class.
enum State<'a> {
    Alert(&'a AlertRow),
    Away,
    InRepair,
    Late,
    Lost,
    NoAgent,
    Quarantined,
    Ready,
    Resting(Presence),
    Retired,
    Silent(Timestamp),
}

impl State<'_> {
    fn chip(&self, look: &Look, asset: &Asset) -> Chip {
        match self {
            Self::Alert(alert) => {
                let says = words::said_of(&alert.title, asset.tag.as_str()).unwrap_or(&alert.title);
                Chip { word: says.to_owned(), ..words::severity(alert.severity) }
            }
            Self::Away => Chip::away("on loan"),
            Self::InRepair => Chip::rest("in repair"),
            Self::Late => Chip::check("late"),
            Self::Lost => Chip::stop("lost"),
            Self::NoAgent => Chip::rest("no agent"),
            Self::Quarantined => Chip::stop("quarantined"),
            Self::Ready => Chip::go("ready"),
            Self::Resting(presence) => Chip::rest(words::presence(*presence).word.to_lowercase()),
            Self::Retired => Chip::rest("retired"),
            Self::Silent(since) => Chip::stop(format!("silent {}", look.moment(*since).words)),
        }
    }
}

/// What belongs in a room and was not retired.
fn belongs<'a>(look: &'a Look, room: &RoomId) -> impl Iterator<Item = &'a Arc<Asset>> + use<'a> {
    look.site.assets_in(room).filter(|asset| !asset.status.is_gone())
}

impl Tally {
    /// The room's state in one chip.
    pub fn chip(self, kind: RoomKind) -> Chip {
        let waiting = self.broken + self.doubtful;
        match self {
            Self { all: 0, .. } => Chip::rest("Empty"),
            Self { broken: 1.., .. } => Chip::stop(format!("{waiting} not ready")),
            Self { doubtful: 1.., .. } => Chip::check(format!("{waiting} to look at")),
            Self { ready: 1.., .. } => Chip::go("Ready"),
            Self { away: 1.., .. } => Chip::away("On loan"),
            _ if kind == RoomKind::Cart => Chip::rest("Put away"),
            _ => Chip::rest("Off"),
        }
    }

    /// Whether a class could not simply begin.
    pub fn not_ready(self) -> bool {
        self.broken > 0
    }
}

/// The plan of a room with so many seats. Where most seats have numbers: every number in order, empty ones too, then what has a seat
/// of another name or none. Where they have names such as "A1": those in order, then the empty ones, whose names nobody knows.
pub fn plan(seats: impl Iterator<Item = Seat>, count: u32) -> Vec<Place> {
    let (mut named, mut rest): (Vec<Seat>, Vec<Seat>) = seats.partition(|seat| seat.asset.seat.is_some());
    let numbers = named.iter().filter(|seat| number(seat).is_some()).count();
    let mut numbered = BTreeMap::new();
    let mut empty = 0;
    if numbers * 2 >= named.len() {
        numbered = (1..=count).map(|number| (number, None)).collect();
        let (with, without) = named.into_iter().partition(|seat| number(seat).is_some());
        named = without;
        numbered.extend(with.into_iter().filter_map(|seat: Seat| Some((number(&seat)?, Some(seat)))));
    } else {
        empty = (count as usize).saturating_sub(named.len());
    }
    let name = |seat: &Seat| seat.asset.seat.clone().unwrap_or_default();
    named.sort_by(|a, b| natural::compare(&name(a), &name(b)));
    let place = |seat: Seat| Place { name: name(&seat), seat: Some(seat) };
    let mut places: Vec<Place> = numbered.into_iter().map(|(number, seat)| Place { name: number.to_string(), seat }).collect();
    places.extend(named.into_iter().map(place));
    places.extend((0..empty).map(|_| Place { name: String::new(), seat: None }));
    rest.sort_by(|a, b| natural::compare(a.asset.tag.as_str(), b.asset.tag.as_str()));
    places.extend(rest.into_iter().map(place));
    places
}

/// The seats of a room as its plan has them, row by row, empty ones too; and those that have no place in it. `None` is an aisle.
pub fn placed(seats: impl Iterator<Item = Seat>, plan: &SeatPlan) -> (Vec<Vec<Option<Place>>>, Vec<Place>) {
    let mut by_name: BTreeMap<String, Seat> = BTreeMap::new();
    let mut rest = Vec::new();
    for seat in seats {
        match seat.asset.seat.clone() {
            Some(name) => drop(by_name.insert(name, seat)),
            None => rest.push(Place { name: String::new(), seat: Some(seat) }),
        }
    }
    let mut place = |name: &String| Place { name: name.clone(), seat: by_name.remove(name) };
    let rows = plan.rows().iter().map(|row| row.iter().map(|name| name.as_ref().map(&mut place)).collect()).collect();
    rest.extend(by_name.into_iter().map(|(name, seat)| Place { name, seat: Some(seat) }));
    (rows, rest)
}

/// A seat's number, written as one writes it: "07" is a name. No two assets have the same seat.
fn number(seat: &Seat) -> Option<u32> {
    let name = seat.asset.seat.as_deref()?;
    name.parse::<u32>().ok().filter(|number| number.to_string() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_site::asset::{self, AssetFacts};
    use rollcall_site::event::Actor;
    use rollcall_site::room::{self, RoomFacts};
    use rollcall_site::{Site, Working};

    fn seat(tag: &str, seat: Option<&str>) -> Seat {
        let facts = AssetFacts { seat: seat.map(str::to_owned), room: Some("Lab 1".to_owned()), ..AssetFacts::default() };
        let mut w = Working::begin(Site::default(), Timestamp::UNIX_EPOCH, Actor::Rollcall);
        room::add(&mut w, RoomId::parse("Lab 1").unwrap(), RoomFacts::default()).unwrap();
        let asset = asset::add(&mut w, AssetId(uuid::Uuid::nil()), Tag::parse(tag).unwrap(), facts).unwrap();
        Seat { asset, state: Chip::go("ready") }
    }

    fn said(place: &Place) -> String {
        let tag = place.seat.as_ref().map_or("-".to_owned(), |seat| seat.asset.tag.to_string());
        format!("{}:{tag}", place.name)
    }

    #[test]
    fn a_drawn_plan_shows_each_seat_in_its_place_and_leaves_nothing_out() {
        let seats = [seat("A", Some("1")), seat("B", Some("3")), seat("C", Some("by the door")), seat("D", None)];
        let (rows, rest) = placed(seats.into_iter(), &"1 . 2\n3".parse().unwrap());
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|place| place.as_ref().map_or(String::new(), said)).collect()).collect();
        assert_eq!(rows, [["1:A", "", "2:-"], ["3:B", "", ""]]);
        assert_eq!(rest.iter().map(said).collect::<Vec<_>>(), [":D", "by the door:C"]);
    }

    #[test]
    fn a_plan_counts_every_seat_and_shows_the_empty_ones() {
        let check = |count, seats: Vec<Seat>, want: &str| {
            let said = plan(seats.into_iter(), count).iter().map(said).collect::<Vec<_>>();
            assert_eq!(said.join(" "), want);
        };
        check(3, vec![seat("C", Some("10")), seat("B", Some("2")), seat("A", None), seat("T", Some("desk"))], "1:- 2:B 3:- 10:C desk:T :A");
        check(4, vec![seat("B", Some("B2")), seat("A", Some("A10")), seat("C", Some("A9")), seat("D", None)], "A9:C A10:A B2:B :- :D");
        check(0, vec![seat("L-10", None), seat("L-9", None)], ":L-9 :L-10");
    }

    #[test]
    fn a_room_says_its_worst() {
        let tally = Tally { all: 3, ready: 2, ..Tally::default() };
        assert_eq!(tally.chip(RoomKind::Lab), Chip::go("Ready"));
        assert_eq!(Tally { broken: 1, ..tally }.chip(RoomKind::Lab), Chip::stop("1 not ready"));
        assert_eq!(Tally::default().chip(RoomKind::Lab), Chip::rest("Empty"));
        assert_eq!(Tally { all: 2, ..Tally::default() }.chip(RoomKind::Cart), Chip::rest("Put away"));
    }
}
