//! Reports: what a site asks once a term, as sheets that print and go into a spreadsheet.

use crate::csv_file::Writer;
use crate::desk::api::reports::day;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use rollcall_site::Refusal;
use rollcall_site::report::{self, Days, REPORTS, Report, Sheet};
use serde::Deserialize;

/// Rows of one sheet on the page; its CSV has all.
const MOST: usize = 500;

/// The days that the address asks for, and of a CSV the sheet, counted from 1.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    from: String,
    to: String,
    sheet: Option<usize>,
}

#[derive(Template)]
#[template(path = "reports.html")]
struct Reports {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "report.html")]
struct One {
    frame: Frame,
    report: &'static Report,
    days: Days,
    sheets: Vec<Sheet>,
    wrong: Option<String>,
}

/// `GET /reports`
pub(in crate::desk) async fn list(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    page(&Reports { frame: Frame::of(&desk, &visitor, &desk.look(), Tab::Reports) })
}

impl Reports {
    fn reports(&self) -> &'static [Report] {
        REPORTS
    }
}

/// `GET /reports/{code}`
pub(in crate::desk) async fn one(State(desk): State<Desk>, visitor: Visitor, Path(code): Path<String>, Query(ask): Query<Ask>) -> Answer {
    let report = report::get(&code)?;
    let one = desk.apart(move |desk| {
        let look = desk.look();
        let (days, wrong) = match days(&look, &ask) {
            Ok(days) => (days, None),
            Err(refusal) => (Days::new(&look.site, None, None, look.now)?, Some(refusal.text)),
        };
        Ok(One { frame: Frame::of(desk, &visitor, &look, Tab::Reports), report, sheets: report.sheets(&look.site, &days), days, wrong })
    });
    page(&one.await?)
}

/// `GET /reports/{code}/sheet.csv`
pub(in crate::desk) async fn csv(State(desk): State<Desk>, Path(code): Path<String>, Query(ask): Query<Ask>) -> Answer {
    let report = report::get(&code)?;
    let number = ask.sheet.unwrap_or(1);
    let bytes = desk.apart(move |desk| {
        let look = desk.look();
        let sheets = report.sheets(&look.site, &days(&look, &ask)?);
        let none = || Trouble::NotFound(format!("The report {} has no sheet {number}.", report.title));
        let sheet = sheets.get(number.wrapping_sub(1)).ok_or_else(none)?;
        let mut writer = Writer::for_spreadsheets(sheet.columns.iter().map(|column| column.name));
        sheet.rows.iter().for_each(|row| writer.row(row));
        Ok(writer.finish())
    });
    let disposition = format!("attachment; filename=\"{}-{number}.csv\"", report.code);
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, bytes.await?).into_response())
}

fn days(look: &crate::desk::look::Look, ask: &Ask) -> Result<Days, Refusal> {
    Days::new(&look.site, day(Some(&ask.from))?, day(Some(&ask.to))?, look.now)
}

impl One {
    fn csv(&self, place: &usize) -> String {
        let encoded = |text: String| address::encoded(&text);
        let (from, to) = (encoded(self.days.from.to_string()), encoded(self.days.to.to_string()));
        format!("/reports/{}/sheet.csv?sheet={place}&from={from}&to={to}", self.report.code)
    }

    fn shown<'a>(&self, sheet: &'a Sheet) -> &'a [Vec<String>] {
        sheet.rows.get(..sheet.rows.len().min(MOST)).unwrap_or_default()
    }

    /// Each cell of a row with whether it is a number.
    fn cells<'a>(&self, sheet: &Sheet, row: &'a [String]) -> Vec<(&'a str, bool)> {
        sheet.columns.iter().zip(row).map(|(column, cell)| (cell.as_str(), column.is_number)).collect()
    }
}
