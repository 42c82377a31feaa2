//! Reservations: what is kept for whom, made and cancelled here.

use crate::desk::api::moment;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Form, Path, State};
use rollcall_site::access::Role;
use rollcall_site::asset::AssetKind;
use rollcall_site::reservation::{self, NewReservation, Of, Reservation};
use rollcall_site::{PersonId, Refusal, ReservationId, RoomId, Tag, room};
use serde::Deserialize;
use std::sync::Arc;

/// Most reservations on the page.
const MOST: usize = 200;

/// A reservation to be made.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    tag: String,
    count: String,
    kind: String,
    room: String,
    person: String,
    class: String,
    from: String,
    until: String,
}

#[derive(Template)]
#[template(path = "reservations.html")]
struct Reservations {
    frame: Frame,
    look: Look,
    rows: Vec<Row>,
    all: usize,
    rooms: Vec<RoomId>,
}

struct Row {
    reservation: Arc<Reservation>,
    what: String,
    who: String,
}

impl Reservations {
    fn kinds(&self) -> Vec<AssetKind> {
        AssetKind::ALL.to_vec()
    }

    /// The hour at the site.
    fn hour(&self, at: &jiff::Timestamp) -> String {
        self.look.zoned(*at).strftime("%H:%M").to_string()
    }
}

/// `GET /reservations`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let look = desk.look();
    let mut open: Vec<Arc<Reservation>> = reservation::active(&look.site, look.now).cloned().collect();
    open.sort_by_key(|reservation| (reservation.from, reservation.id));
    let all = open.len();
    let row = |reservation: Arc<Reservation>| Row {
        what: reservation::name(&look.site, &reservation),
        who: look.person(&reservation.person),
        reservation,
    };
    let rows = open.into_iter().take(MOST).map(row).collect();
    let rooms = look.site.rooms.keys().cloned().collect();
    page(&Reservations { frame: Frame::of(&desk, &visitor, &look, Tab::Loans), rows, all, rooms, look })
}

/// `POST /reservations`
pub(in crate::desk) async fn add(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let outcome = added(&desk, &visitor, form).await;
    desk.then(&visitor, outcome, "/reservations")
}

/// `POST /reservations/{id}/cancel`
pub(in crate::desk) async fn cancel(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = desk.change(&visitor, move |w| reservation::cancel(w, ReservationId(id))).await.map_err(Trouble::from);
    desk.then(&visitor, done.map(|_| Notice::done(format!("Reservation {id} is cancelled."))), "/reservations")
}

async fn added(desk: &Desk, visitor: &Visitor, form: Sent) -> Result<Notice, Trouble> {
    let look = desk.look();
    let of = if form.tag.trim().is_empty() {
        let count = form.count.trim().parse().map_err(|_| Refusal::invalid("Say how many, or name one by its tag."))?;
        let kind: AssetKind = form.kind.parse().map_err(|_| Refusal::invalid("Say of which kind, or name one by its tag."))?;
        let room = match form.room.trim() {
            "" => None,
            text => Some(room::get(&look.site, &RoomId::parse(text).map_err(Refusal::from)?)?.id.clone()),
        };
        Of::Kind { count, kind, room }
    } else {
        Of::Tag(Tag::parse(&form.tag).map_err(Refusal::from)?)
    };
    let from = match form.from.trim() {
        "" => None,
        text => Some(moment::from(text, look.now, &look.site)?),
    };
    let until = moment::by_the_bell(&form.until, look.now, &look.site)?;
    let person = PersonId::parse(&form.person).map_err(Refusal::from)?;
    let new = NewReservation { of, person, class: Some(form.class), from, until };
    let made = desk.change(visitor, move |w| reservation::add(w, new)).await?;
    let look = desk.look();
    let (what, who) = (reservation::name(&look.site, &made), look.person(&made.person));
    Ok(Notice::done(format!("{what} kept for {who} until {}.", look.day(made.until).words)))
}
