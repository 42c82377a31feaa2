//! Assets: anything with a tag, with or without an agent.

mod details;
mod differ;
mod disposal;
mod facts;
mod find;
mod kind;
mod kit;
mod label;
mod lay;
mod purchase;
mod status;
#[cfg(test)]
mod tests;
mod undo;

pub use details::{Details, FormerTag};
pub use disposal::{Disposal, Disposing, Method, dispose};
pub use facts::{AssetFacts, Entry, FACTS, parted};
pub(crate) use find::who_sits;
pub use find::{former, get, tagged, with_serial};
pub use kind::{AssetKind, BadKind};
pub(crate) use kit::not_with;
pub use kit::{kit_of, whole_of};
pub use label::unlabel;
pub(crate) use lay::{lasting, likely};
pub use purchase::Purchase;
pub use status::{AssetStatus, BadStatus};
pub use undo::take_back;

use crate::device::{Device, DeviceState};
use crate::record::{self, Record, Rest, Table};
use crate::{AssetId, DeviceId, Refusal, RoomId, Site, Tag, Working};
use differ::{changed, place_of};
use jiff::Timestamp;
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
    /// What belongs to it and is lent with it, without a tag of its own: "charger", "case".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accessories: Vec<String>,
    /// The asset whose kit it is a part of, and with which it is lent: a hotspot of a laptop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<AssetId>,
    /// How it was bought; boxed, for most assets say nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase: Option<Box<Purchase>>,
    /// What few assets have: notes, fields of the site's own, earlier tags, a disposal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<Details>>,
    /// Made by the school simulator.
    pub simulated: bool,
    /// Until then the next enrolment with its tag may take it over, though it has a device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebind_until: Option<Timestamp>,
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
            record::leave(&mut site.by_tag, &old.tag, &old.id);
            old.serial_hash().map(|hash| site.by_serial.remove(&(hash, old.id)));
            if let Some(room) = &old.room {
                site.by_room.remove(&(room.clone(), old.id));
                old.seat.as_ref().map(|seat| site.by_seat.remove(&(room.clone(), seat.clone(), old.id)));
            }
            if new.is_none_or(|new| new.kind != old.kind) {
                site.by_kind.remove(&(old.kind, old.id));
            }
            old.part_of.map(|whole| site.by_kit.remove(&(whole, old.id)));
            old.came_by().map(|line| site.by_order.remove(&(line, old.id)));
            site.tags_wanted.remove(&old.id);
            old.tags_before().iter().for_each(|former| drop(site.former_tags.remove(&(former.tag.clone(), old.id))));
        }
        if let Some(new) = new {
            site.by_tag.insert(new.tag.clone(), new.id);
            new.serial_hash().map(|hash| site.by_serial.insert((hash, new.id)));
            if let Some(room) = &new.room {
                site.by_room.insert((room.clone(), new.id));
                new.seat.as_ref().map(|seat| site.by_seat.insert((room.clone(), seat.clone(), new.id)));
            }
            if old.is_none_or(|old| old.kind != new.kind) {
                site.by_kind.insert((new.kind, new.id));
            }
            new.part_of.map(|whole| site.by_kit.insert((whole, new.id)));
            new.came_by().map(|line| site.by_order.insert((line, new.id)));
            if new.tag_wanted() {
                site.tags_wanted.insert(new.id);
            }
            new.tags_before().iter().for_each(|former| drop(site.former_tags.insert((former.tag.clone(), new.id))));
        }
    }
}

impl Asset {
    /// An asset that nothing is known of but its tag.
    pub fn new(id: AssetId, tag: Tag) -> Self {
        Self {
            id,
            tag,
            kind: AssetKind::default(),
            name: String::new(),
            maker: String::new(),
            model: String::new(),
            serial: String::new(),
            room: None,
            seat: None,
            status: AssetStatus::default(),
            device: None,
            accessories: Vec::new(),
            part_of: None,
            purchase: None,
            details: None,
            simulated: false,
            rebind_until: None,
            rest: Rest::new(),
        }
    }

    /// The hash of its serial number, where that identifies anything.
    pub(crate) fn serial_hash(&self) -> Option<u64> {
        crate::fingerprint::fact(&self.serial).map(crate::fingerprint::hash)
    }

    /// What is noted of it, for people to read.
    pub fn notes(&self) -> &str {
        self.details.as_deref().map_or("", |details| &details.notes)
    }

    /// The line of the order that it came by.
    pub fn came_by(&self) -> Option<crate::order::OrderLine> {
        self.purchase.as_deref().and_then(|purchase| purchase.order)
    }

    /// Whether its tag was made of its host name, and a label is to be put on it.
    pub fn tag_wanted(&self) -> bool {
        !self.status.is_gone() && self.details.as_deref().is_some_and(|details| details.tag_wanted.is_some())
    }

    /// The tags that it had, oldest first.
    pub fn tags_before(&self) -> &[FormerTag] {
        self.details.as_deref().map_or(&[], |details| &details.tags_before)
    }

    /// Maker and model, or else its name, or else its tag.
    pub fn title(&self) -> String {
        let named = [product(&self.maker, &self.model), self.name.clone(), self.tag.to_string()];
        named.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    }
}

/// Maker and model in one; a model that begins with its maker names it once: "HP ProDesk 400", not "HP HP ProDesk 400".
pub fn product(maker: &str, model: &str) -> String {
    let (maker, model) = (maker.trim(), model.trim());
    let repeats = model.to_lowercase().starts_with(&maker.to_lowercase());
    if repeats { model.to_owned() } else { format!("{maker} {model}").trim().to_owned() }
}

/// Adds an asset (without an agent).
///
/// # Errors
/// The tag is in use; no such room; the seat is taken.
pub fn add(w: &mut Working, id: AssetId, tag: Tag, facts: AssetFacts) -> Result<Arc<Asset>, Refusal> {
    free_tag(&w.site, &tag)?;
    let asset = lay::lay(&w.site, &Asset::new(id, tag), facts, w.now)?;
    let asset = w.put(asset);
    let text = format!("{} added: {}", asset.tag, asset.title());
    w.event("asset.added", text).about(&asset);
    crate::alert::judge(w, id);
    Ok(asset)
}

/// Changes an asset; one that is retired takes its device along.
///
/// # Errors
/// No such asset; the new tag is in use; no such room; the seat is taken; on loan and to be retired, lost or found.
pub fn set(w: &mut Working, id: AssetId, facts: AssetFacts) -> Result<Arc<Asset>, Refusal> {
    if let Some(status) = facts.status {
        loan_says_so(&w.site, get(&w.site, id)?, status)?;
    }
    write(w, id, facts)
}

/// Sets an asset's status, whatever its loan says: that of a loan which knows.
///
/// # Errors
/// As for [`set`].
pub(crate) fn stand(w: &mut Working, id: AssetId, status: AssetStatus) -> Result<Arc<Asset>, Refusal> {
    write(w, id, AssetFacts { status: Some(status), ..AssetFacts::default() })
}

/// What is lost or found while it is on loan is so by its loan: that knows who answers for it.
pub(crate) fn loan_says_so(site: &Site, asset: &Asset, status: AssetStatus) -> Result<(), Refusal> {
    let missing = |status: AssetStatus| matches!(status, AssetStatus::Lost | AssetStatus::Stolen);
    let turns = status != asset.status && (missing(status) || missing(asset.status)) && !status.is_gone();
    if !turns || site.open_loan(asset.id).is_none() {
        return Ok(());
    }
    let (tag, word) = (&asset.tag, if missing(status) { "lost" } else { "found" });
    Err(Refusal::conflict(format!("{tag} is out on loan: say it of its loan, with `rollcall loan {word} {tag}`")))
}

fn write(w: &mut Working, id: AssetId, facts: AssetFacts) -> Result<Arc<Asset>, Refusal> {
    let before = Arc::clone(get(&w.site, id)?);
    let after = lay::lay(&w.site, &before, facts, w.now)?;
    if after == *before {
        return Ok(before);
    }
    let retires = after.status.is_gone() && !before.status.is_gone();
    if retires {
        not_lent(&w.site, &before)?;
    }
    let after = w.put(after);
    let kind = if (&before.room, &before.seat) == (&after.room, &after.seat) { "asset.changed" } else { "asset.moved" };
    w.event(kind, format!("{} {}", after.tag, changed(&w.site, &before, &after))).about(&after);
    if retires {
        retire_device(w, &after);
    }
    crate::alert::judge(w, id);
    crate::maintenance::moved(w, id);
    Ok(after)
}

/// Whether nobody has it.
fn not_lent(site: &Site, asset: &Asset) -> Result<(), Refusal> {
    match site.open_loan(asset.id) {
        Some(_) => {
            Err(Refusal::conflict(format!("{} is out on loan: take it back first with `rollcall loan in {}`", asset.tag, asset.tag)))
        }
        None => Ok(()),
    }
}

fn retire_device(w: &mut Working, asset: &Asset) {
    if let Some(device) = w.site.device_of(asset).cloned().filter(|device| device.state != DeviceState::Retired) {
        w.put(Device { state: DeviceState::Retired, presence: crate::presence::Presence::Retired, since: w.now, ..(*device).clone() });
        w.event("device.retired", format!("The agent of {} retired with it", asset.tag)).about(asset);
    }
}

/// Whether a tag is free.
///
/// # Errors
/// It is not: says who carries it.
pub(crate) fn free_tag(site: &Site, tag: &Tag) -> Result<(), Refusal> {
    match site.asset_by_tag(tag) {
        Some(asset) => Err(Refusal::conflict(format!("the tag {tag} is in use: {}", asset.title()))),
        None => Ok(()),
    }
}

/// Whether the seat that an asset is to have is free.
///
/// # Errors
/// It has no room, or somebody sits there: says who.
pub(crate) fn free_seat(site: &Site, asset: &Asset) -> Result<(), Refusal> {
    match (&asset.room, &asset.seat) {
        (None, Some(seat)) => Err(Refusal::invalid(format!("seat {seat} needs a room: {} has none", asset.tag))),
        (Some(room), Some(seat)) => match who_sits(site, room, seat).find(|other| other.id != asset.id) {
            Some(other) => Err(Refusal::conflict(format!("seat {seat} of {room} is taken by {}", other.tag))),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// A word as files and commands write it: small letters, hyphens for spaces and underscores.
fn word_of(text: &str) -> String {
    let spaced: String = text.trim().chars().take(60).map(|c| if c == '_' || c == '-' { ' ' } else { c.to_ascii_lowercase() }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join("-")
}
