//! `/oidc`: the provider at which people sign in. Its client secret is never shown.

use crate::Collector;
use crate::desk::api::ask::{Admin, Body};
use crate::desk::api::problem::{Problem, with_causes};
use crate::desk::oidc::{back_to, has_secret, keep_secret, try_out};
use crate::notify;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use rollcall_site::oidc::{self, Mapping, Provider, ProviderFacts};
use rollcall_site::{Refusal, Site};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/oidc", get(show).put(set).delete(remove)).route("/oidc/test", post(test))
}

/// A provider to be set.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewProvider {
    issuer: String,
    client: String,
    desk: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    scopes: String,
    #[serde(default)]
    groups: String,
    #[serde(default)]
    map: Vec<Mapping>,
    #[serde(default)]
    ca: String,
    /// Absent: the secret that is kept stays, unless the issuer is another.
    secret: Option<String>,
}

/// The provider as it is set.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    facts: ProviderFacts,
    has_secret: bool,
    set_at: Timestamp,
    /// What the provider must know as the address that it leads back to.
    redirect_uri: String,
}

impl Row {
    fn of(collector: &Collector, provider: &Provider) -> Self {
        let facts = provider.facts.clone();
        Self { redirect_uri: back_to(&facts), facts, has_secret: has_secret(&collector.secrets), set_at: provider.set_at }
    }
}

fn known(site: &Site) -> Result<Arc<Provider>, Problem> {
    let none = || Refusal::not_found("no provider is set; `rollcall oidc set` sets one").into();
    oidc::of(site).cloned().ok_or_else(none)
}

/// Shows the provider at which people sign in.
async fn show(State(collector): State<Collector>, Admin(_): Admin) -> Result<Json<Row>, Problem> {
    Ok(Json(Row::of(&collector, &*known(&collector.keeper.view())?)))
}

/// Sets the provider at which people sign in. Without a secret the one that is kept stays, unless the issuer is another.
async fn set(State(collector): State<Collector>, Admin(actor): Admin, Body(new): Body<NewProvider>) -> Result<Json<Row>, Problem> {
    let NewProvider { issuer, client, desk, title, scopes, groups, map, ca, secret } = new;
    notify::check_ca(&ca).map_err(Refusal::invalid)?;
    let facts = oidc::check(ProviderFacts { issuer, client, title, scopes, groups, map, ca, desk })?;
    // The secret comes first, so that no provider is ever told another one's: where the issuer changes, the old one is forgotten.
    let moved = oidc::of(&collector.keeper.view()).is_some_and(|before| before.facts.issuer != facts.issuer);
    if secret.is_some() || moved {
        keep(&collector, secret.as_deref())?;
    }
    let provider = collector.keeper.change(actor, move |w| oidc::set(w, facts)).await?;
    Ok(Json(Row::of(&collector, &provider)))
}

/// Removes the provider, and forgets its client secret. Accounts stay.
async fn remove(State(collector): State<Collector>, Admin(actor): Admin) -> Result<Json<Value>, Problem> {
    let issuer = known(&collector.keeper.view())?.facts.issuer.clone();
    collector.keeper.change(actor, oidc::remove).await?;
    keep(&collector, None)?;
    Ok(Json(json!({ "removed": issuer })))
}

fn keep(collector: &Collector, secret: Option<&str>) -> Result<(), Problem> {
    keep_secret(&collector.secrets, secret).map_err(|error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, with_causes(&error)))
}

/// Asks the provider what it publishes; nobody signs in.
async fn test(State(collector): State<Collector>, Admin(_): Admin) -> Result<Json<Value>, Problem> {
    let provider = known(&collector.keeper.view())?;
    let asked = try_out(provider.facts.clone(), collector.keeper.clock().now().as_second()).await;
    let sign_in = asked.map_err(|why| Problem::new(StatusCode::BAD_GATEWAY, format!("the provider can't be used: {why}")))?;
    Ok(Json(json!({ "issuer": provider.facts.issuer, "sign_in": sign_in, "redirect_uri": back_to(&provider.facts) })))
}
