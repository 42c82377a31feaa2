//! Devices: the whole list, searched as one types, filtered in the address, page by page; and the same as CSV.

use crate::csv_file::Writer;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::trouble::show as page;
use crate::desk::window::{self, Window};
use crate::desk::words::memory_size;
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use rollcall_site::RoomId;
use rollcall_site::presence::Presence;
use rollcall_site::view::{self, DeviceFilter, DeviceRow};
use serde::Deserialize;
use std::ops::Range;

/// Rows of one page.
const PAGE: usize = 100;

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    text: String,
    room: String,
    presence: String,
    page: Option<usize>,
}

#[derive(Template)]
#[template(path = "devices.html")]
struct Devices {
    frame: Frame,
    look: Look,
    ask: Ask,
    rooms: Vec<RoomId>,
    states: Vec<(&'static str, String)>,
    list: Window<DeviceRow>,
    known: usize,
}

/// `GET /devices`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let devices = desk.apart(move |desk| Ok(Devices::of(desk, &visitor, ask))).await?;
    page(&devices)
}

/// `GET /devices.csv`: the same filters, every row.
pub(in crate::desk) async fn csv(State(desk): State<Desk>, Query(ask): Query<Ask>) -> Answer {
    let bytes = desk.apart(move |desk| Ok(write_csv(&rows(&desk.look(), &ask, 0..usize::MAX).0))).await?;
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"devices.csv\"")];
    Ok((headers, bytes).into_response())
}

/// Some of the rows, and how many there are.
fn rows(look: &Look, ask: &Ask, part: Range<usize>) -> (Vec<DeviceRow>, usize) {
    let filter = DeviceFilter { room: RoomId::parse(&ask.room).ok(), presence: presence(&ask.presence), text: window::wanted(&ask.text) };
    view::some_devices(&look.site, &look.heard, &filter, look.now, part)
}

/// A state by its name in the address.
fn presence(name: &str) -> Option<Presence> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

impl Devices {
    fn of(desk: &Desk, visitor: &Visitor, ask: Ask) -> Self {
        let look = desk.look();
        Self {
            frame: Frame::of(desk, visitor, &look, Tab::Devices),
            rooms: look.site.rooms.keys().cloned().collect(),
            states: ["here", "late", "silent", "asleep", "away", "resting", "retired"].map(|name| (name, word(name))).to_vec(),
            known: look.site.devices.len(),
            list: Window::of(ask.page, PAGE, |part| rows(&look, &ask, part)),
            ask,
            look,
        }
    }

    fn live(&self) -> &'static str {
        "device alert asset loan section"
    }

    fn memory(&self, row: &DeviceRow) -> String {
        row.memory_bytes.map(memory_size).unwrap_or_default()
    }

    /// The address of another page of the same list.
    fn at(&self, page: &usize) -> String {
        format!("/devices?{}&page={page}", self.filter())
    }

    fn filter(&self) -> String {
        let ask = &self.ask;
        let part = |name, value: &str| format!("{name}={}", address::encoded(value));
        [part("text", &ask.text), part("room", &ask.room), part("presence", &ask.presence)].join("&")
    }
}

fn word(name: &str) -> String {
    presence(name).map(|presence| crate::desk::words::presence(presence).word).unwrap_or_default()
}

fn write_csv(rows: &[DeviceRow]) -> Vec<u8> {
    let head = [
        "tag",
        "name",
        "room",
        "seat",
        "presence",
        "since",
        "note",
        "maker",
        "model",
        "serial",
        "os",
        "memory_bytes",
        "macs",
        "last_report",
        "on_loan_to",
    ];
    let mut out = Writer::for_spreadsheets(head);
    for row in rows {
        let known = |text: Option<String>| text.unwrap_or_default();
        let cells = [
            row.tag.to_string(),
            row.name.clone(),
            known(row.room.as_ref().map(ToString::to_string)),
            known(row.seat.clone()),
            crate::desk::words::presence(row.presence).word.to_lowercase(),
            row.since.to_string(),
            row.note.clone(),
            row.maker.clone(),
            row.model.clone(),
            row.serial.clone(),
            row.os.clone(),
            known(row.memory_bytes.map(|bytes| bytes.to_string())),
            row.macs.join(" "),
            known(row.last_report.map(|at| at.to_string())),
            known(row.on_loan_to.as_ref().map(ToString::to_string)),
        ];
        out.row(cells);
    }
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_named_in_the_address() {
        assert_eq!(presence("silent"), Some(Presence::Silent));
        assert_eq!(presence("\"silent"), None);
    }
}
