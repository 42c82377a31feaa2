//! For teachers: whether the labs are ready for the next period, and what is missing at which seat. Names nobody.

use crate::desk::census::{Census, RoomLine};
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::readiness::{self, Place, Roster, Seat, Tally};
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Path, State};
use rollcall_site::calendar::{self, Bell};
use rollcall_site::room::{Room, RoomKind};
use rollcall_site::view::{self, AlertsShown};
use rollcall_site::{RoomId, Tag};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "labs.html")]
struct Labs {
    frame: Frame,
    census: Arc<Census>,
    period: String,
}

#[derive(Template)]
#[template(path = "lab.html")]
struct Lab {
    frame: Frame,
    room: Arc<Room>,
    places: Vec<Place>,
    tally: Tally,
    period: String,
}

/// `GET /lab`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let census = desk.census(visitor.how).await?;
    let look = census.look.clone();
    page(&Labs { frame: Frame::of(&desk, &visitor, &look, Tab::Labs), period: period(&look), census })
}

/// `GET /lab/{room}`
pub(in crate::desk) async fn one(State(desk): State<Desk>, visitor: Visitor, Path(name): Path<String>) -> Answer {
    let lab = desk.apart(move |desk| {
        let look = desk.look();
        let room = RoomId::parse(&name).ok().and_then(|id| look.site.rooms.get(&id).filter(|room| is_taught_in(room)).cloned());
        let room = room.ok_or_else(|| Trouble::NotFound("There is no such lab at this school.".to_owned()))?;
        let roster = Roster::take(&look, Some(&room.id), &view::alerts(&look.site, AlertsShown::Open));
        Ok(Lab {
            frame: Frame::of(desk, &visitor, &look, Tab::Labs),
            places: readiness::plan(roster.seats(&look, &room.id), room.seats),
            tally: roster.tally(&look, &room.id),
            period: period(&look),
            room,
        })
    });
    page(&lab.await?)
}

/// Where a class may be.
pub(super) fn is_taught_in(room: &Room) -> bool {
    room.kind != RoomKind::Office
}

/// Which period is next, and when.
fn period(look: &Look) -> String {
    let day = calendar::day(&look.site, look.today());
    if let Some(why) = day.closed {
        return format!("The school is closed today: {why}.");
    }
    let at = |moment| look.moment(moment).words;
    let runs = day.bells.iter().find(|bell| bell.begins <= look.now && look.now < bell.ends);
    let next = day.bells.iter().find(|bell| bell.begins > look.now);
    match (runs, next) {
        (Some(runs), Some(next)) => {
            format!("{} runs until {}; {} begins at {}.", named(runs), at(runs.ends), named(next), at(next.begins))
        }
        (Some(runs), None) => format!("{} runs until {}; it is the last of today.", named(runs), at(runs.ends)),
        (None, Some(next)) => {
            let minutes = next.begins.duration_since(look.now).as_mins();
            let soon = if minutes < 60 { format!(", in {} min", minutes.max(1)) } else { String::new() };
            format!("{} begins at {}{soon}.", named(next), at(next.begins))
        }
        (None, None) if day.bells.is_empty() => "No periods are set for today.".to_owned(),
        (None, None) => "The last period of today is over.".to_owned(),
    }
}

/// "Period 3"; a period with a name of its own keeps it.
fn named(bell: &Bell) -> String {
    if bell.name.bytes().all(|byte| byte.is_ascii_digit()) { format!("Period {}", bell.name) } else { bell.name.clone() }
}

/// A room in a sentence.
pub(super) fn said(tally: Tally) -> String {
    let waiting = tally.broken + tally.doubtful;
    match tally {
        Tally { all: 0, .. } => "Nothing stands here yet.".to_owned(),
        _ if waiting == 1 => format!("1 machine of {} can’t be used as it should.", tally.all),
        _ if waiting > 0 => format!("{} of {} can’t be used as they should.", words::count(waiting, "machine", "machines"), tally.all),
        Tally { ready: 1.., .. } => format!("Ready: {} and working.", words::count(tally.ready, "machine is here", "machines are here")),
        _ => "Nothing is wrong; the machines are off or put away now.".to_owned(),
    }
}

impl Labs {
    fn rooms(&self) -> impl Iterator<Item = &RoomLine> {
        self.census.rooms.iter().filter(|line| is_taught_in(&line.room))
    }

    fn address(&self, room: &RoomId) -> String {
        address::lab(room)
    }

    fn said(&self, line: &RoomLine) -> String {
        said(line.tally)
    }
}

impl Lab {
    fn chip(&self) -> Chip {
        self.tally.chip(self.room.kind)
    }

    fn said(&self) -> String {
        said(self.tally)
    }

    fn report(&self, tag: &Tag) -> String {
        address::report(tag)
    }

    /// The seats that a class can't use, in the plan's order.
    fn missing(&self) -> impl Iterator<Item = (&str, &Seat)> {
        let seats = self.places.iter().filter_map(|place| Some((place.name.as_str(), place.seat.as_ref()?)));
        seats.filter(|(_, seat)| !matches!(seat.state.tone, "go" | "rest"))
    }

    /// The seats at which nothing stands.
    fn empty(&self) -> Vec<&str> {
        self.places.iter().filter(|place| place.seat.is_none() && !place.name.is_empty()).map(|place| place.name.as_str()).collect()
    }

    fn empty_seats(&self) -> String {
        words::names(&self.empty())
    }
}
