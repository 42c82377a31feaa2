//! Calendar: when machines are expected; today's bells, the closed days, and the hours of each room.

use crate::desk::api::calendar::{Expected, hours, rooms};
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Form, State};
use jiff::civil::Date;
use rollcall_site::access::Role;
use rollcall_site::calendar::{self, Closed, Day};
use rollcall_site::{Refusal, Working};
use serde::Deserialize;

/// The page's own address.
const ADDRESS: &str = "/calendar";
/// Closed days that are shown: those to come.
const MOST_CLOSED: usize = 60;

#[derive(Template)]
#[template(path = "calendar.html")]
struct Page {
    frame: Frame,
    look: Look,
    hours: String,
    today: Day,
    closed: Vec<Closed>,
    rooms: Vec<Expected>,
}

/// The school's hours.
#[derive(Debug, Deserialize)]
pub(in crate::desk) struct Hours {
    hours: String,
}

/// Days on which the school is closed, or opens again.
#[derive(Debug, Deserialize)]
pub(in crate::desk) struct Range {
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    name: String,
}

/// `GET /calendar`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let look = desk.look();
    let set = look.site.calendar().map(|calendar| (**calendar).clone()).unwrap_or_default();
    let today = look.today();
    page(&Page {
        frame: Frame::of(&desk, &visitor, &look, Tab::Settings),
        hours: set.hours.map(|hours| hours.to_string()).unwrap_or_default(),
        today: calendar::day(&look.site, today),
        closed: set.closed.into_iter().filter(|closed| closed.to >= today).take(MOST_CLOSED).collect(),
        rooms: rooms(&look.site, look.now),
        look,
    })
}

impl Page {
    fn live(&self) -> &'static str {
        "calendar room"
    }

    fn date(&self, date: &Date) -> String {
        date.strftime("%a %-d %b %Y").to_string()
    }

    fn day(&self) -> String {
        let day = [self.today.closed.as_ref(), self.today.special.as_ref(), self.today.schedule.as_ref()];
        let words: Vec<&str> = day.into_iter().flatten().map(String::as_str).collect();
        let why = if words.is_empty() { "no bell schedule".to_owned() } else { words.join(" · ") };
        if self.today.closed.is_some() { format!("closed: {why}") } else { why }
    }

    fn own(&self, room: &Expected) -> String {
        room.hours.as_ref().map_or_else(|| "as the school".to_owned(), ToString::to_string)
    }
}

/// `POST /calendar/hours`
pub(in crate::desk) async fn set_hours(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Hours>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let said = match hours(&form.hours) {
        Err(refusal) => Err(Trouble::Refused(refusal)),
        Ok(hours) => {
            let done = match &hours {
                Some(hours) => format!("School hours: {hours}. Rooms follow them unless they have their own."),
                None => "School hours are not set any more: machines are expected day and night.".to_owned(),
            };
            let set = desk.change(&visitor, move |w| calendar::set_hours(w, hours)).await;
            set.map(|_| Notice::done(done)).map_err(Trouble::from)
        }
    };
    desk.then(&visitor, said, ADDRESS)
}

/// `POST /calendar/closed`
pub(in crate::desk) async fn close(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Range>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = format!("Closed: {}.", form.name.trim());
    let change = |w: &mut Working, from, to, name| calendar::close(w, Closed { from, to, name }).map(|_| ());
    change_days(&desk, &visitor, form, done, change).await
}

/// `POST /calendar/open`
pub(in crate::desk) async fn open(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Range>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let change = |w: &mut Working, from, to, _| calendar::open(w, from, to).map(|_| ());
    change_days(&desk, &visitor, form, "Open again.".to_owned(), change).await
}

async fn change_days(
    desk: &Desk,
    visitor: &Visitor,
    form: Range,
    done: String,
    change: impl FnOnce(&mut Working, Date, Date, String) -> Result<(), Refusal> + Send + 'static,
) -> Answer {
    let to = if form.to.trim().is_empty() { &form.from } else { &form.to };
    let days = day(&form.from).and_then(|from| Ok((from, day(to)?)));
    let said = match days {
        Err(refusal) => Err(Trouble::Refused(refusal)),
        Ok((from, to)) => {
            let changed = desk.change(visitor, move |w| change(w, from, to, form.name)).await;
            changed.map(|()| Notice::done(done)).map_err(Trouble::from)
        }
    };
    desk.then(visitor, said, ADDRESS)
}

fn day(text: &str) -> Result<Date, Refusal> {
    let bad = || Refusal::invalid(format!("{:?} is not a day: write it as 2026-12-24", text.chars().take(40).collect::<String>()));
    text.trim().parse().map_err(|_| bad())
}
