//! When the devices that are here were last heard, all in one small record: what is written down every 5 minutes.
//!
//! Ten thousand devices that answer within a minute of each other are one time and no names: a checkpoint costs as much as what is unlike the
//! rest. A device's own record keeps the exact time of what it did last; of the two the later counts.

use crate::device::{Device, DeviceState};
use crate::presence::Presence;
use crate::record::{Record, Rest, Table};
use crate::{DeviceId, Site, Working};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Devices heard within this time before the latest are written down as one.
const TOGETHER: SignedDuration = SignedDuration::from_secs(60);

/// The one record of kind "heard".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// Its key: there is one.
    pub id: u8,
    /// Every device that was here when this was written was heard at this time or later, save those below.
    pub at: Timestamp,
    /// Those that were not, with when they were heard last.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub earlier: BTreeMap<DeviceId, Timestamp>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Heard {
    type Key = u8;
    const KIND: &'static str = "heard";
    fn key(&self) -> u8 {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.heard
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.heard
    }
}

/// When a device was last heard, as far as it is written down: up to a minute too early for one that is here.
pub fn last(site: &Site, device: &Device) -> Timestamp {
    let written = site.heard.values().next().filter(|_| is_here(device));
    let written = written.map(|heard| heard.earlier.get(&device.id).copied().unwrap_or(heard.at));
    written.map_or(device.last_heard, |at| at.max(device.last_heard))
}

/// Writes down when the devices that are connected were last heard: all of them, every 5 minutes. Makes no event.
pub fn checkpoint(w: &mut Working, connected: &crate::presence::Heard) {
    let Some(latest) = connected.values().max() else { return };
    let begin = latest.checked_sub(TOGETHER).unwrap_or(*latest);
    let at = connected.values().filter(|heard| **heard >= begin).min().unwrap_or(latest);
    let mut earlier = BTreeMap::new();
    for device in w.site.devices.values().filter(|device| is_here(device)) {
        // One that is here and not connected was just lost: it keeps what is known of it.
        let heard = connected.get(&device.id).copied().unwrap_or_else(|| last(&w.site, device));
        if heard < *at {
            earlier.insert(device.id, heard);
        }
    }
    let before = w.site.heard.values().next().cloned();
    let rest = before.as_ref().map(|before| before.rest.clone()).unwrap_or_default();
    let after = Heard { id: 0, at: *at, earlier, rest };
    if before.as_deref() != Some(&after) {
        w.put(after);
    }
}

fn is_here(device: &Device) -> bool {
    device.state == DeviceState::Active && device.presence == Presence::Here
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Actor;
    use uuid::Uuid;

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn id(n: u128) -> DeviceId {
        DeviceId(Uuid::from_u128(n))
    }

    /// A site whose devices 1 to `count` are here since second 0.
    fn site(count: u128) -> Site {
        let mut w = Working::begin(Site::default(), time(0), Actor::Rollcall);
        for n in 1..=count {
            let device = Device::new(id(n), crate::AssetId(Uuid::from_u128(n)), time(0));
            w.put(Device { certificate: n.to_string(), presence: Presence::Here, ..device });
        }
        w.finish().site
    }

    /// What is known of devices 1 to 3, in seconds, after a checkpoint with these heard.
    #[track_caller]
    fn check(heard: &[(u128, i64)], want: [i64; 3]) {
        let mut w = Working::begin(site(3), time(0), Actor::Rollcall);
        checkpoint(&mut w, &heard.iter().map(|(n, second)| (id(*n), time(*second))).collect());
        let finished = w.finish();
        assert!(finished.written.len() <= 1 && finished.events.is_empty());
        let known = |n| last(&finished.site, finished.site.devices.get(&id(n)).unwrap());
        assert_eq!([1, 2, 3].map(known), want.map(time));
    }

    #[test]
    fn a_checkpoint_never_says_later_than_it_was() {
        check(&[], [0, 0, 0]);
        check(&[(1, 300), (2, 300), (3, 300)], [300, 300, 300]);
        check(&[(1, 300), (2, 280), (3, 250)], [250, 250, 250]);
        check(&[(1, 300), (2, 200), (3, 299)], [299, 200, 299]);
        check(&[(1, 300)], [300, 0, 0]);
    }

    #[test]
    fn ten_thousand_devices_are_one_small_record() {
        let mut w = Working::begin(site(10_000), time(0), Actor::Rollcall);
        checkpoint(&mut w, &(1..=10_000).map(|n| (id(n), time(300 - i64::try_from(n % 31).unwrap()))).collect());
        let written = w.finish().written;
        assert!(written.len() == 1 && written[0].body.as_ref().unwrap().len() < 100);
    }

    #[test]
    fn what_a_device_does_later_counts() {
        let mut w = Working::begin(site(1), time(0), Actor::Rollcall);
        checkpoint(&mut w, &[(id(1), time(300))].into_iter().collect());
        let before = (**w.site.devices.get(&id(1)).unwrap()).clone();
        w.put(Device { last_heard: time(400), ..before.clone() });
        assert_eq!(last(&w.site, w.site.devices.get(&id(1)).unwrap()), time(400));
        w.put(Device { presence: Presence::Asleep, last_heard: time(200), ..before });
        assert_eq!(last(&w.site, w.site.devices.get(&id(1)).unwrap()), time(200));
    }
}
