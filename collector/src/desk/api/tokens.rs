//! `/tokens`: they let machines in. The secret is shown once.

use crate::Collector;
use crate::agents::authority::Authority;
use crate::agents::token::make_token;
use crate::desk::api::ask::{Admin, Body};
use crate::desk::api::moment;
use crate::desk::api::part::{Listed, Nothing, Paged};
use crate::desk::api::problem::{Problem, with_causes};
use crate::desk::api::rooms;
use crate::desk::names::Names;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Json, Router};
use jiff::Timestamp;
use rollcall_site::token::{self, Token};
use rollcall_site::{RoomId, TokenId};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/tokens", get(list).post(make)).route("/tokens/{id}", delete(revoke))
}

/// A token to be made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewToken {
    room: Option<String>,
    /// How many machines it lets in.
    #[serde(default = "one")]
    count: u32,
    /// "7d", or a time.
    #[serde(default = "a_week")]
    expires: String,
}

fn one() -> u32 {
    1
}

fn a_week() -> String {
    "7d".to_owned()
}

/// A token in a list; the secret is not kept.
#[derive(Serialize)]
struct Row {
    id: TokenId,
    room: Option<RoomId>,
    uses_left: u32,
    uses: u32,
    made_at: Timestamp,
    expires_at: Timestamp,
    revoked: bool,
}

impl Row {
    fn of(token: &Token) -> Self {
        let Token { id, uses_left, uses, made_at, expires_at, revoked, .. } = *token;
        Self { id, room: token.room.clone(), uses_left, uses, made_at, expires_at, revoked }
    }
}

/// A new token with everything that another machine needs.
#[derive(Serialize)]
struct Made {
    /// The text.
    token: String,
    /// Where machines enrol.
    enroll: String,
    /// The one line to paste there.
    command: String,
    #[serde(flatten)]
    row: Row,
}

/// Lists the tokens that let devices enrol.
async fn list(State(collector): State<Collector>, Admin(_): Admin, Paged(Nothing {}, part): Paged<Nothing>) -> Listed<Row> {
    part.of(collector.keeper.view().tokens.iter().map(|(_, token)| Row::of(token)), |row| row.id.to_string())
}

/// Makes a token that lets devices enrol; this answer alone holds it.
async fn make(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let (site, now) = (collector.keeper.view(), collector.keeper.clock().now());
    let room = new.room.as_deref().map(|room| rooms::known(&site, room)).transpose()?;
    let expires = moment::after(&new.expires, now, &site.zone())?;
    let (text, hash) = text(&collector, now)?;
    let kept = collector.keeper.change(actor, move |w| token::make(w, hash, room, new.count, expires)).await?;
    let settings = &collector.settings;
    let enroll = match settings.enroll {
        // A door on loopback has no other address, whatever this machine is called.
        door if door.ip().is_loopback() && settings.reach.is_empty() => door.to_string(),
        door => format!("{}:{}", Names::of(settings).best(settings), door.port()),
    };
    let command = format!("rollcall-agent enroll --collector {enroll} --token {text} --state /var/lib/rollcall-agent");
    Ok((StatusCode::CREATED, Json(Made { token: text, enroll, command, row: Row::of(&kept) })))
}

/// A fresh token's text, and the hash that is kept.
fn text(collector: &Collector, now: Timestamp) -> Result<(String, String), Problem> {
    let failed = |what: String| Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("no token was made: {what}"));
    let site = collector.keeper.view().about().map(|about| about.id.clone());
    let site = site.ok_or_else(|| failed("the collector has not founded its site yet".to_owned()))?;
    let authority = Authority::open(&collector.secrets, &site, now).map_err(|error| failed(with_causes(&error)))?;
    make_token(&site, &authority).map_err(|error| failed(with_causes(&error)))
}

/// Revokes a token.
async fn revoke(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Path(id): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let id: TokenId = id.parse()?;
    collector.keeper.change(actor, move |w| token::revoke(w, id)).await?;
    Ok(Json(json!({ "revoked": id })))
}
