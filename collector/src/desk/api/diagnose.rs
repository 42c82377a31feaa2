//! `/devices/{tag}/diagnose`: a machine looks at its network and at itself. Asking for it streams each step as it ends.

use crate::Collector;
use crate::desk::api::ask::{Technician, Viewer};
use crate::desk::api::problem::Problem;
use crate::desk::api::stream::{self, Line, Progress};
use crate::diagnoses;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use rollcall_site::diagnosis::{DiagnosisPage, Ended, Step, StepRow};
use rollcall_site::event::Actor;
use rollcall_site::{DeviceId, Refusal, view};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc;

/// Lines that may wait for a slow reader: all that there are.
const WAITING: usize = Step::ALL.len() + 2;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/devices/{which}/diagnose", get(show).post(begin))
}

/// Shows the last diagnosis of a device.
async fn show(State(collector): State<Collector>, Viewer(_): Viewer, Path(which): Path<String>) -> Result<Json<DiagnosisPage>, Problem> {
    let site = collector.keeper.view();
    let id = view::find_device(&site, &which)?;
    let none = || Refusal::not_found(format!("{which} was never diagnosed; `rollcall diagnose {which}` does it now"));
    let diagnosis = site.diagnoses.get(&id).ok_or_else(none)?;
    Ok(Json(DiagnosisPage::of(&site, diagnosis, collector.keeper.clock().now())))
}

/// Has a device look at its network and at itself, and streams each step as it ends; the last line is the diagnosis.
async fn begin(State(collector): State<Collector>, Technician(actor): Technician, Path(which): Path<String>) -> Result<Response, Problem> {
    let id = view::find_device(&collector.keeper.view(), &which)?;
    let (lines, response) = mpsc::channel(WAITING);
    // A task of its own: a diagnosis that has begun is finished, whether or not somebody still listens.
    tokio::spawn(diagnose_and_tell(collector, actor, id, lines));
    Ok(stream::respond(response))
}

async fn diagnose_and_tell(collector: Collector, actor: Actor, device: DeviceId, lines: mpsc::Sender<Line>) {
    let (steps, done) = (lines.clone(), AtomicUsize::new(0));
    let told = move |ended: Option<&Ended>| {
        let done = done.fetch_add(ended.map_or(0, |_| 1), Ordering::Relaxed) + ended.map_or(0, |_| 1);
        let step = ended.map(|ended| serde_json::to_value(StepRow::of(ended)).unwrap_or_default());
        // A reader that is gone finds the steps in the last diagnosis.
        drop(steps.try_send(Line::Progress(Progress { done, of: Step::ALL.len(), step })));
    };
    let outcome = diagnoses::run(&collector, device, actor, told).await.map_err(Problem::from);
    let now = collector.keeper.clock().now();
    let outcome = outcome.map(|diagnosis| DiagnosisPage::of(&collector.keeper.view(), &diagnosis, now));
    drop(lines.send(Line::last(outcome)).await);
}
