//! What a device is made of: its sections by digest, and what could not be measured.

use crate::record::{Record, Rest, Table};
use crate::{DeviceId, Site};
use jiff::Timestamp;
use rollcall_proto::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a device is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// The device.
    pub device: DeviceId,
    /// Its sections by name.
    pub sections: BTreeMap<String, Held>,
    /// When the last report was taken in.
    pub reported_at: Timestamp,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Profile {
    type Key = DeviceId;
    const KIND: &'static str = "profile";
    fn key(&self) -> DeviceId {
        self.device
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.profiles
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.profiles
    }
}

/// What is held of one section. Exactly one of `digest` and `not_measured` is set, or both after a section that was
/// once measured could not be read: the digest is then the last known content.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The content, by digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Why it could not be measured the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_measured: Option<String>,
    /// Values that could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Since when the content is so.
    pub since: Option<Timestamp>,
}

impl Profile {
    /// The digests of what is held, with the section's name.
    pub fn digests(&self) -> impl Iterator<Item = (&str, Digest)> {
        self.sections.iter().filter_map(|(name, held)| held.digest.map(|digest| (name.as_str(), digest)))
    }
}
