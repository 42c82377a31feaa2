//! The record of a baseline.

use super::Matcher;
use crate::record::{Record, Rest, Table};
use crate::{BaselineId, RoomId, Site};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Where packages come from, alphabetical: what a title may have a name of its own for.
pub const SOURCES: &[&str] = &["apk", "dpkg", "flatpak", "pacman", "registry", "rpm", "snap"];

/// The settings that an agent can prove, alphabetical.
pub const SETTINGS: &[&str] = &["antivirus", "automatic_updates", "disk_encryption", "firewall", "screen_lock", "secure_boot"];

/// What software and settings the devices of some rooms must, may and must not have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Its name.
    pub name: BaselineId,
    /// The rooms it holds for; "*": every room.
    pub rooms: Vec<RoomId>,
    /// The tags it holds for; `*` at the end stands for any ending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What must be there.
    pub required: Vec<Wanted>,
    /// What may be there, whatever is forbidden.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Wanted>,
    /// What must not be there.
    pub forbidden: Vec<Wanted>,
    /// Programs that are neither required nor allowed must not be there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_allowed: bool,
    /// The range of versions of each operating system, by its id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub os: BTreeMap<String, String>,
    /// What each of [`SETTINGS`] must be: "on" or "off".
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// Seats that were bought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<Licence>,
    /// Counts the times it was applied.
    pub version: u32,
    /// When last.
    pub applied_at: Timestamp,
    /// By whom; empty: it was not written down.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub applied_by: String,
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
    fn index(site: &mut Site, old: Option<&Self>, new: Option<&Self>) {
        old.map(|old| site.matchers.remove(&old.name));
        if let Some(new) = new {
            site.matchers.insert(new.name.clone(), Arc::new(Matcher::of(new)));
        }
    }
}

impl Baseline {
    /// Whether it demands the same of the same devices.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let of = |baseline: &Self| Self {
            version: 0,
            applied_at: Timestamp::UNIX_EPOCH,
            applied_by: String::new(),
            text: String::new(),
            rest: Rest::new(),
            ..baseline.clone()
        };
        of(self) == of(other)
    }

    /// Whether it says anything of software.
    pub(super) fn asks_for_software(&self) -> bool {
        self.only_allowed || !self.required.is_empty() || !self.forbidden.is_empty()
    }
}

/// One title of a baseline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// A well-known title, or a package's own name; `*` at the end stands for any ending.
    pub title: String,
    /// A range of versions, ">= 2.1, < 3"; none: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What the packages of a source are called, where the title does not say it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, Vec<String>>,
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{} ({version})", self.title),
            None => f.write_str(&self.title),
        }
    }
}

/// Seats of a title that were bought for the whole site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// What they are for.
    #[serde(flatten)]
    pub wanted: Wanted,
    /// How many machines may have it.
    pub seats: u32,
}
