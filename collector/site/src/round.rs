//! Judged again as time passes: whose alerts would be others now, though nobody said anything.

use crate::event::Actor;
use crate::{AssetId, Site, Working, alert};
use jiff::Timestamp;
use std::ops::Bound;

/// The next assets of a round, at most `most`, after `after`; none: the round is over.
pub fn next(site: &Site, after: Option<AssetId>, most: usize) -> Vec<AssetId> {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    site.assets.range((from, Bound::Unbounded)).map(|(id, _)| *id).take(most).collect()
}

/// Those of `assets` whose judgement would be another one now.
pub fn stale(site: &Site, assets: &[AssetId], now: Timestamp) -> Vec<AssetId> {
    let would_change = |asset: &&AssetId| {
        let mut draft = Working::begin(site.clone(), now, Actor::Rollcall);
        alert::judge(&mut draft, **asset);
        !draft.finish().written.is_empty()
    };
    assets.iter().filter(would_change).copied().collect()
}
