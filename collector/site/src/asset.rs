//! Assets: anything with a tag, with or without an agent.

use crate::record::{Record, Rest, Table};
use crate::{AssetId, DeviceId, Refusal, RoomId, Site, Tag, Working};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Anything with a tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asset {
    /// Its id.
    pub id: AssetId,
    /// The barcode text.
    pub tag: Tag,
    /// What it is.
    pub kind: AssetKind,
    /// Host name, or what people call it.
    pub name: String,
    /// Maker.
    pub maker: String,
    /// Model.
    pub model: String,
    /// Serial number.
    pub serial: String,
    /// Where it belongs.
    pub room: Option<RoomId>,
    /// Its seat there.
    pub seat: Option<String>,
    /// Where it stands in its life.
    pub status: AssetStatus,
    /// The agent on it.
    pub device: Option<DeviceId>,
    /// Made by the school simulator.
    pub simulated: bool,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Asset {
    type Key = AssetId;
    const KIND: &'static str = "asset";
    fn key(&self) -> AssetId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.assets
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.assets
    }
    fn index(site: &mut Site, old: Option<&Self>, new: Option<&Self>) {
        if let Some(old) = old {
            site.by_tag.remove(&old.tag);
            if let Some(room) = &old.room {
                site.by_room.remove(&(room.clone(), old.id));
            }
        }
        if let Some(new) = new {
            site.by_tag.insert(new.tag.clone(), new.id);
            if let Some(room) = &new.room {
                site.by_room.insert((room.clone(), new.id));
            }
        }
    }
}

/// What an asset is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssetKind {
    /// A PC on a desk, or a virtual machine.
    #[default]
    Pc,
    /// A laptop.
    Laptop,
    /// A Chromebook.
    Chromebook,
    /// A printer.
    Printer,
    /// A projector.
    Projector,
    /// A camera.
    Camera,
    /// Anything else.
    Other,
}

/// Where an asset stands in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssetStatus {
    /// In use or ready for it.
    #[default]
    InService,
    /// In repair.
    InRepair,
    /// Lost.
    Lost,
    /// Gone from the inventory for good.
    Retired,
}

/// What is said of an asset: absent fields stay as they are, in a new one they are empty.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssetFacts {
    /// What it is.
    pub kind: Option<AssetKind>,
    /// What people call it.
    pub name: Option<String>,
    /// Maker.
    pub maker: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Where it belongs; an empty text: nowhere.
    pub room: Option<String>,
    /// Its seat there; an empty text: none.
    pub seat: Option<String>,
    /// Where it stands in its life.
    pub status: Option<AssetStatus>,
    /// Another tag for it.
    pub tag: Option<Tag>,
}

/// Adds an asset (without an agent).
///
/// # Errors
/// The tag is in use; no such room; the seat is taken.
pub fn add(w: &mut Working, id: AssetId, tag: Tag, facts: AssetFacts) -> Result<Arc<Asset>, Refusal> {
    let _ = (w, id, tag, facts);
    todo!()
}

/// Changes an asset; one that is retired takes its device along.
///
/// # Errors
/// No such asset; the new tag is in use; no such room; the seat is taken; on loan and to be retired.
pub fn set(w: &mut Working, id: AssetId, facts: AssetFacts) -> Result<Arc<Asset>, Refusal> {
    let _ = (w, id, facts);
    todo!()
}
