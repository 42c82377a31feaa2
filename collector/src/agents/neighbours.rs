//! Asks a neighbour whether a machine that fell silent still answers on the network: then only its agent has stopped.
//!
//! Only addresses of known devices are asked for, as they last reported them, and only of devices on the same subnet. A room that falls
//! silent together is an outage, not a matter for its neighbours.

use crate::agents::door::Door;
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::{Section, v1};
use rollcall_site::attend::Checked;
use rollcall_site::device::DeviceState;
use rollcall_site::event::Actor;
use rollcall_site::presence::Presence;
use rollcall_site::{DeviceId, RoomId, Site};
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Questions about the machines of one room within [`MINUTE`].
const A_ROOM: usize = 3;
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// Questions of the site at work at once.
const AT_WORK: usize = 8;
/// How long it is looked whether the rest of the room falls silent too.
const PAUSE: Duration = Duration::from_secs(2);
/// How long a neighbour may take: an entry that was confirmed just before holds up to 45 s in its table.
const PATIENCE: Duration = Duration::from_secs(75);
/// Neighbours that are asked one after another when one can't say.
const ASKED: usize = 2;
/// Devices of other rooms that are looked at for a neighbour, at most.
const LOOKED_AT: usize = 2000;
/// So many that fall silent together, and at least half of those that were on, are an outage.
const TOGETHER: usize = 3;

/// The questions of one site.
pub(super) struct Neighbours {
    asked: HashMap<Option<RoomId>, Vec<Timestamp>>,
    at_work: Arc<Semaphore>,
}

impl Default for Neighbours {
    fn default() -> Self {
        Self { asked: HashMap::new(), at_work: Arc::new(Semaphore::new(AT_WORK)) }
    }
}

/// Where a machine was last seen on its network.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    address: Ipv4Addr,
    prefix: u32,
    gateway: String,
    mac: String,
}

impl Neighbours {
    /// Asks about devices that fell silent at `now`, as many as may be asked about; each answer is a change of its own.
    pub(super) fn ask_about(&mut self, door: &Arc<Door>, silent: impl Iterator<Item = DeviceId>, now: Timestamp) {
        let view = door.view();
        for device in silent.filter(|device| is_silent(&view, *device) && place_of(&view, *device).is_some()) {
            if self.may_ask(room_of(&view, device), now) {
                let (door, at_work) = (Arc::clone(door), Arc::clone(&self.at_work));
                let stop = door.stop.clone();
                door.clone().tasks.spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = check(&door, &at_work, device) => {}
                    }
                });
            }
        }
    }

    /// Whether another machine of this room may be asked about.
    fn may_ask(&mut self, room: Option<RoomId>, now: Timestamp) -> bool {
        // Rooms that were quiet for a while are forgotten; a clock that was set back forgets, too.
        let recent = |at: &Timestamp| (SignedDuration::ZERO..MINUTE).contains(&now.duration_since(*at));
        self.asked.retain(|_, asked| asked.iter().any(recent));
        let asked = self.asked.entry(room).or_default();
        asked.retain(recent);
        let may = asked.len() < A_ROOM;
        asked.extend(may.then_some(now));
        may
    }
}

/// Asks about one device, and writes down what its neighbours say.
async fn check(door: &Door, at_work: &Semaphore, device: DeviceId) {
    tokio::time::sleep(PAUSE).await;
    let Ok(_turn) = at_work.acquire().await else { return };
    let (view, heard) = (door.view(), door.roll().heard());
    let Some(place) = place_of(&view, device).filter(|_| is_silent(&view, device) && !falls_together(&view, device)) else { return };
    for neighbour in beside(&view, device, &place, |other| heard.contains_key(&other)) {
        match door.roll().resolve(neighbour, place.address, place.mac.clone(), PATIENCE).await {
            Ok(alive) => {
                let said = if alive { Checked::Answers } else { Checked::Quiet };
                let change =
                    door.collector.keeper.change(Actor::Rollcall, move |w| rollcall_site::attend::checked(w, device, neighbour, said));
                if let Err(error) = change.await {
                    tracing::debug!(device.id = %device, %error, "what a neighbour said of a silent device was not written down");
                }
                return;
            }
            Err(error) => tracing::debug!(device.id = %device, neighbour.id = %neighbour, %error, "a neighbour could not be asked"),
        }
    }
}

fn is_silent(site: &Site, device: DeviceId) -> bool {
    site.devices.get(&device).is_some_and(|device| device.state == DeviceState::Active && device.presence == Presence::Silent)
}

fn room_of(site: &Site, device: DeviceId) -> Option<RoomId> {
    site.devices.get(&device).and_then(|device| site.assets.get(&device.asset)).and_then(|asset| asset.room.clone())
}

/// Whether most of the room of `device` fell silent within a minute of it.
fn falls_together(site: &Site, device: DeviceId) -> bool {
    let (Some(room), Some(since)) = (room_of(site, device), site.devices.get(&device).map(|device| device.since)) else { return false };
    let (mut silent, mut here) = (0, 0);
    for other in site.assets_in(&room).filter_map(|asset| site.device_of(asset)).filter(|other| other.state == DeviceState::Active) {
        match other.presence {
            Presence::Silent if other.since.duration_since(since).abs() < MINUTE => silent += 1,
            Presence::Here => here += 1,
            _ => {}
        }
    }
    silent >= TOGETHER && silent >= here
}

/// Connected devices on the subnet of `place`, those of the same room first.
fn beside(site: &Site, device: DeviceId, place: &Place, is_connected: impl Fn(DeviceId) -> bool) -> Vec<DeviceId> {
    let room = room_of(site, device);
    let same = room.iter().flat_map(|room| site.assets_in(room)).filter_map(|asset| asset.device);
    let others =
        site.devices.keys().copied().filter(|other| room.is_none() || room_of(site, *other) != room).filter(|other| is_connected(*other));
    let near = |other: &DeviceId| {
        *other != device && is_connected(*other) && place_of(site, *other).is_some_and(|other| is_same_link(&other, place))
    };
    same.chain(others.take(LOOKED_AT)).filter(near).take(ASKED).collect()
}

/// Private subnets are used again elsewhere: the same gateway tells them apart.
fn is_same_link(one: &Place, other: &Place) -> bool {
    let mask = u32::MAX.checked_shl(32 - one.prefix).unwrap_or(0);
    one.prefix == other.prefix && one.gateway == other.gateway && u32::from(one.address) & mask == u32::from(other.address) & mask
}

/// Where a device was when it last reported: the first of its links that has an address and a MAC of its hardware.
fn place_of(site: &Site, device: DeviceId) -> Option<Place> {
    let Section::Links(links) = site.section(device, "links")? else { return None };
    let Section::Network(network) = site.section(device, "network")? else { return None };
    let place = |link: &v1::Link| {
        let mac = network.interfaces.iter().find(|interface| interface.name == link.name && !interface.mac.is_empty())?.mac.clone();
        let (address, prefix) = link.addresses.iter().find_map(|address| parse(address))?;
        Some(Place { address, prefix, gateway: links.gateway.clone(), mac })
    };
    links.links.iter().find_map(place)
}

/// "10.20.3.17/24".
fn parse(address: &str) -> Option<(Ipv4Addr, u32)> {
    let (address, prefix) = address.split_once('/')?;
    Some((address.parse().ok()?, prefix.parse().ok().filter(|prefix| (8..=30).contains(prefix))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_asked_about_three_times_a_minute() {
        let mut neighbours = Neighbours::default();
        let start: Timestamp = "2026-09-01T08:00:00Z".parse().unwrap();
        let lab = |name: &str| Some(RoomId::parse(name).unwrap());
        let mut ask = |room: Option<RoomId>, second: i64| neighbours.may_ask(room, start + SignedDuration::from_secs(second));
        assert_eq!([0, 1, 2, 3, 59].map(|second| ask(lab("Lab 1"), second)), [true, true, true, false, false]);
        assert!(ask(lab("Lab 2"), 59) && ask(None, 59));
        assert_eq!([60, 60].map(|second| ask(lab("Lab 1"), second)), [true, false]);
        assert!(ask(lab("Lab 1"), -600), "the clock was set back");
    }

    #[test]
    fn a_neighbour_is_on_the_same_subnet_behind_the_same_gateway() {
        let place = |address: &str, gateway: &str| {
            let (address, prefix) = parse(address).unwrap();
            Place { address, prefix, gateway: gateway.into(), mac: String::new() }
        };
        let here = place("192.168.1.7/24", "192.168.1.1");
        assert!(is_same_link(&here, &place("192.168.1.200/24", "192.168.1.1")));
        for other in
            [place("192.168.2.7/24", "192.168.1.1"), place("192.168.1.7/24", "192.168.1.254"), place("192.168.1.7/25", "192.168.1.1")]
        {
            assert!(!is_same_link(&here, &other), "{other:?}");
        }
        for bad in ["fe80::1/64", "10.0.0.1", "10.0.0.1/33", "10.0.0.1/0", "10.0.0.1/-1", "x/24"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
