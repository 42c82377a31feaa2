//! Where the seats of a room stand: drawn as text that anybody can write, and moved by hand where script runs.

use super::room::find;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::{Notice, Undo};
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Form, Path, State};
use rollcall_site::access::Role;
use rollcall_site::room::{self, Room, RoomFacts};
use rollcall_site::seat_plan::SeatPlan;
use rollcall_site::{RoomId, natural};
use serde::Deserialize;
use std::sync::Arc;

/// Seats in a row of a room that nobody drew yet.
const WIDTH: usize = 6;

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    text: String,
    none: String,
}

#[derive(Template)]
#[template(path = "room_plan.html")]
struct PlanPage {
    frame: Frame,
    room: Arc<Room>,
    text: String,
    seats: Vec<String>,
    wrong: Option<String>,
}

impl PlanPage {
    fn of(desk: &Desk, visitor: &Visitor, look: &Look, room: Arc<Room>, written: Option<(String, String)>) -> Self {
        let seats = seats(look, &room);
        let (text, wrong) = match written {
            Some((text, wrong)) => (text, Some(wrong)),
            None => (drawn(&room, &seats).to_string(), None),
        };
        Self { frame: Frame::of(desk, visitor, look, Tab::Rooms), room, text, seats, wrong }
    }

    fn address(&self) -> String {
        address::room(&self.room.id)
    }

    /// Lines that the field shows.
    fn lines(&self) -> usize {
        self.text.lines().count().clamp(6, 20) + 1
    }
}

/// The names of a room's seats, in their order.
fn seats(look: &Look, room: &Room) -> Vec<String> {
    let mut seats: Vec<String> = look.site.assets_in(&room.id).filter_map(|asset| asset.seat.clone()).collect();
    seats.sort_by(|a, b| natural::compare(a, b));
    seats
}

/// The plan, or one to begin with.
fn drawn(room: &Room, seats: &[String]) -> SeatPlan {
    room.plan.clone().unwrap_or_else(|| SeatPlan::in_rows(seats.iter().map(String::as_str), WIDTH))
}

/// `GET /rooms/{room}/plan`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Path(name): Path<String>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let look = desk.look();
    let room = find(&look, &name)?;
    page(&PlanPage::of(&desk, &visitor, &look, room, None))
}

/// `POST /rooms/{room}/plan`
pub(in crate::desk) async fn set(State(desk): State<Desk>, visitor: Visitor, Path(name): Path<String>, Form(sent): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let look = desk.look();
    let room = find(&look, &name)?;
    let home = address::room(&room.id);
    let text = if sent.none.is_empty() { sent.text.replace("\r\n", "\n") } else { String::new() };
    let before = room.plan.as_ref().map(ToString::to_string).unwrap_or_default();
    match kept(&desk, &visitor, room.id.clone(), text.clone()).await {
        // What was written stays on the page.
        Err(Trouble::Refused(refusal)) => page(&PlanPage::of(&desk, &visitor, &look, room, Some((text, refusal.text)))),
        outcome => {
            let undo = Undo { action: format!("{home}/plan"), fields: vec![("text", before)] };
            desk.then(&visitor, outcome.map(|()| Notice::done(format!("The seats of {} stand so.", room.id)).with_undo(undo)), &home)
        }
    }
}

async fn kept(desk: &Desk, visitor: &Visitor, room: RoomId, plan: String) -> Result<(), Trouble> {
    let facts = RoomFacts { plan: Some(plan), ..RoomFacts::default() };
    desk.change(visitor, move |w| room::set(w, &room, facts)).await?;
    Ok(())
}
