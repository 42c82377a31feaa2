//! `/openapi.json`: the OpenAPI document of this interface, made from its source when the collector was built. It says nothing of the site.

use crate::Collector;
use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// The document.
pub const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/openapi.json", get(show))
}

/// Shows this document; for everybody.
async fn show() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}
