//! Rooms: every lab, cart, library and office with its counts; a new one is added here.

use crate::desk::census::Census;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words;
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Form, State};
use rollcall_site::access::Role;
use rollcall_site::room::{self, Room, RoomFacts, RoomKind};
use rollcall_site::{Refusal, RoomId};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "rooms.html")]
struct Rooms {
    frame: Frame,
    look: Look,
    census: Arc<Census>,
}

/// A new room.
#[derive(Debug, Deserialize)]
pub(in crate::desk) struct NewRoom {
    name: String,
    kind: RoomKind,
    #[serde(default)]
    seats: String,
}

/// `GET /rooms`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let census = desk.census(visitor.how).await?;
    let look = census.look.clone();
    page(&Rooms { frame: Frame::of(&desk, &visitor, &look, Tab::Rooms), census, look })
}

impl Rooms {
    fn live(&self) -> &'static str {
        "device alert asset loan room sweep"
    }

    fn kind(&self, room: &Room) -> &'static str {
        words::room_kind(room.kind)
    }
}

/// `POST /rooms`
pub(in crate::desk) async fn add(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<NewRoom>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let wanted = RoomId::parse(&form.name).map_err(Refusal::from).and_then(|id| Ok((id, seats(&form.seats)?)));
    let (id, seats) = match wanted {
        Ok(wanted) => wanted,
        Err(refusal) => return desk.then(&visitor, Err(Trouble::Refused(refusal)), "/rooms"),
    };
    let facts = RoomFacts { kind: Some(form.kind), seats, ..RoomFacts::default() };
    match desk.change(&visitor, move |w| room::add(w, id, facts)).await {
        Ok(room) => {
            let notice = Notice::done(format!("{} is here now. Add its devices next: make a token for it under Add devices.", room.id));
            desk.then(&visitor, Ok(notice), &address::room(&room.id))
        }
        Err(error) => desk.then(&visitor, Err(error.into()), "/rooms"),
    }
}

fn seats(text: &str) -> Result<Option<u32>, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Refusal::invalid(format!("{text:?} is not a number of seats: write digits only, or leave it empty")))
}
