//! `/transfers`: files that must come, and how they stand.

use crate::Collector;
use crate::desk::api::ask::{Admin, Body, Technician, Viewer};
use crate::desk::api::moment;
use crate::desk::api::part::{Listed, Nothing, Paged};
use crate::desk::api::problem::Problem;
use crate::feeds::eyes::Eyes;
use axum::extract::{Path, State};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use jiff::Timestamp;
use rollcall_site::transfer::{self, Expected, Found, Transfer, Wrong};
use rollcall_site::{Site, TransferName};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/transfers", get(list)).route("/transfers/look", post(look)).route("/transfers/{name}", put(watch).delete(remove))
}

/// A transfer in a list.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    transfer: Arc<Transfer>,
    /// "good", "late", "short", "malformed", "not looked at yet".
    state: String,
    /// What is expected, in words.
    wants: String,
    /// When the last one was written.
    came_at: Option<Timestamp>,
    /// Its size, bytes.
    size: Option<u64>,
    /// Its rows.
    rows: Option<u64>,
    /// What is wrong.
    wrong: Vec<Wrong>,
}

impl Row {
    fn of(site: &Site, transfer: &Arc<Transfer>, now: Timestamp) -> Self {
        let wrong = transfer::wrong(site, transfer, now);
        let state = match (&transfer.found, wrong.as_slice()) {
            (Found::Unknown, _) => "not looked at yet".to_owned(),
            (Found::Missing, []) => "awaited".to_owned(),
            (_, []) => "good".to_owned(),
            (_, wrong) => wrong.iter().map(|wrong| wrong.kind).collect::<Vec<_>>().join(", "),
        };
        let (came_at, size, rows) = match &transfer.found {
            Found::File { at, size, rows, .. } => (Some(*at), Some(*size), *rows),
            _ => (None, None, None),
        };
        Self { wants: transfer.expected.to_string(), transfer: Arc::clone(transfer), state, came_at, size, rows, wrong }
    }
}

fn rows(site: &Site, now: Timestamp) -> Vec<Row> {
    site.transfers.values().map(|transfer| Row::of(site, transfer, now)).collect()
}

/// Lists the watched transfers, each with how it is.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Paged(Nothing {}, part): Paged<Nothing>) -> Listed<Row> {
    part.of(rows(&collector.keeper.view(), collector.keeper.clock().now()), |row| row.transfer.name.to_string())
}

/// Looks at every watched transfer now.
async fn look(State(collector): State<Collector>, Technician(_): Technician) -> Json<Vec<Row>> {
    Eyes::default().transfers(&collector).await;
    Json(rows(&collector.keeper.view(), collector.keeper.clock().now()))
}

/// What is expected of a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTransfer {
    path: String,
    /// "26h".
    age: String,
    #[serde(default)]
    school_days: bool,
    #[serde(default)]
    least_size: u64,
    #[serde(default)]
    least_rows: u64,
    #[serde(default)]
    columns: Vec<String>,
}

/// Watches a transfer: where its file lies, and when it is due.
async fn watch(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Path(name): Path<String>,
    Body(new): Body<NewTransfer>,
) -> Result<Json<Row>, Problem> {
    let (name, age_s) = (TransferName::parse(&name)?, moment::seconds(&new.age)?);
    let NewTransfer { path, school_days, least_size, least_rows, columns, .. } = new;
    let expected = Expected { path, age_s, school_days, least_size, least_rows, columns };
    let wanted = name.clone();
    collector.keeper.change(actor, move |w| transfer::watch(w, name, expected)).await?;
    Eyes::default().transfers(&collector).await;
    let site = collector.keeper.view();
    Ok(Json(Row::of(&site, transfer::get(&site, &wanted)?, collector.keeper.clock().now())))
}

/// Watches a transfer no more.
async fn remove(State(collector): State<Collector>, Admin(actor): Admin, Path(name): Path<String>) -> Result<Json<TransferName>, Problem> {
    let name = TransferName::parse(&name)?;
    let gone = name.clone();
    collector.keeper.change(actor, move |w| transfer::remove(w, &gone)).await?;
    Ok(Json(name))
}
