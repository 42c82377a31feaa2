//! Live pages: tells an open page, within a second, which of its parts have changed.

use super::door::Visitor;
use super::session::{SessionKey, Use};
use super::{Desk, Look};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::device::Device;
use rollcall_site::event::Event;
use rollcall_site::presence::{self, Presence};
use rollcall_site::sweep::{Answer, Sweep};
use rollcall_site::{AssetId, DeviceId, RoomId, Site, SweepId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Interval, MissedTickBehavior};

/// Open pages at once; past it a page does not refresh itself.
const PAGES: usize = 256;
/// How often presence and sweeps, which change without an event, are compared.
const TICK: Duration = Duration::from_millis(750);
/// How long several open pages share one comparison.
const SHARED: SignedDuration = SignedDuration::from_millis(500);
/// Changes in one message; past it the page refreshes as a whole.
const MOST_TOPICS: usize = 200;
/// Sweeps that may still run, among the latest.
const LATEST_SWEEPS: usize = 20;
/// The topic of everything.
const ALL: &str = "all";

/// What the open pages share: their number, and what changes without an event as it was last compared.
pub struct Pulse {
    places: Arc<Semaphore>,
    last: Mutex<Option<(Timestamp, Arc<Silent>)>>,
}

/// What changes without an event.
#[derive(Default)]
struct Silent {
    /// Where each device is.
    presences: HashMap<DeviceId, (AssetId, Option<RoomId>, Presence)>,
    /// How many have answered each sweep that runs.
    sweeps: BTreeMap<SweepId, (RoomId, usize)>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(PAGES)), last: Mutex::default() }
    }
}

impl Pulse {
    /// What changes without an event, looked at no more than every half second whoever asks.
    fn now(&self, look: &Look) -> Arc<Silent> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, silent)) = &*last
            && look.now.duration_since(*at).abs() < SHARED
        {
            return Arc::clone(silent);
        }
        let silent = Arc::new(Silent::of(look));
        *last = Some((look.now, Arc::clone(&silent)));
        silent
    }
}

impl Silent {
    fn of(look: &Look) -> Self {
        let site = &look.site;
        let presence = |device: &Arc<Device>| {
            let asset = site.assets.get(&device.asset)?;
            let at = presence::of(site, &look.heard, asset, device, look.now);
            Some((device.id, (asset.id, asset.room.clone(), at.presence)))
        };
        let answered = |sweep: &Sweep| sweep.lines.iter().filter(|line| line.answer == Answer::Present).count();
        let running = site.sweeps.values().rev().take(LATEST_SWEEPS).filter(|sweep| sweep.finished_at.is_none());
        Self {
            presences: site.devices.values().filter_map(presence).collect(),
            sweeps: running.map(|sweep| (sweep.id, (sweep.room.clone(), answered(sweep)))).collect(),
        }
    }

    /// The topics of what is another now than `before`.
    fn differences(&self, before: &Self) -> BTreeSet<String> {
        let moved = self.presences.iter().filter(|(device, state)| before.presences.get(device) != Some(state));
        let mut topics = BTreeSet::new();
        for (_, (asset, room, _)) in moved {
            topics.extend(["device".to_owned(), of_asset(*asset)]);
            topics.extend(room.as_ref().map(of_room));
        }
        let answered = self.sweeps.iter().filter(|(sweep, state)| before.sweeps.get(sweep).is_some_and(|then| then != *state));
        topics.extend(answered.flat_map(|(_, (room, _))| ["sweep".to_owned(), of_room(room)]));
        topics
    }
}

/// One open page.
struct Page {
    desk: Desk,
    session: SessionKey,
    events: broadcast::Receiver<Arc<Vec<Event>>>,
    tick: Interval,
    silent: Option<Arc<Silent>>,
    greeted: bool,
    _place: OwnedSemaphorePermit,
}

/// `GET /live`: server-sent events. "hello" carries the number of the last event, "change" the topics that changed.
pub(super) async fn follow(State(desk): State<Desk>, visitor: Visitor) -> Response {
    let Ok(place) = Arc::clone(&desk.pulse.places).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many open pages").into_response();
    };
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let events = desk.collector.keeper.events();
    let page = Page { session: visitor.session, events, tick, silent: None, greeted: false, _place: place, desk };
    let messages = stream::unfold(page, |mut page| async move { page.next().await.map(|message| (Ok::<_, Infallible>(message), page)) });
    Sse::new(messages).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

impl Page {
    /// The next message; `None` ends the stream, with the session or with the collector.
    async fn next(&mut self) -> Option<Message> {
        if !self.greeted {
            self.greeted = true;
            let seq = self.desk.collector.keeper.view().seq;
            return Some(Message::default().event("hello").retry(Duration::from_secs(1)).data(seq.to_string()));
        }
        loop {
            let topics = tokio::select! {
                group = self.events.recv() => match group {
                    Ok(events) => of_events(&self.desk.collector.keeper.view(), &events),
                    Err(RecvError::Lagged(_)) => BTreeSet::from([ALL.to_owned()]),
                    Err(RecvError::Closed) => return None,
                },
                _ = self.tick.tick() => self.silent_changes().await?,
            };
            if topics.len() > MOST_TOPICS {
                return Some(Message::default().event("change").data(ALL));
            }
            if !topics.is_empty() {
                return Some(Message::default().event("change").data(topics.into_iter().collect::<Vec<_>>().join(" ")));
            }
        }
    }

    /// Topics of what changed without an event; `None` when the session has ended.
    async fn silent_changes(&mut self) -> Option<BTreeSet<String>> {
        self.desk.sessions.user(&self.session, self.desk.collector.keeper.clock().now(), Use::Passive)?;
        let now = self.desk.apart(|desk| Ok(desk.pulse.now(&desk.look()))).await.ok()?;
        let before = self.silent.replace(Arc::clone(&now));
        Some(before.filter(|before| !Arc::ptr_eq(before, &now)).map_or_else(BTreeSet::new, |before| now.differences(&before)))
    }
}

/// The topics of some events: the first word of the kind, the asset, and the room.
fn of_events(site: &Site, events: &[Event]) -> BTreeSet<String> {
    let mut topics = BTreeSet::new();
    for event in events {
        topics.extend(event.kind.split('.').next().map(str::to_owned));
        topics.extend(event.asset.map(of_asset));
        let home = event.asset.and_then(|asset| site.assets.get(&asset)).and_then(|asset| asset.room.as_ref());
        topics.extend(event.room.as_ref().map(of_room));
        topics.extend(home.map(of_room));
    }
    topics
}

/// The topic of one asset.
pub fn of_asset(asset: AssetId) -> String {
    format!("asset-{asset}")
}

/// The topic of one room: its name may hold anything, so its hash stands for it.
pub fn of_room(room: &RoomId) -> String {
    let hash = blake3::hash(room.as_str().as_bytes()).to_hex();
    format!("room-{}", hash.get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_without_an_event_names_the_machine_and_its_room() {
        let (device, asset) = (DeviceId(uuid::Uuid::nil()), AssetId(uuid::Uuid::nil()));
        let room = RoomId::parse("Lab 1").unwrap();
        let with = |presence, answered| Silent {
            presences: HashMap::from([(device, (asset, Some(room.clone()), presence))]),
            sweeps: BTreeMap::from([(SweepId(1), (room.clone(), answered))]),
        };
        let before = with(Presence::Here, 0);
        assert!(with(Presence::Here, 0).differences(&before).is_empty());
        assert_eq!(with(Presence::Here, 1).differences(&before), BTreeSet::from(["sweep".to_owned(), of_room(&room)]));
        let topics = with(Presence::Late, 0).differences(&before);
        assert_eq!(topics, BTreeSet::from(["device".to_owned(), of_asset(asset), of_room(&room)]));
        assert!(topics.iter().all(|topic| !topic.contains(' ')));
    }
}
