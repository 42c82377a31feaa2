//! `/imports`: lists of assets on their way in, and `/assets/export`: the way out.

use crate::Collector;
use crate::asset_file::{self, Options};
use crate::desk::api::ask::{Asked, Technician, Viewer};
use crate::desk::api::problem::Problem;
use crate::imports::{self, Import, LARGEST, State};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/assets/export", get(export))
        .route("/imports", post(bring).layer(DefaultBodyLimit::max(LARGEST)))
        .route("/imports/{id}", get(show))
        .route("/imports/{id}/accept", post(accept))
}

/// A list that is brought: the body is the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Brought {
    /// The file's name.
    file: String,
    /// [`Options`] in JSON.
    options: Option<String>,
}

/// How far a list has come.
#[derive(Serialize)]
struct Far {
    id: Uuid,
    file: String,
    /// Lines done of all lines, about.
    done: usize,
    of: usize,
    #[serde(flatten)]
    state: State,
}

impl Far {
    fn of(import: &Import) -> Self {
        let (done, of) = import.progress();
        Self { id: import.id, file: import.file.clone(), done, of, state: import.state() }
    }
}

/// What an import of this collector works with.
pub(in crate::desk) fn desk_of(collector: &Collector) -> imports::Desk {
    imports::Desk { keeper: collector.keeper.clone(), roll: collector.roll.clone() }
}

/// Reads a file of assets, and says where its preview will be.
async fn bring(
    Shared(collector): Shared<Collector>,
    Technician(actor): Technician,
    Asked(brought): Asked<Brought>,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Far>), Problem> {
    let bad = |error: serde_json::Error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("options: {error}"));
    let options: Options = brought.options.as_deref().map(serde_json::from_str).transpose().map_err(bad)?.unwrap_or_default();
    let import = Import::new(Uuid::now_v7(), &brought.file, bytes, options, collector.keeper.clock().now());
    let import = collector.imports.keep(import)?;
    imports::begin(desk_of(&collector), import.clone(), actor);
    Ok((StatusCode::ACCEPTED, Json(Far::of(&import))))
}

/// Shows how far an import is, and what it would change.
async fn show(Shared(collector): Shared<Collector>, Technician(_): Technician, Path(id): Path<Uuid>) -> Result<Json<Far>, Problem> {
    Ok(Json(Far::of(&*collector.imports.get(id)?)))
}

/// Takes an import in whose preview was looked at.
async fn accept(
    Shared(collector): Shared<Collector>,
    Technician(actor): Technician,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<Far>), Problem> {
    let import = collector.imports.get(id)?;
    imports::accept(desk_of(&collector), import.clone(), actor)?;
    Ok((StatusCode::ACCEPTED, Json(Far::of(&import))))
}

/// All assets in the form that reads back as the same.
async fn export(Shared(collector): Shared<Collector>, Viewer(_): Viewer) -> Result<Response, Problem> {
    let site = collector.keeper.view();
    let written = tokio::task::spawn_blocking(move || {
        let mut assets: Vec<_> = site.assets.values().cloned().collect();
        assets.sort_by(|a, b| a.tag.cmp(&b.tag));
        asset_file::write(&site, &assets)
    })
    .await;
    let bytes = written.map_err(|_| Problem::broken_off())?;
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], bytes).into_response())
}
