//! Maintenance windows: while one is open, nobody is told of what happens to a room, an asset, or the whole site.
//!
//! Findings wait: what still holds when the window ends is told then.

use crate::alert::{Alert, AlertState};
use crate::asset::Asset;
use crate::record::{Record, Rest, Table};
use crate::{AssetId, MaintenanceId, Refusal, RoomId, Site, Tag, Working, asset, room, words};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A time in which nobody is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Its number.
    pub id: MaintenanceId,
    /// Of what.
    pub of: Scope,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Why, in a few words.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What a window holds for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// One asset.
    Asset(AssetId),
    /// Everything in a room.
    Room(RoomId),
    /// Everything.
    Site,
}

impl Record for Window {
    type Key = MaintenanceId;
    const KIND: &'static str = "maintenance";
    fn key(&self) -> MaintenanceId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.maintenance
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.maintenance
    }
}

/// The longest window: a summer.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 100);
/// Windows that are over are kept for so long.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Most windows that are open or to come.
const MOST: usize = 500;

impl Window {
    /// Whether it is open.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }

    fn covers(&self, asset: Option<AssetId>, room: Option<&RoomId>) -> bool {
        match &self.of {
            Scope::Asset(one) => asset == Some(*one),
            Scope::Room(one) => room == Some(one),
            Scope::Site => true,
        }
    }
}

/// What is said of a window to be opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// An asset by its tag.
    pub tag: Option<Tag>,
    /// A room; neither: the whole site.
    pub room: Option<RoomId>,
    /// From when; none: now.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// The window of an asset that ends last, if one is open.
pub fn of_asset<'a>(site: &'a Site, asset: &Asset, now: Timestamp) -> Option<&'a Arc<Window>> {
    open(site, Some(asset.id), asset.room.as_ref(), now)
}

/// When the window ends in which nobody is told of an alert; `None`: none is open.
pub(crate) fn end(site: &Site, alert: &Alert, now: Timestamp) -> Option<Timestamp> {
    if site.maintenance.is_empty() {
        return None;
    }
    open(site, alert.asset, room_now(site, alert), now).map(|window| window.until)
}

/// The room that an alert is of now: its asset may have moved since it was found.
fn room_now<'a>(site: &'a Site, alert: &'a Alert) -> Option<&'a RoomId> {
    let asset = alert.asset.and_then(|id| site.assets.get(&id));
    asset.map_or(alert.room.as_ref(), |asset| asset.room.as_ref())
}

fn open<'a>(site: &'a Site, asset: Option<AssetId>, room: Option<&RoomId>, now: Timestamp) -> Option<&'a Arc<Window>> {
    let covering = site.maintenance.values().filter(|window| window.is_open(now) && window.covers(asset, room));
    covering.max_by_key(|window| window.until)
}

/// Opens a window, now or later.
///
/// # Errors
/// No such asset or room, both are named, it is over, too long, without a reason, or there are too many.
pub fn plan(w: &mut Working, planned: Planned) -> Result<Arc<Window>, Refusal> {
    let of = scope(&w.site, planned.tag.as_ref(), planned.room.as_ref())?;
    let from = planned.from.unwrap_or(w.now);
    if planned.until <= from.max(w.now) || planned.until.duration_since(from) > LONGEST {
        return Err(Refusal::invalid("a maintenance window ends after it begins, and within 100 days"));
    }
    let refused = || Refusal::invalid("say why in 1 to 200 characters: whoever reads it later wants to know");
    let reason = crate::facts_text::says(&planned.reason, 200).ok_or_else(refused)?;
    forget_old(w);
    if w.site.maintenance.len() >= MOST {
        return Err(Refusal::conflict(format!("there are {MOST} maintenance windows already: end some with `rollcall maintenance end N`")));
    }
    let id = MaintenanceId(w.site.maintenance.get_max().map_or(1, |(id, _)| id.0 + 1));
    let by = w.actor.words();
    let window = w.put(Window { id, of, from, until: planned.until, reason: reason.to_owned(), by, rest: Rest::new() });
    let text = format!(
        "Maintenance of {} from {} to {}: {}",
        name(&w.site, &window),
        words::utc(window.from),
        words::utc(window.until),
        window.reason
    );
    about(w, &window, "maintenance.planned", text);
    Ok(window)
}

/// Ends a window before its time, or takes back one to come: what still holds is told as if it were found now.
///
/// # Errors
/// No such window, or it is over.
pub fn finish(w: &mut Working, id: MaintenanceId) -> Result<Arc<Window>, Refusal> {
    let missing = || Refusal::not_found(format!("there is no maintenance window {id}; `rollcall maintenance list` shows them"));
    let window = w.site.maintenance.get(&id).cloned().ok_or_else(missing)?;
    if window.until <= w.now {
        return Err(Refusal::conflict(format!("maintenance window {id} is over already")));
    }
    w.remove::<Window>(&id);
    about(w, &window, "maintenance.ended", format!("Maintenance of {} ended: {}", name(&w.site, &window), window.reason));
    let waiting = w.site.timed_alerts.iter().filter_map(|(_, id)| w.site.alerts.get(id));
    let covered = |alert: &&Arc<Alert>| window.covers(alert.asset, room_now(&w.site, alert));
    let waiting: Vec<Arc<Alert>> = waiting.filter(covered).cloned().collect();
    waiting.iter().for_each(|alert| let_go(w, alert));
    Ok(window)
}

/// An asset has moved: what waited only for a window of the place where it was is told as if it were found now.
pub(crate) fn moved(w: &mut Working, asset: AssetId) {
    if w.site.maintenance.is_empty() {
        return;
    }
    let waiting: Vec<Arc<Alert>> = w.site.live_alerts(Some(asset)).cloned().collect();
    for alert in waiting {
        if end(&w.site, &alert, w.now).is_none() {
            let_go(w, &alert);
        }
    }
}

/// What waits settles no longer than its rule says from now.
fn let_go(w: &mut Working, alert: &Alert) {
    let latest = w.now + crate::alert::settle(&w.site, alert, w.now).unwrap_or_default();
    if matches!(alert.state, AlertState::Settling { until } if until > latest) {
        w.put(Alert { state: AlertState::Settling { until: latest }, ..alert.clone() });
    }
}

/// What a window is of, as people say it.
pub fn name(site: &Site, window: &Window) -> String {
    match &window.of {
        Scope::Asset(id) => site.assets.get(id).map_or_else(|| "an asset that is gone".to_owned(), |asset| asset.tag.to_string()),
        Scope::Room(room) => room.to_string(),
        Scope::Site => "the whole site".to_owned(),
    }
}

fn scope(site: &Site, tag: Option<&Tag>, named: Option<&RoomId>) -> Result<Scope, Refusal> {
    match (tag, named) {
        (Some(_), Some(_)) => Err(Refusal::invalid("name an asset or a room, not both")),
        (Some(tag), None) => Ok(Scope::Asset(asset::tagged(site, tag)?.id)),
        (None, Some(named)) => Ok(Scope::Room(room::get(site, named)?.id.clone())),
        (None, None) => Ok(Scope::Site),
    }
}

fn about(w: &mut Working, window: &Window, kind: &'static str, text: String) {
    let asset = match &window.of {
        Scope::Asset(id) => w.site.assets.get(id).cloned(),
        _ => None,
    };
    let event = w.event(kind, text);
    if let Some(asset) = asset {
        event.about(&asset);
    }
    if let Scope::Room(room) = &window.of {
        event.in_room(room);
    }
}

fn forget_old(w: &mut Working) {
    let old = w.site.maintenance.values().filter(|window| w.now.duration_since(window.until) > KEPT);
    let old: Vec<MaintenanceId> = old.map(|window| window.id).collect();
    old.iter().for_each(|id| w.remove::<Window>(id));
}
