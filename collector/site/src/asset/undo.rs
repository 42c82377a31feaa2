//! Takes back an asset that was added by mistake: a wrong scan leaves nothing behind but its events.

use super::{Asset, get, kit_of};
use crate::{AssetId, Refusal, Site, Working};
use std::sync::Arc;

/// Takes back an asset that nothing has happened to since it was added: its record goes, its tag is free again.
///
/// # Errors
/// No such asset; it has an agent, a loan, a charge, a ticket, an alert or a kit: retire it instead.
pub fn take_back(w: &mut Working, id: AssetId) -> Result<Arc<Asset>, Refusal> {
    let asset = Arc::clone(get(&w.site, id)?);
    if let Some(why) = used(&w.site, &asset) {
        let tag = &asset.tag;
        return Err(Refusal::conflict(format!(
            "{tag} can't be taken back, for it {why}: retire it with `rollcall asset retire {tag}` instead"
        )));
    }
    w.remove::<Asset>(&id);
    w.event("asset.removed", format!("{} taken back: it was added by mistake", asset.tag)).about(&asset);
    if let Some(at) = asset.came_by() {
        crate::order::settle(w, at.order);
    }
    Ok(asset)
}

/// What happened to an asset since it was added.
fn used(site: &Site, asset: &Asset) -> Option<&'static str> {
    let id = asset.id;
    let reasons = [
        (asset.device.is_some() || site.devices.values().any(|device| device.asset == id), "has an agent"),
        (site.loans_of(id).next().is_some(), "was lent"),
        (site.charges.values().any(|charge| charge.asset == id), "has a charge"),
        (site.tickets.values().any(|ticket| ticket.asset == Some(id)), "has a ticket"),
        (site.reservations.values().any(|kept| kept.of == crate::reservation::Wanted::Asset(id)), "is kept for somebody"),
        (site.live_alerts(Some(id)).next().is_some(), "has an alert"),
        (kit_of(site, id).next().is_some(), "has a kit"),
    ];
    reasons.into_iter().find(|(is, _)| *is).map(|(_, why)| why)
}
