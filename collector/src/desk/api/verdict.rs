//! `/verdict/policy`: which reason is which colour, how old a report may be, what a part costs.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::problem::Problem;
use crate::desk::api::versions::{IfMatch, Version, Versioned};
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use rollcall_site::verdict::{Change, PolicyTable, Scope, policy};

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/verdict/policy/{scope}", get(show).put(set))
}

/// Shows what decides whether a kind of asset may be lent.
async fn show(State(collector): State<Collector>, Viewer(_): Viewer, Path(scope): Path<String>) -> Result<Versioned<PolicyTable>, Problem> {
    let scope: Scope = scope.parse()?;
    let table = PolicyTable::of(&collector.keeper.view(), &scope);
    Ok(Versioned(Version::of(&table), table))
}

/// Changes what decides whether a kind of asset may be lent.
async fn set(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(scope): Path<String>,
    if_match: IfMatch,
    Body(change): Body<Change>,
) -> Result<Json<PolicyTable>, Problem> {
    let scope: Scope = scope.parse()?;
    let set = collector.keeper.change(actor, move |w| {
        if_match.holds(&PolicyTable::of(&w.site, &scope))?;
        policy::set(w, &scope, change)?;
        Ok(PolicyTable::of(&w.site, &scope))
    });
    Ok(Json(set.await?))
}
