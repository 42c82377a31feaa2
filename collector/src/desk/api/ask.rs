//! What a handler takes from a request: who asks (by role), the body and the query, each refused with a problem.

use crate::desk::api::problem::Problem;
use crate::desk::who::Who;
use axum::extract::{FromRequest, FromRequestParts, Json, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use rollcall_site::access::Role;
use rollcall_site::event::Actor;
use serde::de::DeserializeOwned;

/// Somebody who may see.
pub struct Viewer(pub Actor);
/// Somebody who may change the site's daily records.
pub struct Technician(pub Actor);
/// Somebody who may do everything.
pub struct Admin(pub Actor);

/// Refuses whoever is not known or may not do as much as `least`.
fn at_least(parts: &Parts, least: Role, must_be: &str) -> Result<Actor, Problem> {
    let Some(who) = parts.extensions.get::<Who>() else {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "nobody is signed in: send an API key as `Authorization: Bearer rk1.…`"));
    };
    if who.role < least {
        let detail = format!("{} may not do this: it takes {must_be}", who.actor.words());
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    Ok(who.actor.clone())
}

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        at_least(parts, Role::Viewer, "a viewer").map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for Technician {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        at_least(parts, Role::Technician, "a technician").map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for Admin {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        at_least(parts, Role::Admin, "an admin").map(Self)
    }
}

/// The request's JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(bad) => Err(Problem::new(bad.status(), bad.body_text())),
        }
    }
}

/// The request's query.
pub struct Asked<T>(pub T);

/// Reads a query.
///
/// # Errors
/// What of it is not known, or is not what it must be.
pub fn query<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let uri = Uri::builder().path_and_query(format!("/?{text}")).build();
    let read = uri.map_err(|bad| bad.to_string()).and_then(|uri| Query::<T>::try_from_uri(&uri).map_err(|bad| bad.body_text()));
    read.map(|Query(asked)| asked).map_err(Problem::invalid)
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}
