//! `/persons`: who may borrow. A roster is checked whole before anything of it is taken in; who is forgotten is gone for good.

use crate::Collector;
use crate::desk::api::ask::{Admin, Body, Technician, Viewer};
use crate::desk::api::problem::Problem;
use crate::erasure;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::person::{self, Imported, Person, PersonRole, Row};
use rollcall_site::{PersonId, Refusal, Tag};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/persons", get(list))
        .route("/persons/plan", post(plan))
        .route("/persons/import", post(import))
        .route("/persons/{id}", get(show).delete(forget))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentRow {
    id: String,
    name: String,
    role: Option<PersonRole>,
    grade: Option<String>,
    mail: Option<String>,
}

impl SentRow {
    fn row(self) -> Result<Row, Refusal> {
        let Self { id, name, role, grade, mail } = self;
        Row { id: PersonId::parse(&id)?, name, role, grade, mail }.checked()
    }
}

/// Somebody of the roster, and their loans.
#[derive(Serialize)]
struct Page {
    #[serde(flatten)]
    person: Arc<Person>,
    /// What they have now, by tag.
    has: Vec<Tag>,
    /// Loans, those that are over too.
    loans: usize,
}

async fn list(State(collector): State<Collector>, Viewer(_): Viewer) -> Json<Vec<Arc<Person>>> {
    Json(collector.keeper.view().persons.iter().map(|(_, person)| Arc::clone(person)).collect())
}

async fn show(State(collector): State<Collector>, Viewer(_): Viewer, Path(id): Path<String>) -> Result<Json<Page>, Problem> {
    let site = collector.keeper.view();
    let person = person::get(&site, &PersonId::parse(&id)?)?;
    let (has, loans) = person::loans(&site, &person.id);
    Ok(Json(Page { person: Arc::clone(person), has, loans }))
}

async fn forget(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Path(id): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let id = PersonId::parse(&id)?;
    erasure::forget(&collector, actor, id.clone()).await?;
    Ok(Json(json!({ "forgotten": id })))
}

async fn plan(
    State(collector): State<Collector>,
    Technician(_): Technician,
    Body(rows): Body<Vec<SentRow>>,
) -> Result<Json<Imported>, Problem> {
    Ok(Json(person::plan(&collector.keeper.view(), &people(rows)?)))
}

async fn import(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(rows): Body<Vec<SentRow>>,
) -> Result<Json<Imported>, Problem> {
    let people = people(rows)?;
    Ok(Json(collector.keeper.change(actor, move |w| Ok(person::import(w, people))).await?))
}

fn people(rows: Vec<SentRow>) -> Result<Vec<Row>, Refusal> {
    rows.into_iter().map(SentRow::row).collect()
}
