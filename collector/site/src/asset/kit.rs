//! Kits: tagged assets that are lent with another one, as a hotspot with its laptop. A kit has one whole and its parts; no part has parts.

use super::{Asset, AssetStatus};
use crate::{AssetId, Refusal, Site};
use std::sync::Arc;

/// The most parts that one asset's kit has.
const MOST_PARTS: usize = 20;

/// The tagged assets that belong to this one's kit and are lent with it, those in any status but gone.
pub fn kit_of(site: &Site, whole: AssetId) -> impl Iterator<Item = &Arc<Asset>> {
    let from = site.by_kit.range((whole, AssetId(uuid::Uuid::nil()))..);
    let parts = from.take_while(move |(of, _)| *of == whole).filter_map(|(_, part)| site.assets.get(part));
    parts.filter(|part| !part.status.is_gone())
}

/// Why a part of a kit does not leave with its whole, in words; none: it does.
pub(crate) fn not_with(site: &Site, whole: AssetId, part: &Asset) -> Option<String> {
    let loan = site.open_loan(part.id).filter(|loan| loan.asset != whole);
    match (loan, part.status) {
        (Some(loan), _) => Some(format!("out to {}", loan.person)),
        (None, AssetStatus::InService) => None,
        (None, status) => Some(status.word().to_owned()),
    }
}

/// The asset to whose kit this one belongs.
pub fn whole_of<'a>(site: &'a Site, part: &Asset) -> Option<&'a Arc<Asset>> {
    part.part_of.and_then(|id| site.assets.get(&id)).filter(|whole| !whole.status.is_gone())
}

/// Whether `part` may belong to the kit of `whole`.
///
/// # Errors
/// It is the same asset; one of them is gone; the whole is a part itself, or the part has parts; the kit is full.
pub(super) fn may_join(site: &Site, part: &Asset, whole: &Asset) -> Result<(), Refusal> {
    let (tag, of) = (&part.tag, &whole.tag);
    if part.id == whole.id {
        return Err(Refusal::invalid(format!("{tag} can't be a part of itself")));
    }
    if let Some(gone) = [part, whole].into_iter().find(|asset| asset.status.is_gone()) {
        return Err(Refusal::conflict(format!("{} is {}: it belongs to no kit any more", gone.tag, gone.status.word())));
    }
    if let Some(other) = whole_of(site, whole) {
        return Err(Refusal::conflict(format!("{of} is itself a part of {}: make {tag} a part of {} too", other.tag, other.tag)));
    }
    if let Some(own) = kit_of(site, part.id).next() {
        return Err(Refusal::conflict(format!("{tag} has a kit of its own, with {}: take that apart first", own.tag)));
    }
    let joins = site.by_kit.contains(&(whole.id, part.id));
    if !joins && kit_of(site, whole.id).count() >= MOST_PARTS {
        return Err(Refusal::conflict(format!("the kit of {of} has {MOST_PARTS} parts already, which is the most")));
    }
    Ok(())
}
