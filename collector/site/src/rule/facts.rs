//! What a rule may look at, each section read at most once while an asset is judged.

use super::{Finding, RULES, Rule, Setting, setting};
use crate::asset::{Asset, AssetStatus};
use crate::baseline::{self, Judged};
use crate::device::{Device, DeviceState};
use crate::inventory::Profile;
use crate::presence::Presence;
use crate::room::Room;
use crate::vitals::Vitals;
use crate::{DeviceId, Site};
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::Section;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// Findings of one rule about one asset: each is an alert of its own, and no machine makes more of them by what it says.
const MOST: usize = 100;

/// What a rule may look at.
pub struct Facts<'a> {
    /// The site, for its baselines and contents.
    pub site: &'a Site,
    /// The asset.
    pub asset: &'a Asset,
    /// The agent on it.
    pub device: Option<&'a Device>,
    /// Its room.
    pub room: Option<&'a Room>,
    /// When it is judged.
    pub now: Timestamp,
    read: RefCell<BTreeMap<&'static str, Option<Rc<Section>>>>,
    judged: OnceCell<Vec<Judged>>,
}

impl<'a> Facts<'a> {
    /// The facts of an asset at a time.
    pub fn of(site: &'a Site, asset: &'a Arc<Asset>, now: Timestamp) -> Self {
        let device = site.device_of(asset).map(|device| &**device);
        let room = asset.room.as_ref().and_then(|room| site.rooms.get(room)).map(|room| &**room);
        Self::new(site, asset, device, room, now)
    }

    pub(super) fn new(site: &'a Site, asset: &'a Asset, device: Option<&'a Device>, room: Option<&'a Room>, now: Timestamp) -> Self {
        Self { site, asset, device, room, now, read: RefCell::default(), judged: OnceCell::new() }
    }

    /// The device, where it may speak and its asset is in service: of others, nothing about their health is said.
    pub fn machine(&self) -> Option<&'a Device> {
        self.device.filter(|device| device.state == DeviceState::Active && self.asset.status == AssetStatus::InService)
    }

    /// [`Facts::machine`], where it is connected and not lent: what it says of its surroundings is so now, and of this site.
    pub fn here(&self) -> Option<&'a Device> {
        let is_here = |device: &&Device| device.presence == Presence::Here && !device.off_site;
        self.machine().filter(is_here).filter(|_| self.site.open_loan(self.asset.id).is_none())
    }

    /// What is held of the sections of [`Facts::machine`].
    pub fn profile(&self) -> Option<&'a Profile> {
        self.site.profiles.get(&self.machine()?.id).map(|profile| &**profile)
    }

    /// A section of [`Facts::machine`] as last measured; `None` when it never was, or can't be measured any more.
    pub fn section(&self, name: &'static str) -> Option<Rc<Section>> {
        let device = self.machine()?.id;
        self.read.borrow_mut().entry(name).or_insert_with(|| measured(self.site, device, name).map(Rc::new)).clone()
    }

    /// What [`Facts::machine`] last said of its health, as far as rules look at it.
    pub fn vitals(&self) -> Option<&'a Vitals> {
        self.site.vitals.get(&self.machine()?.id).map(|vitals| &**vitals)
    }

    /// What every baseline says of the device; nothing of one that may not speak.
    pub fn baselines(&self) -> &[Judged] {
        self.judged.get_or_init(|| baseline::judge(self))
    }

    /// A limit of a rule: as the room sets it, as the site does, or as the rule has it.
    pub fn limit(&self, rule: &Rule, name: &str) -> i64 {
        let set = self.settings(rule.code).find_map(|setting| setting.limits.get(name).copied());
        set.or_else(|| rule.limits.iter().find(|limit| limit.name == name).map(|limit| limit.value)).unwrap_or_default()
    }

    /// Whether a rule holds here.
    pub fn holds(&self, rule: &Rule) -> bool {
        setting::holds(self.site, self.room, rule)
    }

    /// How long a finding of a rule lasts here before a person is told.
    pub fn settle(&self, rule: &Rule) -> SignedDuration {
        let set = self.settings(rule.code).find_map(|setting| setting.settle_s);
        set.map_or_else(|| rule.settle.time(self), |seconds| SignedDuration::from_secs(seconds.into()))
    }

    /// What the room says of a rule, then what the site does.
    fn settings(&self, code: &str) -> impl Iterator<Item = &'a Setting> {
        setting::of(self.site, self.room, code)
    }

    /// What every rule that holds here finds; of one rule the first [`MOST`].
    pub fn findings(&self) -> impl Iterator<Item = (&'static Rule, Finding)> {
        let rules = RULES.iter().filter(|rule| self.holds(rule));
        rules.flat_map(|rule| (rule.check)(self).into_iter().take(MOST).map(move |finding| (rule, finding)))
    }
}

/// A section of a device; `None` where the last report could not measure it: what was true before proves nothing now.
fn measured(site: &Site, device: DeviceId, name: &str) -> Option<Section> {
    let held = site.profiles.get(&device)?.sections.get(name)?;
    if held.not_measured.is_some() {
        return None;
    }
    site.content(name, &held.digest?)?.section()
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use rollcall_proto::v1::{DiskCondition, DiskHealth};

    #[test]
    fn a_machine_that_names_thousands_of_disks_makes_no_thousands_of_alerts() {
        let disk = |n: u32| DiskCondition { name: format!("sd{n}"), verdict: "failing".into(), ..DiskCondition::default() };
        let sample = Sample::new().has(Section::DiskHealth(DiskHealth { disks: (0..5_000).map(disk).collect() }));
        let asset = sample.site.assets.get(&sample.asset).unwrap();
        let facts = Facts::of(&sample.site, asset, sample.now);
        assert_eq!(facts.findings().filter(|(rule, _)| rule.code == "disk-failing").count(), MOST);
    }
}
