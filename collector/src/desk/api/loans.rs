//! `/loans`: what is in whose hands.

use crate::Collector;
use crate::desk::api::ask::{Asked, Body, Technician, Viewer};
use crate::desk::api::moment;
use crate::desk::api::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::tz::TimeZone;
use rollcall_site::view::{self, Ended, LoanRow};
use rollcall_site::{LoanId, PersonId, Refusal, Site, Tag, loan};
use serde::Deserialize;

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
struct NewLoan {
    tag: String,
    person: String,
    /// "5d", "2026-12-01", or a time.
    due: Option<String>,
    /// Why it is lent though the verdict is STOP.
    #[serde(rename = "override")]
    override_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Returned {
    tag: String,
}

async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Asked(which): Asked<Which>) -> Json<Vec<LoanRow>> {
    let ended = if which.all { Ended::Shown } else { Ended::Hidden };
    Json(view::loans(&collector.keeper.view(), ended, collector.keeper.clock().now()))
}

async fn out(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(new): Body<NewLoan>,
) -> Result<(StatusCode, Json<LoanRow>), Problem> {
    let (tag, person) = (Tag::parse(&new.tag)?, PersonId::parse(&new.person)?);
    let now = collector.keeper.clock().now();
    let zone = zone(&collector.keeper.view());
    let due = new.due.as_deref().map(|text| moment::due(text, now, &zone)).transpose()?;
    if let Some(due) = due.filter(|due| *due <= now) {
        return Err(Refusal::invalid(format!("due {due} has passed; give a day to come")).into());
    }
    let heard = collector.roll.heard();
    let row = collector
        .keeper
        .change(actor, move |w| {
            let loan = loan::out(w, &heard, &tag, &person, due, new.override_reason)?;
            row(&w.site, loan.id, now)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(row)))
}

async fn back(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(returned): Body<Returned>,
) -> Result<Json<LoanRow>, Problem> {
    let tag = Tag::parse(&returned.tag)?;
    let now = collector.keeper.clock().now();
    let row = collector
        .keeper
        .change(actor, move |w| {
            let loan = loan::back(w, &tag)?;
            row(&w.site, loan.id, now)
        })
        .await?;
    Ok(Json(row))
}

fn row(site: &Site, id: LoanId, now: jiff::Timestamp) -> Result<LoanRow, Refusal> {
    let found = view::loans(site, Ended::Shown, now).into_iter().find(|row| row.id == id);
    found.ok_or_else(|| Refusal::not_found(format!("there is no loan {id}")))
}

/// The site's time zone; UTC for a name that this system does not know.
fn zone(site: &Site) -> TimeZone {
    site.about().and_then(|about| TimeZone::get(&about.time_zone).ok()).unwrap_or(TimeZone::UTC)
}
