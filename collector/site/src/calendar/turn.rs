//! The edges of expectation in time: when some room's hours begin or end, the machines that are silent there are judged anew.

use super::{Calendar, expect};
use crate::asset::Asset;
use crate::presence::Presence;
use crate::{AssetId, RoomId, Site, Working, alert, outage};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Silent machines that are judged in one change, about: whole rooms, so that an outage is seen as one.
const BATCH: usize = 256;

/// When [`turn`] next has something to do.
pub(crate) fn next_due(site: &Site) -> Option<Timestamp> {
    let calendar = site.calendar()?;
    if calendar.turning.is_empty() { calendar.turns_at } else { calendar.turned_at }
}

/// The edge that has passed and is not judged yet.
pub(crate) fn passed(site: &Site, now: Timestamp) -> Option<Timestamp> {
    next_due(site).filter(|due| *due <= now)
}

/// Judges what edges have passed: some rooms at a time, so that no change takes long; [`next_due`] says whether there is more.
pub(crate) fn turn(w: &mut Working) {
    let Some(calendar) = w.site.calendar().filter(|calendar| passed_of(calendar, w.now)).cloned() else { return };
    let mut calendar = (*calendar).clone();
    if calendar.turns_at.is_some_and(|at| at <= w.now) {
        let since = calendar.turned_at.unwrap_or(w.now);
        let turned = places(&w.site).filter(|place| edge(&w.site, place.as_ref(), since).is_some_and(|edge| edge <= w.now));
        let turned: BTreeSet<_> = calendar.turning.drain(..).chain(turned).collect();
        calendar.turning = turned.into_iter().collect();
        calendar.turned_at = Some(w.now);
        calendar.turns_at = next_edge(&w.site, w.now);
    }
    let mut judged = 0;
    while let Some(place) = calendar.turning.pop() {
        judged += judge(w, place.as_ref());
        if judged >= BATCH {
            break;
        }
    }
    w.put(calendar);
}

/// Something was said that moves the edges: every room is judged anew, and the next edge is found.
pub(crate) fn retime(w: &mut Working) {
    let mut calendar = w.site.calendar().map(|calendar| (**calendar).clone()).unwrap_or_default();
    calendar.turning = places(&w.site).collect();
    calendar.turned_at = Some(w.now);
    calendar.turns_at = next_edge(&w.site, w.now);
    w.put(calendar);
}

fn passed_of(calendar: &Calendar, now: Timestamp) -> bool {
    !calendar.turning.is_empty() || calendar.turns_at.is_some_and(|at| at <= now)
}

/// Every room, and none for what belongs in no room.
fn places(site: &Site) -> impl Iterator<Item = Option<RoomId>> {
    std::iter::once(None).chain(site.rooms.keys().cloned().map(Some))
}

fn edge(site: &Site, place: Option<&RoomId>, after: Timestamp) -> Option<Timestamp> {
    expect::of_room(site, place.and_then(|room| site.rooms.get(room)).map(|room| &**room), after).until
}

fn next_edge(site: &Site, after: Timestamp) -> Option<Timestamp> {
    places(site).filter_map(|place| edge(site, place.as_ref(), after)).min()
}

/// Judges the silent machines of a place: the room as a whole first. Of those that are here nothing changes.
fn judge(w: &mut Working, place: Option<&RoomId>) -> usize {
    let is_silent = |asset: &&Arc<Asset>| w.site.device_of(asset).is_some_and(|device| device.presence == Presence::Silent);
    let silent: Vec<AssetId> = match place {
        Some(room) => w.site.assets_in(room).filter(is_silent).map(|asset| asset.id).collect(),
        None => w.site.assets.values().filter(|asset| asset.room.is_none()).filter(is_silent).map(|asset| asset.id).collect(),
    };
    if let Some(room) = place {
        outage::look(w, room);
    }
    for asset in &silent {
        alert::judge(w, *asset);
    }
    silent.len()
}
