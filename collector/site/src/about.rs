//! The site's own facts.

use crate::record::{Record, Rest, Table};
use crate::{Site, SiteId, rule};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The site's own facts: the one record of kind "site".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The short name in addresses and certificates.
    pub id: SiteId,
    /// The name that people read.
    pub name: String,
    /// IANA time zone, "America/Los_Angeles".
    pub time_zone: String,
    /// Raised after a restore: every agent then announces everything again.
    pub epoch: u64,
    /// What is set of rules for the whole site.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: rule::Settings,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for About {
    type Key = SiteId;
    const KIND: &'static str = "site";
    fn key(&self) -> SiteId {
        self.id.clone()
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.about
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.about
    }
}
