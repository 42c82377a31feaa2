//! `/verdict/policy`: which reason is which colour, how old a report may be, what a part costs.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::problem::Problem;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use rollcall_site::verdict::{Change, PolicyTable, Scope, policy};

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/verdict/policy/{scope}", get(show).put(set))
}

async fn show(State(collector): State<Collector>, Viewer(_): Viewer, Path(scope): Path<String>) -> Result<Json<PolicyTable>, Problem> {
    let scope: Scope = scope.parse()?;
    Ok(Json(PolicyTable::of(&collector.keeper.view(), &scope)))
}

async fn set(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(scope): Path<String>,
    Body(change): Body<Change>,
) -> Result<Json<PolicyTable>, Problem> {
    let scope: Scope = scope.parse()?;
    let set = collector.keeper.change(actor, move |w| {
        policy::set(w, &scope, change)?;
        Ok(PolicyTable::of(&w.site, &scope))
    });
    Ok(Json(set.await?))
}
