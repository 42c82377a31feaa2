//! What is done to an order on its page: begun, filled, placed, received, ended.

use crate::desk::door::Visitor;
use crate::desk::session::{Notice, Undo};
use crate::desk::trouble::Trouble;
use crate::desk::{Answer, Desk, address};
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect};
use rollcall_site::access::Role;
use rollcall_site::order::{self, LineFacts, OrderFacts, OrderLine, Receiving, Serials};
use rollcall_site::{AssetId, OrderId, Refusal, Tag, words};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Fields of a form by name.
type Fields = BTreeMap<String, String>;

/// What a form says of an order.
fn facts(fields: &Fields) -> Result<OrderFacts, Refusal> {
    let known = ["title", "number", "vendor", "funding", "ordered_on", "expected_on", "notes"];
    let said: Map<String, Value> = known.iter().filter_map(|name| Some(((*name).to_owned(), fields.get(*name)?.trim().into()))).collect();
    serde_json::from_value(said.into()).map_err(|bad| Refusal::invalid(bad.to_string()))
}

/// What a form says of a line.
fn line(fields: &Fields) -> Result<LineFacts, Refusal> {
    let texts = ["kind", "maker", "model", "price", "warranty_months", "life_months", "room"];
    let mut said: Map<String, Value> =
        texts.iter().filter_map(|name| Some(((*name).to_owned(), fields.get(*name)?.trim().into()))).collect();
    if let Some(count) = fields.get("count") {
        let count: u32 = count.trim().parse().map_err(|_| Refusal::invalid(format!("{count:?} is no count: write a whole number")))?;
        said.insert("count".to_owned(), count.into());
    }
    // A list that is too long for the form is not in it: what is written there takes its place, and nothing leaves it.
    let anew = fields.get("serials_anew").filter(|serials| !serials.trim().is_empty());
    if let Some(serials) = fields.get("serials").or(anew) {
        let list: Vec<&str> = serials.split(['\n', '\r', ',', ';']).map(str::trim).filter(|serial| !serial.is_empty()).collect();
        said.insert("serials".to_owned(), serde_json::json!(list));
    }
    if said.get("kind").is_some_and(|kind| kind == "") {
        said.remove("kind");
    }
    let kind = said.get("kind").and_then(Value::as_str).map(str::parse::<rollcall_site::asset::AssetKind>).transpose();
    kind.map_err(|bad| Refusal::invalid(bad.to_string()))?;
    serde_json::from_value(said.into()).map_err(|bad| Refusal::invalid(bad.to_string()))
}

/// The same, read away from the tasks that serve: the serials of a whole school come in one form.
async fn line_of(desk: &Desk, fields: Fields) -> Result<LineFacts, Trouble> {
    desk.apart(move |_| Ok(line(&fields)?)).await
}

fn at(id: u64) -> String {
    format!("/orders/{id}")
}

/// `POST /orders`
pub(in crate::desk) async fn begin(State(desk): State<Desk>, visitor: Visitor, Form(fields): Form<Fields>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let opened = match facts(&fields) {
        Ok(facts) => desk.change(&visitor, move |w| order::open(w, facts)).await.map_err(Trouble::from),
        Err(refusal) => Err(refusal.into()),
    };
    let to = opened.as_ref().map_or_else(|_| "/orders".to_owned(), |order| at(order.id.0));
    desk.then(&visitor, opened.map(|order| Notice::done(format!("Requisition {} is begun. Add its lines.", order.id))), &to)
}

/// `POST /orders/{id}`
pub(in crate::desk) async fn set(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(fields): Form<Fields>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = match facts(&fields) {
        Ok(facts) => desk.change(&visitor, move |w| order::set(w, OrderId(id), facts)).await.map_err(Trouble::from),
        Err(refusal) => Err(refusal.into()),
    };
    desk.then(&visitor, done.map(|_| Notice::done("It is changed.")), &at(id))
}

/// `POST /orders/{id}/place`
pub(in crate::desk) async fn place(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(fields): Form<Fields>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = match facts(&fields) {
        Ok(facts) => desk.change(&visitor, move |w| order::place(w, OrderId(id), facts)).await.map_err(Trouble::from),
        Err(refusal) => Err(refusal.into()),
    };
    desk.then(&visitor, done.map(|order| Notice::done(format!("It is ordered: {}.", order.name()))), &at(id))
}

/// `POST /orders/{id}/end`
pub(in crate::desk) async fn end(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = desk.change(&visitor, move |w| order::end(w, OrderId(id))).await.map_err(Trouble::from);
    desk.then(&visitor, done.map(|_| Notice::done("It is over: nothing more is expected of it.")), &at(id))
}

/// `POST /orders/{id}/lines`
pub(in crate::desk) async fn add_line(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(id): Path<u64>,
    Form(fields): Form<Fields>,
) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = match line_of(&desk, fields).await {
        Ok(facts) => desk.change(&visitor, move |w| order::add_line(w, OrderId(id), facts)).await.map_err(Trouble::from),
        Err(trouble) => Err(trouble),
    };
    desk.then(&visitor, done.map(|order| Notice::done(format!("Line {} is added.", order.lines.len()))), &at(id))
}

/// `POST /orders/{id}/lines/{line}`
pub(in crate::desk) async fn set_line(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path((id, number)): Path<(u64, u16)>,
    Form(fields): Form<Fields>,
) -> Answer {
    visitor.must_be(Role::Technician)?;
    let place = OrderLine { order: OrderId(id), line: number };
    let done = match line_of(&desk, fields).await {
        Ok(facts) => desk.change(&visitor, move |w| order::set_line(w, place, facts)).await.map_err(Trouble::from),
        Err(trouble) => Err(trouble),
    };
    desk.then(&visitor, done.map(|_| Notice::done(format!("Line {number} is changed."))), &at(id))
}

/// `POST /orders/{id}/lines/{line}/remove`
pub(in crate::desk) async fn drop_line(State(desk): State<Desk>, visitor: Visitor, Path((id, number)): Path<(u64, u16)>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let place = OrderLine { order: OrderId(id), line: number };
    let done = desk.change(&visitor, move |w| order::drop_line(w, place)).await.map_err(Trouble::from);
    desk.then(&visitor, done.map(|_| Notice::done(format!("Line {number} is taken out."))), &at(id))
}

/// What is scanned of one thing that came.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Scanned {
    serial: String,
    tag: String,
    line: String,
    any_serial: String,
}

/// `POST /orders/{id}/receive`: the scanner ends each scan with Enter, so that a serial alone asks for its label.
pub(in crate::desk) async fn receive(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(id): Path<u64>,
    Form(scanned): Form<Scanned>,
) -> Answer {
    visitor.must_be(Role::Technician)?;
    let kept = |serial: &str| {
        let parts = [("serial", serial), ("line", scanned.line.as_str()), ("any_serial", &scanned.any_serial)];
        format!("{}#receive", address::query(&at(id), &parts))
    };
    if scanned.tag.trim().is_empty() && !scanned.serial.trim().is_empty() {
        return Ok(Redirect::to(&kept(scanned.serial.trim())).into_response());
    }
    let outcome = received(&desk, &visitor, id, &scanned).await;
    let to = if outcome.is_ok() { kept("") } else { kept(scanned.serial.trim()) };
    desk.then(&visitor, outcome, &to)
}

async fn received(desk: &Desk, visitor: &Visitor, id: u64, scanned: &Scanned) -> Result<Notice, Trouble> {
    let what = Receiving {
        order: OrderId(id),
        line: scanned.line.trim().parse().ok(),
        tag: Tag::parse(&scanned.tag).map_err(Refusal::from)?,
        serial: scanned.serial.clone(),
        room: None,
        serials: if scanned.any_serial == "1" { Serials::Any } else { Serials::Expected },
    };
    let asset = AssetId(Uuid::now_v7());
    let came = desk.change(visitor, move |w| order::receive(w, asset, what)).await?;
    let left = match (came.complete, came.left) {
        (true, _) => "Everything of the order is here".to_owned(),
        (_, left) => format!("{} of line {} to come", words::count(left, "one", "more"), came.line),
    };
    let undo = Undo { action: format!("{}/take-back", address::asset(&came.asset.tag)), fields: vec![("back", at(id))] };
    Ok(Notice::done(format!("{} is received: {}. {left}.", came.asset.tag, came.asset.title())).with_undo(undo))
}
