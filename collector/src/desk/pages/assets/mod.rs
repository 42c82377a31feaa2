//! Assets: everything with a tag, searched and filtered in the address, page by page.

mod bulk;
mod change;
mod one;
mod pile;
mod said;

pub(in crate::desk) use bulk::change as change_many;
pub(in crate::desk) use change::{dispose, set, take_back, unlabel};
pub(in crate::desk) use one::show as show_one;
pub(in crate::desk) use pile::{scan, show as show_pile};

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::trouble::show as page;
use crate::desk::window::{self, Window};
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Query, State};
use rollcall_site::RoomId;
use rollcall_site::asset::{AssetKind, AssetStatus};
use rollcall_site::view::{self, AssetFilter, AssetRow, Labels, Retired};
use serde::Deserialize;

/// Rows of one page.
const PAGE: usize = 200;

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    text: String,
    room: String,
    kind: String,
    status: String,
    labels: String,
    page: Option<usize>,
}

#[derive(Template)]
#[template(path = "assets/list.html")]
struct Assets {
    frame: Frame,
    look: Look,
    ask: Ask,
    rooms: Vec<RoomId>,
    list: Window<AssetRow>,
    known: usize,
    /// How many are to get a label.
    unlabelled: usize,
}

/// `GET /assets`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let assets = desk.apart(move |desk| Ok(Assets::of(desk, &visitor, ask))).await?;
    page(&assets)
}

/// The filter that an address asks for; "gone" are those that are retired or disposed of, and all others with them.
fn filter(ask: &Ask) -> AssetFilter {
    AssetFilter {
        room: RoomId::parse(&ask.room).ok(),
        kind: ask.kind.parse().ok(),
        status: ask.status.parse().ok(),
        retired: if ask.status == "all" { Retired::Shown } else { Retired::Hidden },
        text: window::wanted(&ask.text),
        labels: if ask.labels == "wanted" { Labels::Wanted } else { Labels::Any },
    }
}

impl Assets {
    fn of(desk: &Desk, visitor: &Visitor, ask: Ask) -> Self {
        let look = desk.look();
        let filter = filter(&ask);
        let wanted = AssetFilter { labels: Labels::Wanted, ..AssetFilter::default() };
        Self {
            frame: Frame::of(desk, visitor, &look, Tab::Assets),
            rooms: look.site.rooms.keys().cloned().collect(),
            known: look.site.assets.len(),
            unlabelled: view::some_assets(&look.site, &look.heard, &wanted, look.now, 0..0).1,
            list: Window::of(ask.page, PAGE, |part| view::some_assets(&look.site, &look.heard, &filter, look.now, part)),
            ask,
            look,
        }
    }

    fn live(&self) -> &'static str {
        "asset loan order"
    }

    fn kinds(&self) -> [AssetKind; 28] {
        AssetKind::ALL
    }

    /// Every status that many may get at once: what is lost or disposed of is said one by one.
    fn usual(&self) -> [AssetStatus; 3] {
        [AssetStatus::InService, AssetStatus::InRepair, AssetStatus::Retired]
    }

    fn statuses(&self) -> [AssetStatus; 6] {
        AssetStatus::ALL
    }

    fn kind(&self, row: &AssetRow) -> &'static str {
        words::kind(row.asset.kind)
    }

    fn status(&self, row: &AssetRow) -> Chip {
        words::status(row.asset.status).unwrap_or_else(|| match &row.on_loan_to {
            Some(_) => Chip::away("On loan"),
            None => Chip::rest("In service"),
        })
    }

    /// The address of another page of the same list.
    fn at(&self, page: &usize) -> String {
        let ask = &self.ask;
        let page = page.to_string();
        let parts = [
            ("text", ask.text.as_str()),
            ("room", &ask.room),
            ("kind", &ask.kind),
            ("status", &ask.status),
            ("labels", &ask.labels),
            ("page", &page),
        ];
        address::query("/assets", &parts)
    }
}
