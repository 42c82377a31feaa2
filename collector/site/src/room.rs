//! Rooms: labs, carts, libraries, offices.

use crate::record::{Record, Rest, Table};
use crate::{Refusal, RoomId, Site, Working};
use serde::{Deserialize, Serialize};
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
}

/// Adds a room.
///
/// # Errors
/// There is one of that name.
pub fn add(w: &mut Working, id: RoomId, facts: RoomFacts) -> Result<Arc<Room>, Refusal> {
    let _ = (w, id, facts);
    todo!()
}

/// Changes a room.
///
/// # Errors
/// No such room, or a number out of its bounds.
pub fn set(w: &mut Working, id: &RoomId, facts: RoomFacts) -> Result<Arc<Room>, Refusal> {
    let _ = (w, id, facts);
    todo!()
}
