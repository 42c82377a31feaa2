//! `/keys`: API keys for scripts and for the command line from elsewhere.

use crate::Collector;
use crate::desk::api::ask::{Admin, Body};
use crate::desk::api::moment;
use crate::desk::api::part::{Listed, Nothing, Paged};
use crate::desk::api::problem::{Problem, with_causes};
use crate::desk::keys::{Key, NOUNS, Secret};
use crate::desk::tls;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Json, Router};
use jiff::Timestamp;
use rollcall_site::access::{self, ApiKey, Role};
use rollcall_site::event::Actor;
use rollcall_site::scope::{self, Scope};
use rollcall_site::{ApiKeyId, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/keys", get(list).post(make)).route("/keys/{id}", delete(revoke))
}

/// A key to be made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    name: String,
    role: Role,
    /// "90d", or a time; absent: no end.
    expires: Option<String>,
    /// "loans", "assets:read" …; absent: no limits.
    only: Option<Vec<String>>,
}

/// A key in a list; the secret is not kept.
#[derive(Serialize)]
struct Row {
    id: ApiKeyId,
    name: String,
    role: Role,
    made_at: Timestamp,
    expires_at: Option<Timestamp>,
    /// What it is limited to; empty: nothing.
    only: Vec<Scope>,
}

impl Row {
    fn of(key: &ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name.clone(),
            role: key.role,
            made_at: key.made_at,
            expires_at: key.expires_at,
            only: key.only.clone(),
        }
    }
}

/// Lists the API keys, without their secrets.
async fn list(State(collector): State<Collector>, Admin(_): Admin, Paged(Nothing {}, part): Paged<Nothing>) -> Listed<Row> {
    part.of(collector.keeper.view().keys.iter().map(|(_, key)| Row::of(key)), |row| row.id.to_string())
}

/// Makes an API key; this answer alone holds the key.
async fn make(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Body(new): Body<NewKey>,
) -> Result<(StatusCode, Json<serde_json::Value>), Problem> {
    let (now, zone) = (collector.keeper.clock().now(), collector.keeper.view().zone());
    let expires_at = new.expires.as_deref().map(|text| moment::after(text, now, &zone)).transpose()?;
    let only = new.only.map(|only| scope::all(only.iter().map(String::as_str), NOUNS)).transpose()?.unwrap_or_default();
    let (kept, key) = make_one(&collector, actor, access::NewKey { name: new.name, role: new.role, expires_at, only }).await?;
    let mut answer = serde_json::to_value(Row::of(&kept)).unwrap_or_default();
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("key".to_owned(), key.text().into());
    }
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Makes a key: what is kept of it, and the key itself, which is shown once.
pub(in crate::desk) async fn make_one(collector: &Collector, actor: Actor, new: access::NewKey) -> Result<(Arc<ApiKey>, Key), Problem> {
    let pin = tls::pin(&collector.settings, &collector.secrets);
    let pin = pin.map_err(|error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, with_causes(&error)))?;
    let no_pin = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the desk has no certificate yet; start the collector's desk first");
    let pin = pin.ok_or_else(no_pin)?;
    let secret = Secret::fresh().map_err(|error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("no random bytes: {error}")))?;
    let hash = secret.hash();
    let kept = collector.keeper.change(actor, move |w| access::make_key(w, new, hash)).await?;
    let key = Key { id: kept.id, secret, pin };
    Ok((kept, key))
}

/// Revokes an API key.
async fn revoke(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Path(id): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let id: ApiKeyId = id.parse().map_err(Refusal::from)?;
    collector.keeper.change(actor, move |w| access::revoke_key(w, id)).await?;
    Ok(Json(json!({ "revoked": id })))
}
