//! Drift as a timeline: what machines lost and gained against their baselines, when, and since which sweep. Read from the events.

use crate::event::Event;
use crate::{RoomId, Site, SweepId, Tag};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// The rules that rest on baselines, alphabetical.
pub const RULES: &[&str] =
    &["licence-over", "os-too-old", "setting-wrong", "software-forbidden", "software-not-allowed", "software-required"];

/// One change against a baseline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// The machine.
    pub tag: Option<Tag>,
    /// Its room then.
    pub room: Option<RoomId>,
    /// What happened.
    pub change: What,
    /// In words.
    pub text: String,
    /// Who or what made it so.
    pub by: String,
    /// The last sweep of the room before it, which it is since.
    pub since_sweep: Option<SweepId>,
    /// The event's number.
    pub event: u64,
}

/// What happened to a machine, or to what it is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Something required went, or was never there.
    Lost,
    /// Something came that must not be there.
    Gained,
    /// A setting, the system or the number of seats is no longer right.
    Changed,
    /// It is right again.
    Mended,
    /// A person said that it is over.
    Dismissed,
    /// The baseline itself was applied or removed.
    Baseline,
    /// An exception began or ended.
    Waiver,
}

/// The changes among some events, in their order.
pub fn changes<'a>(site: &Site, events: impl IntoIterator<Item = &'a Event>) -> Vec<Change> {
    let mut sweeps = Sweeps { site, by_room: BTreeMap::new() };
    let told = events.into_iter().filter_map(|event| Some((event, what(event)?)));
    told.map(|(event, change)| Change {
        at: event.at,
        tag: event.asset.and_then(|id| site.assets.get(&id)).map(|asset| asset.tag.clone()),
        room: event.room.clone(),
        change,
        text: event.text.clone(),
        by: event.actor.words(),
        since_sweep: event.room.as_ref().and_then(|room| sweeps.before(room, event.at)),
        event: event.seq,
    })
    .collect()
}

fn what(event: &Event) -> Option<What> {
    match event.kind.as_str() {
        "baseline.applied" | "baseline.removed" => return Some(What::Baseline),
        "waiver.made" | "waiver.ended" => return Some(What::Waiver),
        "alert.raised" | "alert.resolved" => {}
        _ => return None,
    }
    let rule = event.data.get("rule").and_then(|rule| rule.as_str()).filter(|rule| RULES.contains(rule))?;
    Some(match (event.kind.as_str(), rule) {
        ("alert.resolved", _) if event.text.starts_with("Over by itself") => What::Mended,
        ("alert.resolved", _) => What::Dismissed,
        (_, "software-required") => What::Lost,
        (_, "software-forbidden" | "software-not-allowed") => What::Gained,
        _ => What::Changed,
    })
}

/// The finished sweeps of rooms, looked up once for each room.
struct Sweeps<'a> {
    site: &'a Site,
    by_room: BTreeMap<RoomId, Vec<(Timestamp, SweepId)>>,
}

impl Sweeps<'_> {
    /// The last sweep of a room that was finished before a moment.
    fn before(&mut self, room: &RoomId, at: Timestamp) -> Option<SweepId> {
        let finished = self.by_room.entry(room.clone()).or_insert_with(|| {
            let of_room = self.site.sweeps.values().filter(|sweep| sweep.room == *room);
            of_room.filter_map(|sweep| Some((sweep.finished_at?, sweep.id))).collect()
        });
        finished.iter().rev().find(|(finished, _)| *finished <= at).map(|(_, id)| *id)
    }
}
