//! What few assets have: notes, fields of the site's own, earlier tags, how it was disposed of. Boxed, so that the others don't pay for it.

use super::disposal::Disposal;
use crate::Tag;
use crate::record::Rest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What few assets have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// For people to read; several lines, no names of people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// Fields of the site's own, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, String>,
    /// The tags that it had, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags_before: Vec<FormerTag>,
    /// Since when a label is asked for: its tag was made of its host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_wanted: Option<Timestamp>,
    /// Since when a label was asked for that turned out to bear its own tag: what taking that back restores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_kept: Option<Timestamp>,
    /// How it was disposed of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposal: Option<Disposal>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Details {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A tag that an asset had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormerTag {
    /// The tag.
    pub tag: Tag,
    /// Until when.
    pub until: Timestamp,
    /// Since when a label was asked for in its place; none: nobody asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<Timestamp>,
}
