//! `/reports`: what a site asks once a term, as sheets.

use crate::Collector;
use crate::desk::api::ask::{Asked, Viewer};
use crate::desk::api::part::{Listed, Nothing, Paged};
use crate::desk::api::problem::Problem;
use crate::desk::judging::apart;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use jiff::civil::Date;
use rollcall_site::Refusal;
use rollcall_site::report::{self, Days, REPORTS, Report, Sheet};
use serde::{Deserialize, Serialize};

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/reports", get(list)).route("/reports/{code}", get(one))
}

/// A report that there is.
#[derive(Serialize)]
struct Row {
    code: &'static str,
    title: &'static str,
    what: &'static str,
    of_days: bool,
}

/// A report as it was made.
#[derive(Serialize)]
struct Made {
    #[serde(flatten)]
    row: Row,
    /// The days that it is about; none: it is about now.
    from: Option<Date>,
    to: Option<Date>,
    sheets: Vec<Sheet>,
}

/// The days that are asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    from: Option<String>,
    to: Option<String>,
}

/// Lists the reports that there are.
async fn list(Viewer(_): Viewer, Paged(Nothing {}, part): Paged<Nothing>) -> Listed<Row> {
    part.of(REPORTS.iter().map(row), |row| row.code.to_owned())
}

fn row(report: &Report) -> Row {
    let Report { code, title, what, of_days, .. } = report;
    Row { code, title, what, of_days: *of_days }
}

/// Makes a report.
async fn one(
    State(collector): State<Collector>,
    Viewer(_): Viewer,
    Path(code): Path<String>,
    Asked(ask): Asked<Ask>,
) -> Result<Json<Made>, Problem> {
    let report = report::get(&code)?;
    let (from, to) = (day(ask.from.as_deref())?, day(ask.to.as_deref())?);
    let made = apart(&collector, move |site, now| {
        let days = Days::new(site, from, to, now)?;
        let known = |day| report.of_days.then_some(day);
        Ok::<_, Refusal>(Made { row: row(report), from: known(days.from), to: known(days.to), sheets: report.sheets(site, &days) })
    });
    Ok(Json(made.await.map_err(|_| Problem::broken_off())??))
}

/// A day as people and forms write it; an empty field is none.
///
/// # Errors
/// It is no day.
pub(in crate::desk) fn day(text: Option<&str>) -> Result<Option<Date>, Refusal> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    let bad =
        |text: &str| Refusal::invalid(format!("{:?} is not a day: write it as 2026-08-01", text.chars().take(40).collect::<String>()));
    text.map(|text| text.parse().map_err(|_| bad(text))).transpose()
}
