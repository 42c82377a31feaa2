//! Applies baselines: a new version holds at once, and the devices are judged a few at a time, so that nobody waits long behind it.

use super::edition;
use super::judge::holds_for;
use super::plan::Bench;
use super::record::Baseline;
use super::{EVERY_ROOM, licence, waiver};
use crate::alert::{self, Alert};
use crate::asset::Asset;
use crate::record::{Record, Rest, Table};
use crate::{AssetId, BaselineId, Refusal, Site, Working, room};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Devices that are judged in one change: about as long as a large report takes.
const JUDGED_AT_ONCE: usize = 64;
/// Assets that are looked at in one change, to see whether they have to be judged.
const SEEN_AT_ONCE: usize = 2_048;

/// A baseline that came, changed or went, and whose devices are not all judged by it yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rejudging {
    /// The baseline.
    pub name: BaselineId,
    /// The assets up to here are judged.
    pub after: AssetId,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Rejudging {
    type Key = BaselineId;
    const KIND: &'static str = "rejudging";
    fn key(&self) -> BaselineId {
        self.name.clone()
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.rejudging
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.rejudging
    }
}

/// Applies a baseline: it replaces the one of the same name. The first devices are judged at once, the others by [`tick`].
///
/// # Errors
/// A room of it does not exist.
pub fn apply(w: &mut Working, baseline: Baseline) -> Result<Arc<Baseline>, Refusal> {
    let name = baseline.name.clone();
    put(w, baseline, |version| format!("Baseline {name} version {version} applied"))
}

/// Applies an earlier version again, as a new one.
///
/// # Errors
/// There is no such version, or a room of it is gone.
pub fn restore(w: &mut Working, name: &BaselineId, version: u32) -> Result<Arc<Baseline>, Refusal> {
    let text = edition(&w.site, name, version)?.text;
    put(w, super::parse(&text)?, |next| format!("Baseline {name} version {next} applied: version {version} again"))
}

fn put(w: &mut Working, mut baseline: Baseline, said: impl Fn(u32) -> String) -> Result<Arc<Baseline>, Refusal> {
    for room in baseline.rooms.iter().filter(|room| room.as_str() != EVERY_ROOM) {
        room::get(&w.site, room)?;
    }
    let before = w.site.baselines.get(&baseline.name).cloned();
    if let Some(before) = before.as_ref().filter(|before| before.text == baseline.text) {
        return Ok(Arc::clone(before));
    }
    baseline.version = edition::latest(&w.site, &baseline.name) + 1;
    baseline.applied_at = w.now;
    baseline.applied_by = w.actor.words();
    before.iter().for_each(|before| edition::keep(w, before));
    let baseline = w.put(baseline);
    edition::keep(w, &baseline);
    w.event("baseline.applied", said(baseline.version)).with(serde_json::json!({ "baseline": baseline.name, "version": baseline.version }));
    begin(w, &baseline.name);
    Ok(baseline)
}

/// Removes a baseline; the alerts that rest on it are over. Its versions are kept.
///
/// # Errors
/// There is none of that name.
pub fn remove(w: &mut Working, name: &BaselineId) -> Result<(), Refusal> {
    let baseline = Arc::clone(super::get(&w.site, name)?);
    edition::keep(w, &baseline);
    w.remove::<Baseline>(name);
    w.event("baseline.removed", format!("Baseline {name} removed")).with(serde_json::json!({ "baseline": name }));
    begin(w, name);
    Ok(())
}

fn begin(w: &mut Working, name: &BaselineId) {
    licence::judge(w);
    go_on(w, name, AssetId(uuid::Uuid::nil()));
}

/// When [`tick`] next has something to do.
pub fn next_due(site: &Site) -> Option<Timestamp> {
    if !site.rejudging.is_empty() {
        return Some(Timestamp::UNIX_EPOCH);
    }
    site.open_waivers.get_min().map(|(until, _)| *until)
}

/// Ends waivers whose time is up, and judges the next devices of baselines that changed.
pub fn tick(w: &mut Working) {
    waiver::tick(w);
    if let Some((name, after)) = w.site.rejudging.values().next().map(|rejudging| (rejudging.name.clone(), rejudging.after)) {
        go_on(w, &name, after);
    }
}

/// Judges the next devices, and writes down how far that came.
fn go_on(w: &mut Working, name: &BaselineId, after: AssetId) {
    let (assets, last) = next(w, name, after);
    assets.into_iter().for_each(|asset| alert::judge(w, asset));
    match last {
        Some(after) => drop(w.put(Rejudging { name: name.clone(), after, rest: Rest::new() })),
        None if w.site.rejudging.contains_key(name) => w.remove::<Rejudging>(name),
        None => {}
    }
}

/// The next assets to judge, and how far they were looked through; `None`: to the end. Who meets the baseline, and has no alert of one,
/// is as before.
fn next(w: &Working, name: &BaselineId, after: AssetId) -> (Vec<AssetId>, Option<AssetId>) {
    let baseline = w.site.baselines.get(name);
    let mut bench = baseline.map(|baseline| Bench::of(&w.site, baseline, w.now));
    let (mut found, mut last) = (Vec::new(), after);
    let assets = w.site.assets.range((std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded));
    for (seen, (id, asset)) in assets.enumerate() {
        if seen >= SEEN_AT_ONCE || found.len() >= JUDGED_AT_ONCE {
            return (found, Some(last));
        }
        last = *id;
        let is_held = baseline.is_some_and(|baseline| holds_for(baseline, asset));
        let fails = is_held && bench.as_mut().and_then(|bench| bench.judge(asset)).is_some_and(|judged| !judged.wrong.is_empty());
        if fails || has_alert(&w.site, asset) {
            found.push(*id);
        }
    }
    (found, None)
}

/// Whether an asset has an alert that rests on a baseline.
fn has_alert(site: &Site, asset: &Asset) -> bool {
    let of_baseline = |alert: &Arc<Alert>| super::drift::RULES.contains(&alert.rule.as_str());
    site.live_alerts(Some(asset.id)).any(of_baseline)
}
