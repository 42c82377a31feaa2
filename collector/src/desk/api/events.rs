//! `/events`: the site's sequence of what happened, and as it happens.

use crate::Collector;
use crate::desk::api::ask::{Asked, Viewer};
use crate::desk::api::part::Listed;
use crate::desk::api::problem::Problem;
use crate::desk::api::stream;
use crate::store::StoreError;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use rollcall_site::event::Event;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, mpsc};

/// Most events in one answer, and in one read of the store.
const MOST: usize = 1_000;
/// Events that wait for a slow reader before the store is read no further.
const WAITING: usize = 64;

/// Streams that are followed at once: each costs a task and a place among the listeners.
static FOLLOWERS: Semaphore = Semaphore::const_new(64);

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/events", get(list)).route("/events/stream", get(follow))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Only those after this number; absent: the latest.
    after: Option<u64>,
    limit: Option<usize>,
}

/// Lists what happened, the oldest first; without `after` the latest.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Asked(which): Asked<Which>) -> Result<Listed<Event>, Problem> {
    let limit = which.limit.unwrap_or(50).clamp(1, MOST);
    let store = collector.keeper.store().clone();
    let read = tokio::task::spawn_blocking(move || match which.after {
        Some(after) => store.events(after, limit),
        None => store.history(None, limit).map(|events| events.into_iter().rev().collect()),
    });
    let events: Vec<Event> = read.await.map_err(|_| Problem::broken_off())??;
    let last = events.last().map(|event| event.seq).filter(|_| which.after.is_some() && events.len() == limit);
    Ok(Listed::with_next(events, last.map(|last| format!("/api/v1/events?limit={limit}&after={last}"))))
}

/// Streams events after a number, for ever.
async fn follow(State(collector): State<Collector>, Viewer(_): Viewer, Asked(which): Asked<Which>) -> Result<Response, Problem> {
    let full = |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many follow the events already; end one of them and try again");
    let place = FOLLOWERS.try_acquire().map_err(full)?;
    let after = which.after.unwrap_or_else(|| collector.keeper.view().seq);
    let (events, response) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        if let Err(error) = tell(&collector, after, &events).await {
            tracing::error!(%error, "event stream could not read the store");
        }
        drop(place);
    });
    Ok(stream::respond(response))
}

/// Tells of every event after `after` until nobody listens or the collector stops.
async fn tell(collector: &Collector, mut after: u64, events: &mpsc::Sender<Event>) -> Result<(), StoreError> {
    let mut news = collector.keeper.events();
    loop {
        // From the store, so that nothing is missed between groups and a reader that lags catches up.
        loop {
            let store = collector.keeper.store().clone();
            let Ok(read) = tokio::task::spawn_blocking(move || store.events(after, MOST)).await else { return Ok(()) };
            let batch = read?;
            if batch.is_empty() {
                break;
            }
            for event in batch {
                after = event.seq;
                if events.send(event).await.is_err() {
                    return Ok(());
                }
            }
        }
        tokio::select! {
            () = events.closed() => return Ok(()),
            heard = news.recv() => if matches!(heard, Err(RecvError::Closed)) { return Ok(()) },
        }
    }
}
