//! `/alerts`: a finding's life for people.

use crate::Collector;
use crate::desk::api::ask::{Asked, Technician, Viewer};
use crate::desk::api::problem::Problem;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::rule::Severity;
use rollcall_site::view::{self, AlertRow, AlertsShown};
use rollcall_site::{AlertId, RoomId, Tag, alert};
use serde::Deserialize;
use std::cmp::Reverse;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/alerts", get(list))
        .route("/alerts/{id}/acknowledge", post(acknowledge))
        .route("/alerts/{id}/resolve", post(resolve))
}

/// Which alerts a list shows.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Shown {
    /// Raised and acknowledged.
    #[default]
    Open,
    /// Settling ones too.
    Live,
    /// Resolved ones too.
    All,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    #[serde(default)]
    shown: Shown,
}

async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Asked(which): Asked<Which>) -> Json<Vec<AlertRow>> {
    let shown = match which.shown {
        Shown::Open => AlertsShown::Open,
        Shown::Live => AlertsShown::Live,
        Shown::All => AlertsShown::All,
    };
    let mut rows = view::alerts(&collector.keeper.view(), shown);
    if shown != AlertsShown::All {
        rows.sort_by_cached_key(place);
    }
    Json(rows)
}

/// Where an alert stands in a list of what is open: the worst first, alike ones together, room by room, as people count tags.
fn place(row: &AlertRow) -> (Reverse<Severity>, String, Option<RoomId>, Vec<Piece>) {
    (Reverse(row.severity), row.rule.clone(), row.room.clone(), natural(row.tag.as_ref().map_or("", Tag::as_str)))
}

/// A piece of a tag: a number counts as one, so that LAB1-2 comes before LAB1-12.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Number(u64),
    Text(String),
}

fn natural(tag: &str) -> Vec<Piece> {
    let is_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let mut pieces: Vec<String> = Vec::new();
    for letter in tag.chars() {
        match pieces.last_mut() {
            Some(last) if is_digit(last) == letter.is_ascii_digit() => last.push(letter),
            _ => pieces.push(letter.to_string()),
        }
    }
    pieces.into_iter().map(|piece| piece.parse().map_or(Piece::Text(piece), Piece::Number)).collect()
}

async fn acknowledge(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
) -> Result<Json<AlertRow>, Problem> {
    let id: AlertId = id.parse()?;
    let row = collector.keeper.change(actor, move |w| alert::acknowledge(w, id).map(|alert| view::alert_row(&w.site, &alert))).await?;
    Ok(Json(row))
}

async fn resolve(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
) -> Result<Json<AlertRow>, Problem> {
    let id: AlertId = id.parse()?;
    let row = collector.keeper.change(actor, move |w| alert::resolve(w, id).map(|alert| view::alert_row(&w.site, &alert))).await?;
    Ok(Json(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_sort_as_people_count() {
        let mut tags = ["LAB1-12", "LAB1-2", "CART-1", "LAB10-1", "LAB1-2A"];
        tags.sort_by_cached_key(|tag| natural(tag));
        assert_eq!(tags, ["CART-1", "LAB1-2", "LAB1-2A", "LAB1-12", "LAB10-1"]);
    }
}
