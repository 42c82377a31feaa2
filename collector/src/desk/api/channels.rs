//! `/channels`: where alerts go. The signing secret is shown once, when a channel is set.

use crate::Collector;
use crate::desk::api::ask::{Admin, Body, Viewer};
use crate::desk::api::problem::Problem;
use axum::extract::{Path, State};
use axum::routing::{get, put};
use axum::{Json, Router};
use rollcall_site::channel::{self, Channel};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/channels", get(list)).route("/channels/{name}", put(set).delete(remove))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    url: String,
}

async fn list(State(collector): State<Collector>, Viewer(_): Viewer) -> Json<Vec<Arc<Channel>>> {
    Json(collector.keeper.view().channels.iter().map(|(_, channel)| Arc::clone(channel)).collect())
}

async fn set(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Path(name): Path<String>,
    Body(address): Body<Address>,
) -> Result<Json<serde_json::Value>, Problem> {
    let called = name.clone();
    collector.keeper.change(actor, move |w| channel::set(w, &name, &address.url)).await?;
    Ok(Json(json!({ "channel": called })))
}

async fn remove(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Path(name): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let called = name.clone();
    collector.keeper.change(actor, move |w| channel::remove(w, &name)).await?;
    Ok(Json(json!({ "removed": called })))
}
