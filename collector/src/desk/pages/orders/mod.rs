//! Orders: requisitions and orders, overdue ones first.

mod change;
mod one;

pub(in crate::desk) use change::{add_line, begin, drop_line, end, place, receive, set, set_line};
pub(in crate::desk) use one::{csv, pdf, show as show_one};

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::trouble::show as page;
use crate::desk::words::Chip;
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Query, State};
use rollcall_site::order::{self, OrderRow, OrdersShown, Standing};
use serde::Deserialize;

/// Longest form of a line, bytes: it brings a serial for each of 10,000 machines.
pub(in crate::desk) const LARGEST_LINE: usize = 2 * 1024 * 1024;
/// Most orders on the page.
const MOST: usize = 200;

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    show: String,
}

#[derive(Template)]
#[template(path = "orders/list.html")]
struct Orders {
    frame: Frame,
    ask: Ask,
    rows: Vec<OrderRow>,
    more: usize,
}

/// `GET /orders`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let look = desk.look();
    let shown = match ask.show.as_str() {
        "all" => OrdersShown::All,
        "overdue" => OrdersShown::Overdue,
        _ => OrdersShown::Open,
    };
    let mut rows = order::rows(&look.site, shown, look.today());
    let more = rows.len().saturating_sub(MOST);
    rows.truncate(MOST);
    page(&Orders { frame: frame(&desk, &visitor, &look), ask, rows, more })
}

fn frame(desk: &Desk, visitor: &Visitor, look: &Look) -> Frame {
    Frame::of(desk, visitor, look, Tab::Assets)
}

/// Where an order stands, as a chip.
fn chip(standing: Standing) -> Chip {
    match standing {
        Standing::Overdue => Chip::stop("Overdue"),
        Standing::Part => Chip::check("Partly here"),
        Standing::Expected => Chip::rest("Expected"),
        Standing::Draft => Chip::away("Requisition"),
        Standing::Received => Chip::go("Received"),
        Standing::Short => Chip::check("Short"),
        Standing::Dropped => Chip::rest("Dropped"),
    }
}

impl Orders {
    fn live(&self) -> &'static str {
        "order asset"
    }

    fn chip(&self, row: &OrderRow) -> Chip {
        chip(row.standing)
    }

    fn is(&self, show: &str) -> bool {
        self.ask.show == show
    }
}
