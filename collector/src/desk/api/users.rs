//! `/users`: who may use the desk. Passwords are chosen at the desk and never come here; a link lets somebody choose one.

use crate::Collector;
use crate::desk::api::ask::{Admin, Body};
use crate::desk::api::part::{Listed, Nothing, Paged};
use crate::desk::api::problem::Problem;
use crate::desk::password::Passwords;
use crate::desk::welcome;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use rollcall_site::access::{self, Role, User};
use rollcall_site::{Refusal, UserName, oidc};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/users", get(list).post(add))
        .route("/users/{name}", patch(change).delete(remove))
        .route("/users/{name}/link", post(link))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewUser {
    name: String,
    role: Role,
    /// The mail address of whom of the provider it awaits; absent: it has a password of the desk's own.
    invite: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRole {
    role: Role,
}

/// Lists the accounts.
async fn list(State(collector): State<Collector>, Admin(_): Admin, Paged(Nothing {}, part): Paged<Nothing>) -> Listed<Arc<User>> {
    part.of(collector.keeper.view().users.iter().map(|(_, user)| Arc::clone(user)), |user| user.name.to_string())
}

/// Adds an account.
async fn add(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Body(new): Body<NewUser>,
) -> Result<(StatusCode, Json<Arc<User>>), Problem> {
    let name = UserName::parse(&new.name)?;
    let added = collector.keeper.change(actor, move |w| match &new.invite {
        Some(mail) => oidc::invite(w, name, new.role, mail),
        None => access::add_user(w, name, new.role),
    });
    let user = added.await?;
    Ok((StatusCode::CREATED, Json(user)))
}

/// Changes the role of an account.
async fn change(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Path(name): Path<String>,
    Body(NewRole { role }): Body<NewRole>,
) -> Result<Json<Arc<User>>, Problem> {
    let name = UserName::parse(&name)?;
    Ok(Json(collector.keeper.change(actor, move |w| access::change_role(w, &name, role)).await?))
}

/// Removes an account.
async fn remove(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Path(name): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let name = UserName::parse(&name)?;
    let gone = name.clone();
    collector.keeper.change(actor, move |w| access::remove_user(w, &gone)).await?;
    let forgotten = Passwords::forget(&collector.secrets, &name);
    forgotten
        .map_err(|error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("{name} is removed, its password not yet: {error}")))?;
    Ok(Json(json!({ "removed": name })))
}

/// Makes a link with which an account chooses a password.
async fn link(
    State(collector): State<Collector>,
    Admin(actor): Admin,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<serde_json::Value>), Problem> {
    let name = UserName::parse(&name)?;
    let user = name.clone();
    let noted = collector.keeper.change(actor, move |w| {
        if !w.site.users.contains_key(&user) {
            return Err(Refusal::not_found(format!("there is no user {user}; `rollcall user list` shows them")));
        }
        w.event("user.link-made", format!("A link made for {user} to choose a password"));
        Ok(())
    });
    noted.await?;
    let failed = |what: String| Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("no link was made: {what}"));
    let link = welcome::user_link(&collector, &name).map_err(failed)?;
    Ok((StatusCode::CREATED, Json(json!({ "user": name, "link": link }))))
}
