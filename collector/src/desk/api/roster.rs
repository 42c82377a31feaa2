//! `/roster`: the people of the school as the student information system says it. A delivery is previewed, and what is applied is what was seen.

use crate::Collector;
use crate::desk::api::ask::{Admin, Asked, Body, Technician, Viewer};
use crate::desk::api::moment;
use crate::desk::api::part::{Listed, Nothing, Paged};
use crate::desk::api::problem::Problem;
use crate::desk::api::roster_preview::{Preview, preview};
use crate::desk::api::stream::{self, Line, Progress};
use crate::erasure;
use crate::feeds::dropped::{self, Outcome};
use crate::feeds::eyes;
use crate::feeds::oneroster::LARGEST;
use crate::feeds::roster::{self as service, Accepted, NotApplied, Turn};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use bytes::Bytes;
use jiff::Timestamp;
use rollcall_site::event::Actor;
use rollcall_site::person::{PersonRole, Standing};
use rollcall_site::roster::{self, CardSource, Discrepancy, Guard, Origin, Plan, Roster, Terms, Watch};
use rollcall_site::{Refusal, Site, class};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;

/// Progress lines that may wait for a slow reader; then it misses some, never the result.
const WAITING: usize = 256;
/// Most discrepancies in one answer.
const MOST: usize = 2_000;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/roster", get(show).patch(set))
        .route("/roster/classes", get(classes))
        .route("/roster/discrepancies", get(discrepancies))
        .route("/roster/watch", put(watch).delete(unwatch))
}

/// Those whose work may take longer than an answer may: a district's delivery.
pub(super) fn slow_routes() -> Router<Collector> {
    let largest = usize::try_from(LARGEST).unwrap_or(usize::MAX);
    Router::new()
        .route("/roster/plan", post(plan).layer(DefaultBodyLimit::max(largest)))
        .route("/roster/import", post(import).layer(DefaultBodyLimit::max(largest)))
        .route("/roster/look", post(look))
        .route("/roster/waiting/plan", post(plan_waiting))
        .route("/roster/waiting/accept", post(accept))
        .route("/roster/forget-left", post(forget_left))
}

/// The roster and who is on it, in figures.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    roster: Roster,
    /// How long who left is kept, days.
    kept_days: u32,
    students: usize,
    staff: usize,
    provisional: usize,
    left: usize,
    classes: usize,
}

impl Shown {
    fn of(site: &Site) -> Self {
        let count = |which: fn(&rollcall_site::person::Person) -> bool| site.persons.values().filter(|person| which(person)).count();
        let roster = (*roster::settings(site)).clone();
        Self {
            kept_days: roster.kept_days(),
            students: count(|person| person.standing == Standing::Enrolled && person.role == PersonRole::Student),
            staff: count(|person| person.standing == Standing::Enrolled && person.role == PersonRole::Staff),
            provisional: count(|person| person.standing == Standing::Provisional),
            left: count(|person| person.left_at().is_some()),
            classes: site.classes.len(),
            roster,
        }
    }
}

/// Shows how the people of the roster come in, and the last import.
async fn show(State(collector): State<Collector>, Viewer(_): Viewer) -> Json<Shown> {
    Json(Shown::of(&collector.keeper.view()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    keep_days: u32,
}

/// Changes how the people of the roster come in.
async fn set(State(collector): State<Collector>, Admin(actor): Admin, Body(set): Body<Set>) -> Result<Json<Shown>, Problem> {
    Ok(Json(collector.keeper.change(actor, move |w| roster::keep_for(w, set.keep_days).map(|_| Shown::of(&w.site))).await?))
}

#[derive(Serialize)]
struct ClassRow {
    id: String,
    title: String,
    room: String,
    students: usize,
    teachers: Vec<String>,
}

/// Lists the classes of the roster.
async fn classes(State(collector): State<Collector>, Viewer(_): Viewer, Paged(Nothing {}, part): Paged<Nothing>) -> Listed<ClassRow> {
    let site = collector.keeper.view();
    let row = |known: &class::Class| ClassRow {
        id: known.id.to_string(),
        title: known.title.clone(),
        room: known.room.clone(),
        students: class::with_role(&site, &known.id, PersonRole::Student).count(),
        teachers: class::with_role(&site, &known.id, PersonRole::Staff).map(|person| person.id.to_string()).collect(),
    };
    part.of(site.classes.values().map(|known| row(known)), |row| row.id.clone())
}

/// A discrepancy with the names of those whom it is about.
#[derive(Serialize)]
struct Doubtful {
    #[serde(flatten)]
    found: Discrepancy,
    /// As a heading.
    what: &'static str,
    names: Vec<String>,
}

/// Lists the people of whom the records disagree.
async fn discrepancies(
    State(collector): State<Collector>,
    Viewer(_): Viewer,
    Paged(Nothing {}, part): Paged<Nothing>,
) -> Result<Listed<Doubtful>, Problem> {
    let (site, now) = (collector.keeper.view(), collector.keeper.clock().now());
    // Everybody is compared with everybody else.
    let found = tokio::task::spawn_blocking(move || doubtful(&site, now)).await;
    Ok(part.of(found.map_err(|_| Problem::broken_off())?, Doubtful::key))
}

impl Doubtful {
    /// Tells it apart from others that say the same.
    fn key(&self) -> String {
        let people = self.found.people.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let has = self.found.has.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        format!("{} {people} {has}", self.what)
    }
}

fn doubtful(site: &Site, now: Timestamp) -> Vec<Doubtful> {
    let found = roster::discrepancies(site, now).into_iter().take(MOST);
    let named = |found: Discrepancy| {
        let names = found.people.iter().map(|id| site.persons.get(id).map_or_else(String::new, |person| person.name.clone())).collect();
        Doubtful { what: found.doubt.word(), names, found }
    };
    found.map(named).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWatch {
    dir: String,
    /// "15m".
    every: Option<String>,
    card: Option<CardSource>,
    /// By name or key; none: as before.
    schools: Option<Vec<String>>,
}

/// Watches a folder for exports of the student information system.
async fn watch(State(collector): State<Collector>, Admin(actor): Admin, Body(new): Body<NewWatch>) -> Result<Json<Shown>, Problem> {
    let every_s = moment::seconds(new.every.as_deref().unwrap_or("15m"))?;
    let change = move |w: &mut rollcall_site::Working| {
        roster::choose(w, new.card, new.schools);
        roster::watch(w, Watch { dir: new.dir, every_s }).map(|_| Shown::of(&w.site))
    };
    Ok(Json(collector.keeper.change(actor, change).await?))
}

/// Watches no folder any more.
async fn unwatch(State(collector): State<Collector>, Admin(actor): Admin) -> Result<Json<Shown>, Problem> {
    Ok(Json(collector.keeper.change(actor, |w| roster::unwatch(w).map(|_| Shown::of(&w.site))).await?))
}

/// How a delivery is to be taken: in the query, for the body is the delivery.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sent {
    card: Option<CardSource>,
    /// A list of keys or names, as JSON; it may be empty: everybody.
    schools: Option<String>,
    allow_leaving: bool,
    allow_new_cards: bool,
    /// Rows that can't be used are passed over.
    skip_bad: bool,
    /// The mark of the preview.
    mark: Option<String>,
    /// The file's name.
    file: Option<String>,
}

impl Sent {
    fn terms(&self) -> Result<Terms, Problem> {
        let guard = |allowed| if allowed { Guard::Off } else { Guard::On };
        let schools = self.schools.as_deref().map(serde_json::from_str).transpose();
        let schools = schools.map_err(|error| Refusal::invalid(format!("schools: a JSON list of texts is wanted: {error}")))?;
        Ok(Terms { card: self.card, schools, leaving: guard(self.allow_leaving), cards: guard(self.allow_new_cards) })
    }

    /// Refuses what a person must look at first.
    fn refuse(&self, plan: &Plan) -> Result<(), Refusal> {
        if !plan.suspicious.is_empty() {
            return Err(Refusal::conflict(format!("nothing was changed: {}", plan.suspicious.join("; "))));
        }
        if let Some(first) = plan.bad.first().filter(|_| !self.skip_bad) {
            let (place, count) = (format!("{}, line {}", first.file, first.line), plan.bad.len());
            let text = format!(
                "nothing was changed: {count} rows can't be used, the first in {place}: {}; pass them over with --skip-bad",
                first.what
            );
            return Err(Refusal::invalid(text));
        }
        if self.mark.as_ref().is_some_and(|mark| *mark != plan.mark()) {
            return Err(Refusal::conflict("the people have changed since the preview: look at it again"));
        }
        Ok(())
    }
}

async fn planned(collector: &Collector, zip: Bytes, terms: Terms) -> Result<Plan, Problem> {
    let asked = collector.clone();
    let work = move || {
        let delivery = service::read(&zip).map_err(|unreadable| Refusal::invalid(unreadable.to_string()))?;
        service::plan(&asked, &delivery, &terms)
    };
    let plan = tokio::task::spawn_blocking(work).await.map_err(|_| Problem::broken_off())?;
    Ok(plan?)
}

/// Says what an export of the student information system would change, and changes nothing.
async fn plan(
    State(collector): State<Collector>,
    Technician(_): Technician,
    Asked(sent): Asked<Sent>,
    zip: Bytes,
) -> Result<Json<Preview>, Problem> {
    Ok(Json(preview(&planned(&collector, zip, sent.terms()?).await?)))
}

/// Takes an export of the student information system in.
async fn import(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Asked(sent): Asked<Sent>,
    zip: Bytes,
) -> Result<Response, Problem> {
    let turn = service::turn().await;
    let plan = planned(&collector, zip, sent.terms()?).await?;
    sent.refuse(&plan)?;
    let file: String = sent.file.unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
    Ok(applied(collector, turn, actor, Accepted { plan, origin: Origin { file, ..Origin::default() } }))
}

/// Applies a plan, and streams how far it has come.
fn applied(collector: Collector, turn: Turn, actor: Actor, accepted: Accepted) -> Response {
    let (lines, body) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let told = |done, of| drop(lines.try_send(Line::Progress(Progress { done, of, step: None })));
        let outcome = service::apply(&collector, &turn, &actor, accepted, told).await;
        drop(turn);
        let outcome = outcome.map(|plan| preview(&plan)).map_err(Problem::from);
        drop(lines.send(Line::last(outcome)).await);
    });
    stream::respond(body)
}

impl From<NotApplied> for Problem {
    fn from(error: NotApplied) -> Self {
        match error {
            NotApplied::Change(error) => error.into(),
            NotApplied::Keys(error) => error.into(),
        }
    }
}

/// Looks into the watched folder now.
async fn look(State(collector): State<Collector>, Technician(_): Technician) -> Result<Json<serde_json::Value>, Problem> {
    let outcome = eyes::look_now(&collector).await.map_err(Refusal::conflict)?;
    let word = match outcome {
        Outcome::Nothing => "nothing",
        Outcome::Known => "known",
        Outcome::Applied => "applied",
        Outcome::Waits => "waits",
    };
    Ok(Json(json!({ "outcome": word, "roster": Shown::of(&collector.keeper.view()) })))
}

/// The delivery that waits, planned as if a person had said yes.
async fn waiting(collector: &Collector) -> Result<(Accepted, Vec<String>), Problem> {
    let roster = roster::settings(&collector.keeper.view());
    let dropped = tokio::task::spawn_blocking(move || dropped::waiting(&roster)).await.map_err(|_| Problem::broken_off())?;
    let dropped = dropped.map_err(Refusal::conflict)?;
    let guarded = dropped::planned(collector, &dropped, Terms::default()).await.map_err(Refusal::from)?;
    let plan = dropped::planned(collector, &dropped, dropped::said_yes()).await.map_err(Refusal::from)?;
    Ok((Accepted { plan, origin: dropped.origin }, guarded.suspicious))
}

/// Says what the export that waits would change, and changes nothing.
async fn plan_waiting(State(collector): State<Collector>, Technician(_): Technician) -> Result<Json<Preview>, Problem> {
    let (accepted, suspicious) = waiting(&collector).await?;
    Ok(Json(Preview { suspicious, ..preview(&accepted.plan) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Yes {
    mark: Option<String>,
}

/// Takes the export in that waits for a yes.
async fn accept(State(collector): State<Collector>, Technician(actor): Technician, Body(yes): Body<Yes>) -> Result<Response, Problem> {
    let turn = service::turn().await;
    let (accepted, _) = waiting(&collector).await?;
    if yes.mark.is_some_and(|mark| mark != accepted.plan.mark()) {
        return Err(Problem::new(StatusCode::CONFLICT, "the people have changed since the preview: look at it again"));
    }
    Ok(applied(collector, turn, actor, accepted))
}

/// Forgets everybody who left long enough ago.
async fn forget_left(State(collector): State<Collector>, Admin(actor): Admin) -> Result<Json<serde_json::Value>, Problem> {
    Ok(Json(json!({ "forgotten": erasure::forget_left(&collector, actor).await? })))
}
