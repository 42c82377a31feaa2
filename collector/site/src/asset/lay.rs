//! Lays facts over an asset, each of them checked.

use super::details::Details;
use super::facts::AssetFacts;
use super::label::label;
use super::purchase::Purchase;
use super::status::AssetStatus;
use super::{Asset, free_seat, kit, tagged};
use crate::facts_text::{lines, short};
use crate::{Refusal, RoomId, Site, Tag};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// The most accessories of one asset.
const MOST_ACCESSORIES: usize = 20;
/// The most characters of an accessory's name, and of a custom field's.
const MOST_NAME: usize = 60;
/// The most characters of notes.
const MOST_NOTES: usize = 4000;
/// The most custom fields of one asset.
const MOST_CUSTOM: usize = 40;
/// The most characters of a custom field.
const MOST_CUSTOM_TEXT: usize = 400;
/// The longest life, months: 50 years.
const LONGEST_LIFE: u16 = 600;

/// An asset with facts laid over it, checked.
pub(super) fn lay(site: &Site, asset: &Asset, mut facts: AssetFacts, now: Timestamp) -> Result<Asset, Refusal> {
    let mut asset = asset.clone();
    if let Some(tag) = facts.tag.take() {
        label(site, &mut asset, tag, now)?;
    }
    let texts = [
        (&mut asset.name, facts.name.take()),
        (&mut asset.maker, facts.maker.take()),
        (&mut asset.model, facts.model.take()),
        (&mut asset.serial, facts.serial.take()),
    ];
    for (field, text) in texts {
        if let Some(text) = text {
            *field = short("a name, maker, model or serial", &text, 120)?;
        }
    }
    place(site, &mut asset, &mut facts)?;
    asset.kind = facts.kind.unwrap_or(asset.kind);
    status(&mut asset, facts.status)?;
    if let Some(names) = facts.accessories.take() {
        asset.accessories = accessories(names)?;
    }
    if let Some(text) = facts.part_of.take() {
        asset.part_of = part_of(site, &asset, &text)?;
    }
    asset.purchase = purchase(asset.purchase, &mut facts)?;
    asset.details = details(asset.details, facts)?;
    free_seat(site, &asset)?;
    Ok(asset)
}

fn place(site: &Site, asset: &mut Asset, facts: &mut AssetFacts) -> Result<(), Refusal> {
    if let Some(room) = facts.room.take() {
        let room = if room.trim().is_empty() { None } else { Some(crate::room::get(site, &RoomId::parse(&room)?)?.id.clone()) };
        if asset.room != room {
            asset.seat = None;
        }
        asset.room = room;
    }
    if let Some(seat) = facts.seat.take() {
        asset.seat = Some(short("a seat", &seat, 120)?).filter(|seat| !seat.is_empty());
    }
    Ok(())
}

fn status(asset: &mut Asset, status: Option<AssetStatus>) -> Result<(), Refusal> {
    let Some(status) = status.filter(|status| *status != asset.status) else { return Ok(()) };
    if status == AssetStatus::Disposed {
        return Err(Refusal::invalid(format!(
            "a disposal is more than a status: `rollcall asset dispose {} --method recycled --wiped \"how\"` keeps its record",
            asset.tag
        )));
    }
    if let Some(details) = &mut asset.details {
        details.disposal = None;
    }
    asset.status = status;
    Ok(())
}

fn accessories(names: Vec<String>) -> Result<Vec<String>, Refusal> {
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        let name = short("an accessory's name", &name, MOST_NAME)?;
        if name.contains([',', ';']) {
            return Err(Refusal::invalid(format!("the accessory {name:?} has a comma in its name: give each accessory by itself")));
        }
        if !name.is_empty() && !kept.iter().any(|other| other.eq_ignore_ascii_case(&name)) {
            kept.push(name);
        }
    }
    if kept.len() > MOST_ACCESSORIES {
        return Err(Refusal::invalid(format!("an asset has at most {MOST_ACCESSORIES} accessories, not {}", kept.len())));
    }
    Ok(kept)
}

fn part_of(site: &Site, asset: &Asset, text: &str) -> Result<Option<crate::AssetId>, Refusal> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let whole = tagged(site, &Tag::parse(text)?)?;
    kit::may_join(site, asset, whole)?;
    Ok(Some(whole.id))
}

fn purchase(before: Option<Box<Purchase>>, facts: &mut AssetFacts) -> Result<Option<Box<Purchase>>, Refusal> {
    let mut purchase = before.unwrap_or_default();
    for (field, text) in [(&mut purchase.vendor, facts.vendor.take()), (&mut purchase.funding, facts.funding.take())] {
        if let Some(text) = text {
            *field = short("a vendor or funding source", &text, 120)?;
        }
    }
    if let Some(price) = facts.price {
        purchase.price = price.value();
    }
    if let Some(bought) = facts.bought {
        purchase.bought = bought.value().map(|day| likely("bought", day)).transpose()?;
    }
    if let Some(until) = facts.warranty_until {
        purchase.warranty_until = until.value().map(|day| likely("warranty_until", day)).transpose()?;
    }
    if let Some(life) = facts.life_months {
        purchase.life_months = life.value().map(lasting).transpose()?;
    }
    Ok(if purchase.is_empty() { None } else { Some(purchase) })
}

/// A day that may be meant: school equipment was not bought in the year 26.
pub(crate) fn likely(what: &str, day: Date) -> Result<Date, Refusal> {
    if (1970..2200).contains(&day.year()) {
        return Ok(day);
    }
    Err(Refusal::invalid(format!("{what}: {day} is no likely day; write the year with four digits, \"2026-08-01\"")))
}

/// A life that may be meant.
pub(crate) fn lasting(months: u16) -> Result<u16, Refusal> {
    if (1..=LONGEST_LIFE).contains(&months) {
        return Ok(months);
    }
    Err(Refusal::invalid(format!("a life is 1 to {LONGEST_LIFE} months, not {months}")))
}

fn details(before: Option<Box<Details>>, facts: AssetFacts) -> Result<Option<Box<Details>>, Refusal> {
    if before.is_none() && facts.notes.is_none() && facts.custom.is_none() {
        return Ok(None);
    }
    let mut details = before.unwrap_or_default();
    if let Some(notes) = facts.notes {
        details.notes = lines("notes", &notes, MOST_NOTES)?;
    }
    custom(&mut details.custom, facts.custom.unwrap_or_default())?;
    Ok(if details.is_empty() { None } else { Some(details) })
}

fn custom(fields: &mut BTreeMap<String, String>, said: BTreeMap<String, String>) -> Result<(), Refusal> {
    for (name, text) in said {
        let name = short("a custom field's name", &name, MOST_NAME)?;
        if name.is_empty() {
            return Err(Refusal::invalid("a custom field needs a name"));
        }
        let text = short("a custom field", &text, MOST_CUSTOM_TEXT)
            .map_err(|refusal| Refusal { text: format!("{name}: {}", refusal.text), ..refusal })?;
        match text.is_empty() {
            true => fields.remove(&name),
            false => fields.insert(name, text),
        };
    }
    if fields.len() > MOST_CUSTOM {
        return Err(Refusal::invalid(format!("an asset has at most {MOST_CUSTOM} custom fields, not {}", fields.len())));
    }
    Ok(())
}
