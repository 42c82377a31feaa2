//! A room: its seat plan coloured by state, a sweep that one can watch, and what the last sweep found.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::live;
use crate::desk::look::Look;
use crate::desk::readiness::{self, Place, Roster, Seat, Tally};
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Path, State};
use rollcall_site::access::Role;
use rollcall_site::room::Room;
use rollcall_site::sweep::{Answer as Answered, Line, Sweep};
use rollcall_site::view::{self, AlertsShown};
use rollcall_site::{RoomId, Tag};
use std::sync::Arc;

/// Most seats that are drawn where nobody said where they stand, and most machines of a list: a lab has forty, a store room thousands.
const MOST: usize = 400;

#[derive(Template)]
#[template(path = "room.html")]
struct RoomPage {
    frame: Frame,
    look: Look,
    room: Arc<Room>,
    /// The seats where nobody drew the room, and those that have no place in what was drawn.
    places: Vec<Place>,
    /// The seats as they were drawn, row by row.
    floor: Vec<Vec<Option<Place>>>,
    tally: Tally,
    sweep: Option<SweepView>,
}

/// The last sweep, running or finished.
struct SweepView {
    sweep: Arc<Sweep>,
    answered: usize,
    waiting: usize,
    expected: usize,
    missing: Vec<Line>,
    changed: Vec<Line>,
}

/// `GET /rooms/{room}`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Path(name): Path<String>) -> Answer {
    let room = desk.apart(move |desk| {
        let look = desk.look();
        let room = find(&look, &name)?;
        let roster = Roster::take(&look, Some(&room.id), &view::alerts(&look.site, AlertsShown::Open));
        let seats = roster.seats(&look, &room.id);
        let (floor, places) = match &room.plan {
            Some(plan) => readiness::placed(seats, plan),
            None => (Vec::new(), readiness::plan(seats, room.seats)),
        };
        let last = look.site.sweeps.values().rev().find(|sweep| sweep.room == room.id);
        let sweep = last.map(SweepView::of);
        Ok(RoomPage {
            frame: Frame::of(desk, &visitor, &look, Tab::Rooms).of_thing("room", &room.id),
            tally: roster.tally(&look, &room.id),
            places,
            floor,
            sweep,
            room,
            look,
        })
    });
    page(&room.await?)
}

/// `POST /rooms/{room}/sweep`
pub(in crate::desk) async fn sweep(State(desk): State<Desk>, visitor: Visitor, Path(name): Path<String>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let room = find(&desk.look(), &name)?;
    let begun = desk.sweep(&visitor, room.id.clone()).await;
    let asked = |total| format!("The sweep of {} has begun: {} asked.", room.id, words::count(total, "machine was", "machines were"));
    let outcome = begun.map(|total| Notice::done(asked(total)));
    desk.then(&visitor, outcome, &address::room(&room.id))
}

/// The room with this name.
pub(super) fn find(look: &Look, name: &str) -> Result<Arc<Room>, Trouble> {
    let room = RoomId::parse(name).ok().and_then(|id| look.site.rooms.get(&id).cloned());
    room.ok_or_else(|| Trouble::NotFound(format!("There is no room called {name:?} at this site.")))
}

impl SweepView {
    fn of(sweep: &Arc<Sweep>) -> Self {
        let is = |answer: &Answered| sweep.lines.iter().filter(|line| line.answer == *answer).count();
        let expected = |line: &&Line| !matches!(line.answer, Answered::Away { .. } | Answered::NoAgent);
        let absent = |line: &&Line| matches!(line.answer, Answered::Missing { .. } | Answered::Slow | Answered::NoAgent);
        Self {
            answered: is(&Answered::Present),
            waiting: is(&Answered::Waiting),
            expected: sweep.lines.iter().filter(expected).count(),
            missing: sweep.lines.iter().filter(absent).take(MOST).cloned().collect(),
            changed: sweep.lines.iter().filter(|line| !line.changes.is_empty()).take(MOST).cloned().collect(),
            sweep: Arc::clone(sweep),
        }
    }

    fn runs(&self) -> bool {
        self.sweep.finished_at.is_none()
    }

    fn chip(&self) -> Chip {
        if self.runs() {
            Chip::check(format!("{} of {} answered", self.answered, self.answered + self.waiting))
        } else if self.answered < self.expected {
            Chip::stop(format!("{} of {} present", self.answered, self.expected))
        } else {
            Chip::go(format!("all {} present", self.answered))
        }
    }
}

impl RoomPage {
    fn live(&self) -> String {
        format!("{} sweep", live::of_room(&self.room.id))
    }

    fn kind(&self) -> &'static str {
        words::room_kind(self.room.kind)
    }

    fn device(&self, tag: &Tag) -> String {
        address::device(tag)
    }

    /// The seats that nobody drew, as many as a page holds.
    fn shown(&self) -> &[Place] {
        self.places.get(..MOST).unwrap_or(&self.places)
    }

    /// Where the rest of its machines is listed.
    fn listed(&self) -> String {
        format!("/devices?room={}", address::encoded(self.room.id.as_str()))
    }

    /// How many of the seats have nothing.
    fn empty(&self) -> usize {
        let drawn = self.floor.iter().flatten().flatten();
        self.places.iter().chain(drawn).filter(|place| place.seat.is_none()).count()
    }

    /// The seats, by name, whose machine is there and can't be used as it should: those that the sweep missed are told of already.
    fn unready<'a>(&'a self, view: &'a SweepView) -> impl Iterator<Item = (&'a str, &'a Seat)> {
        let drawn = self.floor.iter().flatten().flatten();
        let seats = drawn.chain(&self.places).filter_map(|place| Some((place.name.as_str(), place.seat.as_ref()?)));
        let is_told = |seat: &Seat| view.missing.iter().any(|line| line.asset == seat.asset.id);
        seats.filter(move |(_, seat)| matches!(seat.state.tone, "stop" | "check") && !is_told(seat)).take(MOST)
    }

    /// Whether a sweep runs: then a page without script loads itself again.
    fn sweeps(&self) -> bool {
        self.sweep.as_ref().is_some_and(SweepView::runs)
    }

    fn address(&self) -> String {
        address::room(&self.room.id)
    }

    /// Why a line of a sweep is missing.
    fn missing(&self, line: &Line) -> Chip {
        match &line.answer {
            Answered::Missing { since: Some(since), note } if note.is_empty() => {
                Chip::stop(format!("missing since {}", self.look.moment(*since).words))
            }
            Answered::Missing { since: Some(since), note } => Chip::rest(format!("{note} since {}", self.look.moment(*since).words)),
            Answered::Missing { since: None, .. } => Chip::stop("missing"),
            Answered::Barred { why } => Chip::stop(why.clone()),
            Answered::Slow => Chip::check("did not answer in time"),
            _ => Chip::rest("no agent: look for it"),
        }
    }
}
