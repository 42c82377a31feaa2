//! Drift: what machines lost and gained against their baselines, when, and since which sweep.

use crate::desk::api::drift::{NotRead, Which, changes};
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::Chip;
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Query, State};
use rollcall_site::baseline::drift::{Change, What};
use rollcall_site::{RoomId, Tag};
use serde::Deserialize;

/// Changes that stand on the page.
const MOST: usize = 200;

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    room: String,
    tag: String,
}

#[derive(Template)]
#[template(path = "baselines/drift.html")]
struct Drift {
    frame: Frame,
    look: Look,
    ask: Ask,
    rooms: Vec<RoomId>,
    changes: Vec<Change>,
    /// Why nothing could be looked up.
    wrong: Option<String>,
}

/// `GET /drift`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let drift = desk.apart(move |desk| {
        let look = desk.look();
        let known = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let which = Which { room: known(&ask.room), tag: known(&ask.tag) };
        let (changes, wrong) = match changes(&desk.collector, &which) {
            Ok(mut changes) => {
                changes.truncate(MOST);
                (changes, None)
            }
            Err(NotRead::Refused(refusal)) => (Vec::new(), Some(refusal.text)),
            Err(NotRead::Store(error)) => return Err(Trouble::from(error)),
        };
        let frame = Frame::of(desk, &visitor, &look, Tab::Baselines);
        Ok(Drift { frame, rooms: look.site.rooms.keys().cloned().collect(), look, ask, changes, wrong })
    });
    page(&drift.await?)
}

impl Drift {
    fn tab(&self) -> &'static str {
        "drift"
    }

    fn live(&self) -> &'static str {
        "alert baseline waiver"
    }

    fn device(&self, tag: &Tag) -> String {
        address::device(tag)
    }

    fn chip(&self, change: &Change) -> Chip {
        match change.change {
            What::Lost => Chip::stop("Lost"),
            What::Gained => Chip::check("Gained"),
            What::Changed => Chip::check("Changed"),
            What::Mended => Chip::go("Mended"),
            What::Dismissed => Chip::rest("Dismissed"),
            What::Baseline => Chip::rest("Baseline"),
            What::Waiver => Chip::rest("Waiver"),
        }
    }
}
