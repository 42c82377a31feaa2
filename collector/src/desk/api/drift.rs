//! `/drift`: what machines lost and gained against their baselines, newest first.

use crate::Collector;
use crate::desk::api::ask::Viewer;
use crate::desk::api::part::{Listed, Paged};
use crate::desk::api::problem::Problem;
use crate::store::StoreError;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use rollcall_site::baseline::drift::{self, Change};
use rollcall_site::event::Event;
use rollcall_site::{AssetId, Refusal, RoomId, Tag, asset, room};
use serde::Deserialize;
use tokio::task::spawn_blocking;

/// Events of the site that are looked through.
const LOOKED_THROUGH: usize = 20_000;
/// Events of one asset that are looked through, where a room or a machine is asked for.
const OF_ONE: usize = 1_000;
/// Changes that are given when nobody says how many.
const LIMIT: usize = 200;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/drift", get(list))
}

/// Whose changes are asked for, and how many.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::desk) struct Which {
    /// The machines of this room.
    pub room: Option<String>,
    /// This machine alone.
    pub tag: Option<String>,
}

/// Whose events are read.
enum Of {
    Site,
    Assets(Vec<AssetId>),
}

/// Lists how software came to differ from the baselines, or to agree again.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Paged(which, part): Paged<Which>) -> Result<Listed<Change>, Problem> {
    let read = spawn_blocking(move || changes(&collector, &which));
    Ok(part.usually(LIMIT).of(read.await.map_err(|_| Problem::broken_off())??, |change| format!("{} {}", change.event, change.text)))
}

/// Reads the changes from the ledger: not for a task that serves.
pub(in crate::desk) fn changes(collector: &Collector, which: &Which) -> Result<Vec<Change>, NotRead> {
    let site = collector.keeper.view();
    let room = which.room.as_deref().map(RoomId::parse).transpose().map_err(Refusal::from)?;
    let of = match (&which.tag, &room) {
        (Some(tag), _) => Of::Assets(vec![asset::tagged(&site, &Tag::parse(tag).map_err(Refusal::from)?)?.id]),
        (None, Some(room)) => Of::Assets(site.assets_in(&room::get(&site, room)?.id).map(|asset| asset.id).collect()),
        (None, None) => Of::Site,
    };
    let store = collector.keeper.store();
    let mut events: Vec<Event> = match of {
        Of::Site => store.history(None, LOOKED_THROUGH)?,
        Of::Assets(assets) => {
            let each = assets.into_iter().map(|asset| store.history(Some(asset), OF_ONE));
            each.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()
        }
    };
    events.sort_unstable_by_key(|event| std::cmp::Reverse(event.seq));
    Ok(drift::changes(&site, &events))
}

/// Why changes could not be read.
#[derive(Debug, thiserror::Error)]
pub(in crate::desk) enum NotRead {
    /// There is no such room or machine.
    #[error("{}", .0.text)]
    Refused(Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refusal> for NotRead {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<NotRead> for Problem {
    fn from(error: NotRead) -> Self {
        match error {
            NotRead::Refused(refusal) => refusal.into(),
            NotRead::Store(error) => error.into(),
        }
    }
}
