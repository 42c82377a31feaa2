//! `/channels`: where alerts go. The signing secret is shown once, when a channel is set.

use crate::Collector;
use crate::desk::api::ask::{Admin, Body, Viewer};
use crate::desk::api::problem::{Problem, with_causes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, put};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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

/// Random bytes of a signing secret.
const SECRET: usize = 32;

async fn set(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Path(name): Path<String>,
    Body(address): Body<Address>,
) -> Result<Json<serde_json::Value>, Problem> {
    let failed = |what: String| Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("the channel was not set: {what}"));
    let mut bytes = [0; SECRET];
    getrandom::fill(&mut bytes).map_err(|error| failed(error.to_string()))?;
    let (place, secret) = (place(&name), URL_SAFE_NO_PAD.encode(bytes));
    let answer = json!({ "name": name, "url": address.url, "secret": secret });
    collector.keeper.change(actor, move |w| channel::set(w, &name, &address.url)).await?;
    collector.secrets.set(&place, secret.as_bytes()).map_err(|error| failed(with_causes(&error)))?;
    Ok(Json(answer))
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

/// The place of a channel's signing secret in the sealed file: its text, whose bytes are the key.
fn place(name: &str) -> String {
    format!("channel.{name}")
}
