//! A plan of the roster as people look at it: figures, the first of each kind, and every reason for doubt.

use rollcall_site::roster::{Bad, Counts, LeftOut, Plan, Step, StepKind};
use serde::Serialize;

/// The first so many of each kind are named.
const EXAMPLES: usize = 5;
/// Most bad rows in one answer.
const MOST_BAD: usize = 50;

/// A plan as people look at it.
#[derive(Serialize)]
pub struct Preview {
    /// To be sent with the yes: what is then done is this.
    pub mark: String,
    /// The column that stands on the card.
    pub card: &'static str,
    /// The schools whose people are taken in, by key; none: everybody.
    pub schools: Vec<String>,
    /// How many of each.
    pub counts: Counts,
    /// Who is not taken in.
    pub left_out: LeftOut,
    /// The first of each kind.
    pub examples: Vec<Example>,
    /// The first rows that can't be used.
    pub bad: Vec<Bad>,
    /// How many rows can't be used.
    pub bad_count: usize,
    /// Why it is not applied as it is.
    pub suspicious: Vec<String>,
}

/// One person of a plan.
#[derive(Serialize)]
pub struct Example {
    /// "added", "left" …
    pub step: &'static str,
    /// The id on the card.
    pub id: String,
    /// The name.
    pub name: String,
    /// Student or staff, and the grade.
    pub what: String,
}

/// Shows a plan.
pub fn preview(plan: &Plan) -> Preview {
    let kinds = ["added", "changed", "back", "reconciled", "renumbered", "left"];
    let of_kind = |kind: &'static str| plan.steps.iter().filter(move |step| word(&step.kind) == kind).take(EXAMPLES).map(example);
    Preview {
        mark: plan.mark(),
        card: plan.card.column(),
        schools: plan.schools.clone(),
        counts: plan.counts,
        left_out: plan.left_out,
        examples: kinds.into_iter().flat_map(of_kind).collect(),
        bad: plan.bad.iter().take(MOST_BAD).cloned().collect(),
        bad_count: plan.bad.len(),
        suspicious: plan.suspicious.clone(),
    }
}

fn example(step: &Step) -> Example {
    let entry = &step.entry;
    let what = match (&step.kind, entry.grade.as_str()) {
        (StepKind::Renumbered { from }, _) => format!("before: {from}"),
        (_, "") => entry.role.word().to_owned(),
        (_, grade) => format!("{}, grade {grade}", entry.role.word()),
    };
    Example { step: word(&step.kind), id: entry.id.to_string(), name: entry.name.clone(), what }
}

const fn word(kind: &StepKind) -> &'static str {
    match kind {
        StepKind::Added => "added",
        StepKind::Changed => "changed",
        StepKind::Back => "back",
        StepKind::Reconciled => "reconciled",
        StepKind::Renumbered { .. } => "renumbered",
        StepKind::Left => "left",
    }
}
