//! Baselines: what software the devices of a room must and must not have.

use crate::record::{Record, Rest, Table};
use crate::{BaselineId, RoomId, Site};
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
