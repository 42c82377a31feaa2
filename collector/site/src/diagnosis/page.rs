//! A diagnosis as people and scripts see it: every step of the list, those that have not ended yet too.

use super::{Diagnosis, Ended, Outcome, Step};
use crate::{Site, Tag};
use jiff::Timestamp;
use serde::Serialize;

/// The last diagnosis of a machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiagnosisPage {
    /// The machine's tag.
    pub tag: Option<Tag>,
    /// When it began.
    pub began_at: Timestamp,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// Whether it goes on.
    pub goes_on: bool,
    /// By whom.
    pub by: String,
    /// What came of it, in a few words.
    pub summary: String,
    /// How many steps need a look.
    pub to_look_at: usize,
    /// Why it did not come to its end; empty: it did, or goes on.
    pub problem: String,
    /// Every step, in order.
    pub steps: Vec<StepRow>,
}

/// One step of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepRow {
    /// Its name.
    pub step: Step,
    /// What people call it.
    pub title: &'static str,
    /// What came of it; `None`: it has not ended.
    pub outcome: Option<Outcome>,
    /// Whether somebody should look at it.
    pub needs_look: bool,
    /// What was found, or why not, in the machine's words.
    pub found: String,
    /// What to do; empty: nothing.
    pub remedy: &'static str,
    /// When it ended.
    pub at: Option<Timestamp>,
    /// To the collector and back, microseconds.
    pub round_trip_us: Option<u32>,
    /// To the collector, bits a second.
    pub up_bps: Option<u64>,
    /// From it.
    pub down_bps: Option<u64>,
    /// Clock of the machine minus clock of the collector, milliseconds.
    pub clock_off_ms: Option<i64>,
}

impl StepRow {
    /// A step that has ended.
    pub fn of(ended: &Ended) -> Self {
        Self {
            step: ended.step,
            title: ended.step.title(),
            outcome: Some(ended.outcome),
            needs_look: ended.step.needs_look(ended.outcome),
            found: ended.found.clone(),
            remedy: ended.step.remedy(ended.outcome),
            at: Some(ended.at),
            round_trip_us: ended.round_trip_us,
            up_bps: ended.up_bps,
            down_bps: ended.down_bps,
            clock_off_ms: ended.clock_off_ms,
        }
    }

    fn waiting(step: Step) -> Self {
        Self {
            step,
            title: step.title(),
            outcome: None,
            needs_look: false,
            found: String::new(),
            remedy: "",
            at: None,
            round_trip_us: None,
            up_bps: None,
            down_bps: None,
            clock_off_ms: None,
        }
    }
}

impl DiagnosisPage {
    /// A diagnosis as people see it now.
    pub fn of(site: &Site, diagnosis: &Diagnosis, now: Timestamp) -> Self {
        let device = site.devices.get(&diagnosis.device);
        let of_step = |step| diagnosis.ended.iter().find(|ended| ended.step == step);
        let goes_on = diagnosis.goes_on(now);
        let problem = match diagnosis.finished_at {
            None if !goes_on => "it was never finished".to_owned(),
            Some(_) if diagnosis.problem.is_empty() && diagnosis.ended.len() < Step::ALL.len() => {
                format!("it told of {} of {} steps only", diagnosis.ended.len(), Step::ALL.len())
            }
            _ => diagnosis.problem.clone(),
        };
        Self {
            tag: device.and_then(|device| site.assets.get(&device.asset)).map(|asset| asset.tag.clone()),
            began_at: diagnosis.began_at,
            finished_at: diagnosis.finished_at,
            goes_on,
            by: diagnosis.by.clone(),
            summary: diagnosis.summary(),
            to_look_at: diagnosis.to_look_at().count(),
            problem,
            steps: Step::ALL.iter().map(|step| of_step(*step).map_or_else(|| StepRow::waiting(*step), StepRow::of)).collect(),
        }
    }
}
