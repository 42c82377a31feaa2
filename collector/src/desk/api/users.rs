//! `/users`: who may use the desk. Passwords are chosen at the desk and never come here.

use crate::Collector;
use crate::desk::api::ask::{Admin, Body};
use crate::desk::api::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use rollcall_site::UserName;
use rollcall_site::access::{self, Role, User};
use serde::Deserialize;
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/users", get(list).post(add))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewUser {
    name: String,
    role: Role,
}

async fn list(State(collector): State<Collector>, Admin(_): Admin) -> Json<Vec<Arc<User>>> {
    Json(collector.keeper.view().users.iter().map(|(_, user)| Arc::clone(user)).collect())
}

async fn add(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Body(new): Body<NewUser>,
) -> Result<(StatusCode, Json<Arc<User>>), Problem> {
    let name = UserName::parse(&new.name)?;
    let user = collector.keeper.change(actor, move |w| access::add_user(w, name, new.role)).await?;
    Ok((StatusCode::CREATED, Json(user)))
}
