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
use rollcall_site::event::Event;
use rollcall_site::presence::Presence;
use rollcall_site::view::{self, DeviceFilter};
use rollcall_site::{AssetId, DeviceId, RoomId, Site};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Interval, MissedTickBehavior};

/// Open pages at once; past it a page does not refresh itself.
const PAGES: usize = 256;
/// How often presence, which changes without an event, is compared.
const TICK: Duration = Duration::from_millis(750);
/// How long several open pages share one comparison.
const SHARED: SignedDuration = SignedDuration::from_millis(500);
/// Changes in one message; past it the page refreshes as a whole.
const MOST_TOPICS: usize = 200;
/// The topic of everything.
const ALL: &str = "all";

/// What the open pages share: their number, and presence as last compared.
pub struct Pulse {
    places: Arc<Semaphore>,
    last: Mutex<Option<(Timestamp, Arc<Presences>)>>,
}

type Presences = BTreeMap<DeviceId, (AssetId, Option<RoomId>, Presence)>;

impl Default for Pulse {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(PAGES)), last: Mutex::default() }
    }
}

impl Pulse {
    /// Presence of every connected device, compared at most every half second whoever asks.
    fn presences(&self, look: &Look) -> Arc<Presences> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, presences)) = &*last
            && look.now.duration_since(*at).abs() < SHARED
        {
            return Arc::clone(presences);
        }
        let rows = view::devices(&look.site, &look.heard, &DeviceFilter::default(), look.now);
        let presences = Arc::new(rows.into_iter().map(|row| (row.id, (row.asset, row.room, row.presence))).collect());
        *last = Some((look.now, Arc::clone(&presences)));
        presences
    }
}

/// One open page.
struct Page {
    desk: Desk,
    session: SessionKey,
    events: broadcast::Receiver<Arc<Vec<Event>>>,
    tick: Interval,
    presences: Option<Arc<Presences>>,
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
    let page = Page { session: visitor.session, events, tick, presences: None, greeted: false, _place: place, desk };
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
                _ = self.tick.tick() => self.presence_changes().await?,
            };
            if topics.len() > MOST_TOPICS {
                return Some(Message::default().event("change").data(ALL));
            }
            if !topics.is_empty() {
                return Some(Message::default().event("change").data(topics.into_iter().collect::<Vec<_>>().join(" ")));
            }
        }
    }

    /// Topics of the machines whose presence is another one than before; `None` when the session has ended.
    async fn presence_changes(&mut self) -> Option<BTreeSet<String>> {
        self.desk.sessions.user(&self.session, self.desk.collector.keeper.clock().now(), Use::Passive)?;
        let now = self.desk.apart(|desk| Ok(desk.pulse.presences(&desk.look()))).await.ok()?;
        let before = self.presences.replace(Arc::clone(&now));
        Some(before.filter(|before| !Arc::ptr_eq(before, &now)).map_or_else(BTreeSet::new, |before| differences(&before, &now)))
    }
}

fn differences(before: &Presences, now: &Presences) -> BTreeSet<String> {
    let changed = now.iter().filter(|(device, state)| before.get(device) != Some(state));
    let mut topics = BTreeSet::new();
    for (_, (asset, room, _)) in changed {
        topics.extend(["device".to_owned(), of_asset(*asset)]);
        topics.extend(room.as_ref().map(of_room));
    }
    topics
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
    fn a_changed_presence_names_the_machine_and_its_room() {
        let (device, asset) = (DeviceId(uuid::Uuid::nil()), AssetId(uuid::Uuid::nil()));
        let room = RoomId::parse("Lab 1").unwrap();
        let with = |presence| Presences::from([(device, (asset, Some(room.clone()), presence))]);
        assert!(differences(&with(Presence::Here), &with(Presence::Here)).is_empty());
        let topics = differences(&with(Presence::Here), &with(Presence::Late));
        assert_eq!(topics, BTreeSet::from(["device".to_owned(), of_asset(asset), of_room(&room)]));
        assert!(topics.iter().all(|topic| !topic.contains(' ')));
    }
}
