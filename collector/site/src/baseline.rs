//! Baselines: what software the devices of a room must and must not have.

use crate::record::{Record, Rest, Table};
use crate::{BaselineId, Refusal, RoomId, Site, Working};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What software the devices of some rooms must and must not have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Its name.
    pub name: BaselineId,
    /// The rooms it holds for.
    pub rooms: Vec<RoomId>,
    /// What must be there.
    pub required: Vec<Wanted>,
    /// What must not be there.
    pub forbidden: Vec<Wanted>,
    /// Counts the times it was applied.
    pub version: u32,
    /// When last.
    pub applied_at: Timestamp,
    /// The file as it was given.
    pub text: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Baseline {
    type Key = BaselineId;
    const KIND: &'static str = "baseline";
    fn key(&self) -> BaselineId {
        self.name.clone()
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.baselines
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.baselines
    }
}

/// One title of a baseline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The package's name; `*` at the end stands for any ending.
    pub title: String,
    /// A range of versions, ">= 2.1, < 3"; none: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What applying a baseline would mean, or has meant, per device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// The baseline's name.
    pub baseline: BaselineId,
    /// Devices that it holds for.
    pub devices: usize,
    /// Devices that meet it.
    pub meet: usize,
    /// Those that don't, by tag, each with what is wrong in words.
    pub fail: Vec<PlanLine>,
}

/// One device that does not meet a baseline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanLine {
    /// Its tag.
    pub tag: crate::Tag,
    /// Its room.
    pub room: Option<RoomId>,
    /// What is wrong, in words.
    pub wrong: Vec<String>,
}

/// Reads a baseline file: `name`, `rooms`, `[[required]]` and `[[forbidden]]` of `title` and optional `version` range.
///
/// # Errors
/// `Invalid`: what is wrong, with the place in the file.
pub fn parse(text: &str) -> Result<Baseline, Refusal> {
    let _ = text;
    todo!()
}

/// Whom a baseline would fail.
pub fn plan(site: &Site, baseline: &Baseline) -> Plan {
    let _ = (site, baseline);
    todo!()
}

/// Applies a baseline: it replaces the one of the same name, and every device of its rooms is judged anew.
///
/// # Errors
/// A room of it does not exist.
pub fn apply(w: &mut Working, baseline: Baseline) -> Result<Plan, Refusal> {
    let _ = (w, baseline);
    todo!()
}
