//! `/persons`: who may borrow. A roster is checked whole before anything of it is taken in.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::problem::Problem;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::person::{self, Imported, Person};
use rollcall_site::{PersonId, Refusal};
use serde::Deserialize;
use std::sync::Arc;

/// The longest name, characters.
const LONGEST_NAME: usize = 200;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/persons", get(list)).route("/persons/plan", post(plan)).route("/persons/import", post(import))
}

#[derive(Deserialize)]
struct Row {
    id: String,
    name: String,
}

async fn list(State(collector): State<Collector>, Viewer(_): Viewer) -> Json<Vec<Arc<Person>>> {
    Json(collector.keeper.view().persons.iter().map(|(_, person)| Arc::clone(person)).collect())
}

async fn plan(
    State(collector): State<Collector>,
    Technician(_): Technician,
    Body(rows): Body<Vec<Row>>,
) -> Result<Json<Imported>, Problem> {
    Ok(Json(person::plan(&collector.keeper.view(), &people(rows)?)))
}

async fn import(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(rows): Body<Vec<Row>>,
) -> Result<Json<Imported>, Problem> {
    let people = people(rows)?;
    Ok(Json(collector.keeper.change(actor, move |w| Ok(person::import(w, people))).await?))
}

fn people(rows: Vec<Row>) -> Result<Vec<(PersonId, String)>, Refusal> {
    rows.into_iter().map(|row| Ok((PersonId::parse(&row.id)?, name(&row)?))).collect()
}

fn name(row: &Row) -> Result<String, Refusal> {
    let name = row.name.trim();
    let fits = !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned())
        .ok_or_else(|| Refusal::invalid(format!("person {}: a name has 1 to {LONGEST_NAME} characters, no control characters", row.id)))
}
