//! Alerts: what is wrong, since when, what to try first; acknowledged and resolved here.

mod together;

pub(in crate::desk) use together::together;

use crate::desk::api::moment;
use crate::desk::door::Visitor;
use crate::desk::fold::{Fold, fold};
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use rollcall_site::access::Role;
use rollcall_site::alert::{self, Alert};
use rollcall_site::view::{self, AlertRow, AlertsShown};
use rollcall_site::{AlertId, Refusal, Working};
use serde::Deserialize;
use std::sync::Arc;

/// Most lines on the page: alerts, or several that say the same.
const MOST: usize = 150;
/// Most machines under one line: a lab's.
const MOST_OF_ONE: usize = 40;
/// Most machines under all lines; each line shows one all the same.
const MOST_OF_ALL: usize = 600;

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    show: String,
}

/// Where an action leads back to, and until when an alert is put off.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Back {
    back: String,
    until: String,
}

#[derive(Template)]
#[template(path = "alerts.html")]
struct Alerts {
    frame: Frame,
    look: Look,
    all: bool,
    lines: Vec<Line>,
    more: usize,
}

/// An alert, or several that say the same of the machines of a room.
struct Line {
    /// In one line, for several.
    title: String,
    /// How many there are.
    all: usize,
    /// The numbers of all of them, with commas between: what one step for all takes.
    ids: String,
    /// As many of them as are shown, at least one.
    rows: Vec<AlertRow>,
}

/// `GET /alerts`, `GET /alerts?show=all`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let alerts = desk.apart(move |desk| {
        let (look, all) = (desk.look(), ask.show == "all");
        let rows = view::alerts(&look.site, if all { AlertsShown::All } else { AlertsShown::Live });
        let (lines, more) = lines(&rows);
        Ok(Alerts { more, frame: Frame::of(desk, &visitor, &look, Tab::Alerts), lines, all, look })
    });
    page(&alerts.await?)
}

/// The lines of the page, and how many alerts stand in none.
fn lines(rows: &[AlertRow]) -> (Vec<Line>, usize) {
    let (folds, mut left) = (fold(rows.iter()), MOST_OF_ALL);
    let more = folds.iter().skip(MOST).map(|fold| fold.others.len() + 1).sum();
    let line = |fold: &Fold<'_>| {
        let rows: Vec<AlertRow> = fold.alerts().take(MOST_OF_ONE.min(left).max(1)).cloned().collect();
        left = left.saturating_sub(rows.len());
        let ids: Vec<String> = fold.alerts().take(together::MOST).map(|row| row.id.to_string()).collect();
        Line { title: fold.title(), all: fold.others.len() + 1, ids: ids.join(","), rows }
    };
    (folds.iter().take(MOST).map(line).collect(), more)
}

impl Line {
    /// How many one step takes: all, or as many as one step may.
    fn together(&self) -> String {
        if self.all > together::MOST { format!("the first {}", together::MOST) } else { format!("all {}", self.all) }
    }
}

impl Alerts {
    fn live(&self) -> &'static str {
        "alert"
    }

    /// The title without the tag, which stands before it as a link.
    fn says<'a>(&self, row: &'a AlertRow) -> &'a str {
        row.tag.as_ref().and_then(|tag| words::said_of(&row.title, tag.as_str())).unwrap_or(&row.title)
    }

    /// What is known of where it stands, beside since when.
    fn standing(&self, row: &AlertRow) -> String {
        let by = row.by.as_ref().map(|by| format!("{} by {by}", row.state)).unwrap_or_default();
        match (row.state, row.until) {
            ("settling", _) => "may pass by itself, nobody was told yet".to_owned(),
            ("snoozed", Some(until)) => format!("{by} until {}", self.look.moment(until).words),
            _ => by,
        }
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
    change(&desk, &visitor, &form, "You look after this now", move |w| alert::acknowledge(w, AlertId(id))).await
}

/// `POST /alerts/{id}/reopen`
pub(in crate::desk) async fn reopen(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(form): Form<Back>) -> Answer {
    change(&desk, &visitor, &form, "Open again", move |w| alert::reopen(w, AlertId(id))).await
}

/// `POST /alerts/{id}/resolve`
pub(in crate::desk) async fn resolve(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(form): Form<Back>) -> Answer {
    change(&desk, &visitor, &form, "Resolved", move |w| alert::resolve(w, AlertId(id))).await
}

/// `POST /alerts/{id}/snooze`
pub(in crate::desk) async fn snooze(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(form): Form<Back>) -> Answer {
    let look = desk.look();
    let until = moment::after(&form.until, look.now, &look.zone);
    change(&desk, &visitor, &form, "Put off", move |w| alert::snooze(w, AlertId(id), until?)).await
}

async fn change(
    desk: &Desk,
    visitor: &Visitor,
    form: &Back,
    said: &'static str,
    change: impl FnOnce(&mut Working) -> Result<Arc<Alert>, Refusal> + Send + 'static,
) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = desk.change(visitor, change).await;
    let outcome = done.map(|alert| Notice::done(format!("{said}: {}", alert.title))).map_err(Trouble::from);
    desk.then(visitor, outcome, back(form))
}

fn back(form: &Back) -> &str {
    if form.back.is_empty() { "/alerts" } else { address::inside(&form.back) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::fold::tests::lacks;

    #[test]
    fn a_whole_school_in_trouble_is_a_page_that_ends() {
        let rows: Vec<AlertRow> =
            (0..20_000).map(|n| lacks(n, &format!("PC-{n}"), &format!("title {}", n % 200), &format!("Lab {}", n % 2), "raised")).collect();
        let (lines, more) = lines(&rows);
        assert_eq!((lines.len(), lines.iter().map(|line| line.all).sum::<usize>() + more), (MOST, 20_000));
        assert!(lines.iter().all(|line| line.all == 100 && !line.rows.is_empty()));
        let shown: usize = lines.iter().map(|line| line.rows.len()).sum();
        assert!((lines[0].rows.len() == MOST_OF_ONE) && shown < MOST_OF_ALL + MOST, "{shown}");
    }
}
