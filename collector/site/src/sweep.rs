//! Sweeps: a roll call of a room, kept and comparable.

use crate::presence::Heard;
use crate::record::{Record, Rest, Table};
use crate::{AssetId, Refusal, RoomId, Site, SweepId, Tag, Working};
use jiff::Timestamp;
use rollcall_proto::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A roll call of a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// Its number.
    pub id: SweepId,
    /// The room.
    pub room: RoomId,
    /// When it began.
    pub began_at: Timestamp,
    /// When it was finished.
    pub finished_at: Option<Timestamp>,
    /// By whom.
    pub by: String,
    /// What each asset of the room answered, by tag.
    pub lines: Vec<Line>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Sweep {
    type Key = SweepId;
    const KIND: &'static str = "sweep";
    fn key(&self) -> SweepId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.sweeps
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.sweeps
    }
}

/// What one asset answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The asset.
    pub asset: AssetId,
    /// Its tag then.
    pub tag: Tag,
    /// Its seat then.
    #[serde(default)]
    pub seat: Option<String>,
    /// Whether and how it answered.
    pub answer: Answer,
    /// What is different from the last sweep of this room, in words.
    #[serde(default)]
    pub changes: Vec<String>,
    /// Its sections by digest after it answered, to compare the next sweep with.
    #[serde(default)]
    pub sections: BTreeMap<String, Digest>,
}

/// Whether an asset answered a sweep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// Asked and not yet answered.
    Waiting,
    /// It re-read everything.
    Present,
    /// Connected, and it did not answer in time.
    Slow,
    /// Not connected.
    Missing {
        /// Since when.
        since: Option<Timestamp>,
    },
    /// On loan.
    Away {
        /// To whom, by id.
        person: crate::PersonId,
    },
    /// It has no agent: look for it.
    NoAgent,
}

/// Begins a sweep: everyone of the room who is connected is expected to answer.
///
/// # Errors
/// No such room, or nothing belongs in it.
pub fn begin(w: &mut Working, room: &RoomId, heard: &Heard) -> Result<Arc<Sweep>, Refusal> {
    let _ = (w, room, heard);
    todo!()
}

/// A device has re-read everything, and its report is durable.
///
/// # Errors
/// No such sweep, or it is finished.
pub fn answered(w: &mut Working, id: SweepId, device: crate::DeviceId) -> Result<Arc<Sweep>, Refusal> {
    let _ = (w, id, device);
    todo!()
}

/// Ends a sweep: who has not answered is slow or missing.
///
/// # Errors
/// No such sweep, or it is finished.
pub fn finish(w: &mut Working, id: SweepId) -> Result<Arc<Sweep>, Refusal> {
    let _ = (w, id);
    todo!()
}
