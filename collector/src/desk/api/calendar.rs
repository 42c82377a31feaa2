//! `/calendar`: when machines are expected, the bell schedules, the closed and the special days.

use crate::Collector;
use crate::calendar_file::{self, Read};
use crate::desk::api::ask::{Asked, Body, Technician, Viewer};
use crate::desk::api::problem::Problem;
use axum::extract::{Path, State};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use jiff::Timestamp;
use jiff::civil::Date;
use rollcall_site::calendar::{self, Calendar, Closed, Day, Days, Hours, Period, RoomHours, Span, Special, WallTime};
use rollcall_site::{Refusal, RoomId, Site};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Days that are shown where nobody says how many, and the most that are.
const DAYS: usize = 7;
const MOST_DAYS: usize = 400;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/calendar", get(show).patch(set))
        .route("/calendar/closed", post(close))
        .route("/calendar/days", get(days))
        .route("/calendar/import", post(import))
        .route("/calendar/import/plan", post(plan))
        .route("/calendar/open", post(open))
        .route("/calendar/schedules/{name}", put(set_schedule).delete(remove_schedule))
        .route("/calendar/special/{date}", put(set_special).delete(remove_special))
}

/// The calendar with what follows from it now.
#[derive(Serialize)]
pub struct Shown {
    time_zone: String,
    hours: Option<Hours>,
    schedules: BTreeMap<String, calendar::Schedule>,
    closed: Vec<Closed>,
    special: BTreeMap<Date, Special>,
    rooms: Vec<Expected>,
    today: Day,
}

/// Whether the machines of a room are expected now.
#[derive(Serialize)]
pub struct Expected {
    /// The room.
    pub room: RoomId,
    /// Its own hours; none: the school's.
    pub hours: Option<RoomHours>,
    /// They are.
    pub expected: bool,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Why.
    pub why: String,
}

/// What is set of the whole site.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    /// "none" or nothing takes them back.
    hours: Option<String>,
    time_zone: Option<String>,
}

/// A bell schedule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSchedule {
    days: Option<Days>,
    periods: Vec<NewPeriod>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPeriod {
    name: String,
    from: WallTime,
    to: WallTime,
}

/// Some days; without `to` one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    from: Date,
    to: Option<Date>,
    #[serde(default)]
    name: String,
}

/// A calendar file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    text: String,
    #[serde(default)]
    only: Vec<String>,
}

/// How many days are wanted.
#[derive(Deserialize)]
struct Ask {
    count: Option<usize>,
}

/// What an import did.
#[derive(Serialize)]
struct Imported {
    added: usize,
    #[serde(flatten)]
    read: Read,
}

fn shown(site: &Site, now: Timestamp) -> Shown {
    let calendar = site.calendar().map(|calendar| (**calendar).clone()).unwrap_or_default();
    let zone = site.zone();
    Shown {
        time_zone: site.about().map(|about| about.time_zone.clone()).unwrap_or_default(),
        hours: calendar.hours,
        schedules: calendar.schedules,
        closed: calendar.closed,
        special: calendar.special,
        rooms: rooms(site, now),
        today: calendar::day(site, now.to_zoned_datetime(zone).date()),
    }
}

/// The rooms with what is expected in them now.
pub fn rooms(site: &Site, now: Timestamp) -> Vec<Expected> {
    let expected = |room: &Arc<rollcall_site::room::Room>| {
        let now = calendar::of_room(site, Some(room), now);
        let (hours, why) = (room.hours.clone(), now.why.to_string());
        Expected { room: room.id.clone(), hours, expected: now.expected, since: now.since, until: now.until, why }
    };
    site.rooms.values().map(expected).collect()
}

/// Shows the calendar and the bell schedules.
async fn show(State(collector): State<Collector>, Viewer(_): Viewer) -> Json<Shown> {
    Json(shown(&collector.keeper.view(), collector.keeper.clock().now()))
}

/// Lists days, each with whether the site is open and when.
async fn days(State(collector): State<Collector>, Viewer(_): Viewer, Asked(ask): Asked<Ask>) -> Json<Vec<Day>> {
    let count = ask.count.unwrap_or(DAYS).clamp(1, MOST_DAYS);
    Json(calendar::days(&collector.keeper.view(), collector.keeper.clock().now(), count))
}

/// Changes what is said of the calendar; what is not named stays.
async fn set(State(collector): State<Collector>, Technician(actor): Technician, Body(set): Body<Set>) -> Result<Json<Shown>, Problem> {
    let hours = set.hours.map(|text| hours(&text)).transpose()?;
    collector
        .keeper
        .change(actor, move |w| {
            if let Some(zone) = &set.time_zone {
                calendar::set_zone(w, zone)?;
            }
            if let Some(hours) = hours {
                calendar::set_hours(w, hours)?;
            }
            Ok(())
        })
        .await?;
    Ok(Json(shown(&collector.keeper.view(), collector.keeper.clock().now())))
}

/// Hours as people write them; "always" and "none" take them back.
///
/// # Errors
/// `Invalid`: they are none.
pub fn hours(text: &str) -> Result<Option<Hours>, Refusal> {
    if matches!(text.trim(), "" | "always" | "none") { Ok(None) } else { text.parse().map(Some) }
}

/// Closes the site on days.
async fn close(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(range): Body<Range>,
) -> Result<Json<Arc<Calendar>>, Problem> {
    let closed = Closed { from: range.from, to: range.to.unwrap_or(range.from), name: range.name };
    Ok(Json(collector.keeper.change(actor, move |w| calendar::close(w, closed)).await?))
}

/// Opens the site again on days that were closed.
async fn open(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(range): Body<Range>,
) -> Result<Json<Arc<Calendar>>, Problem> {
    let (from, to) = (range.from, range.to.unwrap_or(range.from));
    Ok(Json(collector.keeper.change(actor, move |w| calendar::open(w, from, to)).await?))
}

/// Adds or changes a bell schedule.
async fn set_schedule(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(name): Path<String>,
    Body(new): Body<NewSchedule>,
) -> Result<Json<Arc<Calendar>>, Problem> {
    let period = |new: NewPeriod| Ok(Period { name: new.name, span: format!("{}-{}", new.from, new.to).parse::<Span>()? });
    let periods = new.periods.into_iter().map(period).collect::<Result<Vec<_>, Refusal>>()?;
    Ok(Json(collector.keeper.change(actor, move |w| calendar::set_schedule(w, &name, new.days, periods)).await?))
}

/// Removes a bell schedule.
async fn remove_schedule(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(name): Path<String>,
) -> Result<Json<Arc<Calendar>>, Problem> {
    Ok(Json(collector.keeper.change(actor, move |w| calendar::unset_schedule(w, &name)).await?))
}

/// Says that another schedule holds on a day.
async fn set_special(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(date): Path<String>,
    Body(special): Body<Special>,
) -> Result<Json<Arc<Calendar>>, Problem> {
    let date = day(&date)?;
    Ok(Json(collector.keeper.change(actor, move |w| calendar::set_special(w, date, special)).await?))
}

/// Lets the usual schedule hold on a day again.
async fn remove_special(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(date): Path<String>,
) -> Result<Json<Arc<Calendar>>, Problem> {
    let date = day(&date)?;
    Ok(Json(collector.keeper.change(actor, move |w| calendar::unset_special(w, date)).await?))
}

fn day(text: &str) -> Result<Date, Refusal> {
    text.parse()
        .map_err(|_| Refusal::invalid(format!("{:?} is not a day: write it as 2026-12-24", text.chars().take(40).collect::<String>())))
}

/// Says what a calendar file would change, and changes nothing.
async fn plan(State(collector): State<Collector>, Viewer(_): Viewer, Body(file): Body<File>) -> Result<Json<Read>, Problem> {
    Ok(Json(read(&collector, file).await?))
}

/// Takes closed days in from a calendar file.
async fn import(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(file): Body<File>,
) -> Result<Json<Imported>, Problem> {
    let read = read(&collector, file).await?;
    let closed = read.closed.clone();
    let added = collector.keeper.change(actor, move |w| calendar::import(w, closed)).await?;
    Ok(Json(Imported { added, read }))
}

/// A large file takes its time: beside the tasks that answer.
async fn read(collector: &Collector, file: File) -> Result<Read, Problem> {
    let now = collector.keeper.clock().now();
    let today = now.to_zoned_datetime(collector.keeper.view().zone()).date();
    let read = tokio::task::spawn_blocking(move || calendar_file::read(&file.text, &file.only, today)).await;
    Ok(read.map_err(|_| Problem::broken_off())??)
}
