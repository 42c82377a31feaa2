//! `/drift`: what machines lost and gained against their baselines, newest first.

use crate::Collector;
use crate::desk::api::ask::{Asked, Viewer};
use crate::desk::api::problem::Problem;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use rollcall_site::baseline::drift::{self, Change};
use rollcall_site::event::Event;
use rollcall_site::{AssetId, RoomId, Tag, asset, room};
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    room: Option<String>,
    tag: Option<String>,
    limit: Option<usize>,
}

/// Whose events are read.
enum Of {
    Site,
    Assets(Vec<AssetId>),
}

async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Asked(which): Asked<Which>) -> Result<Json<Vec<Change>>, Problem> {
    let site = collector.keeper.view();
    let room = which.room.as_deref().map(RoomId::parse).transpose()?;
    let of = match (&which.tag, &room) {
        (Some(tag), _) => Of::Assets(vec![asset::tagged(&site, &Tag::parse(tag)?)?.id]),
        (None, Some(room)) => Of::Assets(site.assets_in(&room::get(&site, room)?.id).map(|asset| asset.id).collect()),
        (None, None) => Of::Site,
    };
    let store = collector.keeper.store().clone();
    let read = spawn_blocking(move || {
        let mut events: Vec<Event> = match of {
            Of::Site => store.history(None, LOOKED_THROUGH)?,
            Of::Assets(assets) => {
                let each = assets.into_iter().map(|asset| store.history(Some(asset), OF_ONE));
                each.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()
            }
        };
        events.sort_unstable_by_key(|event| std::cmp::Reverse(event.seq));
        let mut changes = drift::changes(&site, &events);
        changes.truncate(which.limit.unwrap_or(LIMIT));
        Ok::<_, crate::store::StoreError>(changes)
    });
    Ok(Json(read.await.map_err(|_| Problem::broken_off())??))
}
