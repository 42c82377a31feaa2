//! Who has a title: the machines on which it is installed, with its version there.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::trouble::show as page;
use crate::desk::words::count;
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Query, State};
use rollcall_site::Tag;
use rollcall_site::view::{self, Installed, SoftwareRow};
use serde::Deserialize;

/// Most machines that are named.
const MOST: usize = 300;
/// Longest title that is looked for, characters.
const LONGEST: usize = 300;

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    title: String,
}

#[derive(Template)]
#[template(path = "titles.html")]
struct Titles {
    frame: Frame,
    title: String,
    rows: Vec<SoftwareRow>,
    all: usize,
}

/// `GET /software?title=…`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let title: String = ask.title.trim().chars().take(LONGEST).collect();
    let titles = desk.apart(move |desk| {
        let look = desk.look();
        let Installed { rows, row_count, .. } = view::software(&look.site, &title, None, MOST);
        Ok(Titles { frame: Frame::of(desk, &visitor, &look, Tab::Devices), title, rows, all: row_count })
    });
    page(&titles.await?)
}

impl Titles {
    fn live(&self) -> &'static str {
        "section device"
    }

    fn machines(&self) -> String {
        count(self.all, "installation", "installations")
    }

    fn device(&self, tag: &Tag) -> String {
        address::device(tag)
    }
}
