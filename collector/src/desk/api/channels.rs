//! `/channels`: where alerts go. The secret that signs a webhook's messages is shown when the channel is set, no other ever.

use crate::Collector;
use crate::desk::api::ask::{Admin, Body, Technician, Viewer};
use crate::desk::api::part::{Listed, Nothing, Paged};
use crate::desk::api::problem::{Problem, with_causes};
use crate::notify;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use jiff::Timestamp;
use rollcall_site::channel::{self, Channel, ChannelFacts, Mail};
use rollcall_site::event::Actor;
use rollcall_site::{Refusal, Site, notice};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/channels", get(list))
        .route("/channels/{name}", put(set).delete(remove))
        .route("/channels/{name}/test", post(test))
}

/// A channel with how it is.
#[derive(Serialize)]
struct Row {
    name: String,
    kind: String,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<Mail>,
    /// The events that it follows beside alerts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    follows: Vec<String>,
    /// Whether it trusts a CA of its own.
    own_ca: bool,
    set_at: Timestamp,
    /// Number of the last event delivered or passed over.
    delivered: u64,
    /// When a message last arrived.
    last_delivered: Option<Timestamp>,
    /// Since when messages wait, or one was refused.
    waiting_since: Option<Timestamp>,
    /// Why.
    last_error: Option<String>,
    /// Alerts that quiet hours hold back, or that the next digest tells.
    held_back: usize,
}

impl Row {
    fn of(site: &Site, channel: &Channel) -> Self {
        let Channel { name, kind, url, mail, ca, follows, delivered, set_at, arrived_at, trouble, .. } = channel.clone();
        let held_back = notice::of(site, &name).count();
        let (waiting_since, last_error) = trouble.map(|trouble| (trouble.since, trouble.text)).unzip();
        Self {
            name,
            kind,
            url,
            mail,
            follows,
            own_ca: !ca.is_empty(),
            set_at,
            delivered,
            last_delivered: arrived_at,
            waiting_since,
            last_error,
            held_back,
        }
    }
}

/// Lists the channels, each with how it is.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Paged(Nothing {}, part): Paged<Nothing>) -> Listed<Row> {
    let site = collector.keeper.view();
    part.of(site.channels.values().map(|channel| Row::of(&site, channel)), |row| row.name.clone())
}

/// Adds or changes a channel; the secret that signs a webhook's messages is in the answer.
async fn set(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Path(name): Path<String>,
    Body(facts): Body<ChannelFacts>,
) -> Result<Json<Value>, Problem> {
    let (channel, secret) = put_channel(&collector, actor, &name, facts).await?;
    let mut answer = json!({ "name": name, "kind": channel.kind, "url": channel.url });
    if let (Some(fields), Some(secret)) = (answer.as_object_mut(), secret) {
        fields.insert("secret".to_owned(), secret.into());
    }
    Ok(Json(answer))
}

/// Sets a channel; and the secret that signs its messages, where it is a webhook.
///
/// # Errors
/// What is said of it does not fit, or the secrets could not be kept.
pub(in crate::desk) async fn put_channel(
    collector: &Collector,
    actor: Actor,
    name: &str,
    facts: ChannelFacts,
) -> Result<(Arc<Channel>, Option<String>), Problem> {
    let checked = channel::check(name, &facts)?;
    notify::check_ca(&checked.ca).map_err(Refusal::invalid)?;
    let failed =
        |error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("the channel's secrets could not be kept: {}", with_causes(&error)));
    // The secrets come first: what follows the channel finds them. One that is then refused leaves none that a record speaks of.
    notify::keep(&collector.secrets, &checked).map_err(failed)?;
    let channel = collector.keeper.change(actor, move |w| channel::set(w, &checked)).await?;
    let secret = (channel.kind == "webhook").then(|| notify::secret_for(&collector.secrets, name)).transpose();
    Ok((channel, secret.map_err(failed)?))
}

/// Removes a channel.
async fn remove(State(collector): State<Collector>, Admin(actor): Admin, Path(name): Path<String>) -> Result<Json<Value>, Problem> {
    drop_channel(&collector, actor, &name).await?;
    Ok(Json(json!({ "removed": name })))
}

/// Removes a channel, and its secrets.
///
/// # Errors
/// There is none of that name, a route leads to it, or its secrets could not be forgotten.
pub(in crate::desk) async fn drop_channel(collector: &Collector, actor: Actor, name: &str) -> Result<(), Problem> {
    let removed = name.to_owned();
    collector.keeper.change(actor, move |w| channel::remove(w, &removed)).await?;
    let failed =
        |error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("its secrets could not be forgotten: {}", with_causes(&error)));
    notify::forget(&collector.secrets, name).map_err(failed)
}

/// Sends a message that says that it is a test, and gives what the server answered.
async fn test(State(collector): State<Collector>, Technician(_): Technician, Path(name): Path<String>) -> Result<Json<Value>, Problem> {
    let answer = try_channel(&collector, &name).await?;
    Ok(Json(json!({ "tested": name, "answer": answer })))
}

/// Sends a message that says that it is a test, and gives what the server answered.
///
/// # Errors
/// There is no such channel, or it did not take the message.
pub(in crate::desk) async fn try_channel(collector: &Collector, name: &str) -> Result<String, Problem> {
    channel::get(&collector.keeper.view(), name)?;
    let failed = |error| Problem::new(StatusCode::BAD_GATEWAY, format!("{name} did not take the test message: {}", with_causes(&error)));
    notify::test(collector, name).await.map_err(failed)
}
