//! Alerts that say the same of many machines, acknowledged, resolved or reopened in one step.

use crate::desk::door::Visitor;
use crate::desk::session::Notice;
use crate::desk::trouble::Trouble;
use crate::desk::words::count;
use crate::desk::{Answer, Desk};
use axum::extract::{Form, State};
use rollcall_site::access::Role;
use rollcall_site::{AlertId, Refusal, Working, alert};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Most alerts of one step: those that stand in one line of the page.
pub(super) const MOST: usize = 500;

/// Which alerts, and what becomes of them.
#[derive(Deserialize)]
pub(in crate::desk) struct Sent {
    /// Their numbers, with commas between.
    ids: String,
    /// What becomes of them.
    step: Step,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Step {
    Acknowledge,
    Reopen,
    Resolve,
}

/// `POST /alerts/together`
pub(in crate::desk) async fn together(State(desk): State<Desk>, visitor: Visitor, Form(sent): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let ids: BTreeSet<AlertId> = sent.ids.split(',').filter_map(|id| id.trim().parse().ok()).map(AlertId).take(MOST).collect();
    let outcome = desk.change(&visitor, move |w| all(w, &ids, sent.step)).await;
    let outcome = outcome.map(|done| Notice::done(format!("{}: {}", sent.step.said(), count(done, "alert", "alerts"))));
    desk.then(&visitor, outcome.map_err(Trouble::from), "/alerts")
}

/// Takes the step with each alert; what somebody else has moved on meanwhile stays as it is. Gives how many took it.
fn all(w: &mut Working, ids: &BTreeSet<AlertId>, step: Step) -> Result<usize, Refusal> {
    let take = match step {
        Step::Acknowledge => alert::acknowledge,
        Step::Reopen => alert::reopen,
        Step::Resolve => alert::resolve,
    };
    match ids.iter().filter(|id| take(w, **id).is_ok()).count() {
        0 => Err(Refusal::conflict("none of these alerts is as it was shown; look at the list again")),
        done => Ok(done),
    }
}

impl Step {
    fn said(self) -> &'static str {
        match self {
            Self::Acknowledge => "You look after these now",
            Self::Reopen => "Open again",
            Self::Resolve => "Resolved",
        }
    }
}
