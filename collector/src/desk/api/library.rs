//! `/library`: the school's library system, what it is owed, and what it refuses. Its password is never shown.

use crate::Collector;
use crate::desk::api::ask::{Admin, Body, Technician, Viewer};
use crate::desk::api::part::{Listed, Paged};
use crate::desk::api::problem::{Problem, with_causes};
use crate::feeds::sip2;
use crate::notify;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use rollcall_site::library::{self, Library, LibraryFacts, Mirroring};
use rollcall_site::{MirroringId, PersonId, Refusal, Site, Tag};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/library", get(status).put(set).delete(remove))
        .route("/library/owed", get(owed))
        .route("/library/owed/{id}", get(one).delete(drop_one))
        .route("/library/owed/{id}/retry", post(retry))
        .route("/library/test", post(test))
}

/// Most rows of one answer.
const MOST: usize = 1_000;

/// How the library system stands.
#[derive(Serialize)]
struct Status {
    url: String,
    login: String,
    /// Whether a password is kept for the login.
    has_password: bool,
    institution: String,
    location: String,
    kinds: Vec<&'static str>,
    prefix: String,
    letters: library::Letters,
    may: library::May,
    own_ca: bool,
    set_at: Timestamp,
    /// How many wait to be told.
    waiting: usize,
    /// How many are refused, and wait for a person.
    refused: usize,
    /// Since when the oldest waits.
    oldest: Option<Timestamp>,
    /// When it last took something.
    last_taken: Option<Timestamp>,
    /// Since when it can't be told.
    trouble_since: Option<Timestamp>,
    /// Why.
    trouble: Option<String>,
}

impl Status {
    fn of(collector: &Collector, site: &Site, library: &Library) -> Self {
        let (trouble_since, trouble) = library.trouble.clone().map(|trouble| (trouble.since, trouble.text)).unzip();
        let refused = site.mirrorings.values().filter(|owed| owed.refused_at.is_some()).count();
        let Library { url, user, institution, location, prefix, letters, may, set_at, .. } = library.clone();
        Self {
            url,
            login: user,
            has_password: sip2::has_password(&collector.secrets),
            institution,
            location,
            kinds: library.kinds.iter().map(|kind| kind.word()).collect(),
            prefix,
            letters,
            may,
            own_ca: !library.ca.is_empty(),
            set_at,
            waiting: site.mirrorings.len() - refused,
            refused,
            oldest: library::next(site).map(|owed| owed.at),
            last_taken: library.arrived_at,
            trouble_since,
            trouble,
        }
    }
}

/// Something that the library system is owed.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    owed: Mirroring,
    /// "check-out", "check-in", "renewal".
    what: &'static str,
    /// "waits", "refused".
    state: &'static str,
    /// The asset's tag now.
    tag: String,
}

impl Row {
    fn of(site: &Site, owed: &Mirroring) -> Self {
        let tag = site.assets.get(&owed.asset).map_or_else(|| owed.item.clone(), |asset| asset.tag.to_string());
        let state = if owed.refused_at.is_some() { "refused" } else { "waits" };
        Self { what: owed.step.word(), state, tag, owed: owed.clone() }
    }
}

/// Which rows are wanted.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Which {
    /// Only what is refused.
    refused: bool,
}

/// What is tried beside the login.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Try {
    tag: Option<String>,
    person: Option<String>,
}

/// Shows how the library system is connected.
async fn status(State(collector): State<Collector>, Viewer(_): Viewer) -> Result<Json<Status>, Problem> {
    let site = collector.keeper.view();
    Ok(Json(Status::of(&collector, &site, library::there(&site)?)))
}

/// Connects a library system.
async fn set(State(collector): State<Collector>, Admin(actor): Admin, Body(facts): Body<LibraryFacts>) -> Result<Json<Value>, Problem> {
    let checked = library::check(&facts)?;
    notify::check_ca(&checked.ca).map_err(Refusal::invalid)?;
    // The password comes first: what follows the setting finds it.
    sip2::keep(&collector.secrets, &checked).map_err(|error| sealed(&error))?;
    let in_the_clear = checked.is_in_the_clear();
    let library = collector.keeper.change(actor, move |w| Ok(library::set(w, &checked))).await?;
    let status = Status::of(&collector, &collector.keeper.view(), &library);
    Ok(Json(json!({ "library": status, "in_the_clear": in_the_clear })))
}

/// Ends the connection to the library system.
async fn remove(State(collector): State<Collector>, Admin(actor): Admin) -> Result<Json<Value>, Problem> {
    collector.keeper.change(actor, library::remove).await?;
    sip2::forget(&collector.secrets).map_err(|error| sealed(&error))?;
    Ok(Json(json!({ "removed": "library" })))
}

fn sealed(error: &crate::secrets::SecretsError) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("the password could not be kept or forgotten: {}", with_causes(error)))
}

/// Lists what the library system is still to be told.
async fn owed(State(collector): State<Collector>, Viewer(_): Viewer, Paged(which, part): Paged<Which>) -> Result<Listed<Row>, Problem> {
    let site = collector.keeper.view();
    library::there(&site)?;
    let rows = site.mirrorings.values().filter(|owed| !which.refused || owed.refused_at.is_some());
    Ok(part.of(rows.take(MOST).map(|owed| Row::of(&site, owed)), |row| row.owed.id.to_string()))
}

/// Shows one thing that the library system is still to be told.
async fn one(State(collector): State<Collector>, Viewer(_): Viewer, Path(id): Path<String>) -> Result<Json<Row>, Problem> {
    let site = collector.keeper.view();
    let id: MirroringId = id.parse()?;
    Ok(Json(Row::of(&site, library::get(&site, id)?)))
}

/// Tells the library system one thing again, now.
async fn retry(State(collector): State<Collector>, Technician(actor): Technician, Path(id): Path<String>) -> Result<Json<Row>, Problem> {
    let id: MirroringId = id.parse()?;
    let row = collector.keeper.change(actor, move |w| library::retry(w, id).map(|owed| Row::of(&w.site, &owed))).await?;
    Ok(Json(row))
}

/// Tells the library system one thing no more.
async fn drop_one(State(collector): State<Collector>, Technician(actor): Technician, Path(id): Path<String>) -> Result<Json<Row>, Problem> {
    let id: MirroringId = id.parse()?;
    let row = collector.keeper.change(actor, move |w| library::drop_one(w, id).map(|owed| Row::of(&w.site, &owed))).await?;
    Ok(Json(row))
}

/// Signs in there and asks; changes nothing there.
async fn test(State(collector): State<Collector>, Technician(_): Technician, Body(what): Body<Try>) -> Result<Json<sip2::Tried>, Problem> {
    let site = collector.keeper.view();
    let library = library::there(&site)?.clone();
    let item = what.tag.as_deref().map(Tag::parse).transpose()?.map(|tag| sip2::item_id(&library, &tag));
    let person = what.person.as_deref().map(PersonId::parse).transpose()?;
    let tried = sip2::test(&collector, &library, item.as_deref(), person.as_ref().map(PersonId::as_str)).await;
    Ok(Json(tried.map_err(|why| Problem::new(StatusCode::BAD_GATEWAY, format!("the library system at {}: {why}", library.url)))?))
}
