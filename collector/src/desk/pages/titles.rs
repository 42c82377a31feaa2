//! Software: every title that is installed anywhere; and who has one, with its version there.

use crate::csv_file::Writer;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::trouble::show as page;
use crate::desk::window::{self, Window};
use crate::desk::words::count;
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use rollcall_site::Tag;
use rollcall_site::view::{self, Installed, SoftwareRow, TitleRow, VersionCount};
use serde::Deserialize;

/// Most machines that are named.
const MOST: usize = 300;
/// Most versions that are counted on the page.
const FEW: usize = 12;
/// Longest title that is looked for, characters.
const LONGEST: usize = 300;

/// Titles of one page of the list.
const PAGE: usize = 100;

/// What the address asks for: one title, or the titles with a text.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    title: String,
    text: String,
    page: Option<usize>,
}

#[derive(Template)]
#[template(path = "software.html")]
struct Software {
    frame: Frame,
    text: String,
    list: Window<TitleRow>,
}

#[derive(Template)]
#[template(path = "titles.html")]
struct Titles {
    frame: Frame,
    title: String,
    machines: usize,
    /// Of one title; of many they say little.
    versions: Vec<VersionCount>,
    version_count: usize,
    rows: Vec<SoftwareRow>,
    all: usize,
}

/// `GET /software?title=…`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let title: String = ask.title.trim().chars().take(LONGEST).collect();
    if title.is_empty() {
        return page(&desk.apart(move |desk| Ok(Software::of(desk, &visitor, ask))).await?);
    }
    let titles = desk.apart(move |desk| {
        let look = desk.look();
        let Installed { machines, mut versions, version_count, rows, row_count: all } = view::software(&look.site, &title, None, MOST);
        versions.truncate(if title.ends_with('*') { 0 } else { FEW });
        let frame = Frame::of(desk, &visitor, &look, Tab::Software);
        Ok(Titles { frame, title, machines, versions, version_count, rows, all })
    });
    page(&titles.await?)
}

/// `GET /software.csv`: every title with that text.
pub(in crate::desk) async fn csv(State(desk): State<Desk>, Query(ask): Query<Ask>) -> Answer {
    let bytes = desk.apart(move |desk| {
        let (rows, _) = view::titles(&desk.look().site, window::wanted(&ask.text).as_deref(), 0..usize::MAX);
        let mut writer = Writer::for_spreadsheets(["title", "source", "machines", "versions"]);
        for row in &rows {
            writer.row([&row.title, &row.source, &row.machines.to_string(), &row.versions.to_string()]);
        }
        Ok(writer.finish())
    });
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"software.csv\"")];
    Ok((headers, bytes.await?).into_response())
}

impl Software {
    fn of(desk: &Desk, visitor: &Visitor, ask: Ask) -> Self {
        let look = desk.look();
        let text = window::wanted(&ask.text);
        let list = Window::of(ask.page, PAGE, |part| view::titles(&look.site, text.as_deref(), part));
        Self { frame: Frame::of(desk, visitor, &look, Tab::Software), text: text.unwrap_or_default(), list }
    }

    fn live(&self) -> &'static str {
        "section device"
    }

    fn at(&self, page: &usize) -> String {
        format!("/software?text={}&page={page}", address::encoded(&self.text))
    }

    fn href(&self, row: &TitleRow) -> String {
        format!("/software?title={}", address::encoded(&row.title))
    }
}

impl Titles {
    fn live(&self) -> &'static str {
        "section device"
    }

    fn machines(&self) -> String {
        count(self.machines, "machine", "machines")
    }

    fn device(&self, tag: &Tag) -> String {
        address::device(tag)
    }
}
