//! `/routes`: who hears of which alert, and when.

use crate::Collector;
use crate::desk::api::ask::{Admin, Asked, Body, Viewer};
use crate::desk::api::part::{Listed, Nothing, Paged};
use crate::desk::api::problem::Problem;
use axum::extract::{Path, State};
use axum::routing::{get, put};
use axum::{Json, Router};
use rollcall_site::route::{self, Answer, Route, RouteFacts};
use rollcall_site::{AlertId, Refusal};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/routes", get(list)).route("/routes/test", get(test)).route("/routes/{name}", put(set).delete(remove))
}

/// Which alert is meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    alert: AlertId,
}

/// Lists the routes: who hears of which alert.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Paged(Nothing {}, part): Paged<Nothing>) -> Listed<Arc<Route>> {
    part.of(collector.keeper.view().routes.values().cloned(), |route| route.name.clone())
}

/// Adds or changes a route.
async fn set(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Path(name): Path<String>,
    Body(facts): Body<RouteFacts>,
) -> Result<Json<Arc<Route>>, Problem> {
    Ok(Json(collector.keeper.change(actor, move |w| route::set(w, &name, facts)).await?))
}

/// Removes a route.
async fn remove(State(collector): State<Collector>, Admin(actor): Admin, Path(name): Path<String>) -> Result<Json<Value>, Problem> {
    let answer = json!({ "removed": name });
    collector.keeper.change(actor, move |w| route::remove(w, &name)).await?;
    Ok(Json(answer))
}

/// Who would hear of an alert if it were raised now, and why.
async fn test(State(collector): State<Collector>, Viewer(_): Viewer, Asked(which): Asked<Which>) -> Result<Json<Vec<Answer>>, Problem> {
    let site = collector.keeper.view();
    let none = || Refusal::not_found(format!("there is no alert {}; `rollcall alerts --all` lists them", which.alert));
    let alert = site.alerts.get(&which.alert).ok_or_else(none)?;
    Ok(Json(route::who_hears(&site, alert, collector.keeper.clock().now())))
}
