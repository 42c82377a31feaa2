//! Assets: anything with a tag, with or without an agent.

use crate::device::{Device, DeviceState};
use crate::money::Money;
use crate::record::{Record, Rest, Table};
use crate::{AssetId, DeviceId, Refusal, RoomId, Site, Tag, Working};
use jiff::Timestamp;
use jiff::civil::Date;
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
            site.by_tag.remove(&old.tag);
            old.serial_hash().map(|hash| site.by_serial.remove(&(hash, old.id)));
            if let Some(room) = &old.room {
                site.by_room.remove(&(room.clone(), old.id));
            }
        }
        if let Some(new) = new {
            site.by_tag.insert(new.tag.clone(), new.id);
            new.serial_hash().map(|hash| site.by_serial.insert((hash, new.id)));
            if let Some(room) = &new.room {
                site.by_room.insert((room.clone(), new.id));
            }
        }
    }
}

/// How an asset was bought, and how long it is to last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Purchase {
    /// From whom.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub vendor: String,
    /// Of which money: a grant, a fund.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub funding: String,
    /// What it cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bought: Option<Date>,
    /// The last day of its warranty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warranty_until: Option<Date>,
    /// How long it is to last, months from the day that it was bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub life_months: Option<u16>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
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

impl AssetKind {
    /// As it stands in files and on pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pc => "pc",
            Self::Laptop => "laptop",
            Self::Chromebook => "chromebook",
            Self::Printer => "printer",
            Self::Projector => "projector",
            Self::Camera => "camera",
            Self::Other => "other",
        }
    }
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
    /// Stolen.
    Stolen,
    /// Taken out of use, and still somewhere in a store room.
    Retired,
    /// Gone for good: sold, recycled, given back.
    Disposed,
}

impl AssetStatus {
    /// As people say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::InService => "in service",
            Self::InRepair => "in repair",
            Self::Lost => "lost",
            Self::Stolen => "stolen",
            Self::Retired => "retired",
            Self::Disposed => "disposed",
        }
    }

    /// Whether it is out of the inventory: retired or disposed of.
    pub fn is_gone(self) -> bool {
        matches!(self, Self::Retired | Self::Disposed)
    }
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

/// The names of [`AssetFacts`], as an import writes them; alphabetical. Another tag is given one at a time.
pub const FACTS: &[&str] = &["kind", "maker", "model", "name", "room", "seat", "serial", "status"];

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
            simulated: false,
            rebind_until: None,
            rest: Rest::new(),
        }
    }

    /// The hash of its serial number, where that identifies anything.
    pub(crate) fn serial_hash(&self) -> Option<u64> {
        crate::fingerprint::fact(&self.serial).map(crate::fingerprint::hash)
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

/// The asset with this id.
///
/// # Errors
/// There is none.
pub fn get(site: &Site, id: AssetId) -> Result<&Arc<Asset>, Refusal> {
    site.assets.get(&id).ok_or_else(|| Refusal::not_found(format!("there is no asset {id}")))
}

/// The asset with this tag.
///
/// # Errors
/// There is none.
pub fn tagged<'a>(site: &'a Site, tag: &Tag) -> Result<&'a Arc<Asset>, Refusal> {
    site.asset_by_tag(tag)
        .ok_or_else(|| Refusal::not_found(format!("nothing carries the tag {tag}; `rollcall asset list` shows every tag")))
}

/// Adds an asset (without an agent).
///
/// # Errors
/// The tag is in use; no such room; the seat is taken.
pub fn add(w: &mut Working, id: AssetId, tag: Tag, facts: AssetFacts) -> Result<Arc<Asset>, Refusal> {
    free_tag(&w.site, &tag)?;
    let asset = with(&w.site, &Asset::new(id, tag), facts)?;
    let asset = w.put(asset);
    let text = format!("{} added: {}", asset.tag, asset.title());
    w.event("asset.added", text).about(&asset);
    crate::alert::judge(w, id);
    Ok(asset)
}

/// Changes an asset; one that is retired takes its device along.
///
/// # Errors
/// No such asset; the new tag is in use; no such room; the seat is taken; on loan and to be retired.
pub fn set(w: &mut Working, id: AssetId, facts: AssetFacts) -> Result<Arc<Asset>, Refusal> {
    let before = Arc::clone(get(&w.site, id)?);
    let after = with(&w.site, &before, facts)?;
    if after == *before {
        return Ok(before);
    }
    let retires = after.status.is_gone() && !before.status.is_gone();
    if retires && w.site.open_loan(id).is_some() {
        return Err(Refusal::conflict(format!("{} is out on loan: take it back first with `rollcall loan in {}`", before.tag, before.tag)));
    }
    let after = w.put(after);
    let kind = if (&before.room, &before.seat) == (&after.room, &after.seat) { "asset.changed" } else { "asset.moved" };
    w.event(kind, format!("{} {}", after.tag, changed(&before, &after))).about(&after);
    if retires {
        retire_device(w, &after);
    }
    crate::alert::judge(w, id);
    crate::maintenance::moved(w, id);
    Ok(after)
}

/// What a change of an asset was, in words.
fn changed(before: &Asset, after: &Asset) -> String {
    let place = |asset: &Asset| match (&asset.room, &asset.seat) {
        (None, _) => "no room".to_owned(),
        (Some(room), None) => room.to_string(),
        (Some(room), Some(seat)) => format!("{room}, seat {seat}"),
    };
    let facts = [
        ("tag", before.tag.to_string(), after.tag.to_string()),
        ("kind", before.kind.word().to_owned(), after.kind.word().to_owned()),
        ("name", before.name.clone(), after.name.clone()),
        ("maker", before.maker.clone(), after.maker.clone()),
        ("model", before.model.clone(), after.model.clone()),
        ("serial", before.serial.clone(), after.serial.clone()),
        ("place", place(before), place(after)),
        ("status", before.status.word().to_owned(), after.status.word().to_owned()),
    ];
    let differ = facts.into_iter().filter(|(_, old, new)| old != new);
    let say = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    differ.map(|(name, old, new)| format!("{name}: {} → {}", say(old), say(new))).collect::<Vec<_>>().join("; ")
}

fn retire_device(w: &mut Working, asset: &Asset) {
    if let Some(device) = w.site.device_of(asset).cloned().filter(|device| device.state != DeviceState::Retired) {
        w.put(Device { state: DeviceState::Retired, presence: crate::presence::Presence::Retired, since: w.now, ..(*device).clone() });
        w.event("device.retired", format!("The agent of {} retired with it", asset.tag)).about(asset);
    }
}

/// An asset with facts laid over it, checked.
fn with(site: &Site, asset: &Asset, facts: AssetFacts) -> Result<Asset, Refusal> {
    let mut asset = asset.clone();
    if let Some(tag) = facts.tag.filter(|tag| *tag != asset.tag) {
        free_tag(site, &tag)?;
        asset.tag = tag;
    }
    let texts = [
        (&mut asset.name, facts.name),
        (&mut asset.maker, facts.maker),
        (&mut asset.model, facts.model),
        (&mut asset.serial, facts.serial),
    ];
    for (field, text) in texts {
        if let Some(text) = text {
            *field = short("a name, maker, model or serial", &text)?;
        }
    }
    if let Some(room) = facts.room {
        asset.room = if room.trim().is_empty() { None } else { Some(crate::room::get(site, &RoomId::parse(&room)?)?.id.clone()) };
        asset.seat = None;
    }
    if let Some(seat) = facts.seat {
        asset.seat = Some(short("a seat", &seat)?).filter(|seat| !seat.is_empty());
    }
    (asset.kind, asset.status) = (facts.kind.unwrap_or(asset.kind), facts.status.unwrap_or(asset.status));
    free_seat(site, &asset)?;
    Ok(asset)
}

fn short(what: &str, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.chars().count() > 120 || text.chars().any(char::is_control) {
        return Err(Refusal::invalid(format!("{what} has at most 120 characters and no control characters")));
    }
    Ok(text.to_owned())
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
        (Some(room), Some(seat)) => match site.assets_in(room).find(|other| other.seat.as_ref() == Some(seat) && other.id != asset.id) {
            Some(other) => Err(Refusal::conflict(format!("seat {seat} of {room} is taken by {}", other.tag))),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}
