//! `/persons`: who may borrow. A roster is checked whole before anything of it is taken in; who is forgotten is gone for good.

use crate::Collector;
use crate::desk::api::ask::{Admin, Body, Technician, Viewer};
use crate::desk::api::part::{Listed, Paged};
use crate::desk::api::problem::Problem;
use crate::desk::api::versions::{IfMatch, Version, Versioned};
use crate::erasure;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::charge::{self, Charge};
use rollcall_site::person::{self, Imported, Merged, NewPerson, Person, PersonRole, Row};
use rollcall_site::{PersonId, Refusal, Tag, Working};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/persons", get(list).post(add))
        .route("/persons/plan", post(plan))
        .route("/persons/import", post(import))
        .route("/persons/{id}", get(show).patch(set).delete(forget))
        .route("/persons/{id}/block", post(block).delete(unblock))
        .route("/persons/{id}/merge", post(merge))
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
    /// What they are asked to pay and have not paid.
    charges: Vec<Arc<Charge>>,
}

/// Whom to list.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Which {
    /// Part of a name, an id, a mail address or a grade.
    text: String,
}

/// Lists the people, by name.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Paged(which, part): Paged<Which>) -> Listed<Arc<Person>> {
    part.of(person::find(&collector.keeper.view(), &which.text, usize::MAX).shown, |person| person.id.to_string())
}

/// Somebody who is added, or what is corrected of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    /// The id on the card, of somebody new.
    id: Option<String>,
    name: Option<String>,
    role: Option<PersonRole>,
    grade: Option<String>,
    mail: Option<String>,
}

impl Sent {
    fn said(self) -> NewPerson {
        NewPerson { name: self.name, role: self.role, grade: self.grade, mail: self.mail }
    }
}

/// Adds a person by hand.
async fn add(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(sent): Body<Sent>,
) -> Result<(StatusCode, Json<Arc<Person>>), Problem> {
    let id = PersonId::parse(sent.id.as_deref().unwrap_or_default())?;
    let added = collector.keeper.change(actor, move |w| person::add(w, id, sent.said())).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Changes what is said of a person; what is not named stays.
async fn set(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(sent): Body<Sent>,
) -> Result<Json<Arc<Person>>, Problem> {
    let id = PersonId::parse(&id)?;
    let set = move |w: &mut Working| {
        if_match.holds(person::get(&w.site, &id)?)?;
        person::set(w, &id, sent.said())
    };
    Ok(Json(collector.keeper.change(actor, set).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    why: String,
}

/// Blocks a person: nothing is lent to them.
async fn block(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    Body(Why { why }): Body<Why>,
) -> Result<Json<Arc<Person>>, Problem> {
    let id = PersonId::parse(&id)?;
    Ok(Json(collector.keeper.change(actor, move |w| person::block(w, &id, &why)).await?))
}

/// Ends the block of a person.
async fn unblock(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
) -> Result<Json<Arc<Person>>, Problem> {
    let id = PersonId::parse(&id)?;
    Ok(Json(collector.keeper.change(actor, move |w| person::unblock(w, &id)).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whom {
    into: String,
}

/// Makes one person of two records.
async fn merge(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(from): Path<String>,
    Body(body): Body<Whom>,
) -> Result<Json<Merged>, Problem> {
    let (from, into) = (PersonId::parse(&from)?, PersonId::parse(&body.into)?);
    Ok(Json(erasure::merge(&collector, actor, from, into).await?))
}

/// Shows a person with what they have and owe.
async fn show(State(collector): State<Collector>, Viewer(_): Viewer, Path(id): Path<String>) -> Result<Versioned<Page>, Problem> {
    let site = collector.keeper.view();
    let person = person::get(&site, &PersonId::parse(&id)?)?;
    let (has, loans) = person::loans(&site, &person.id);
    let charges = charge::open_of(&site, &person.id).cloned().collect();
    Ok(Versioned(Version::of(person), Page { person: Arc::clone(person), has, loans, charges }))
}

/// Forgets a person: their key is destroyed, and nobody can read who it was.
async fn forget(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Path(id): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let id = PersonId::parse(&id)?;
    erasure::forget(&collector, actor, id.clone()).await?;
    Ok(Json(json!({ "forgotten": id })))
}

/// Says what a list of people would change, and changes nothing.
async fn plan(
    State(collector): State<Collector>,
    Technician(_): Technician,
    Body(rows): Body<Vec<SentRow>>,
) -> Result<Json<Imported>, Problem> {
    Ok(Json(person::plan(&collector.keeper.view(), &people(rows)?)))
}

/// Takes a list of people in.
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
