//! Whether a seat, and a room, is ready for a class: presence and open alerts put together.

use super::look::Look;
use super::words::{self, Chip};
use jiff::Timestamp;
use rollcall_site::asset::{Asset, AssetStatus};
use rollcall_site::presence::Presence;
use rollcall_site::room::RoomKind;
use rollcall_site::rule::Severity;
use rollcall_site::view::{self, AlertRow, AlertsShown, DeviceFilter, DeviceRow};
use rollcall_site::{AssetId, RoomId, Tag};
use std::collections::HashMap;
use std::sync::Arc;

/// The devices and open alerts of the site, or of one room, by asset.
pub struct Roster {
    /// The devices.
    pub devices: HashMap<AssetId, DeviceRow>,
    /// The worst open alert of each tag.
    pub worst: HashMap<Tag, AlertRow>,
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
    /// Takes the roster of one room, or of the whole site.
    pub fn take(look: &Look, room: Option<&RoomId>) -> Self {
        let filter = DeviceFilter { room: room.cloned(), ..DeviceFilter::default() };
        let rows = view::devices(&look.site, &look.heard, &filter, look.now);
        let mut worst = HashMap::new();
        for alert in view::alerts(&look.site, AlertsShown::Open) {
            if let Some(tag) = alert.tag.clone() {
                worst.entry(tag).or_insert(alert);
            }
        }
        Self { devices: rows.into_iter().map(|row| (row.asset, row)).collect(), worst }
    }

    /// The seats of a room, in the order of its plan.
    pub fn seats(&self, look: &Look, room: &RoomId) -> Vec<Seat> {
        let mut seats: Vec<Seat> = look
            .site
            .assets_in(room)
            .filter(|asset| asset.status != AssetStatus::Retired)
            .map(|asset| Seat { state: self.state(look, asset), asset: Arc::clone(asset) })
            .collect();
        seats.sort_by_cached_key(|seat| {
            let name = seat.asset.seat.clone();
            (name.is_none(), natural(&name.unwrap_or_default()), natural(seat.asset.tag.as_str()))
        });
        seats
    }

    /// Whether an asset is ready, and why not.
    pub fn state(&self, look: &Look, asset: &Asset) -> Chip {
        match asset.status {
            AssetStatus::InRepair => return Chip::rest("in repair"),
            AssetStatus::Lost => return Chip::stop("lost"),
            AssetStatus::Retired => return Chip::rest("retired"),
            AssetStatus::InService => (),
        }
        let Some(row) = self.devices.get(&asset.id) else { return Chip::rest("no agent") };
        let worst = self.worst.get(&asset.tag);
        match row.presence {
            Presence::Away => Chip::away("on loan"),
            Presence::Retired => Chip::rest("retired"),
            _ if row.note.starts_with("quarantined") => Chip::stop("quarantined"),
            Presence::Silent => Chip::stop(format!("silent {}", since(look, row.since))),
            Presence::Asleep | Presence::Resting => Chip::rest(words::presence(row.presence).word.to_lowercase()),
            Presence::Late => Chip::check("late"),
            Presence::Here => match worst {
                Some(alert) if alert.severity >= Severity::Medium => {
                    let says = words::said_of(&alert.title, asset.tag.as_str()).unwrap_or(&alert.title);
                    Chip { word: says.to_owned(), ..words::severity(alert.severity) }
                }
                _ => Chip::go("ready"),
            },
        }
    }

    /// Counts the seats of a room.
    pub fn tally(&self, seats: &[Seat]) -> Tally {
        let mut tally = Tally { all: seats.len(), ..Tally::default() };
        for seat in seats {
            match seat.state.tone {
                "go" => tally.ready += 1,
                "stop" => tally.broken += 1,
                "check" => tally.doubtful += 1,
                "away" => tally.away += 1,
                _ => (),
            }
            let presence = self.devices.get(&seat.asset.id).map(|row| row.presence);
            tally.here += usize::from(matches!(presence, Some(Presence::Here | Presence::Late)));
        }
        tally
    }
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

/// The short time of a seat that fell silent.
fn since(look: &Look, at: Timestamp) -> String {
    look.moment(at).words
}

/// Sorts "LAB2-9" before "LAB2-10": texts and numbers in turn.
fn natural(text: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(word);
        let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        let (number, tail) = tail.split_at(digits);
        parts.push((word.to_owned(), number.parse().unwrap_or(u64::MAX)));
        rest = tail;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_stand_in_the_order_people_count() {
        let mut seats = ["B-1", "A-10", "A-9", "A-9b", "A"];
        seats.sort_by_cached_key(|seat| natural(seat));
        assert_eq!(seats, ["A", "A-9", "A-9b", "A-10", "B-1"]);
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
