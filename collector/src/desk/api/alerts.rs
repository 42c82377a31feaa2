//! `/alerts`: a finding's life for people.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::moment;
use crate::desk::api::part::{Listed, Paged};
use crate::desk::api::problem::Problem;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::alert::{self, Alert};
use rollcall_site::event::Actor;
use rollcall_site::view::{self, AlertRow, AlertsShown};
use rollcall_site::{AlertId, Refusal, Tag, Working, natural};
use serde::Deserialize;
use std::cmp::Ordering;
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/alerts", get(list))
        .route("/alerts/{id}/acknowledge", post(acknowledge))
        .route("/alerts/{id}/reopen", post(reopen))
        .route("/alerts/{id}/resolve", post(resolve))
        .route("/alerts/{id}/snooze", post(snooze))
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

/// Lists the alerts that are open, or all of them; the worst first.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Paged(which, part): Paged<Which>) -> Listed<AlertRow> {
    let shown = match which.shown {
        Shown::Open => AlertsShown::Open,
        Shown::Live => AlertsShown::Live,
        Shown::All => AlertsShown::All,
    };
    let mut rows = view::alerts(&collector.keeper.view(), shown);
    if shown != AlertsShown::All {
        rows.sort_by(by_need);
    }
    part.of(rows, |row| row.id.to_string())
}

/// The order of a list of what is open: the worst first, alike ones together, room by room, as people count tags.
fn by_need(a: &AlertRow, b: &AlertRow) -> Ordering {
    let [one, other] = [a, b].map(|row| row.tag.as_ref().map_or("", Tag::as_str));
    let alike = || (&a.rule, &a.room).cmp(&(&b.rule, &b.room));
    b.severity.cmp(&a.severity).then_with(alike).then_with(|| natural::compare(one, other))
}

/// What happens to an alert, and the alert after it.
async fn change(
    collector: &Collector,
    actor: Actor,
    id: &str,
    change: impl FnOnce(&mut Working, AlertId) -> Result<Arc<Alert>, Refusal> + Send + 'static,
) -> Result<Json<AlertRow>, Problem> {
    let id: AlertId = id.parse()?;
    let row = collector.keeper.change(actor, move |w| change(w, id).map(|alert| view::alert_row(&w.site, &alert))).await?;
    Ok(Json(row))
}

/// Says that somebody takes care of an alert.
async fn acknowledge(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
) -> Result<Json<AlertRow>, Problem> {
    change(&collector, actor, &id, alert::acknowledge).await
}

/// Opens an alert again that was resolved.
async fn reopen(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
) -> Result<Json<AlertRow>, Problem> {
    change(&collector, actor, &id, alert::reopen).await
}

/// Says that an alert is over.
async fn resolve(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
) -> Result<Json<AlertRow>, Problem> {
    change(&collector, actor, &id, alert::resolve).await
}

/// Until when: "2h", a day as 2026-12-01, a time.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Snooze {
    until: String,
}

/// Lets an alert rest until a time.
async fn snooze(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    Body(snooze): Body<Snooze>,
) -> Result<Json<AlertRow>, Problem> {
    let until = moment::after(&snooze.until, collector.keeper.clock().now(), &collector.keeper.view().zone())?;
    change(&collector, actor, &id, move |w, id| alert::snooze(w, id, until)).await
}
