//! What a change of an asset was, in words: what the timeline keeps.

use super::Asset;
use super::purchase::Purchase;
use crate::{AssetId, Site};
use std::collections::BTreeSet;

/// Where an asset belongs, in words.
pub(super) fn place_of(asset: &Asset) -> String {
    match (&asset.room, &asset.seat) {
        (None, _) => "no room".to_owned(),
        (Some(room), None) => room.to_string(),
        (Some(room), Some(seat)) => format!("{room}, seat {seat}"),
    }
}

/// What a change of an asset was, in words. Notes and custom fields are named and not repeated: what people write there may be personal, and
/// an event can't be taken back.
pub(super) fn changed(site: &Site, before: &Asset, after: &Asset) -> String {
    let whole =
        |part_of: Option<AssetId>| part_of.and_then(|id| site.assets.get(&id)).map(|whole| whole.tag.to_string()).unwrap_or_default();
    let facts = [
        ("tag", before.tag.to_string(), after.tag.to_string()),
        ("kind", before.kind.word().to_owned(), after.kind.word().to_owned()),
        ("name", before.name.clone(), after.name.clone()),
        ("maker", before.maker.clone(), after.maker.clone()),
        ("model", before.model.clone(), after.model.clone()),
        ("serial", before.serial.clone(), after.serial.clone()),
        ("place", place_of(before), place_of(after)),
        ("status", before.status.word().to_owned(), after.status.word().to_owned()),
        ("accessories", before.accessories.join(", "), after.accessories.join(", ")),
        ("part of", whole(before.part_of), whole(after.part_of)),
    ];
    let (bought_before, bought_after) = (bought(before.purchase.as_deref()), bought(after.purchase.as_deref()));
    let purchase = bought_before.into_iter().zip(bought_after).map(|((name, old), (_, new))| (name, old, new));
    let differ = facts.into_iter().chain(purchase).filter(|(_, old, new)| old != new);
    let say = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    let said = differ.map(|(name, old, new)| format!("{name}: {} → {}", say(old), say(new)));
    said.chain(unsaid(before, after)).collect::<Vec<_>>().join("; ")
}

/// The facts of a purchase by name.
fn bought(purchase: Option<&Purchase>) -> [(&'static str, String); 6] {
    let none = Purchase::default();
    let Purchase { vendor, funding, price, bought, warranty_until, life_months, order: _, rest: _ } = purchase.unwrap_or(&none);
    let text = |value: Option<String>| value.unwrap_or_default();
    [
        ("vendor", vendor.clone()),
        ("funding", funding.clone()),
        ("price", text(price.map(|price| price.to_string()))),
        ("bought", text(bought.map(|day| day.to_string()))),
        ("warranty until", text(warranty_until.map(|day| day.to_string()))),
        ("life", text(life_months.map(|months| format!("{months} months")))),
    ]
}

/// What changed of notes and custom fields, by name only.
fn unsaid(before: &Asset, after: &Asset) -> Vec<String> {
    let mut said = Vec::new();
    if before.notes() != after.notes() {
        said.push("notes changed".to_owned());
    }
    let fields = |asset: &Asset| asset.details.as_deref().map(|details| details.custom.clone()).unwrap_or_default();
    let (old, new) = (fields(before), fields(after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).filter(|name| old.get(*name) != new.get(*name)).collect();
    if !names.is_empty() {
        said.push(format!("changed: {}", names.into_iter().cloned().collect::<Vec<_>>().join(", ")));
    }
    said
}
