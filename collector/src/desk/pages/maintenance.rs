//! Maintenance: times in which nobody is told; begun and ended here.

use crate::desk::api::moment;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::Chip;
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Form, Path, State};
use jiff::Timestamp;
use rollcall_site::access::Role;
use rollcall_site::maintenance::{self, Planned, Window};
use rollcall_site::{MaintenanceId, Refusal, RoomId, Tag, room};
use serde::Deserialize;
use std::sync::Arc;

/// How long a window may be, to choose from.
const SPANS: &[(&str, &str)] = &[("30m", "30 minutes"), ("2h", "2 hours"), ("8h", "8 hours"), ("1d", "a day"), ("1w", "a week")];
/// Most windows on the page.
const MOST: usize = 100;

/// A window to be opened.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    room: String,
    tag: String,
    until: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "maintenance.html")]
struct Maintenance {
    frame: Frame,
    look: Look,
    rooms: Vec<RoomId>,
    rows: Vec<Row>,
}

struct Row {
    window: Arc<Window>,
    what: String,
    state: Chip,
    /// Whether it can still be ended.
    ends: bool,
}

impl Row {
    fn of(look: &Look, window: &Arc<Window>) -> Self {
        let state = match window {
            window if window.is_open(look.now) => Chip::check("Open"),
            window if window.from > look.now => Chip::rest("To come"),
            _ => Chip::rest("Over"),
        };
        let what = maintenance::name(&look.site, window);
        Self { what, state, ends: window.until > look.now, window: Arc::clone(window) }
    }
}

impl Maintenance {
    fn live(&self) -> &'static str {
        "maintenance"
    }

    fn spans(&self) -> &'static [(&'static str, &'static str)] {
        SPANS
    }

    /// The hour at the site.
    fn hour(&self, at: &Timestamp) -> String {
        self.look.zoned(*at).strftime("%H:%M").to_string()
    }
}

/// `GET /maintenance`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let look = desk.look();
    let rows = look.site.maintenance.values().rev().take(MOST).map(|window| Row::of(&look, window)).collect();
    let rooms = look.site.rooms.keys().cloned().collect();
    page(&Maintenance { frame: Frame::of(&desk, &visitor, &look, Tab::Alerts), rows, rooms, look })
}

/// `POST /maintenance`
pub(in crate::desk) async fn begin(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let outcome = begun(&desk, &visitor, &form).await;
    desk.then(&visitor, outcome, "/maintenance")
}

/// `POST /maintenance/{id}/end`
pub(in crate::desk) async fn end(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = desk.change(&visitor, move |w| maintenance::finish(w, MaintenanceId(id))).await.map_err(Trouble::from);
    desk.then(&visitor, done.map(|_| Notice::done("It is over: what still holds is told when it has settled.")), "/maintenance")
}

async fn begun(desk: &Desk, visitor: &Visitor, form: &Sent) -> Result<Notice, Trouble> {
    let look = desk.look();
    let tag = match form.tag.trim() {
        "" => None,
        text => Some(Tag::parse(text).map_err(Refusal::from)?),
    };
    let of_room = match form.room.trim() {
        "" => None,
        text => Some(room::get(&look.site, &RoomId::parse(text).map_err(Refusal::from)?)?.id.clone()),
    };
    let until = moment::after(&form.until, look.now, &look.zone)?;
    let planned = Planned { tag, room: of_room, from: None, until, reason: form.reason.clone() };
    let named = move |w: &mut rollcall_site::Working| maintenance::plan(w, planned).map(|window| maintenance::name(&w.site, &window));
    let what = desk.change(visitor, named).await?;
    Ok(Notice::done(format!("Nobody is told of {what} until {} {}.", look.day(until).words, look.zoned(until).strftime("%H:%M"))))
}
