//! The last diagnosis on a device's page: each step with its state, what was found, and what to do.

use crate::desk::door::Visitor;
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk, address};
use axum::extract::{Path, State};
use rollcall_site::DeviceId;
use rollcall_site::diagnosis::{DiagnosisPage, Outcome, StepRow};

/// The section.
pub(super) struct Diagnosis {
    pub page: DiagnosisPage,
    pub chip: Chip,
    pub rows: Vec<Row>,
}

/// One step.
pub(super) struct Row {
    pub title: String,
    pub chip: Chip,
    pub found: String,
    pub needs_look: bool,
    pub remedy: &'static str,
}

impl Diagnosis {
    /// The last one of a device; `None`: there was none.
    pub fn of(look: &Look, device: DeviceId) -> Option<Self> {
        let diagnosis = look.site.diagnoses.get(&device)?;
        let page = DiagnosisPage::of(&look.site, diagnosis, look.now);
        let chip = match (page.goes_on, page.to_look_at, page.problem.is_empty()) {
            (true, ..) => {
                Chip::away(format!("{} of {} steps", page.steps.iter().filter(|row| row.outcome.is_some()).count(), page.steps.len()))
            }
            (false, 0, true) => Chip::go("All is well"),
            (false, 0, false) => Chip::check("Not finished"),
            (false, count, _) => Chip::check(words::count(count, "step needs a look", "steps need a look")),
        };
        let mut goes_on = page.goes_on;
        let mut row = |row: &StepRow| {
            let is_next = row.outcome.is_none() && std::mem::take(&mut goes_on);
            Row {
                title: words::sentence(row.title).trim_end_matches('.').to_owned(),
                chip: chip_of(row, is_next),
                found: if row.found.is_empty() { String::new() } else { words::sentence(&row.found) },
                needs_look: row.needs_look,
                remedy: row.remedy,
            }
        };
        let rows = page.steps.iter().map(&mut row).collect();
        Some(Self { page, chip, rows })
    }
}

fn chip_of(row: &StepRow, is_next: bool) -> Chip {
    match row.outcome {
        Some(Outcome::Well) => Chip::go("Well"),
        Some(Outcome::Absent) if row.needs_look => Chip::stop("Missing"),
        Some(Outcome::Absent) => Chip::rest("None"),
        Some(Outcome::Unreadable) => Chip::check("Not measured"),
        Some(Outcome::Wrong) => Chip::stop("Wrong"),
        None if is_next => Chip::away("Now"),
        None => Chip::rest("Not yet"),
    }
}

/// `POST /devices/{tag}/diagnose`
pub(in crate::desk) async fn begin(State(desk): State<Desk>, visitor: Visitor, Path(tag): Path<String>) -> Answer {
    let (asset, device) = super::device_actions::bound(&desk, &visitor, &tag)?;
    let begun = desk.diagnose(&visitor, device).await;
    let outcome = begun.map(|()| Notice::done(format!("{} looks at itself now; each step is shown as it ends.", asset.tag)));
    desk.then(&visitor, outcome, &format!("{}#diagnosis", address::device(&asset.tag)))
}
