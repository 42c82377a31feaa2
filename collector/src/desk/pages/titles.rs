//! Who has a title: the machines on which it is installed, with its version there.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::trouble::show as page;
use crate::desk::words::count;
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Query, State};
use rollcall_site::Tag;
use rollcall_site::view::{self, Installed, SoftwareRow, VersionCount};
use serde::Deserialize;

/// Most machines that are named.
const MOST: usize = 300;
/// Most versions that are counted on the page.
const FEW: usize = 12;
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
    let titles = desk.apart(move |desk| {
        let look = desk.look();
        let Installed { machines, mut versions, version_count, rows, row_count: all } = view::software(&look.site, &title, None, MOST);
        versions.truncate(if title.ends_with('*') { 0 } else { FEW });
        let frame = Frame::of(desk, &visitor, &look, Tab::Devices);
        Ok(Titles { frame, title, machines, versions, version_count, rows, all })
    });
    page(&titles.await?)
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
