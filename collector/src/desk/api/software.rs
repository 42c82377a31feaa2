//! `/software`: who has a title.

use crate::Collector;
use crate::desk::api::ask::{Asked, Viewer};
use crate::desk::api::problem::Problem;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use rollcall_site::version::Range;
use rollcall_site::view::{self, SoftwareRow};
use serde::Deserialize;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/software", get(list))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Title {
    title: String,
    version: Option<String>,
}

async fn list(
    State(collector): State<Collector>,
    Viewer(_): Viewer,
    Asked(asked): Asked<Title>,
) -> Result<Json<Vec<SoftwareRow>>, Problem> {
    let range = asked.version.as_deref().map(Range::parse).transpose()?;
    Ok(Json(view::software(&collector.keeper.view(), &asked.title, range.as_ref())))
}
