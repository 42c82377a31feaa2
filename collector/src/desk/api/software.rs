//! `/software`: who has a title.

use crate::Collector;
use crate::desk::api::ask::{Asked, Viewer};
use crate::desk::api::problem::Problem;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use rollcall_site::Refusal;
use rollcall_site::version::Range;
use rollcall_site::view::{self, Installed};
use serde::Deserialize;
use tokio::task::spawn_blocking;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/software", get(list))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Title {
    title: String,
    version: Option<String>,
    limit: Option<usize>,
}

/// Rows that are given when nobody says how many.
const LIMIT: usize = 1000;

/// Lists the devices that have a title, and those that have not.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Asked(asked): Asked<Title>) -> Result<Json<Installed>, Problem> {
    if asked.title.trim().is_empty() {
        return Err(Refusal::invalid("which title? Give a package's name, or \"*\" for all of them").into());
    }
    let range = asked.version.as_deref().map(range).transpose()?;
    let site = collector.keeper.view();
    let found = spawn_blocking(move || view::software(&site, &asked.title, range.as_ref(), asked.limit.unwrap_or(LIMIT)));
    Ok(Json(found.await.map_err(|_| Problem::broken_off())?))
}

/// A range of versions as people write it; a word without any figure is a slip, not a version.
fn range(text: &str) -> Result<Range, Refusal> {
    let range = Range::parse(text)?;
    if text.split(',').any(|part| !part.contains(|c: char| c.is_ascii_digit())) {
        return Err(Refusal::invalid(format!("{text:?} is not a range of versions: write it like \">= 2.1, < 3\"")));
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_figures() {
        for good in [">= 2.1, < 3", "6", "= 1.0~rc1"] {
            assert!(range(good).is_ok(), "{good}");
        }
        for bad in ["garbage", ">= 2, < x", "", ">"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }
}
