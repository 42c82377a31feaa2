//! One order: its lines, what came of them, and what can be done next.

use super::{chip, frame};
use crate::desk::door::Visitor;
use crate::desk::frame::Frame;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::Chip;
use crate::desk::{Answer, Desk, address};
use crate::requisition;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use rollcall_site::asset::AssetKind;
use rollcall_site::order::{self, OrderPage, Standing};
use rollcall_site::{OrderId, RoomId, Tag};
use serde::Deserialize;

/// Serials with which a line's form is filled; more than these are kept as they are, unless they are written anew.
const MOST_SERIALS: usize = 500;
/// Tags that a line names on the page.
const MOST_TAGS: usize = 12;

/// What was scanned already.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    serial: String,
    line: String,
    /// "1": serials that are not expected are taken, too.
    any_serial: String,
}

#[derive(Template)]
#[template(path = "orders/one.html")]
struct OnePage {
    frame: Frame,
    order: OrderPage,
    rooms: Vec<RoomId>,
    today: String,
    ask: Ask,
}

/// `GET /orders/{id}`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Query(ask): Query<Ask>) -> Answer {
    let look = desk.look();
    let order = found(&desk, id)?;
    let rooms = look.site.rooms.keys().cloned().collect();
    page(&OnePage { frame: frame(&desk, &visitor, &look), order, rooms, today: look.today().to_string(), ask })
}

fn found(desk: &Desk, id: u64) -> Result<OrderPage, Trouble> {
    let look = desk.look();
    let order = look.site.orders.get(&OrderId(id)).ok_or_else(|| Trouble::NotFound(format!("There is no order {id}.")))?;
    Ok(order::page(&look.site, order, look.today()))
}

/// `GET /orders/{id}/file.csv`
pub(in crate::desk) async fn csv(State(desk): State<Desk>, Path(id): Path<u64>) -> Answer {
    let order = found(&desk, id)?;
    Ok((headers(&order, "text/csv; charset=utf-8", "csv"), requisition::csv(&order)).into_response())
}

/// `GET /orders/{id}/file.pdf`
pub(in crate::desk) async fn pdf(State(desk): State<Desk>, Path(id): Path<u64>) -> Answer {
    let order = found(&desk, id)?;
    let look = desk.look();
    let name = look.site.about().map_or("", |about| about.name.as_str());
    let bytes = requisition::pdf(name, &order, &look.today().to_string());
    Ok((headers(&order, "application/pdf", "pdf"), bytes).into_response())
}

fn headers(order: &OrderPage, kind: &'static str, ending: &str) -> [(header::HeaderName, String); 2] {
    let name = format!("attachment; filename=\"{}.{ending}\"", requisition::file_name(order));
    [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)]
}

impl OnePage {
    fn live(&self) -> &'static str {
        "order asset"
    }

    fn chip(&self) -> Chip {
        chip(self.order.row.standing)
    }

    fn address(&self) -> String {
        format!("/orders/{}", self.order.row.id)
    }

    fn is_draft(&self) -> bool {
        self.order.row.standing == Standing::Draft
    }

    /// Whether more of it is to come.
    fn is_open(&self) -> bool {
        matches!(self.order.row.standing, Standing::Overdue | Standing::Part | Standing::Expected)
    }

    fn kinds(&self) -> [AssetKind; 28] {
        AssetKind::ALL
    }

    fn asset(&self, tag: &Tag) -> String {
        address::asset(tag)
    }

    fn is_long(&self, serials: &[String]) -> bool {
        serials.len() > MOST_SERIALS
    }

    fn some<'a>(&self, tags: &'a [Tag]) -> &'a [Tag] {
        tags.get(..MOST_TAGS).unwrap_or(tags)
    }

    fn more(&self, tags: &[Tag]) -> usize {
        tags.len().saturating_sub(MOST_TAGS)
    }

    fn is_line(&self, number: &u16) -> bool {
        self.ask.line == number.to_string()
    }
}
