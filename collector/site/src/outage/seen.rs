//! Who of a room should be here, who is, and who fell silent together.

use super::limit;
use crate::asset::{Asset, AssetStatus};
use crate::calendar::{self, RoomHours};
use crate::device::{Device, DeviceState};
use crate::presence::Presence;
use crate::room::{Room, RoomKind};
use crate::rule::{self, Facts, room_outage::RULE};
use crate::{AssetId, RoomId, Site};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A machine that fell silent, or was told of, longer before the others is no part of what happened to them.
const BEFORE: SignedDuration = SignedDuration::from_mins(15);

/// A room as an outage is seen in it.
pub(super) struct Seen {
    here: usize,
    /// When each silent one was last heard, in order.
    silent: Vec<(Timestamp, AssetId)>,
    /// Those of whom nobody was told long ago.
    fresh: Vec<(Timestamp, AssetId)>,
    least: usize,
    percent: usize,
    window: SignedDuration,
}

/// Machines that fell silent together.
pub(super) struct Fell {
    pub machines: BTreeSet<AssetId>,
    pub expected: usize,
    /// When the first of them was last heard.
    pub began: Timestamp,
    /// When the last of them was.
    pub last: Timestamp,
    /// How far apart those were who fell within the window.
    pub spread: SignedDuration,
}

/// Looks at a room; `None` when nobody is expected there now, the rule is off, or too few are silent.
pub(super) fn seen(site: &Site, id: &RoomId, now: Timestamp) -> Option<Seen> {
    let room = site.rooms.get(id)?;
    if !calendar::of_room(site, Some(room), now).expected {
        return None;
    }
    let (mut here, mut silent, mut fresh, mut limits) = (0, Vec::new(), Vec::new(), None);
    for asset in site.assets_in(id) {
        let Some(device) = machine(site, asset) else { continue };
        match device.presence {
            Presence::Here => here += 1,
            Presence::Silent => {
                silent.push((device.since, asset.id));
                if is_fresh(site, asset, now) {
                    fresh.push((device.since, asset.id));
                }
                limits = limits.or(Some(asset));
            }
            _ => {}
        }
    }
    let facts = Facts::of(site, limits?, now);
    if !facts.holds(&RULE) {
        return None;
    }
    silent.sort_unstable();
    fresh.sort_unstable();
    let window = SignedDuration::from_secs(facts.limit(&RULE, "seconds"));
    Some(Seen { here, silent, fresh, least: limit(&facts, "machines"), percent: limit(&facts, "percent"), window })
}

/// Whether outages of a room are looked for: the rule holds there, and its machines are expected at some time.
pub(super) fn is_watched(site: &Site, id: &RoomId) -> bool {
    let expects = |room: &Room| room.kind != RoomKind::Cart && room.hours != Some(RoomHours::Never);
    site.rooms.get(id).is_some_and(|room| expects(room) && rule::holds(site, Some(room), &RULE))
}

/// Whether a machine that may be expected is silent.
pub(super) fn is_silent(site: &Site, asset: &Arc<Asset>) -> bool {
    machine(site, asset).is_some_and(|device| device.presence == Presence::Silent)
}

/// The machine of an asset that is in service and not on loan, if it may speak.
fn machine<'a>(site: &'a Site, asset: &Arc<Asset>) -> Option<&'a Arc<Device>> {
    let device = site.device_of(asset).filter(|device| device.state == DeviceState::Active)?;
    (asset.status == AssetStatus::InService && site.open_loan(asset.id).is_none()).then_some(device)
}

/// Whether nobody was told of a machine's silence long ago.
fn is_fresh(site: &Site, asset: &Asset, now: Timestamp) -> bool {
    let mut own = site.live_alerts(Some(asset.id)).filter(|alert| alert.rule == "machine-silent");
    own.all(|alert| alert.raised_at.is_none_or(|at| now.duration_since(at) <= BEFORE))
}

impl Seen {
    /// The outage that this is: at least so many, and such a part of those who should be here, fell silent within the window.
    pub(super) fn outage(&self) -> Option<Fell> {
        let (begin, end) = self.widest()?;
        let (began, last) = (self.fresh.get(begin)?.0, self.fresh.get(end)?.0);
        let machines: BTreeSet<AssetId> = self.since(began).collect();
        let (fell, expected) = (end - begin + 1, self.here + machines.len());
        let enough = fell >= self.least && fell * 100 >= expected * self.percent;
        let spread = last.duration_since(began);
        let first = self.fresh.iter().find(|(_, asset)| machines.contains(asset)).map_or(began, |(at, _)| *at);
        enough.then(|| Fell { machines, expected, began: first, last: self.last().max(last), spread })
    }

    /// The first and the last of the most that fell silent within the window.
    fn widest(&self) -> Option<(usize, usize)> {
        let mut begin = 0;
        let mut widest: Option<(usize, usize)> = None;
        for (end, (at, _)) in self.fresh.iter().enumerate() {
            while self.fresh.get(begin).is_some_and(|(from, _)| at.duration_since(*from) > self.window) {
                begin += 1;
            }
            if widest.is_none_or(|(b, e)| end - begin > e - b) {
                widest = Some((begin, end));
            }
        }
        widest
    }

    /// Who fell silent from shortly before `began`.
    pub(super) fn since(&self, began: Timestamp) -> impl Iterator<Item = AssetId> {
        let from = began.checked_sub(BEFORE).unwrap_or(began);
        self.fresh.iter().filter(move |(at, _)| *at >= from).map(|(_, asset)| *asset)
    }

    /// When the last of them was heard last.
    pub(super) fn last(&self) -> Timestamp {
        self.silent.last().map_or(Timestamp::UNIX_EPOCH, |(at, _)| *at)
    }

    /// How many are here.
    pub(super) fn here(&self) -> usize {
        self.here
    }
}
