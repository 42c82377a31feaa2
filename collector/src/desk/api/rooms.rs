//! `/rooms`: labs, carts, libraries, offices.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::part::{Listed, Nothing, Paged};
use crate::desk::api::problem::Problem;
use crate::desk::api::versions::{IfMatch, Version, Versioned};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::room::{self, Room, RoomFacts};
use rollcall_site::view::{self, RoomRow};
use rollcall_site::{Refusal, RoomId, Site, Working};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/rooms", get(list).post(add))
        .route("/rooms/import", post(import))
        .route("/rooms/{name}", get(show).patch(set).delete(remove))
}

/// A room to be added or changed: its name, and what is said of it.
#[derive(Deserialize)]
struct Row {
    name: String,
    /// As [`RoomFacts`].
    #[serde(flatten)]
    facts: Map<String, Value>,
}

/// What an import did.
#[derive(Default, Serialize)]
struct Imported {
    added: usize,
    changed: usize,
}

impl Row {
    fn read(self) -> Result<(RoomId, RoomFacts), Refusal> {
        let id = RoomId::parse(&self.name)?;
        let facts = serde_json::from_value(self.facts.into()).map_err(|bad| Refusal::invalid(format!("room {id}: {bad}")))?;
        Ok((id, facts))
    }
}

/// The room that is called so.
///
/// # Errors
/// There is none; one that differs in case alone is named.
pub(super) fn known(site: &Site, name: &str) -> Result<RoomId, Refusal> {
    let id = RoomId::parse(name)?;
    let alike = || site.rooms.keys().find(|known| known.as_str().to_lowercase() == id.as_str().to_lowercase());
    match room::get(site, &id) {
        Ok(room) => Ok(room.id.clone()),
        Err(refusal) => Err(match alike() {
            Some(alike) => Refusal::not_found(format!("there is no room {name:?}; there is {:?}: write it so", alike.as_str())),
            None => refusal,
        }),
    }
}

/// Lists the rooms, each with how it is.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Paged(Nothing {}, part): Paged<Nothing>) -> Listed<RoomRow> {
    part.of(view::rooms(&collector.keeper.view(), &collector.roll.heard(), collector.keeper.clock().now()), |row| row.room.id.to_string())
}

/// Shows a room as it is now.
async fn show(State(collector): State<Collector>, Viewer(_): Viewer, Path(name): Path<String>) -> Result<Versioned<RoomRow>, Problem> {
    let site = collector.keeper.view();
    let id = known(&site, &name)?;
    let row = view::room(&site, &collector.roll.heard(), collector.keeper.clock().now(), &id)?;
    Ok(Versioned(Version::of(&row.room), row))
}

/// Adds a room.
async fn add(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(row): Body<Row>,
) -> Result<(StatusCode, Json<Arc<Room>>), Problem> {
    let (id, facts) = row.read()?;
    let room = collector.keeper.change(actor, move |w| room::add(w, id, facts)).await?;
    Ok((StatusCode::CREATED, Json(room)))
}

/// Changes what is said of a room; what is not named stays.
async fn set(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(name): Path<String>,
    if_match: IfMatch,
    Body(facts): Body<RoomFacts>,
) -> Result<Json<Arc<Room>>, Problem> {
    let set = move |w: &mut Working| {
        let id = known(&w.site, &name)?;
        if_match.holds(room::get(&w.site, &id)?)?;
        room::set(w, &id, facts)
    };
    Ok(Json(collector.keeper.change(actor, set).await?))
}

/// Removes a room.
async fn remove(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(name): Path<String>,
    if_match: IfMatch,
) -> Result<Json<Value>, Problem> {
    let remove = move |w: &mut Working| {
        let id = known(&w.site, &name)?;
        if_match.holds(&**room::get(&w.site, &id)?)?;
        room::remove(w, &id)?;
        Ok(id)
    };
    Ok(Json(json!({ "removed": collector.keeper.change(actor, remove).await? })))
}

/// Adds and changes rooms, all or none.
async fn import(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(rows): Body<Vec<Row>>,
) -> Result<Json<Imported>, Problem> {
    let rows = rows.into_iter().map(Row::read).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(collector.keeper.change(actor, move |w| take_in(w, rows)).await?))
}

fn take_in(w: &mut Working, rows: Vec<(RoomId, RoomFacts)>) -> Result<Imported, Refusal> {
    let mut imported = Imported::default();
    for (id, facts) in rows {
        if w.site.rooms.contains_key(&id) {
            room::set(w, &id, facts)?;
            imported.changed += 1;
        } else {
            room::add(w, id, facts)?;
            imported.added += 1;
        }
    }
    Ok(imported)
}
