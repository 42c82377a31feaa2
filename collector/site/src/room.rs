//! Rooms: labs, carts, libraries, offices.

use crate::calendar::{self, RoomHours};
use crate::record::{Record, Rest, Table};
use crate::seat_plan::SeatPlan;
use crate::{Refusal, RoomId, Site, Working, rule, words};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A room of the site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Room {
    /// Its name.
    pub id: RoomId,
    /// What it is.
    pub kind: RoomKind,
    /// Seats it is planned for; 0: not said.
    pub seats: u32,
    /// How long a machine is silent before a person is told, seconds.
    pub settle_s: u32,
    /// Heartbeat of its machines, milliseconds, 5,000 to 60,000.
    pub heartbeat_ms: u32,
    /// When its machines are expected; unset: as the school's own hours say, and always where those are unset too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<RoomHours>,
    /// The subnets that its machines' addresses are in; none: not said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<IpNet>,
    /// What is set of rules here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: rule::Settings,
    /// Where its seats stand; unset: nobody drew it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<SeatPlan>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Room {
    type Key = RoomId;
    const KIND: &'static str = "room";
    fn key(&self) -> RoomId {
        self.id.clone()
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.rooms
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.rooms
    }
}

impl Room {
    /// A room of which nothing is said yet.
    pub fn new(id: RoomId, kind: RoomKind) -> Self {
        Self {
            id,
            kind,
            seats: 0,
            settle_s: SETTLE_S,
            heartbeat_ms: HEARTBEAT_MS,
            hours: None,
            subnets: Vec::new(),
            rules: rule::Settings::new(),
            plan: None,
            rest: Rest::new(),
        }
    }
}

/// What a room is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoomKind {
    /// A lab of PCs.
    #[default]
    Lab,
    /// A cart of laptops, never expected to be on.
    Cart,
    /// A library.
    Library,
    /// An office.
    Office,
    /// A store room or any other place.
    Other,
}

/// What is said of a room: absent fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoomFacts {
    /// What it is.
    pub kind: Option<RoomKind>,
    /// Seats it is planned for.
    pub seats: Option<u32>,
    /// How long a machine is silent before a person is told, seconds.
    pub settle_s: Option<u32>,
    /// Heartbeat of its machines, milliseconds, 5,000 to 60,000.
    pub heartbeat_ms: Option<u32>,
    /// When its machines are expected: "Mon-Fri 07:30-16:00", "always", "never", or "school" for the school's own hours.
    pub hours: Option<String>,
    /// The subnets that its machines' addresses are in, "10.20.3.0/24", at most 16; an empty list: not said.
    pub subnets: Option<Vec<String>>,
    /// Where its seats stand: a line for each row, from the board to the back, seats parted by spaces, "." for an aisle; empty: not drawn.
    pub plan: Option<String>,
}

/// Most subnets of one room.
const SUBNETS: usize = 16;

/// How long a machine is silent before a person is told where no room says otherwise, seconds.
pub const SETTLE_S: u32 = 60;
/// Heartbeat of a machine without a room, milliseconds.
pub const HEARTBEAT_MS: u32 = 10_000;

/// The room with this name.
///
/// # Errors
/// There is none.
pub fn get<'a>(site: &'a Site, id: &RoomId) -> Result<&'a Arc<Room>, Refusal> {
    site.rooms.get(id).ok_or_else(|| {
        Refusal::not_found(format!("there is no room {id:?}; `rollcall rooms` lists them, `rollcall room add` makes one", id = id.as_str()))
    })
}

/// Heartbeat of an asset's machine, milliseconds: its room's.
pub fn heartbeat_of(site: &Site, asset: &crate::asset::Asset) -> u32 {
    asset.room.as_ref().and_then(|room| site.rooms.get(room)).map_or(HEARTBEAT_MS, |room| room.heartbeat_ms)
}

/// Adds a room.
///
/// # Errors
/// There is one of that name, or a number is out of its bounds.
pub fn add(w: &mut Working, id: RoomId, facts: RoomFacts) -> Result<Arc<Room>, Refusal> {
    if w.site.rooms.contains_key(&id) {
        return Err(Refusal::conflict(format!("there is a room {:?} already", id.as_str())));
    }
    let kind = facts.kind.unwrap_or_default();
    // A lab is watched second by second; elsewhere a machine may take its time.
    let heartbeat_ms = if kind == RoomKind::Lab { 5_000 } else { 30_000 };
    let room = with(Room { heartbeat_ms, ..Room::new(id, kind) }, &facts)?;
    let room = w.put(room);
    w.event("room.added", format!("Room {} added", room.id)).in_room(&room.id);
    if room.hours.is_some() {
        calendar::retime(w);
    }
    Ok(room)
}

/// Changes a room.
///
/// # Errors
/// No such room, or a number out of its bounds.
pub fn set(w: &mut Working, id: &RoomId, facts: RoomFacts) -> Result<Arc<Room>, Refusal> {
    let before = Arc::clone(get(&w.site, id)?);
    let after = with((*before).clone(), &facts)?;
    if after == *before {
        return Ok(before);
    }
    let after = w.put(after);
    let mut text = format!(
        "Room {}: {}, expected {}, told after {} s of silence, heartbeat {} s",
        after.id,
        words::count(after.seats, "seat", "seats"),
        after.hours.as_ref().map_or_else(|| "in school hours".to_owned(), ToString::to_string),
        after.settle_s,
        after.heartbeat_ms / 1000
    );
    if !after.subnets.is_empty() {
        let nets: Vec<String> = after.subnets.iter().map(ToString::to_string).collect();
        text.push_str(&format!(", in {}", nets.join(" and ")));
    }
    if after.plan != before.plan {
        text.push_str(if after.plan.is_some() { ", its seats drawn anew" } else { ", its seats no longer drawn" });
    }
    w.event("room.changed", text).in_room(id);
    if after.hours != before.hours || after.kind != before.kind {
        calendar::retime(w);
    }
    let assets: Vec<_> = w.site.assets_in(id).map(|asset| asset.id).collect();
    for asset in assets {
        crate::alert::judge(w, asset);
    }
    Ok(after)
}

/// Removes a room that nothing belongs in.
///
/// # Errors
/// No such room, or something still belongs in it.
pub fn remove(w: &mut Working, id: &RoomId) -> Result<(), Refusal> {
    get(&w.site, id)?;
    if let Some(asset) = w.site.assets_in(id).next() {
        return Err(Refusal::conflict(format!("{id} is not empty: {} belongs there, and perhaps more; move them first", asset.tag)));
    }
    w.remove::<Room>(id);
    w.event("room.removed", format!("Room {id} removed")).in_room(id);
    Ok(())
}

fn with(mut room: Room, facts: &RoomFacts) -> Result<Room, Refusal> {
    room.kind = facts.kind.unwrap_or(room.kind);
    room.seats = within("seats", facts.seats.unwrap_or(room.seats), 0, 2_000)?;
    room.settle_s = within("settle_s", facts.settle_s.unwrap_or(room.settle_s), 0, 86_400)?;
    room.heartbeat_ms = within("heartbeat_ms", facts.heartbeat_ms.unwrap_or(room.heartbeat_ms), 5_000, 60_000)?;
    room.hours = match facts.hours.as_deref().map(str::trim) {
        None => room.hours,
        Some("school" | "") => None,
        Some(hours) => {
            Some(hours.parse().map_err(|bad: Refusal| Refusal::invalid(format!("hours: {bad}; \"school\" follows the school's own")))?)
        }
    };
    if let Some(text) = &facts.plan {
        room.plan = if text.trim().is_empty() { None } else { Some(text.parse()?) };
    }
    if let Some(subnets) = &facts.subnets {
        room.subnets = nets(subnets)?;
    }
    Ok(room)
}

fn nets(texts: &[String]) -> Result<Vec<IpNet>, Refusal> {
    if texts.len() > SUBNETS {
        return Err(Refusal::invalid(format!("a room has at most {SUBNETS} subnets, not {}", texts.len())));
    }
    let net = |text: &String| {
        let odd = || Refusal::invalid(format!("subnets: {:?} is no subnet; write one as 10.20.3.0/24", words::cut(text.clone(), 60)));
        text.trim().parse::<IpNet>().map(|net| net.trunc()).map_err(|_| odd())
    };
    let mut nets = texts.iter().map(net).collect::<Result<Vec<_>, _>>()?;
    nets.sort_unstable();
    nets.dedup();
    Ok(nets)
}

fn within(what: &str, value: u32, least: u32, most: u32) -> Result<u32, Refusal> {
    if (least..=most).contains(&value) {
        Ok(value)
    } else {
        Err(Refusal::invalid(format!("{what} is {value}: it must be {least} to {most}")))
    }
}
