//! `/check/TAG`: GO, CHECK or STOP for a scanned tag. A machine that is here and whose report is too old is asked for a new one.

use crate::Collector;
use crate::desk::anew;
use crate::desk::api::ask::{Asked, Viewer};
use crate::desk::api::problem::Problem;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use rollcall_site::verdict::{self, Check};
use rollcall_site::{PersonId, Tag};
use serde::Deserialize;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/check/{tag}", get(check))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Borrower {
    person: Option<String>,
}

/// Says whether an asset may be lent, and why.
async fn check(
    State(collector): State<Collector>,
    Viewer(_): Viewer,
    Path(tag): Path<String>,
    Asked(borrower): Asked<Borrower>,
) -> Result<Json<Check>, Problem> {
    let tag = Tag::parse(&tag)?;
    let person = borrower.person.as_deref().map(PersonId::parse).transpose()?;
    let now = collector.keeper.clock().now();
    let check = verdict::check(&collector.keeper.view(), &collector.roll.heard(), &tag, person.as_ref(), now)?;
    anew::ask(&collector, &check);
    Ok(Json(check))
}
