//! `/baselines`: what software and settings the devices of a room must, may and must not have. They come as the TOML file that people keep.

use crate::Collector;
use crate::desk::api::ask::{Asked, Body, Technician, Viewer};
use crate::desk::api::part::{Listed, Nothing, Paged};
use crate::desk::api::problem::Problem;
use crate::desk::judging;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::baseline::{self, Baseline, Capture, Edition, Plan, Score, Versions, licence};
use rollcall_site::{BaselineId, RoomId, Site, Tag, room};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/baselines", get(list).post(apply))
        .route("/baselines/plan", post(plan))
        .route("/baselines/{name}", get(show).delete(remove))
        .route("/baselines/{name}/versions", get(history))
        .route("/baselines/{name}/versions/{version}", get(version))
        .route("/baselines/{name}/versions/{version}/restore", post(restore))
        .route("/devices/{which}/baseline", get(capture))
        .route("/licences", get(licences))
        .route("/scores", get(scores))
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

/// A version without its text.
#[derive(Serialize)]
struct Version {
    version: u32,
    at: jiff::Timestamp,
    by: String,
    /// Holds now.
    applied: bool,
}

/// [`judging::apart`], its failure as a problem.
async fn apart<T: Send + 'static>(
    collector: &Collector,
    ask: impl FnOnce(&Site, jiff::Timestamp) -> T + Send + 'static,
) -> Result<T, Problem> {
    judging::apart(collector, ask).await.map_err(|_| Problem::broken_off())
}

/// Lists the baselines, each with how the devices stand to it.
async fn list(
    State(collector): State<Collector>,
    Viewer(_): Viewer,
    Paged(Nothing {}, part): Paged<Nothing>,
) -> Result<Listed<Standing>, Problem> {
    let all = apart(&collector, |site, now| {
        let standing = |baseline: &Arc<Baseline>| Standing { baseline: Arc::clone(baseline), plan: baseline::plan(site, baseline, now) };
        site.baselines.values().map(standing).collect::<Vec<_>>()
    });
    Ok(part.of(all.await?, |row| row.baseline.name.to_string()))
}

/// Shows a baseline as it is written.
async fn show(State(collector): State<Collector>, Viewer(_): Viewer, Path(name): Path<String>) -> Result<Json<Standing>, Problem> {
    let baseline = Arc::clone(baseline::get(&collector.keeper.view(), &BaselineId::parse(&name)?)?);
    let planned = Arc::clone(&baseline);
    let plan = apart(&collector, move |site, now| baseline::plan(site, &planned, now)).await?;
    Ok(Json(Standing { baseline, plan }))
}

/// Says what a baseline would change, and changes nothing.
async fn plan(State(collector): State<Collector>, Viewer(_): Viewer, Body(file): Body<File>) -> Result<Json<Planned>, Problem> {
    let baseline = baseline::parse(&file.text)?;
    let site = collector.keeper.view();
    for room in baseline.rooms.iter().filter(|room| room.as_str() != "*") {
        room::get(&site, room)?;
    }
    Ok(Json(planned(&collector, baseline).await?))
}

async fn planned(collector: &Collector, baseline: Baseline) -> Result<Planned, Problem> {
    apart(collector, move |site, now| {
        let applied = site.baselines.get(&baseline.name).is_some_and(|now| now.says_the_same(&baseline));
        Planned { plan: baseline::plan(site, &baseline, now), applied }
    })
    .await
}

/// Adds or changes a baseline.
async fn apply(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(file): Body<File>,
) -> Result<Json<Planned>, Problem> {
    let baseline = baseline::parse(&file.text)?;
    let applied = judging::apply(&collector, &actor, baseline).await?;
    Ok(Json(planned(&collector, (*applied).clone()).await?))
}

/// Removes a baseline.
async fn remove(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    judging::remove(&collector, &actor, BaselineId::parse(&name)?).await?;
    Ok(Json(json!({ "removed": name })))
}

/// Lists the versions of a baseline, the newest first.
async fn history(
    State(collector): State<Collector>,
    Viewer(_): Viewer,
    Path(name): Path<String>,
    Paged(Nothing {}, part): Paged<Nothing>,
) -> Result<Listed<Version>, Problem> {
    let (site, name) = (collector.keeper.view(), BaselineId::parse(&name)?);
    let now = site.baselines.get(&name).map(|baseline| baseline.version);
    let row = |Edition { version, at, by, .. }| Version { version, at, by, applied: now == Some(version) };
    Ok(part.of(baseline::editions(&site, &name)?.into_iter().map(row), |row| row.version.to_string()))
}

/// Shows a version of a baseline as it was written.
async fn version(
    State(collector): State<Collector>,
    Viewer(_): Viewer,
    Path((name, version)): Path<(String, u32)>,
) -> Result<Json<Edition>, Problem> {
    Ok(Json(baseline::edition(&collector.keeper.view(), &BaselineId::parse(&name)?, version)?))
}

/// Makes an old version of a baseline the newest again.
async fn restore(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path((name, version)): Path<(String, u32)>,
) -> Result<Json<Planned>, Problem> {
    let applied = judging::restore(&collector, &actor, BaselineId::parse(&name)?, version).await?;
    Ok(Json(planned(&collector, (*applied).clone()).await?))
}

/// How a captured file is to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    name: Option<String>,
    room: Option<String>,
    #[serde(default)]
    versions: WhichVersions,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WhichVersions {
    #[default]
    AtLeast,
    Exactly,
    Any,
}

/// Drafts a baseline from what a device has now.
async fn capture(
    State(collector): State<Collector>,
    Viewer(_): Viewer,
    Path(which): Path<String>,
    Asked(golden): Asked<Golden>,
) -> Result<Json<Value>, Problem> {
    let versions = match golden.versions {
        WhichVersions::AtLeast => Versions::AtLeast,
        WhichVersions::Exactly => Versions::Exactly,
        WhichVersions::Any => Versions::Any,
    };
    let name = golden.name.as_deref().map(BaselineId::parse).transpose()?;
    let room = golden.room.as_deref().map(RoomId::parse).transpose()?;
    let (tag, site, now) = (Tag::parse(&which)?, collector.keeper.view(), collector.keeper.clock().now());
    if let Some(room) = &room {
        room::get(&site, room)?;
    }
    let text = baseline::capture(&site, &tag, &Capture { name, room, versions }, now)?;
    Ok(Json(json!({ "text": text })))
}

/// Lists the licences, each with its seats and who uses them.
async fn licences(
    State(collector): State<Collector>,
    Viewer(_): Viewer,
    Paged(Nothing {}, part): Paged<Nothing>,
) -> Result<Listed<licence::Seats>, Problem> {
    Ok(part.of(apart(&collector, |site, _| licence::seats(site)).await?, |row| format!("{}/{}", row.baseline, row.title)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfRoom {
    room: Option<String>,
}

/// Lists how many of the devices of each room are as their baselines say.
async fn scores(State(collector): State<Collector>, Viewer(_): Viewer, Paged(of, part): Paged<OfRoom>) -> Result<Listed<Score>, Problem> {
    let room = of.room.as_deref().map(RoomId::parse).transpose()?;
    if let Some(room) = &room {
        room::get(&collector.keeper.view(), room)?;
    }
    let mut scores = apart(&collector, baseline::scores).await?;
    scores.retain(|score| room.is_none() || score.room == room);
    Ok(part.of(scores, |row| row.room.as_ref().map(ToString::to_string).unwrap_or_default()))
}
