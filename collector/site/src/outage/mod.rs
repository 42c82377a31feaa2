//! Outages: when most of a room falls silent together there is one alert for the room; its machines' own fold into it, and it unfolds
//! machine by machine as they return.

mod seen;
mod suspect;

use crate::alert::{self, Alert, AlertState};
use crate::calendar;
use crate::record::{Record, Rest, Table};
use crate::rule::{Facts, Rule, room_outage::RULE};
use crate::{AlertId, AssetId, RoomId, Site, Working, words};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whoever stays silent this long after the last return, when most are back, is told on its own.
const STRAGGLES: SignedDuration = SignedDuration::from_mins(3);
/// Most machines that a text names.
const MOST_NAMES: usize = 5;

/// An outage that lasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outage {
    /// The room; it has one at a time.
    pub room: RoomId,
    /// What people are told.
    pub alert: AlertId,
    /// When the first of them was last heard.
    pub began: Timestamp,
    /// When the last of them was last heard.
    pub last: Timestamp,
    /// The machines that fell silent, those that are back among them.
    pub fallen: BTreeSet<AssetId>,
    /// Machines that should have been here, those that fell silent among them.
    pub expected: usize,
    /// What they share, in words.
    #[serde(default)]
    pub suspect: String,
    /// When those that are still silent are told on their own; `None`: most of them still are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<Timestamp>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Outage {
    type Key = RoomId;
    const KIND: &'static str = "outage";
    fn key(&self) -> RoomId {
        self.room.clone()
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.outages
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.outages
    }
}

/// The outage into which an asset's silence folds.
pub fn of<'a>(site: &'a Site, asset: &crate::asset::Asset) -> Option<&'a Arc<Outage>> {
    site.outages.get(asset.room.as_ref()?).filter(|outage| outage.fallen.contains(&asset.id))
}

/// Looks whether most of a room is silent: called when machines of it fell silent, before they are judged one by one.
pub(crate) fn look(w: &mut Working, room: &RoomId) {
    let lasting = w.site.outages.contains_key(room);
    let seen = seen::seen(&w.site, room, w.now);
    if lasting {
        if let Some(seen) = &seen {
            join(w, room, seen);
        }
        follow(w, room);
    } else if let Some(fell) = seen.and_then(|seen| seen.outage()) {
        begin(w, room, fell);
    }
}

/// An asset has changed: an outage that it belongs to goes on with what is so now.
pub(crate) fn touched(w: &mut Working, asset: AssetId) {
    if w.site.outages.is_empty() {
        return;
    }
    let rooms: Vec<RoomId> =
        w.site.outages.values().filter(|outage| outage.fallen.contains(&asset)).map(|outage| outage.room.clone()).collect();
    for room in rooms {
        follow(w, &room);
    }
}

/// When [`tick`] next has something to do.
pub(crate) fn next_due(site: &Site) -> Option<Timestamp> {
    site.outages.values().filter_map(|outage| outage.closes_at).min()
}

/// Folds what belongs to outages that people are told of now, and ends those of which only stragglers are left: they are judged on their own.
pub(crate) fn tick(w: &mut Working) {
    let told: Vec<RoomId> = w.site.outages.values().filter(|outage| is_told(&w.site, outage)).map(|outage| outage.room.clone()).collect();
    told.iter().for_each(|room| fold(w, room));
    let over: Vec<RoomId> =
        w.site.outages.values().filter(|outage| outage.closes_at.is_some_and(|at| at <= w.now)).map(|outage| outage.room.clone()).collect();
    for room in over {
        end(w, &room);
    }
}

/// The clock was set back: no straggler waits longer than it should from now.
pub(crate) fn clock_set_back(w: &mut Working) {
    let latest = w.now + STRAGGLES;
    let late: Vec<Arc<Outage>> = w.site.outages.values().filter(|outage| outage.closes_at.is_some_and(|at| at > latest)).cloned().collect();
    for outage in late {
        w.put(Outage { closes_at: Some(latest), ..(*outage).clone() });
    }
}

fn begin(w: &mut Working, room: &RoomId, fell: seen::Fell) {
    let Some(asset) = fell.machines.iter().find_map(|id| w.site.assets.get(id)).cloned() else { return };
    let settle = Facts::of(&w.site, &asset, w.now).settle(&RULE);
    let outage = Outage {
        room: room.clone(),
        alert: alert::next_id(&w.site),
        began: fell.began,
        last: fell.last,
        suspect: suspect::of(&w.site, &fell.machines, fell.spread),
        fallen: fell.machines,
        expected: fell.expected,
        closes_at: None,
        rest: Rest::new(),
    };
    let outage = w.put(outage);
    let told = Alert {
        id: outage.alert,
        rule: RULE.code.to_owned(),
        subject: String::new(),
        severity: RULE.severity,
        asset: None,
        room: Some(room.clone()),
        title: title(&outage, outage.fallen.len()),
        evidence: evidence(&w.site, &outage, &outage.fallen),
        cause: RULE.cause.to_owned(),
        remedy: RULE.remedy.to_owned(),
        state: AlertState::Settling { until: w.now + settle },
        since: w.now,
        raised_at: None,
        holds: true,
        times: 0,
        told: Vec::new(),
        quiet_until: None,
        rest: Rest::new(),
    };
    alert::begin(w, told, w.now + settle);
    fold(w, room);
}

/// Whether people were told of an outage.
pub(crate) fn is_told(site: &Site, outage: &Outage) -> bool {
    site.alerts.get(&outage.alert).is_some_and(|alert| alert.is_told())
}

/// The alert of an outage goes on under the number of an earlier one.
pub(crate) fn renumber(w: &mut Working, from: AlertId, to: AlertId) {
    if let Some(outage) = w.site.outages.values().find(|outage| outage.alert == from).cloned() {
        w.put(Outage { alert: to, ..(*outage).clone() });
    }
}

/// Machines that fell silent while it lasts belong to it.
fn join(w: &mut Working, room: &RoomId, seen: &seen::Seen) {
    let Some(outage) = w.site.outages.get(room).cloned() else { return };
    let more: BTreeSet<AssetId> = seen.since(outage.began).filter(|asset| !outage.fallen.contains(asset)).collect();
    if more.is_empty() {
        return;
    }
    let fallen: BTreeSet<AssetId> = outage.fallen.union(&more).copied().collect();
    let last = seen.last().max(outage.last);
    let suspect = suspect::of(&w.site, &fallen, last.duration_since(outage.began));
    let expected = outage.expected.max(seen.here() + fallen.len());
    w.put(Outage { fallen, last, suspect, expected, ..(*outage).clone() });
    fold(w, room);
}

/// The machines' own alerts fold into the room's: those that people were told of when they are told of the room's.
fn fold(w: &mut Working, room: &RoomId) {
    let Some(outage) = w.site.outages.get(room).cloned() else { return };
    let told = is_told(&w.site, &outage);
    let folds = |alert: &&Arc<Alert>| alert.rule == "machine-silent" && (told || !alert.is_told());
    let of = |asset: &AssetId| w.site.live_alerts(Some(*asset)).filter(folds).cloned().collect::<Vec<_>>();
    let own: Vec<Arc<Alert>> = outage.fallen.iter().flat_map(of).collect();
    for own in own {
        alert::pass(w, &own, format!("{}: it belongs to the outage of {} now", own.title, outage.room));
    }
}

/// Says of an outage what is so now, and ends it when everybody is back or nothing is left to be told, or nobody wants to hear of such.
fn follow(w: &mut Working, room: &RoomId) {
    let Some(outage) = w.site.outages.get(room).cloned() else { return };
    let down = down(&w.site, &outage);
    let told = w.site.alerts.get(&outage.alert).cloned();
    let settling = told.as_ref().is_some_and(|alert| matches!(alert.state, AlertState::Settling { .. }));
    let most = down.len() * 2 >= outage.fallen.len();
    let awaited = calendar::of_room(&w.site, w.site.rooms.get(room).map(|room| &**room), w.now).expected;
    if down.is_empty() || !seen::is_watched(&w.site, room) || (settling && !(most && awaited)) {
        return end(w, room);
    }
    let Some(told) = told else { return };
    let closes_at = if most { None } else { Some(w.now + STRAGGLES) };
    let back_before = told.title.clone();
    let after = Alert { title: title(&outage, down.len()), evidence: evidence(&w.site, &outage, &down), ..(*told).clone() };
    // Only a return puts the end off: what else is said of a machine does not.
    if after.title != back_before {
        w.put(Outage { closes_at, ..(*outage).clone() });
    }
    if after != *told {
        w.put(after);
    }
}

fn end(w: &mut Working, room: &RoomId) {
    let Some(outage) = w.site.outages.get(room).cloned() else { return };
    let down = down(&w.site, &outage);
    w.remove::<Outage>(room);
    if let Some(told) = w.site.alerts.get(&outage.alert).cloned() {
        let count = words::count(outage.fallen.len(), "machine", "machines");
        let said = if down.is_empty() {
            format!("{room}: {count} fell silent together, all are back")
        } else {
            let back = outage.fallen.len() - down.len();
            format!(
                "{room}: {count} fell silent together, {back} of {} are back; told on their own: {}",
                outage.fallen.len(),
                names(&w.site, &down)
            )
        };
        alert::pass(w, &told, format!("Over by itself: {said}"));
    }
    for asset in down {
        alert::judge(w, asset);
    }
}

/// The machines of an outage that are still silent and still belong there.
fn down(site: &Site, outage: &Outage) -> BTreeSet<AssetId> {
    let is_down = |id: &&AssetId| {
        let asset = site.assets.get(*id).filter(|asset| asset.room.as_ref() == Some(&outage.room));
        asset.is_some_and(|asset| seen::is_silent(site, asset))
    };
    outage.fallen.iter().filter(is_down).copied().collect()
}

fn title(outage: &Outage, down: usize) -> String {
    let all = outage.fallen.len();
    let fell = format!("{}: {} fell silent together", outage.room, words::count(all, "machine", "machines"));
    if down == all { fell } else { format!("{fell}, {} of {all} are back", all - down) }
}

fn evidence(site: &Site, outage: &Outage, down: &BTreeSet<AssetId>) -> String {
    let (all, expected) = (outage.fallen.len(), outage.expected.max(outage.fallen.len()));
    let at = |time: Timestamp| time.strftime("%F %T UTC").to_string();
    let heard = match outage.last.duration_since(outage.began) {
        spread if spread.as_secs() == 0 => format!("at {}", at(outage.last)),
        spread => format!("within {}, until {}", words::span(spread), at(outage.last)),
    };
    let fell = format!("{all} of {expected} that should be here were last heard {heard}");
    let now = format!("{fell}; {} of {all} are back; still silent: {}", all - down.len(), names(site, down));
    if outage.suspect.is_empty() { now } else { format!("{now}. {}", outage.suspect) }
}

fn names(site: &Site, assets: &BTreeSet<AssetId>) -> String {
    let mut tags: Vec<&str> = assets.iter().filter_map(|id| site.assets.get(id)).map(|asset| asset.tag.as_str()).collect();
    tags.sort_by(|a, b| crate::natural::compare(a, b));
    words::first(tags.into_iter().map(str::to_owned).collect(), MOST_NAMES).join(", ")
}

/// How long a finding of the rule settles in a room: for a clock that was set back.
pub(crate) fn settle(site: &Site, outage: &Outage, now: Timestamp) -> SignedDuration {
    let asset = outage.fallen.iter().find_map(|id| site.assets.get(id));
    asset.map_or(SignedDuration::ZERO, |asset| Facts::of(site, asset, now).settle(&RULE))
}

/// A limit of the rule for the room of an asset.
fn limit(facts: &Facts<'_>, name: &str) -> usize {
    let rule: &Rule = &RULE;
    usize::try_from(facts.limit(rule, name)).unwrap_or_default()
}
