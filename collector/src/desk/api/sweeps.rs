//! `/sweeps`: the roll call of a room. Beginning one streams its progress, the last line is the sweep.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::part::{Listed, Paged};
use crate::desk::api::problem::Problem;
use crate::desk::api::rooms;
use crate::desk::api::stream::{self, Line, Progress};
use crate::sweeps;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use rollcall_site::event::Actor;
use rollcall_site::sweep::{Answer, Sweep};
use rollcall_site::{PersonId, Refusal, RoomId, Site, SweepId, Tag};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Most sweeps in one list.
const MOST: usize = 200;
/// Progress lines that may wait for a slow reader; then it misses some, never the result.
const WAITING: usize = 256;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/sweeps", get(list).post(begin)).route("/sweeps/{id}", get(show))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    room: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSweep {
    room: String,
}

/// A sweep as people and scripts see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SweepPage {
    /// Its number.
    pub id: SweepId,
    /// The room.
    pub room: RoomId,
    /// When it began.
    pub began_at: Timestamp,
    /// When it was finished.
    pub finished_at: Option<Timestamp>,
    /// By whom.
    pub by: String,
    /// Assets that re-read everything.
    pub present: usize,
    /// Assets that are not connected.
    pub missing: usize,
    /// Assets that are connected and did not answer in time.
    pub slow: usize,
    /// Assets on loan.
    pub away: usize,
    /// Assets without an agent: to look for.
    pub no_agent: usize,
    /// Revoked or quarantined.
    pub barred: usize,
    /// Assets that differ from the last sweep.
    pub changed: usize,
    /// Every asset, as the room's plan has it.
    pub lines: Vec<SweepLine>,
}

/// What one asset answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SweepLine {
    /// Its tag then.
    pub tag: Tag,
    /// Its seat then.
    pub seat: Option<String>,
    /// What it is called.
    pub name: String,
    /// "waiting", "present", "slow", "missing", "away", "no-agent", "barred".
    pub answer: &'static str,
    /// Missing since.
    pub since: Option<Timestamp>,
    /// Away with.
    pub person: Option<PersonId>,
    /// What a missing machine said when it went, or why it is barred.
    pub note: String,
    /// What is different from the last sweep, in words.
    pub changes: Vec<String>,
}

impl SweepPage {
    /// A sweep as people see it.
    pub fn of(site: &Site, sweep: &Sweep) -> Self {
        let lines: Vec<SweepLine> = sweep.lines.iter().map(|line| SweepLine::of(site, line)).collect();
        let count = |answer: &str| lines.iter().filter(|line| line.answer == answer).count();
        Self {
            id: sweep.id,
            room: sweep.room.clone(),
            began_at: sweep.began_at,
            finished_at: sweep.finished_at,
            by: sweep.by.clone(),
            present: count("present"),
            missing: count("missing"),
            slow: count("slow"),
            away: count("away"),
            no_agent: count("no-agent"),
            barred: count("barred"),
            changed: lines.iter().filter(|line| !line.changes.is_empty()).count(),
            lines,
        }
    }
}

impl SweepLine {
    fn of(site: &Site, line: &rollcall_site::sweep::Line) -> Self {
        let (answer, since, person, note) = match &line.answer {
            Answer::Waiting => ("waiting", None, None, ""),
            Answer::Present => ("present", None, None, ""),
            Answer::Slow => ("slow", None, None, ""),
            Answer::Missing { since, note } => ("missing", *since, None, note.as_str()),
            Answer::Away { person } => ("away", None, Some(person.clone()), ""),
            Answer::NoAgent => ("no-agent", None, None, ""),
            Answer::Barred { why } => ("barred", None, None, why.as_str()),
        };
        let name = site.assets.get(&line.asset).map(|asset| asset.name.clone()).unwrap_or_default();
        Self {
            tag: line.tag.clone(),
            seat: line.seat.clone(),
            name,
            answer,
            since,
            person,
            note: note.to_owned(),
            changes: line.changes.clone(),
        }
    }
}

/// Lists the latest sweeps.
async fn list(
    State(collector): State<Collector>,
    Viewer(_): Viewer,
    Paged(which, part): Paged<Which>,
) -> Result<Listed<SweepPage>, Problem> {
    let site = collector.keeper.view();
    let room = which.room.as_deref().map(|room| rooms::known(&site, room)).transpose()?;
    let newest = site.sweeps.iter().rev().map(|(_, sweep)| sweep).filter(|sweep| room.as_ref().is_none_or(|room| sweep.room == *room));
    let pages = newest.take(MOST).map(|sweep| SweepPage { lines: Vec::new(), ..SweepPage::of(&site, sweep) });
    Ok(part.of(pages, |sweep| sweep.id.to_string()))
}

/// Shows a sweep.
async fn show(State(collector): State<Collector>, Viewer(_): Viewer, Path(id): Path<String>) -> Result<Json<SweepPage>, Problem> {
    let id: SweepId = id.parse()?;
    let site = collector.keeper.view();
    let sweep = site.sweeps.get(&id);
    let sweep = sweep.ok_or_else(|| Refusal::not_found(format!("there is no sweep {id}; `rollcall sweep --list` shows the latest")))?;
    Ok(Json(SweepPage::of(&site, sweep)))
}

/// Sweeps a room: asks everything in it to report now, and tells how far it is.
async fn begin(State(collector): State<Collector>, Technician(actor): Technician, Body(new): Body<NewSweep>) -> Result<Response, Problem> {
    let room = rooms::known(&collector.keeper.view(), &new.room)?;
    let (lines, response) = mpsc::channel(WAITING);
    // A task of its own: a sweep that has begun is finished, whether or not somebody still listens.
    tokio::spawn(sweep_and_tell(collector, actor, room, lines));
    Ok(stream::respond(response))
}

async fn sweep_and_tell(collector: Collector, actor: Actor, room: RoomId, lines: mpsc::Sender<Line>) {
    let progress = lines.clone();
    let swept = sweeps::run(&collector, room, actor, move |so_far| {
        let line = Line::Progress(Progress { done: so_far.answered, of: so_far.total, step: None });
        // A reader that is gone or slow misses a line of progress.
        drop(progress.try_send(line));
    });
    let outcome = swept.await.map(|sweep| SweepPage::of(&collector.keeper.view(), &sweep)).map_err(Problem::from);
    // A reader that is gone finds the sweep in the list.
    drop(lines.send(Line::last(outcome)).await);
}
