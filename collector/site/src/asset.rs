//! Assets: anything with a tag, with or without an agent.

use crate::record::{Record, Rest, Table};
use crate::{AssetId, DeviceId, RoomId, Site, Tag};
use serde::{Deserialize, Serialize};

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
