//! `/orders`: requisitions and orders, their lines, and receiving.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::part::{Listed, Paged};
use crate::desk::api::problem::Problem;
use crate::desk::api::versions::{IfMatch, Version, Versioned};
use crate::requisition;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use rollcall_site::order::{self, LineFacts, Order, OrderFacts, OrderLine, OrderPage, OrderRow, OrdersShown, Received, Receiving, Serials};
use rollcall_site::{AssetId, OrderId, Refusal, Site, Tag, Working};
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/orders", get(list).post(open))
        .route("/orders/{which}", get(show).patch(set))
        .route("/orders/{which}/end", post(end))
        .route("/orders/{which}/file.csv", get(csv).post(csv))
        .route("/orders/{which}/file.pdf", get(pdf).post(pdf))
        .route("/orders/{which}/lines", post(add_line))
        .route("/orders/{which}/lines/{line}", patch(set_line).delete(drop_line))
        .route("/orders/{which}/place", post(place))
        .route("/orders/{which}/receive", post(receive))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    #[serde(default)]
    all: bool,
    #[serde(default)]
    overdue: bool,
}

/// A draft: what is said of it, and its lines.
#[derive(Deserialize)]
struct NewOrder {
    #[serde(default)]
    lines: Vec<LineFacts>,
    /// As [`OrderFacts`].
    #[serde(flatten)]
    facts: serde_json::Map<String, serde_json::Value>,
}

/// What is scanned of one thing that came.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scanned {
    tag: Tag,
    #[serde(default)]
    serial: String,
    line: Option<u16>,
    room: Option<String>,
    /// Takes a serial that the vendor has not told.
    #[serde(default)]
    any_serial: bool,
}

/// Lists the orders.
async fn list(State(collector): State<Collector>, Viewer(_): Viewer, Paged(which, part): Paged<Which>) -> Listed<OrderRow> {
    let site = collector.keeper.view();
    let shown = match which {
        Which { overdue: true, .. } => OrdersShown::Overdue,
        Which { all: true, .. } => OrdersShown::All,
        _ => OrdersShown::Open,
    };
    part.of(order::rows(&site, shown, today(&collector, &site)), |row| row.id.to_string())
}

fn today(collector: &Collector, site: &Site) -> jiff::civil::Date {
    site.zone().to_datetime(collector.keeper.clock().now()).date()
}

/// Shows an order with its lines.
async fn show(State(collector): State<Collector>, Viewer(_): Viewer, Path(which): Path<String>) -> Result<Versioned<OrderPage>, Problem> {
    let site = collector.keeper.view();
    let order = order::find(&site, &which)?;
    Ok(Versioned(Version::of(order), order::page(&site, order, today(&collector, &site))))
}

fn page(collector: &Collector, which: &str) -> Result<OrderPage, Refusal> {
    let site = collector.keeper.view();
    Ok(order::page(&site, order::find(&site, which)?, today(collector, &site)))
}

/// Writes an order as CSV.
async fn csv(State(collector): State<Collector>, Viewer(_): Viewer, Path(which): Path<String>) -> Result<Response, Problem> {
    let page = page(&collector, &which)?;
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], requisition::csv(&page)).into_response())
}

/// Writes an order as a PDF.
async fn pdf(State(collector): State<Collector>, Viewer(_): Viewer, Path(which): Path<String>) -> Result<Response, Problem> {
    let page = page(&collector, &which)?;
    let site = collector.keeper.view();
    let name = site.about().map_or("", |about| about.name.as_str());
    let bytes = requisition::pdf(name, &page, &today(&collector, &site).to_string());
    Ok(([(header::CONTENT_TYPE, "application/pdf")], bytes).into_response())
}

/// Drafts an order.
async fn open(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(new): Body<NewOrder>,
) -> Result<(StatusCode, Json<OrderPage>), Problem> {
    let facts: OrderFacts = serde_json::from_value(new.facts.into()).map_err(|bad| Refusal::invalid(bad.to_string()))?;
    let lines = new.lines;
    let opened = collector
        .keeper
        .change(actor, move |w| {
            let order = order::open(w, facts)?;
            for line in lines {
                order::add_line(w, order.id, line)?;
            }
            shown(w, order.id)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(opened)))
}

/// An order as it is within a change.
fn shown(w: &Working, id: OrderId) -> Result<OrderPage, Refusal> {
    Ok(order::page(&w.site, order::get(&w.site, id)?, w.today()))
}

/// Changes the order that is called `which`.
async fn change(
    collector: &Collector,
    actor: rollcall_site::event::Actor,
    which: String,
    change: impl FnOnce(&mut Working, OrderId) -> Result<Arc<Order>, Refusal> + Send + 'static,
) -> Result<Json<OrderPage>, Problem> {
    let changed = collector.keeper.change(actor, move |w| {
        let id = order::find(&w.site, &which)?.id;
        change(w, id)?;
        shown(w, id)
    });
    Ok(Json(changed.await?))
}

/// Changes what is said of an order; what is not named stays.
async fn set(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(which): Path<String>,
    if_match: IfMatch,
    Body(facts): Body<OrderFacts>,
) -> Result<Json<OrderPage>, Problem> {
    let set = move |w: &mut Working, id: OrderId| {
        if_match.holds(&w.site.orders.get(&id))?;
        order::set(w, id, facts)
    };
    change(&collector, actor, which, set).await
}

/// Says that an order is placed.
async fn place(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(which): Path<String>,
    Body(facts): Body<OrderFacts>,
) -> Result<Json<OrderPage>, Problem> {
    change(&collector, actor, which, move |w, id| order::place(w, id, facts)).await
}

/// Ends an order: nothing more will come of it.
async fn end(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(which): Path<String>,
) -> Result<Json<OrderPage>, Problem> {
    change(&collector, actor, which, order::end).await
}

/// Adds a line to an order.
async fn add_line(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(which): Path<String>,
    Body(facts): Body<LineFacts>,
) -> Result<Json<OrderPage>, Problem> {
    change(&collector, actor, which, move |w, id| order::add_line(w, id, facts)).await
}

/// Changes a line of an order.
async fn set_line(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path((which, line)): Path<(String, u16)>,
    Body(facts): Body<LineFacts>,
) -> Result<Json<OrderPage>, Problem> {
    change(&collector, actor, which, move |w, order| order::set_line(w, OrderLine { order, line }, facts)).await
}

/// Removes a line of an order.
async fn drop_line(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path((which, line)): Path<(String, u16)>,
) -> Result<Json<OrderPage>, Problem> {
    change(&collector, actor, which, move |w, order| order::drop_line(w, OrderLine { order, line })).await
}

/// Takes in one thing that came, and makes it an asset.
async fn receive(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(which): Path<String>,
    Body(scanned): Body<Scanned>,
) -> Result<(StatusCode, Json<Received>), Problem> {
    let id = AssetId(Uuid::now_v7());
    let received = collector.keeper.change(actor, move |w| {
        let order = order::find(&w.site, &which)?.id;
        let serials = if scanned.any_serial { Serials::Any } else { Serials::Expected };
        let Scanned { tag, serial, line, room, any_serial: _ } = scanned;
        order::receive(w, id, Receiving { order, line, tag, serial, room, serials })
    });
    Ok((StatusCode::CREATED, Json(received.await?)))
}
