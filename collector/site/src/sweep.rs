//! Sweeps: a roll call of a room, kept and comparable.

use crate::asset::Asset;
use crate::device::{Device, DeviceState};
use crate::presence::{Heard, Presence};
use crate::record::{Record, Rest, Table};
use crate::{AssetId, DeviceId, Refusal, RoomId, Site, SweepId, Tag, Working, room};
use jiff::Timestamp;
use rollcall_proto::Digest;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A roll call of a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// Its number.
    pub id: SweepId,
    /// The room.
    pub room: RoomId,
    /// When it began.
    pub began_at: Timestamp,
    /// When it was finished.
    pub finished_at: Option<Timestamp>,
    /// By whom.
    pub by: String,
    /// What each asset of the room answered, by tag.
    pub lines: Vec<Line>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Sweep {
    type Key = SweepId;
    const KIND: &'static str = "sweep";
    fn key(&self) -> SweepId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.sweeps
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.sweeps
    }
}

/// What one asset answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The asset.
    pub asset: AssetId,
    /// Its tag then.
    pub tag: Tag,
    /// Its seat then.
    #[serde(default)]
    pub seat: Option<String>,
    /// Whether and how it answered.
    pub answer: Answer,
    /// What is different from the last sweep of this room, in words.
    #[serde(default)]
    pub changes: Vec<String>,
    /// Its sections by digest after it answered, to compare the next sweep with.
    #[serde(default)]
    pub sections: BTreeMap<String, Digest>,
}

/// Whether an asset answered a sweep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// Asked and not yet answered.
    Waiting,
    /// It re-read everything.
    Present,
    /// Connected, and it did not answer in time.
    Slow,
    /// Not connected.
    Missing {
        /// Since when.
        since: Option<Timestamp>,
        /// What it said when it went: "switched off", "agent stopped"; empty: nothing.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
    /// Its agent may not speak: revoked, or quarantined.
    Barred {
        /// Why.
        why: String,
    },
    /// On loan.
    Away {
        /// To whom, by id.
        person: crate::PersonId,
    },
    /// It has no agent: look for it.
    NoAgent,
}

/// Begins a sweep: everyone of the room who is connected is expected to answer.
///
/// # Errors
/// No such room, or nothing belongs in it.
pub fn begin(w: &mut Working, room: &RoomId, heard: &Heard) -> Result<Arc<Sweep>, Refusal> {
    room::get(&w.site, room)?;
    let mut assets: Vec<Arc<Asset>> = w.site.assets_in(room).filter(|asset| !asset.status.is_gone()).cloned().collect();
    if assets.is_empty() {
        return Err(Refusal::not_found(format!(
            "nothing belongs in {room}: enrol machines with `rollcall token new --room`, or move assets there"
        )));
    }
    assets.sort_by(|a, b| (&a.seat, &a.tag).cmp(&(&b.seat, &b.tag)));
    let lines = assets.iter().map(|asset| line(&w.site, heard, asset)).collect::<Vec<_>>();
    let id = SweepId(w.site.sweeps.get_max().map_or(1, |(id, _)| id.0 + 1));
    let waiting = lines.iter().filter(|line| line.answer == Answer::Waiting).count();
    let sweep = w.put(Sweep { id, room: room.clone(), began_at: w.now, finished_at: None, by: w.actor.words(), lines, rest: Rest::new() });
    let all = crate::words::count(sweep.lines.len(), "asset", "assets");
    w.event("sweep.began", format!("Sweep {id} of {room}: {waiting} of {all} connected, re-reading everything now")).in_room(room);
    Ok(sweep)
}

/// What is known of an asset before it answers. Its sections are those of its last report, so that the next sweep can be compared.
fn line(site: &Site, heard: &Heard, asset: &Asset) -> Line {
    let device = site.device_of(asset);
    let answer = match (site.open_loan(asset.id), device) {
        (_, Some(device)) if device.state == DeviceState::Active && heard.contains_key(&device.id) => Answer::Waiting,
        (Some(loan), _) => Answer::Away { person: loan.person.clone() },
        (None, Some(device)) => match crate::device::speaking(site, device.id) {
            Ok(_) => Answer::Missing { since: Some(missing_since(site, device)), note: device.note.clone() },
            Err(refusal) => Answer::Barred { why: refusal.text },
        },
        (None, None) => Answer::NoAgent,
    };
    Line { asset: asset.id, tag: asset.tag.clone(), seat: asset.seat.clone(), answer, changes: Vec::new(), sections: sections(site, asset) }
}

/// Since when a device is missing: one that was just lost is not written down as silent yet.
fn missing_since(site: &Site, device: &Device) -> Timestamp {
    if device.presence == Presence::Here { crate::heard::last(site, device) } else { device.since }
}

fn sections(site: &Site, asset: &Asset) -> BTreeMap<String, Digest> {
    let profile = asset.device.and_then(|device| site.profiles.get(&device));
    profile.map(|profile| profile.digests().map(|(name, digest)| (name.to_owned(), digest)).collect()).unwrap_or_default()
}

/// What a machine that was asked and did not answer is: slow, or gone meanwhile.
fn unanswered(site: &Site, asset: AssetId) -> Answer {
    let device = site.assets.get(&asset).and_then(|asset| site.device_of(asset));
    match device.filter(|device| device.presence != Presence::Here) {
        Some(device) => Answer::Missing { since: Some(device.since), note: device.note.clone() },
        None => Answer::Slow,
    }
}

/// A device has re-read everything, and its report is durable.
///
/// # Errors
/// No such sweep, or it is finished.
pub fn answered(w: &mut Working, id: SweepId, device: DeviceId) -> Result<Arc<Sweep>, Refusal> {
    let mut sweep = open(&w.site, id)?;
    let asset = w.site.devices.get(&device).and_then(|device| w.site.assets.get(&device.asset)).cloned();
    if let Some((asset, line)) =
        asset.and_then(|asset| sweep.lines.iter_mut().find(|line| line.asset == asset.id).map(|line| (asset, line)))
    {
        line.answer = Answer::Present;
        line.sections = sections(&w.site, &asset);
    }
    Ok(w.put(sweep))
}

/// Ends a sweep: who has not answered is slow, and everyone is compared with the room's last sweep.
///
/// # Errors
/// No such sweep, or it is finished.
pub fn finish(w: &mut Working, id: SweepId) -> Result<Arc<Sweep>, Refusal> {
    let mut sweep = open(&w.site, id)?;
    let last = last_of(&w.site, &sweep.room).cloned();
    for line in &mut sweep.lines {
        if line.answer == Answer::Waiting {
            line.answer = unanswered(&w.site, line.asset);
        }
        if let Some(last) = &last {
            line.changes = compare(&w.site, last.lines.iter().find(|before| before.asset == line.asset), line);
        }
    }
    // Only the room's last sweep is compared with: the one before keeps its words and lets its sections go.
    if let Some(last) = last {
        let lines = last.lines.iter().map(|line| Line { sections: BTreeMap::new(), ..line.clone() }).collect();
        w.put(Sweep { lines, ..(*last).clone() });
    }
    sweep.finished_at = Some(w.now);
    let sweep = w.put(sweep);
    let counts = sweep.counts();
    let text = format!(
        "Sweep {id} of {}: {} of {} present, {} missing, {} changed",
        sweep.room, counts.present, counts.assets, counts.missing, counts.changed
    );
    w.event("sweep.finished", text).in_room(&sweep.room);
    Ok(sweep)
}

fn compare(site: &Site, before: Option<&Line>, now: &Line) -> Vec<String> {
    let Some(before) = before else { return vec!["not in the last sweep of this room".to_owned()] };
    let mut changes = Vec::new();
    if before.seat != now.seat {
        changes.push(format!("seat {} → {}", before.seat.as_deref().unwrap_or("none"), now.seat.as_deref().unwrap_or("none")));
    }
    let names: BTreeSet<&String> = before.sections.keys().chain(now.sections.keys()).collect();
    for name in names {
        match (before.sections.get(name), now.sections.get(name)) {
            (Some(old), Some(new)) if old != new => match (site.content(name, old), site.content(name, new)) {
                (Some(old), Some(new)) => changes.extend(crate::diff::changes(old, new)),
                _ => changes.push(format!("{name} changed")),
            },
            (None, Some(_)) if !before.sections.is_empty() => changes.push(format!("{name} measured for the first time")),
            _ => {}
        }
    }
    changes
}

/// How many did what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All assets of the room.
    pub assets: usize,
    /// Re-read everything.
    pub present: usize,
    /// Not connected, and not on loan.
    pub missing: usize,
    /// Connected, and no answer in time.
    pub slow: usize,
    /// On loan.
    pub away: usize,
    /// Without an agent: to be looked for.
    pub no_agent: usize,
    /// Revoked or quarantined.
    pub barred: usize,
    /// Different from the last sweep.
    pub changed: usize,
}

impl Sweep {
    /// How many did what.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { assets: self.lines.len(), ..Counts::default() };
        for line in &self.lines {
            match line.answer {
                Answer::Waiting => {}
                Answer::Present => counts.present += 1,
                Answer::Slow => counts.slow += 1,
                Answer::Missing { .. } => counts.missing += 1,
                Answer::Away { .. } => counts.away += 1,
                Answer::NoAgent => counts.no_agent += 1,
                Answer::Barred { .. } => counts.barred += 1,
            }
            counts.changed += usize::from(!line.changes.is_empty());
        }
        counts
    }
}

/// The last finished sweep of a room.
pub fn last_of<'a>(site: &'a Site, room: &RoomId) -> Option<&'a Arc<Sweep>> {
    site.sweeps.values().rev().find(|sweep| sweep.room == *room && sweep.finished_at.is_some())
}

fn open(site: &Site, id: SweepId) -> Result<Sweep, Refusal> {
    let sweep = site.sweeps.get(&id).ok_or_else(|| Refusal::not_found(format!("there is no sweep {id}")))?;
    if sweep.finished_at.is_some() { Err(Refusal::conflict(format!("sweep {id} is finished"))) } else { Ok((**sweep).clone()) }
}
