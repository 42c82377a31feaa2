//! `/baselines`: what software the devices of a room must and must not have. They come as the TOML file that people keep.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::problem::Problem;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::baseline::{self, Baseline, Plan};
use rollcall_site::{BaselineId, Refusal, room};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/baselines", get(list).post(apply))
        .route("/baselines/plan", post(plan))
        .route("/baselines/{name}", get(show).delete(remove))
}

/// A baseline file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    text: String,
}

/// A baseline with how its devices stand now.
#[derive(Serialize)]
struct Standing {
    #[serde(flatten)]
    baseline: Arc<Baseline>,
    plan: Plan,
}

/// A plan, and whether the baseline holds now just so.
#[derive(Serialize)]
struct Planned {
    #[serde(flatten)]
    plan: Plan,
    applied: bool,
}

async fn list(State(collector): State<Collector>, Viewer(_): Viewer) -> Json<Vec<Standing>> {
    let site = collector.keeper.view();
    let standing = |baseline: &Arc<Baseline>| Standing { baseline: Arc::clone(baseline), plan: baseline::plan(&site, baseline) };
    Json(site.baselines.iter().map(|(_, baseline)| standing(baseline)).collect())
}

async fn show(State(collector): State<Collector>, Viewer(_): Viewer, Path(name): Path<String>) -> Result<Json<Standing>, Problem> {
    let site = collector.keeper.view();
    let found = site.baselines.get(&BaselineId::parse(&name)?);
    let missing = || Refusal::not_found(format!("there is no baseline {name}; `rollcall baseline list` shows them all"));
    let baseline = Arc::clone(found.ok_or_else(missing)?);
    let plan = baseline::plan(&site, &baseline);
    Ok(Json(Standing { baseline, plan }))
}

async fn plan(State(collector): State<Collector>, Viewer(_): Viewer, Body(file): Body<File>) -> Result<Json<Planned>, Problem> {
    let baseline = baseline::parse(&file.text)?;
    let site = collector.keeper.view();
    for room in baseline.rooms.iter().filter(|room| room.as_str() != "*") {
        room::get(&site, room)?;
    }
    let same =
        |now: &Arc<Baseline>| (&now.rooms, &now.required, &now.forbidden) == (&baseline.rooms, &baseline.required, &baseline.forbidden);
    let applied = site.baselines.get(&baseline.name).is_some_and(same);
    Ok(Json(Planned { plan: baseline::plan(&site, &baseline), applied }))
}

async fn apply(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(file): Body<File>,
) -> Result<Json<Planned>, Problem> {
    let baseline = baseline::parse(&file.text)?;
    let plan = collector.keeper.change(actor, move |w| baseline::apply(w, baseline)).await?;
    Ok(Json(Planned { plan, applied: true }))
}

async fn remove(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id = BaselineId::parse(&name)?;
    collector.keeper.change(actor, move |w| baseline::remove(w, &id)).await?;
    Ok(Json(json!({ "removed": name })))
}
