//! Transfers: files that must come, how they stand, and looking at them now.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::show as page;
use crate::desk::words::{Chip, count, disk_size};
use crate::desk::{Answer, Desk};
use crate::feeds::eyes::Eyes;
use askama::Template;
use axum::extract::State;
use jiff::Timestamp;
use rollcall_site::access::Role;
use rollcall_site::roster::{self, Roster};
use rollcall_site::transfer::{self, Found, Transfer, Wrong};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "transfers.html")]
struct Transfers {
    frame: Frame,
    look: Look,
    rows: Vec<Row>,
    roster: Arc<Roster>,
}

struct Row {
    transfer: Arc<Transfer>,
    wrong: Vec<Wrong>,
}

impl Row {
    fn state(&self) -> Chip {
        match (&self.transfer.found, self.wrong.first()) {
            (_, Some(wrong)) => Chip::stop(match wrong.kind {
                "late" => "Late",
                "short" => "Short",
                _ => "Malformed",
            }),
            (Found::Unknown, None) => Chip::rest("Not looked at"),
            (Found::Missing, None) => Chip::rest("Awaited"),
            (_, None) => Chip::go("Good"),
        }
    }

    fn came(&self) -> Option<Timestamp> {
        match &self.transfer.found {
            Found::File { at, .. } => Some(*at),
            _ => None,
        }
    }

    fn size(&self) -> String {
        match &self.transfer.found {
            Found::File { size, rows: Some(rows), .. } => format!("{}, {}", disk_size(*size), count(*rows, "row", "rows")),
            Found::File { size, .. } => disk_size(*size),
            _ => String::new(),
        }
    }
}

impl Transfers {
    fn tab(&self) -> &'static str {
        "transfers"
    }

    fn live(&self) -> &'static str {
        "transfer roster alert"
    }
}

/// `GET /transfers`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let look = desk.look();
    let row = |transfer: &Arc<Transfer>| Row { wrong: transfer::wrong(&look.site, transfer, look.now), transfer: Arc::clone(transfer) };
    let rows = look.site.transfers.values().map(row).collect();
    let roster = roster::settings(&look.site);
    page(&Transfers { frame: Frame::of(&desk, &visitor, &look, Tab::People), rows, roster, look })
}

/// `POST /transfers/look`
pub(in crate::desk) async fn look(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    visitor.must_be(Role::Technician)?;
    Eyes::default().transfers(&desk.collector).await;
    desk.then(&visitor, Ok(Notice::done("Looked at just now.")), "/transfers")
}
