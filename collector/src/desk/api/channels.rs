//! `/channels`: where alerts go. The signing secret is shown when a channel is set.

use crate::Collector;
use crate::desk::api::ask::{Admin, Body, Technician, Viewer};
use crate::desk::api::problem::{Problem, with_causes};
use crate::notify;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use rollcall_site::Refusal;
use rollcall_site::channel::{self, Channel};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/channels", get(list))
        .route("/channels/{name}", put(set).delete(remove))
        .route("/channels/{name}/test", post(test))
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
    let (called, url) = (name.clone(), address.url.clone());
    collector.keeper.change(actor, move |w| channel::set(w, &name, &address.url)).await?;
    let failed = |error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("the channel has no secret yet: {}", with_causes(&error)));
    let secret = notify::secret_for(&collector.secrets, &called).map_err(failed)?;
    Ok(Json(json!({ "name": called, "url": url, "secret": secret })))
}

async fn remove(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Path(name): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let (place, answer) = (place(&name), json!({ "removed": name }));
    collector.keeper.change(actor, move |w| channel::remove(w, &name)).await?;
    let failed =
        |error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("the secret could not be forgotten: {}", with_causes(&error)));
    collector.secrets.remove(&place).map_err(failed)?;
    Ok(Json(answer))
}

/// Sends a message that says that it is a test.
async fn test(
    State(collector): State<Collector>,
    Technician(_): Technician,
    Path(name): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    if !collector.keeper.view().channels.contains_key(&name) {
        return Err(Refusal::not_found(format!("there is no channel {name}; set it with `rollcall channel set {name} URL`")).into());
    }
    let failed = |error| Problem::new(StatusCode::BAD_GATEWAY, format!("{name} did not take the test message: {}", with_causes(&error)));
    notify::test(&collector, &name).await.map_err(failed)?;
    Ok(Json(json!({ "tested": name })))
}

/// The place of a channel's signing secret in the sealed file: its text, whose bytes are the key.
fn place(name: &str) -> String {
    format!("channel.{name}")
}
