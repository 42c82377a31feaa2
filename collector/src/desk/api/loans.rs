//! `/loans`: what is in whose hands.

use crate::Collector;
use crate::desk::api::ask::{Asked, Body, Technician, Viewer};
use crate::desk::api::moment;
use crate::desk::api::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::loan::{NewLoan, Returned};
use rollcall_site::verdict::{self, Check, Reason, Verdict};
use rollcall_site::view::{self, Ended, LoanRow};
use rollcall_site::{PersonId, Tag, loan};
use serde::{Deserialize, Serialize};

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/loans", get(list).post(out)).route("/loans/return", post(back))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    #[serde(default)]
    all: bool,
}

/// A loan to be made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lending {
    tag: String,
    person: String,
    /// "5d", "2026-12-01", "period 3", "tomorrow period 1", a time, or "never"; none: as the policy says.
    due: Option<String>,
    /// Why it is lent though the verdict is STOP.
    #[serde(rename = "override")]
    override_reason: Option<String>,
}

/// A loan that was made, with what was to be looked at first.
#[derive(Serialize)]
struct Lent {
    #[serde(flatten)]
    row: LoanRow,
    /// The verdict that it left with.
    verdict: Verdict,
    /// Why it was not GO.
    reasons: Vec<Reason>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Returning {
    tag: String,
}

async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Asked(which): Asked<Which>) -> Json<Vec<LoanRow>> {
    let ended = if which.all { Ended::Shown } else { Ended::Hidden };
    Json(view::loans(&collector.keeper.view(), ended, collector.keeper.clock().now()))
}

async fn out(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(new): Body<Lending>,
) -> Result<(StatusCode, Json<Lent>), Problem> {
    let (tag, person) = (Tag::parse(&new.tag)?, PersonId::parse(&new.person)?);
    let now = collector.keeper.clock().now();
    let due = moment::due(new.due.as_deref(), now, &collector.keeper.view())?;
    let heard = collector.roll.heard();
    let lent = collector
        .keeper
        .change(actor, move |w| {
            let Check { verdict, mut reasons, .. } = verdict::check(&w.site, &heard, &tag, Some(&person), w.now)?;
            reasons.retain(|reason| reason.verdict != Verdict::Go);
            let loan = loan::out(w, &heard, NewLoan { due, override_reason: new.override_reason, ..NewLoan::new(tag, person) })?;
            Ok(Lent { row: view::loan_row(&w.site, &loan, now), verdict, reasons })
        })
        .await?;
    Ok((StatusCode::CREATED, Json(lent)))
}

async fn back(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(returned): Body<Returning>,
) -> Result<Json<LoanRow>, Problem> {
    let tag = Tag::parse(&returned.tag)?;
    let now = collector.keeper.clock().now();
    let row = collector
        .keeper
        .change(actor, move |w| {
            let loan = loan::back(w, Returned::fine(tag))?;
            Ok(view::loan_row(&w.site, &loan, now))
        })
        .await?;
    Ok(Json(row))
}
