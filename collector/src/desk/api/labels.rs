//! `/labels`: labels of assets as a PDF at exact millimetres.

use crate::Collector;
use crate::desk::api::ask::{Body, Viewer};
use crate::desk::api::problem::Problem;
use crate::desk::labelling::{self, Wanted};
use crate::desk::names;
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::post;

/// How many labels an answer holds.
pub const LABELS_HEADER: &str = "rollcall-labels";
/// How many pages an answer has.
pub const PAGES_HEADER: &str = "rollcall-pages";
/// The tags that are too long for bars on these labels, where both codes were wanted; parted by spaces.
pub const NO_BARS_HEADER: &str = "rollcall-without-bars";

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/labels", post(print))
}

/// Prints labels as a PDF.
async fn print(State(collector): State<Collector>, Viewer(_): Viewer, Body(wanted): Body<Wanted>) -> Result<Response, Problem> {
    let (site, now) = (collector.keeper.view(), collector.keeper.clock().now());
    let desk = names::desk(&collector.settings);
    let work = move || labelling::print(&site, &desk, &wanted, now).map(|sheets| (sheets.pdf(), sheets));
    let (bytes, sheets) = tokio::task::spawn_blocking(work).await.map_err(|_| Problem::broken_off())??;
    let without: Vec<&str> = sheets.printed.without_bars.iter().take(20).map(rollcall_site::Tag::as_str).collect();
    let headers = [
        (header::CONTENT_TYPE.as_str(), "application/pdf".to_owned()),
        (LABELS_HEADER, sheets.labels.to_string()),
        (PAGES_HEADER, sheets.printed.pages.len().to_string()),
        (NO_BARS_HEADER, without.join(" ")),
    ];
    Ok((headers, bytes).into_response())
}
