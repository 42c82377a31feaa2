//! Waivers: exceptions to baselines, with an owner, a reason and an end.

use super::Baseline;
use crate::asset::Asset;
use crate::record::{Record, Rest, Table};
use crate::{AssetId, BaselineId, Refusal, RoomId, Site, Tag, WaiverId, Working, alert, room};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An exception to baselines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiver {
    /// Its number.
    pub id: WaiverId,
    /// The baseline; none: every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineId>,
    /// Where it holds.
    pub place: Place,
    /// What is waived: a title as the finding has it, a setting, "os"; `*` at the end stands for any ending.
    pub title: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// When it ends by itself.
    pub until: Timestamp,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// When it was over, and by whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// Where a waiver holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// On one asset.
    Asset(AssetId),
    /// On every machine of a room.
    Room(RoomId),
}

/// The end of a waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// By whom; Rollcall when its time was up.
    pub by: String,
}

impl Record for Waiver {
    type Key = WaiverId;
    const KIND: &'static str = "waiver";
    fn key(&self) -> WaiverId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.waivers
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.waivers
    }
    fn index(site: &mut Site, old: Option<&Self>, new: Option<&Self>) {
        old.map(|old| site.open_waivers.remove(&(old.until, old.id)));
        if let Some(new) = new.filter(|new| new.ended.is_none()) {
            site.open_waivers.insert((new.until, new.id));
        }
    }
}

/// What is said of a new waiver.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The baseline; none: every one.
    pub baseline: Option<BaselineId>,
    /// The tag of the asset, or the room.
    pub place: Where,
    /// What is waived.
    pub title: String,
    /// Who answers for it; none: who makes it.
    pub owner: Option<String>,
    /// Why.
    pub reason: String,
    /// When it ends by itself.
    pub until: Timestamp,
}

/// Where a new waiver is to hold.
#[derive(Clone, Debug)]
pub enum Where {
    /// On the asset with this tag.
    Tag(Tag),
    /// On every machine of this room.
    Room(RoomId),
}

/// Longest reason and title, characters.
const LONGEST: usize = 200;
/// Longest time that a waiver may run: whoever wants more should change the baseline.
const LONGEST_TIME: SignedDuration = SignedDuration::from_hours(24 * 366);
/// Waivers that may be open at once: more of them is a wrong baseline.
const MOST_OPEN: usize = 2_000;

/// The open waivers that hold for an asset by a baseline.
pub(super) fn of<'a>(site: &'a Site, baseline: &'a Baseline, asset: &'a Asset, now: Timestamp) -> impl Iterator<Item = &'a Arc<Waiver>> {
    let open = site.open_waivers.iter().skip_while(move |(until, _)| *until <= now).filter_map(|(_, id)| site.waivers.get(id));
    open.filter(move |waiver| {
        let here = match &waiver.place {
            Place::Asset(id) => *id == asset.id,
            Place::Room(room) => asset.room.as_ref() == Some(room),
        };
        here && waiver.baseline.as_ref().is_none_or(|name| *name == baseline.name)
    })
}

/// Makes a waiver; its findings are over until it ends.
///
/// # Errors
/// No such asset, room or baseline; nothing said as a reason; an end that is over, or too far away.
pub fn make(w: &mut Working, wish: Wish) -> Result<Arc<Waiver>, Refusal> {
    let title = text("the title", &wish.title)?;
    let reason = text("the reason", &wish.reason)?;
    let owner = wish.owner.map_or_else(|| Ok(w.actor.words()), |owner| text("the owner", &owner))?;
    if let Some(name) = &wish.baseline {
        super::get(&w.site, name)?;
    }
    if wish.until <= w.now || wish.until.duration_since(w.now) > LONGEST_TIME {
        return Err(Refusal::invalid("a waiver ends within a year: whoever needs more should change the baseline"));
    }
    if w.site.open_waivers.len() >= MOST_OPEN {
        return Err(Refusal::conflict(format!("{MOST_OPEN} waivers are open: end some, or change the baseline")));
    }
    let place = match &wish.place {
        Where::Tag(tag) => Place::Asset(crate::asset::tagged(&w.site, tag)?.id),
        Where::Room(room) => Place::Room(room::get(&w.site, room)?.id.clone()),
    };
    let id = WaiverId(w.site.waivers.get_max().map_or(1, |(id, _)| id.0 + 1));
    let (until, made_at, made_by) = (wish.until, w.now, w.actor.words());
    let waiver =
        w.put(Waiver { id, baseline: wish.baseline, place, title, owner, reason, until, made_at, made_by, ended: None, rest: Rest::new() });
    let said = format!("{} waived until {} by {}: {}", waiver.title, crate::words::utc(until), waiver.owner, waiver.reason);
    tell(w, "waiver.made", &waiver, &said);
    judge(w, &waiver);
    Ok(waiver)
}

fn text(what: &str, text: &str) -> Result<String, Refusal> {
    let refused = || Refusal::invalid(format!("{what} of a waiver is 1 to {LONGEST} characters on one line"));
    crate::facts_text::says(text, LONGEST).map(str::to_owned).ok_or_else(refused)
}

/// Ends a waiver before its time: what it waived is found again.
///
/// # Errors
/// No such waiver, or it is over.
pub fn end(w: &mut Working, id: WaiverId) -> Result<Arc<Waiver>, Refusal> {
    let missing = || Refusal::not_found(format!("there is no waiver {id}; `rollcall baseline waivers` lists them"));
    let waiver = w.site.waivers.get(&id).cloned().ok_or_else(missing)?;
    if waiver.ended.is_some() {
        return Err(Refusal::conflict(format!("waiver {id} is over already")));
    }
    let by = w.actor.words();
    Ok(close(w, &waiver, by))
}

/// Ends the waivers whose time is up.
pub(super) fn tick(w: &mut Working) {
    let due: Vec<WaiverId> = w.site.open_waivers.iter().take_while(|(until, _)| *until <= w.now).map(|(_, id)| *id).collect();
    for waiver in due.iter().filter_map(|id| w.site.waivers.get(id).cloned()).collect::<Vec<_>>() {
        close(w, &waiver, crate::event::Actor::Rollcall.words());
    }
}

fn close(w: &mut Working, waiver: &Waiver, by: String) -> Arc<Waiver> {
    let said = format!(
        "{} no longer waived: {}",
        waiver.title,
        if waiver.until <= w.now { "its time is up".to_owned() } else { format!("ended by {by}") }
    );
    let waiver = w.put(Waiver { ended: Some(Ended { at: w.now, by }), ..waiver.clone() });
    tell(w, "waiver.ended", &waiver, &said);
    judge(w, &waiver);
    waiver
}

fn tell(w: &mut Working, kind: &'static str, waiver: &Waiver, said: &str) {
    let asset = match &waiver.place {
        Place::Asset(id) => w.site.assets.get(id).cloned(),
        Place::Room(_) => None,
    };
    let place = match (&asset, &waiver.place) {
        (Some(asset), _) => asset.tag.to_string(),
        (None, Place::Room(room)) => room.to_string(),
        (None, Place::Asset(_)) => "an asset that is gone".to_owned(),
    };
    let data = serde_json::json!({ "waiver": waiver.id, "baseline": waiver.baseline, "title": waiver.title, "until": waiver.until });
    let event = w.event(kind, format!("{place}: {said}")).with(data);
    match (&asset, &waiver.place) {
        (Some(asset), _) => drop(event.about(asset)),
        (None, Place::Room(room)) => drop(event.in_room(room)),
        (None, Place::Asset(_)) => {}
    }
}

fn judge(w: &mut Working, waiver: &Waiver) {
    let assets: Vec<AssetId> = match &waiver.place {
        Place::Asset(id) => vec![*id],
        Place::Room(room) => w.site.assets_in(room).map(|asset| asset.id).collect(),
    };
    assets.into_iter().for_each(|asset| alert::judge(w, asset));
}

/// A waiver as a row.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The waiver.
    #[serde(flatten)]
    pub waiver: Arc<Waiver>,
    /// The tag of its asset.
    pub tag: Option<Tag>,
    /// Its room.
    pub room: Option<RoomId>,
    /// "open" or "ended".
    pub state: &'static str,
    /// Machines that lack what it waives now.
    pub used: usize,
}

/// The waivers: open ones by their end, or all, newest first.
pub fn rows(site: &Site, which: Which, now: Timestamp) -> Vec<Row> {
    let waivers: Vec<&Arc<Waiver>> = match which {
        Which::Open => site.open_waivers.iter().filter_map(|(_, id)| site.waivers.get(id)).collect(),
        Which::All => site.waivers.values().rev().collect(),
    };
    waivers.into_iter().map(|waiver| row(site, waiver, now)).collect()
}

/// Which waivers are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that hold.
    Open,
    /// Those that are over too.
    All,
}

/// One waiver as a row.
pub fn row(site: &Site, waiver: &Arc<Waiver>, now: Timestamp) -> Row {
    let (tag, room, assets) = match &waiver.place {
        Place::Asset(id) => {
            let asset = site.assets.get(id);
            (asset.map(|asset| asset.tag.clone()), asset.and_then(|asset| asset.room.clone()), asset.into_iter().collect::<Vec<_>>())
        }
        Place::Room(room) => (None, Some(room.clone()), site.assets_in(room).collect()),
    };
    let uses = |asset: &&&Arc<Asset>| {
        let judged = super::judge(&crate::rule::Facts::of(site, asset, now));
        judged.iter().flat_map(|judged| &judged.waived).any(|waived| waived.waiver == waiver.id)
    };
    let is_open = waiver.ended.is_none() && waiver.until > now;
    let used = if is_open { assets.iter().filter(uses).count() } else { 0 };
    Row { waiver: Arc::clone(waiver), tag, room, state: if is_open { "open" } else { "ended" }, used }
}
