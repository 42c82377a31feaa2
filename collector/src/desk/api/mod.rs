//! The REST interface `/api/v1`: thin; it translates and calls the site. Viewers see, technicians change, admins do everything.

pub mod alerts;
pub mod ask;
mod asset_life;
pub mod assets;
pub mod backup;
pub mod baselines;
pub mod calendar;
pub mod channels;
pub mod charges;
pub mod check;
pub mod devices;
pub mod diagnose;
pub mod document;
pub mod drift;
pub mod events;
pub mod health;
pub mod imports;
pub mod keys;
pub mod labels;
pub mod library;
pub mod loan_hands;
pub mod loans;
pub mod maintenance;
pub mod moment;
pub mod oidc;
mod once;
pub mod orders;
pub mod part;
pub mod persons;
pub mod problem;
mod reading;
mod refusals;
pub mod replacement;
pub mod reports;
pub mod reservations;
pub mod rooms;
pub mod roster;
pub mod roster_preview;
pub mod routes;
pub mod rules;
pub mod software;
pub mod status;
pub mod stream;
pub mod sweeps;
pub mod ticket_work;
pub mod tickets;
pub mod tokens;
pub mod transfers;
pub mod users;
pub mod verdict;
pub mod versions;
pub mod waivers;

#[cfg(test)]
pub(super) mod tests;

use crate::Collector;
use crate::desk::api::problem::Problem;
use crate::desk::keys as keys_of_door;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use rollcall_site::Site;
use std::any::Any;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

/// Largest body of a request, bytes: a roster of 50,000 people.
const MAX_BODY: usize = 8 * 1024 * 1024;
/// How long an answer may take to begin; what takes longer streams its progress.
const PATIENCE: Duration = Duration::from_secs(60);

/// The interface, to be mounted under `/api/v1`. Every request must carry who asks as an `Extension<Who>`.
pub fn router(collector: Collector) -> Router {
    Router::new()
        .merge(alerts::routes())
        .merge(asset_life::routes())
        .merge(assets::routes())
        .merge(baselines::routes())
        .merge(calendar::routes())
        .merge(channels::routes())
        .merge(charges::routes())
        .merge(check::routes())
        .merge(devices::routes())
        .merge(diagnose::routes())
        .merge(document::routes())
        .merge(drift::routes())
        .merge(events::routes())
        .merge(health::routes())
        .merge(imports::routes())
        .merge(keys::routes())
        .merge(labels::routes())
        .merge(library::routes())
        .merge(loan_hands::routes())
        .merge(loans::routes())
        .merge(maintenance::routes())
        .merge(oidc::routes())
        .merge(orders::routes())
        .merge(persons::routes())
        .merge(replacement::routes())
        .merge(reports::routes())
        .merge(reservations::routes())
        .merge(rooms::routes())
        .merge(roster::routes())
        .merge(routes::routes())
        .merge(rules::routes())
        .merge(software::routes())
        .merge(status::routes())
        .merge(sweeps::routes())
        .merge(ticket_work::routes())
        .merge(tickets::routes())
        .merge(tokens::routes())
        .merge(transfers::routes())
        .merge(users::routes())
        .merge(verdict::routes())
        .merge(waivers::routes())
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, PATIENCE))
        .merge(backup::routes())
        .merge(roster::slow_routes())
        .merge(status::slow_routes())
        // Only what there is, is done once: a method that a path has not is refused as ever.
        .route_layer(middleware::from_fn_with_state((collector.clone(), once::Answered::default()), once::once))
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn(versions::tag))
        .layer(middleware::from_fn_with_state(collector.clone(), of_this_site))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .layer(middleware::from_fn(refusals::in_words))
        .layer(CatchPanicLayer::custom(after_panic))
        .with_state(collector)
}

#[expect(clippy::needless_pass_by_value, reason = "the form that the layer wants")]
fn after_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let words = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = words.unwrap_or("no words"), "an answer broke off");
    Problem::broken_off().into_response()
}

/// The interface on the unix socket, which says itself who asks.
pub fn on_socket(collector: Collector) -> Router {
    mounted(router(collector)).fallback(nothing_here)
}

/// The interface on the HTTPS door, for whoever shows an API key.
pub fn behind_keys(collector: Collector) -> Router {
    let keyed = middleware::from_fn_with_state(collector.clone(), keys_of_door::bearer);
    mounted(router(collector).layer(keyed))
}

/// The interface where it belongs; a slash too many is told like any other address that there is not.
fn mounted(interface: Router) -> Router {
    Router::new().nest("/api/v1", interface).route("/api/v1/", any(nothing_here))
}

/// The header of every answer that names the site's time zone, so that moments are said in it.
pub const ZONE_HEADER: &str = "rollcall-time-zone";
/// The header that names the site that is meant, for a collector that serves several.
pub const SITE_HEADER: &str = "rollcall-site";

/// Refuses what is meant for another site, and changes that another web site makes a signed-in browser send.
async fn of_this_site(State(collector): State<Collector>, request: Request, next: Next) -> Response {
    let site = collector.keeper.view();
    let zone = site.about().and_then(|about| HeaderValue::from_str(&about.time_zone).ok());
    let mut response = match misdirected(&site, request.method(), request.headers()) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    };
    if let Some(zone) = zone {
        response.headers_mut().insert(ZONE_HEADER, zone);
    }
    response
}

fn misdirected(site: &Site, method: &Method, headers: &HeaderMap) -> Option<Problem> {
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let reads = matches!(*method, Method::GET | Method::HEAD);
    if !reads && header("sec-fetch-site").is_some_and(|from| !matches!(from, "same-origin" | "none")) {
        return Some(Problem::new(StatusCode::FORBIDDEN, "a page of another site may not change anything here"));
    }
    header(SITE_HEADER).and_then(|meant| is_site(site, meant).err())
}

fn is_site(site: &Site, meant: &str) -> Result<(), Problem> {
    let about = site.about();
    if about.is_some_and(|about| about.id.as_str() == meant || about.name == meant) {
        return Ok(());
    }
    let served = about.map_or("no site yet", |about| about.id.as_str());
    let meant: String = meant.chars().take(80).collect();
    Err(Problem::new(StatusCode::NOT_FOUND, format!("there is no site {meant:?} here: this collector serves {served}")))
}

async fn nothing_here(request: Request) -> Problem {
    let path: String = request.uri().path().chars().take(200).collect();
    Problem::new(StatusCode::NOT_FOUND, format!("there is no {path} in this interface; the desk's page /api lists what there is"))
}

async fn not_so(request: Request) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{} is not possible here", request.method()))
}
