//! A machine made up for the tests of rules: an active device in a room, with what a test says of it.

use super::{Facts, Finding, Rule};
use crate::asset::Asset;
use crate::content::Content;
use crate::device::Device;
use crate::inventory::{Held, Profile};
use crate::parts::Accepted;
use crate::presence::Presence;
use crate::record;
use crate::room::{Room, RoomKind};
use crate::vitals::{Reading, Today, Vitals};
use crate::{AssetId, DeviceId, RoomId, Site, Tag};
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::{Digest, Section};
use std::sync::Arc;
use uuid::Uuid;

pub(super) struct Sample {
    pub(super) site: Site,
    pub(super) now: Timestamp,
    pub(super) asset: AssetId,
    device: DeviceId,
}

impl Sample {
    /// PC1 of Lab 1, which is here and has said nothing of itself.
    pub(super) fn new() -> Self {
        let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        let (asset, device) = (AssetId(Uuid::nil()), DeviceId(Uuid::nil()));
        let mut sample = Self { site: Site::default(), now, asset, device };
        record::put(&mut sample.site, Room::new(lab(), RoomKind::Lab));
        sample.another(0, "PC1");
        sample
    }

    /// Another machine in the room.
    pub(super) fn another(&mut self, number: u128, tag: &str) {
        let (asset, device) = (AssetId(Uuid::from_u128(number)), DeviceId(Uuid::from_u128(number)));
        let here = Device { presence: Presence::Here, certificate: number.to_string(), ..Device::new(device, asset, self.now) };
        record::put(&mut self.site, Device { certificate_ends: self.now + SignedDuration::from_hours(24 * 300), ..here });
        record::put(&mut self.site, Asset { device: Some(device), room: Some(lab()), ..Asset::new(asset, Tag::parse(tag).unwrap()) });
        record::put(&mut self.site, Profile::new(device, self.now));
    }

    /// It has measured this section.
    pub(super) fn has(self, section: Section) -> Self {
        let digest = Digest::of(&section.encode());
        let mut sample = self.profile(|profile, now| {
            let held = Held { digest: Some(digest), since: Some(now), ..Held::default() };
            profile.sections.insert(section.name().to_owned(), held);
        });
        sample.site.hold(digest, Content::of(&section, &Arc::default()));
        sample
    }

    /// It was accepted with this section.
    pub(super) fn accepted_with(mut self, section: Section) -> Self {
        let digest = Digest::of(&section.encode());
        self.site.hold(digest, Content::of(&section, &Arc::default()));
        let sections = [(section.name().to_owned(), digest)].into();
        let accepted = Accepted { asset: self.asset, since: self.now, sections, rest: Default::default() };
        record::put(&mut self.site, accepted);
        self
    }

    /// It can't measure this section any more.
    pub(super) fn lacks(self, name: &str, why: &str) -> Self {
        self.profile(|profile, _| profile.sections.entry(name.to_owned()).or_default().not_measured = Some(why.to_owned()))
    }

    pub(super) fn profile(mut self, edit: impl FnOnce(&mut Profile, Timestamp)) -> Self {
        let mut profile = (**self.site.profiles.get(&self.device).unwrap()).clone();
        edit(&mut profile, self.now);
        record::put(&mut self.site, profile);
        self
    }

    /// Its last reading, on a day that began with all counters at 0.
    pub(super) fn reads(mut self, reading: Reading) -> Self {
        let (device, now) = (self.device, self.now);
        let today = Some(Today { day: "2026-11-23".parse().unwrap(), throttled: 0, link_changes: 0 });
        let vitals = Vitals { device, at: now, reading, hot_since: now, today, trends: Default::default(), rest: Default::default() };
        record::put(&mut self.site, vitals);
        self
    }

    pub(super) fn device(mut self, edit: impl FnOnce(&mut Device)) -> Self {
        let mut device = (**self.site.devices.get(&self.device).unwrap()).clone();
        edit(&mut device);
        record::put(&mut self.site, device);
        self
    }

    pub(super) fn edit_asset(mut self, edit: impl FnOnce(&mut Asset)) -> Self {
        let mut asset = (**self.site.assets.get(&self.asset).unwrap()).clone();
        edit(&mut asset);
        record::put(&mut self.site, asset);
        self
    }

    pub(super) fn room(mut self, edit: impl FnOnce(&mut Room)) -> Self {
        let mut room = (**self.site.rooms.get(&lab()).unwrap()).clone();
        edit(&mut room);
        record::put(&mut self.site, room);
        self
    }

    /// A limit as its room sets it.
    pub(super) fn limit(self, rule: &Rule, name: &str, value: i64) -> Self {
        assert!(rule.limits.iter().any(|limit| limit.name == name), "{name}");
        self.room(|room| {
            room.rules.entry(rule.code.to_owned()).or_default().limits.insert(name.to_owned(), value);
        })
    }

    /// So many days later.
    pub(super) fn later(mut self, days: i64) -> Self {
        self.now += SignedDuration::from_hours(24 * days);
        self
    }

    pub(super) fn find(&self, rule: &Rule) -> Vec<Finding> {
        let asset = self.site.assets.get(&self.asset).unwrap();
        (rule.check)(&Facts::of(&self.site, asset, self.now))
    }

    /// What the rule finds, by title.
    #[track_caller]
    pub(super) fn check(&self, rule: &Rule, want: &[&str]) {
        let found = self.find(rule);
        assert!(found.iter().all(|finding| !finding.evidence.is_empty()), "{found:?}");
        assert_eq!(found.iter().map(|finding| finding.title.as_str()).collect::<Vec<_>>(), want);
    }
}

fn lab() -> RoomId {
    RoomId::parse("Lab 1").unwrap()
}
