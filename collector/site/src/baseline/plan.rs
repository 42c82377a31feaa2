//! Whom a baseline would fail, before it is applied: all, and those for whom that would be new.

use super::judge::{Judged, Memo, judge_one};
use super::matcher::Matcher;
use super::record::Baseline;
use super::{assets_of, holds_for};
use crate::asset::Asset;
use crate::device::{Device, DeviceState};
use crate::{BaselineId, RoomId, Site, Tag};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What applying a baseline would mean, or has meant, per device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// The baseline's name.
    pub baseline: BaselineId,
    /// Devices that it holds for.
    pub devices: usize,
    /// Devices that meet it, those with a waiver among them.
    pub meet: usize,
    /// Devices whose software list was never read: neither met nor failed.
    pub unmeasured: usize,
    /// Those that don't, by tag, each with what is wrong in words.
    pub fail: Vec<PlanLine>,
    /// Those that meet it by a waiver alone, by tag, each with what is waived.
    pub waived: Vec<PlanLine>,
    /// Devices that fail, and do not fail as the baseline is now.
    pub newly: usize,
    /// Devices that fail as the baseline is now, and would no longer.
    pub mended: Vec<Tag>,
    /// The same by room; machines of no room last.
    pub rooms: Vec<PlanRoom>,
}

/// One device that does not meet a baseline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanLine {
    /// Its tag.
    pub tag: Tag,
    /// Its room.
    pub room: Option<RoomId>,
    /// What is wrong, in words.
    pub wrong: Vec<String>,
    /// What is waived, in words.
    pub waived: Vec<String>,
    /// It does not fail as the baseline is now.
    pub newly: bool,
}

/// What a baseline means in one room.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PlanRoom {
    /// The room.
    pub room: Option<RoomId>,
    /// Devices that it holds for.
    pub devices: usize,
    /// Devices that meet it.
    pub meet: usize,
    /// Devices that don't.
    pub fail: usize,
    /// Devices that would newly fail.
    pub newly: usize,
    /// Devices that would no longer fail.
    pub mended: usize,
}

/// A baseline, ready to judge many devices.
pub(super) struct Bench<'a> {
    site: &'a Site,
    baseline: Arc<Baseline>,
    matcher: Arc<Matcher>,
    memo: Memo,
    now: Timestamp,
}

impl<'a> Bench<'a> {
    /// One of the site's baselines, or one that is planned.
    pub(super) fn of(site: &'a Site, baseline: &Baseline, now: Timestamp) -> Self {
        let applied = site.baselines.get(&baseline.name).filter(|applied| applied.says_the_same(baseline));
        let known = applied.and_then(|_| site.matchers.get(&baseline.name).cloned());
        let matcher = known.unwrap_or_else(|| Arc::new(Matcher::of(baseline)));
        Self { site, baseline: Arc::new(baseline.clone()), matcher, memo: Memo::default(), now }
    }

    /// What it says of an asset; `None` when it does not hold for it, or its device may not speak.
    pub(super) fn judge(&mut self, asset: &Asset) -> Option<Judged> {
        let device = speaking(self.site, asset)?;
        Some(judge_one(self.site, &self.baseline, &self.matcher, asset, device, self.now, &mut self.memo))
    }
}

fn speaking<'a>(site: &'a Site, asset: &Asset) -> Option<&'a Device> {
    let device = asset.device.as_ref().and_then(|id| site.devices.get(id))?;
    Some(&**device).filter(|device| device.state == DeviceState::Active)
}

/// Whom a baseline would fail.
pub fn plan(site: &Site, baseline: &Baseline, now: Timestamp) -> Plan {
    let mut after = Bench::of(site, baseline, now);
    let applied = site.baselines.get(&baseline.name).filter(|applied| !applied.says_the_same(baseline));
    let mut before = applied.map(|applied| (Arc::clone(applied), Bench::of(site, applied, now)));
    let is_there = applied.is_some() || site.baselines.contains_key(&baseline.name);
    let mut plan = Plan::of(baseline);
    let mut rooms = BTreeMap::<(bool, Option<RoomId>), PlanRoom>::new();
    for asset in assets_of(site, baseline) {
        let Some(judged) = after.judge(asset) else { continue };
        let failed = match &mut before {
            Some((applied, bench)) => holds_for(applied, asset) && bench.judge(asset).is_some_and(|judged| !judged.wrong.is_empty()),
            // Applied just so, nothing is new; never applied, everything is.
            None => is_there && !judged.wrong.is_empty(),
        };
        let room = rooms.entry((asset.room.is_none(), asset.room.clone())).or_default();
        plan.take(room, asset, &judged, failed);
    }
    if let Some((applied, bench)) = &mut before {
        plan.mended.extend(released(site, baseline, applied, bench));
    }
    plan.fail.sort_by(|a, b| a.tag.cmp(&b.tag));
    plan.waived.sort_by(|a, b| a.tag.cmp(&b.tag));
    plan.mended.sort();
    plan.rooms = rooms.into_iter().map(|((_, room), counts)| PlanRoom { room, ..counts }).collect();
    plan
}

/// Those that fail now and for whom the new baseline no longer holds.
fn released(site: &Site, baseline: &Baseline, applied: &Baseline, bench: &mut Bench<'_>) -> Vec<Tag> {
    let left = assets_of(site, applied).filter(|asset| !holds_for(baseline, asset));
    left.filter(|asset| bench.judge(asset).is_some_and(|judged| !judged.wrong.is_empty())).map(|asset| asset.tag.clone()).collect()
}

impl Plan {
    fn of(baseline: &Baseline) -> Self {
        Self {
            baseline: baseline.name.clone(),
            devices: 0,
            meet: 0,
            unmeasured: 0,
            fail: Vec::new(),
            waived: Vec::new(),
            newly: 0,
            mended: Vec::new(),
            rooms: Vec::new(),
        }
    }

    fn take(&mut self, room: &mut PlanRoom, asset: &Asset, judged: &Judged, failed: bool) {
        self.devices += 1;
        room.devices += 1;
        let line = |newly| PlanLine {
            tag: asset.tag.clone(),
            room: asset.room.clone(),
            wrong: judged.words(),
            waived: judged.waived_words(),
            newly,
        };
        if !judged.wrong.is_empty() {
            self.newly += usize::from(!failed);
            room.newly += usize::from(!failed);
            room.fail += 1;
            self.fail.push(line(!failed));
            return;
        }
        if failed {
            self.mended.push(asset.tag.clone());
            room.mended += 1;
        }
        if judged.unknown.contains(&"software") {
            self.unmeasured += 1;
            return;
        }
        self.meet += 1;
        room.meet += 1;
        if !judged.waived.is_empty() {
            self.waived.push(line(false));
        }
    }
}
