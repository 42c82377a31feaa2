//! `/waivers`: exceptions to baselines, with an owner, a reason and an end.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::moment;
use crate::desk::api::part::{Listed, Paged};
use crate::desk::api::problem::Problem;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::baseline::waiver::{self, Row, Where, Which, Wish};
use rollcall_site::{BaselineId, Refusal, RoomId, Tag, WaiverId};
use serde::Deserialize;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/waivers", get(list).post(make)).route("/waivers/{id}/end", post(end))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    #[serde(default)]
    all: bool,
}

/// A waiver to be made: for a tag, or for a room.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWaiver {
    tag: Option<String>,
    room: Option<String>,
    title: String,
    /// "30d", "2026-12-18", or a time.
    until: String,
    reason: String,
    owner: Option<String>,
    baseline: Option<String>,
}

/// Lists the waivers.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Paged(shown, part): Paged<Shown>) -> Listed<Row> {
    let which = if shown.all { Which::All } else { Which::Open };
    part.of(waiver::rows(&collector.keeper.view(), which, collector.keeper.clock().now()), |row| row.waiver.id.to_string())
}

/// Makes a waiver: something that a baseline wants is let go until a day.
async fn make(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(new): Body<NewWaiver>,
) -> Result<(StatusCode, Json<Row>), Problem> {
    let now = collector.keeper.clock().now();
    let until = moment::after(&new.until, now, &collector.keeper.view().zone())?;
    let place = match (&new.tag, &new.room) {
        (Some(tag), None) => Where::Tag(Tag::parse(tag)?),
        (None, Some(room)) => Where::Room(RoomId::parse(room)?),
        _ => return Err(Refusal::invalid("a waiver is for one tag, or for one room").into()),
    };
    let baseline = new.baseline.as_deref().map(BaselineId::parse).transpose()?;
    let wish = Wish { baseline, place, title: new.title, owner: new.owner, reason: new.reason, until };
    let row = collector.keeper.change(actor, move |w| waiver::make(w, wish).map(|waiver| waiver::row(&w.site, &waiver, w.now))).await?;
    Ok((StatusCode::CREATED, Json(row)))
}

/// Ends a waiver.
async fn end(State(collector): State<Collector>, Technician(actor): Technician, Path(id): Path<String>) -> Result<Json<Row>, Problem> {
    let id: WaiverId = id.parse()?;
    let row = collector.keeper.change(actor, move |w| waiver::end(w, id).map(|waiver| waiver::row(&w.site, &waiver, w.now))).await?;
    Ok(Json(row))
}
