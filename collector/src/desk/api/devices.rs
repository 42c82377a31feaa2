//! `/devices`: enrolled machines, what is known of each, and what can be asked of them.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::part::{Listed, Nothing, Paged};
use crate::desk::api::problem::Problem;
use crate::desk::api::reading::{self, Reading};
use crate::desk::api::{assets, rooms};
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::event::Event;
use rollcall_site::presence::Presence;
use rollcall_site::view::{self, DeviceFilter, DevicePage, DeviceRow};
use rollcall_site::{DeviceId, Refusal, enroll};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// How long a machine may take to re-read what is asked.
const PATIENCE: Duration = Duration::from_secs(30);
/// Lines of a timeline when nobody says how many.
const USUAL_HISTORY: usize = 50;
/// Most lines of a timeline that are looked at.
const MOST_HISTORY: usize = 1_000;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/devices", get(list))
        .route("/devices/{which}", get(show))
        .route("/devices/{which}/history", get(history))
        .route("/devices/{which}/rescan", post(rescan))
        .route("/devices/{which}/revoke", post(revoke))
        .route("/devices/{which}/accept", post(accept))
        .route("/devices/{which}/rebind", post(rebind))
        .route("/devices/{which}/move", post(assets::relocate))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    room: Option<String>,
    presence: Option<Presence>,
    search: Option<String>,
}

/// Sections to re-read; none named: all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sections {
    #[serde(default)]
    sections: Vec<String>,
}

/// A device with everything that is known of it, and how it was when it last said so.
#[derive(Serialize)]
struct Page {
    #[serde(flatten)]
    page: DevicePage,
    /// `None`: it has said nothing of late.
    health: Option<Reading>,
}

/// Lists the devices, by tag.
async fn list(
    State(collector): State<Collector>,
    Viewer(_): Viewer,
    Paged(which, part): Paged<Which>,
) -> Result<Listed<DeviceRow>, Problem> {
    let site = collector.keeper.view();
    let room = which.room.as_deref().map(|room| rooms::known(&site, room)).transpose()?;
    let filter = DeviceFilter { room, presence: which.presence, text: which.search };
    Ok(part.of(view::devices(&site, &collector.roll.heard(), &filter, collector.keeper.clock().now()), |row| row.id.to_string()))
}

/// Shows a device with everything that it reported.
async fn show(State(collector): State<Collector>, Viewer(_): Viewer, Path(which): Path<String>) -> Result<Json<Page>, Problem> {
    let site = collector.keeper.view();
    let id = view::find_device(&site, &which)?;
    Ok(Json(page(&collector, id).await?))
}

async fn page(collector: &Collector, id: DeviceId) -> Result<Page, Problem> {
    let now = collector.keeper.clock().now();
    let page = view::device(&collector.keeper.view(), &collector.roll.heard(), id, now)?;
    let health = reading::last(collector, id, page.row.last_heard, now).await?;
    Ok(Page { page, health })
}

/// Lists what happened to a device, the newest first.
async fn history(
    State(collector): State<Collector>,
    Viewer(_): Viewer,
    Path(which): Path<String>,
    Paged(Nothing {}, part): Paged<Nothing>,
) -> Result<Listed<Event>, Problem> {
    let asset = view::find_asset(&collector.keeper.view(), &which)?;
    let store = collector.keeper.store().clone();
    let events = tokio::task::spawn_blocking(move || store.history(Some(asset), MOST_HISTORY)).await;
    Ok(part.usually(USUAL_HISTORY).of(events.map_err(|_| Problem::broken_off())??, |event| event.seq.to_string()))
}

/// Asks a device to read everything again.
async fn rescan(
    State(collector): State<Collector>,
    Technician(_): Technician,
    Path(which): Path<String>,
    Body(Sections { sections }): Body<Sections>,
) -> Result<Json<Page>, Problem> {
    if let Some(unknown) = sections.iter().find(|name| !rollcall_proto::SECTIONS.contains(&name.as_str())) {
        let known = rollcall_proto::SECTIONS.join(", ");
        return Err(Refusal::invalid(format!("there is no section {unknown:?}; there are {known}")).into());
    }
    let id = view::find_device(&collector.keeper.view(), &which)?;
    let asked = collector.roll.rescan(id, sections, PATIENCE).await;
    asked.map_err(|why| Refusal::conflict(format!("{which}: {why}; see where it is with `rollcall device {which}`")))?;
    Ok(Json(page(&collector, id).await?))
}

/// Revokes a device: it is let in no more.
async fn revoke(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(which): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let id = view::find_device(&collector.keeper.view(), &which)?;
    collector.keeper.change(actor, move |w| enroll::revoke(w, id)).await?;
    collector.roll.close(id);
    Ok(Json(json!({ "revoked": id })))
}

/// Accepts the hardware that a device has now.
async fn accept(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(which): Path<String>,
) -> Result<Json<DevicePage>, Problem> {
    let id = view::find_device(&collector.keeper.view(), &which)?;
    collector.keeper.change(actor, move |w| enroll::accept_hardware(w, id)).await?;
    Ok(Json(view::device(&collector.keeper.view(), &collector.roll.heard(), id, collector.keeper.clock().now())?))
}

/// Lets another machine enrol in the place of this one.
async fn rebind(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(which): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let (tag, device) = collector
        .keeper
        .change(actor, move |w| {
            let id = view::find_asset(&w.site, &which)?;
            let asset = w.site.assets.get(&id).cloned();
            let asset = asset.ok_or_else(|| Refusal::not_found(format!("there is no asset {which}")))?;
            enroll::allow_rebind(w, id)?;
            Ok((asset.tag.clone(), asset.device))
        })
        .await?;
    collector.close_silenced(device);
    Ok(Json(json!({ "tag": tag, "minutes": 60 })))
}
