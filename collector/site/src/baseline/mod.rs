//! Baselines: what software and settings the devices of some rooms must, may and must not have.

mod apply;
mod capture;
pub mod drift;
mod edition;
mod file;
mod judge;
pub mod licence;
mod matcher;
mod plan;
mod record;
mod score;
mod settings;
pub mod waiver;

pub use apply::{Rejudging, apply, next_due, remove, restore, tick};
pub use capture::{Capture, Versions, capture};
pub use edition::{Edition, EditionKey, edition, editions};
pub use file::parse;
pub use judge::{Judged, Kind, Waived, Wrong, judge};
pub use plan::{Plan, PlanLine, PlanRoom, plan};
pub use record::{Baseline, Licence, SETTINGS, SOURCES, Wanted};
pub use score::{Score, scores};

pub(crate) use judge::holds_for;
pub(crate) use matcher::Matcher;

use crate::asset::Asset;
use crate::title::Title;
use crate::{BaselineId, Refusal, Site};
use std::sync::Arc;

/// The room name that stands for every room.
pub(crate) const EVERY_ROOM: &str = "*";

/// The baseline of this name.
///
/// # Errors
/// There is none.
pub fn get<'a>(site: &'a Site, name: &BaselineId) -> Result<&'a Arc<Baseline>, Refusal> {
    let missing = || Refusal::not_found(format!("there is no baseline {name}; `rollcall baseline list` shows them all"));
    site.baselines.get(name).ok_or_else(missing)
}

/// The assets that a baseline holds for.
pub(crate) fn assets_of<'a>(site: &'a Site, baseline: &Baseline) -> Box<dyn Iterator<Item = &'a Arc<Asset>> + 'a> {
    if baseline.rooms.iter().any(|room| room.as_str() == EVERY_ROOM) {
        return Box::new(site.assets.values());
    }
    if baseline.tags.is_empty() {
        let mut rooms = baseline.rooms.clone();
        rooms.sort_unstable();
        rooms.dedup();
        return Box::new(rooms.into_iter().flat_map(|room| site.assets_in(&room)));
    }
    let (rooms, tags): (Vec<_>, Vec<Title>) = (baseline.rooms.clone(), baseline.tags.iter().map(|tag| Title::new(tag)).collect());
    let is_held = move |asset: &&Arc<Asset>| {
        asset.room.as_ref().is_some_and(|room| rooms.contains(room)) || tags.iter().any(|tag| tag.is(asset.tag.as_str()))
    };
    Box::new(site.assets.values().filter(is_held))
}
