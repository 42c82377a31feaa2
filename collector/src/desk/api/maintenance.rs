//! `/maintenance`: times in which nobody is told.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::moment;
use crate::desk::api::part::{Listed, Nothing, Paged};
use crate::desk::api::problem::Problem;
use crate::desk::api::rooms;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Json, Router};
use jiff::Timestamp;
use rollcall_site::maintenance::{self, Planned, Window};
use rollcall_site::{MaintenanceId, Site, Tag};
use serde::{Deserialize, Serialize};

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/maintenance", get(list).post(plan)).route("/maintenance/{id}", delete(finish))
}

/// A window in a list.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    window: Window,
    /// What it is of, as people say it.
    what: String,
    /// "open", "to come", "over".
    state: &'static str,
}

impl Row {
    fn of(site: &Site, window: &Window, now: Timestamp) -> Self {
        let state = match window {
            window if window.is_open(now) => "open",
            window if window.from > now => "to come",
            _ => "over",
        };
        Self { what: maintenance::name(site, window), window: window.clone(), state }
    }
}

/// A window to be opened.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWindow {
    tag: Option<String>,
    room: Option<String>,
    /// "2h", a day, a time; none: now.
    from: Option<String>,
    /// The same, from now.
    until: String,
    reason: String,
}

/// Lists the maintenance windows.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Paged(Nothing {}, part): Paged<Nothing>) -> Listed<Row> {
    let (site, now) = (collector.keeper.view(), collector.keeper.clock().now());
    part.of(site.maintenance.values().rev().map(|window| Row::of(&site, window, now)), |row| row.window.id.to_string())
}

/// Plans a maintenance window: nobody is told of what it covers.
async fn plan(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(new): Body<NewWindow>,
) -> Result<(StatusCode, Json<Row>), Problem> {
    let (site, now) = (collector.keeper.view(), collector.keeper.clock().now());
    let zone = site.zone();
    let planned = Planned {
        tag: new.tag.as_deref().map(Tag::parse).transpose()?,
        room: new.room.as_deref().map(|room| rooms::known(&site, room)).transpose()?,
        from: new.from.as_deref().map(|from| moment::after(from, now, &zone)).transpose()?,
        until: moment::after(&new.until, now, &zone)?,
        reason: new.reason,
    };
    let row = collector.keeper.change(actor, move |w| maintenance::plan(w, planned).map(|window| Row::of(&w.site, &window, now))).await?;
    Ok((StatusCode::CREATED, Json(row)))
}

/// Ends a maintenance window.
async fn finish(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
) -> Result<Json<Window>, Problem> {
    let id: MaintenanceId = id.parse()?;
    let window = collector.keeper.change(actor, move |w| maintenance::finish(w, id)).await?;
    Ok(Json((*window).clone()))
}
