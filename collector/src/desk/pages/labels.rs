//! Labels: which assets, on what, from which place on; seen in exact proportion before they are printed.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::labelling::{self, Sheets, Wanted};
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::{Answer, Desk, address};
use crate::label::{Content, STOCKS, Stock};
use crate::paper::svg;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use rollcall_site::RoomId;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "labels.html")]
struct Labels {
    frame: Frame,
    rooms: Vec<RoomId>,
    wanted: Wanted,
    query: String,
    /// What comes of it, where anything is wanted.
    made: Option<Result<Made, String>>,
}

struct Made {
    labels: usize,
    pages: usize,
    without_bars: Vec<String>,
}

impl Labels {
    fn stocks(&self) -> &'static [Stock] {
        STOCKS
    }

    fn contents(&self) -> [Content; 4] {
        Content::ALL
    }

    /// The sheets of the preview: the first few.
    fn shown(&self, made: &Made) -> std::ops::Range<usize> {
        0..made.pages.min(3)
    }
}

/// `GET /labels`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(wanted): Query<Wanted>) -> Answer {
    let labels = desk.apart(move |desk| {
        let look = desk.look();
        let is_asked = !wanted.is_nothing() || !wanted.test.is_empty();
        let made = is_asked.then(|| {
            labelling::print(&look.site, &desk.address(), &wanted, look.now).map(|sheets| made(&sheets)).map_err(|refusal| refusal.text)
        });
        let rooms = look.site.rooms.keys().cloned().collect();
        Ok(Labels { frame: Frame::of(desk, &visitor, &look, Tab::Devices), rooms, query: query(&wanted), wanted, made })
    });
    page(&labels.await?)
}

fn made(sheets: &Sheets) -> Made {
    Made {
        labels: sheets.labels,
        pages: sheets.printed.pages.len(),
        without_bars: sheets.printed.without_bars.iter().take(20).map(ToString::to_string).collect(),
    }
}

/// What is wanted, as the rest of an address.
fn query(wanted: &Wanted) -> String {
    let parts = [
        ("tags", &wanted.tags),
        ("room", &wanted.room),
        ("order", &wanted.order),
        ("days", &wanted.days),
        ("sheet", &wanted.sheet),
        ("content", &wanted.content),
        ("start", &wanted.start),
        ("offset_x", &wanted.offset_x),
        ("offset_y", &wanted.offset_y),
        ("test", &wanted.test),
    ];
    let some = parts.into_iter().filter(|(_, value)| !value.is_empty());
    some.map(|(name, value)| format!("{name}={}", address::encoded(value))).collect::<Vec<_>>().join("&")
}

/// `GET /labels.pdf`
pub(in crate::desk) async fn download(State(desk): State<Desk>, Query(wanted): Query<Wanted>) -> Answer {
    let bytes = desk.apart(move |desk| {
        let look = desk.look();
        Ok(labelling::print(&look.site, &desk.address(), &wanted, look.now)?.pdf())
    });
    let headers = [(header::CONTENT_TYPE, "application/pdf"), (header::CONTENT_DISPOSITION, "attachment; filename=\"labels.pdf\"")];
    Ok((headers, bytes.await?).into_response())
}

/// Which page of a print.
#[derive(Deserialize)]
pub(in crate::desk) struct Part {
    #[serde(default)]
    page: usize,
}

/// `GET /labels.svg`: one page as it will be printed.
pub(in crate::desk) async fn preview(State(desk): State<Desk>, Query(wanted): Query<Wanted>, Query(part): Query<Part>) -> Answer {
    let drawn = desk.apart(move |desk| {
        let look = desk.look();
        let sheets = labelling::print(&look.site, &desk.address(), &wanted, look.now)?;
        let page = sheets.printed.pages.get(part.page).ok_or_else(|| Trouble::NotFound("There is no such page.".to_owned()))?;
        Ok(svg(page, &format!("Page {} of the labels", part.page + 1)))
    });
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], drawn.await?).into_response())
}
