//! Alerts: what is wrong, since when, what to try first; acknowledged and resolved here.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use rollcall_site::AlertId;
use rollcall_site::access::Role;
use rollcall_site::alert;
use rollcall_site::view::{self, AlertRow, AlertsShown};
use serde::Deserialize;

/// Most alerts on the page.
const MOST: usize = 150;

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    show: String,
}

/// Where an action leads back to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Back {
    back: String,
}

#[derive(Template)]
#[template(path = "alerts.html")]
struct Alerts {
    frame: Frame,
    look: Look,
    all: bool,
    rows: Vec<AlertRow>,
    more: usize,
}

/// `GET /alerts`, `GET /alerts?show=all`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let alerts = desk.apart(move |desk| {
        let (look, all) = (desk.look(), ask.show == "all");
        let mut rows = view::alerts(&look.site, if all { AlertsShown::All } else { AlertsShown::Live });
        let more = rows.len().saturating_sub(MOST);
        rows.truncate(MOST);
        Ok(Alerts { more, frame: Frame::of(desk, &visitor, &look, Tab::Alerts), rows, all, look })
    });
    page(&alerts.await?)
}

impl Alerts {
    fn live(&self) -> &'static str {
        "alert"
    }

    /// The title without the tag, which stands before it as a link.
    fn says<'a>(&self, row: &'a AlertRow) -> &'a str {
        row.tag.as_ref().and_then(|tag| words::said_of(&row.title, tag.as_str())).unwrap_or(&row.title)
    }

    fn severity(&self, row: &AlertRow) -> Chip {
        if row.state == "resolved" { Chip::go("Resolved") } else { words::severity(row.severity) }
    }
}

/// `POST /alerts/{id}/acknowledge`
pub(in crate::desk) async fn acknowledge(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(id): Path<u64>,
    Form(form): Form<Back>,
) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = desk.change(&visitor, move |w| alert::acknowledge(w, AlertId(id))).await;
    let outcome = done.map(|alert| Notice::done(format!("You look after this now: {}", alert.title))).map_err(Trouble::from);
    desk.then(&visitor, outcome, back(&form))
}

/// `POST /alerts/{id}/resolve`
pub(in crate::desk) async fn resolve(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(form): Form<Back>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = desk.change(&visitor, move |w| alert::resolve(w, AlertId(id))).await;
    let outcome = done.map(|alert| Notice::done(format!("Resolved: {}", alert.title))).map_err(Trouble::from);
    desk.then(&visitor, outcome, back(&form))
}

fn back(form: &Back) -> &str {
    if form.back.is_empty() { "/alerts" } else { address::inside(&form.back) }
}
