//! Live pages: tells an open page, within a second, which of its parts have changed.

use super::Desk;
use super::door::Visitor;
use super::session::{SessionKey, Use};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use rollcall_site::event::Event;
use rollcall_site::{AssetId, DeviceId, RoomId, Site};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Interval, MissedTickBehavior};

/// Open pages at once; past it a page does not refresh itself.
const PAGES: usize = 256;
/// How often presence and sweeps, which change without an event, are compared.
const TICK: Duration = Duration::from_millis(750);
/// Changes in one message; past it the page refreshes as a whole.
const MOST_TOPICS: usize = 200;
/// The topic of everything.
const ALL: &str = "all";

/// What the open pages share: how many there may be.
pub struct Pulse {
    places: Arc<Semaphore>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(PAGES)) }
    }
}

/// One open page.
struct Page {
    desk: Desk,
    session: SessionKey,
    events: broadcast::Receiver<Arc<Vec<Event>>>,
    steps: broadcast::Receiver<DeviceId>,
    tick: Interval,
    /// The census that it knows.
    census: Option<u64>,
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
    let steps = desk.collector.roll.steps();
    let page = Page { session: visitor.session, events, steps, tick, census: None, greeted: false, _place: place, desk };
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
                step = self.steps.recv() => match step {
                    Ok(device) => self.desk.collector.keeper.view().devices.get(&device).map(|device| of_asset(device.asset)).into_iter().collect(),
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
        let census = self.desk.recent_census().await.ok()?;
        let known = self.census.replace(census.number());
        let everything = || BTreeSet::from([ALL.to_owned()]);
        Some(known.map_or_else(BTreeSet::new, |known| census.changed_since(known).unwrap_or_else(everything)))
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
    fn a_topic_is_one_word() {
        let room = RoomId::parse("Lab 1, the big one").unwrap();
        assert!([of_room(&room), of_asset(AssetId(uuid::Uuid::nil()))].iter().all(|topic| !topic.contains(' ')));
    }
}
