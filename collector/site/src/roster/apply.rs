//! Does what a plan says, some steps at a time, each checked against how people are by then.

use super::plan::{ClassStep, Entry, Plan, Step, StepKind};
use super::settings::{self, Origin, Roster, Taken};
use crate::class::Class;
use crate::person::{Move, Person, Standing, move_all};
use crate::words::count;
use crate::{PersonId, Working, alert};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What some steps came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Steps that were done.
    pub done: usize,
    /// Steps that do not fit any more: somebody was forgotten or changed meanwhile.
    pub skipped: usize,
    /// Ids that are nobody's any more: the keys to what is stored of them are to be destroyed.
    pub gone: Vec<PersonId>,
}

/// Does some steps of a plan.
pub fn apply(w: &mut Working, steps: &[Step]) -> Applied {
    let mut applied = Applied::default();
    let mut moves = Move::new();
    for step in steps {
        match one(w, step, &mut moves) {
            Some(()) => applied.done += 1,
            None => applied.skipped += 1,
        }
    }
    if !moves.is_empty() {
        move_all(w, &moves);
        moves.keys().for_each(|from| w.remove::<Person>(from));
        applied.gone = moves.into_keys().collect();
    }
    applied
}

/// Does one step; none where it does not fit any more.
fn one(w: &mut Working, step: &Step, moves: &mut Move) -> Option<()> {
    let entry = &step.entry;
    let before = w.site.persons.get(&entry.id).cloned();
    match &step.kind {
        StepKind::Left => leave(w, before.filter(|before| before.source == entry.source)?)?,
        StepKind::Added => {
            // Somebody may have been added at the desk meanwhile.
            let fits = before.as_ref().is_none_or(|before| before.source.is_empty());
            fits.then(|| put(w, entry, before.as_deref()))?;
        }
        StepKind::Renumbered { from } => {
            let known = w.site.persons.get(from).cloned()?;
            let blocked = known.blocked.clone().or_else(|| before.as_ref().and_then(|before| before.blocked.clone()));
            put(w, entry, Some(&Person { blocked, ..(*known).clone() }));
            moves.insert(from.clone(), entry.id.clone());
        }
        StepKind::Changed | StepKind::Back | StepKind::Reconciled => put(w, entry, Some(&*before?)),
    }
    Some(())
}

fn put(w: &mut Working, entry: &Entry, before: Option<&Person>) {
    let person = entry.over(before.cloned().unwrap_or_else(|| Person::new(entry.id.clone(), String::new())));
    let is_back = before.is_some_and(|before| before.left_at().is_some());
    w.put(person);
    if is_back {
        judge_things(w, &entry.id);
    }
}

fn leave(w: &mut Working, before: Arc<Person>) -> Option<()> {
    if before.left_at().is_some() {
        return None;
    }
    let id = before.id.clone();
    let (classes, source_roles) = Default::default();
    w.put(Person { standing: Standing::Left(w.now), classes, source_roles, ..(*before).clone() });
    judge_things(w, &id);
    Some(())
}

fn judge_things(w: &mut Working, id: &PersonId) {
    let things: BTreeSet<_> = w.site.held_by(id).map(|loan| loan.asset).collect();
    things.into_iter().for_each(|asset| alert::judge(w, asset));
}

/// Does what a plan says of classes.
pub fn apply_classes(w: &mut Working, steps: &[ClassStep]) {
    for step in steps {
        match step {
            ClassStep::Put(class) => drop(w.put(class.clone())),
            ClassStep::Remove(id) => w.remove::<Class>(id),
        }
    }
}

/// Says that a plan was applied, and keeps what was chosen for the next one.
pub fn finish(w: &mut Working, plan: &Plan, origin: Origin) -> Arc<Roster> {
    settings::choose(w, Some(plan.card), Some(plan.schools.clone()));
    let counts = plan.counts;
    let Origin { file, digest, written_at } = origin;
    let taken = Taken { at: w.now, by: w.actor.words(), file, digest, counts };
    // A file from the time to come would hide those after it.
    let written_at = written_at.map(|at| at.min(w.now));
    let people = |number| count(number, "person", "people");
    let mut said = vec![format!("{} new", people(counts.added)), format!("{} changed", counts.changed), format!("{} left", counts.left)];
    let more = [(counts.back, "back"), (counts.reconciled, "reconciled"), (counts.renumbered, "with a new card")];
    said.extend(more.into_iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")));
    w.event("roster.imported", format!("Roster: {}, {} as before", said.join(", "), counts.same));
    let roster = settings::change(w, |roster| {
        (roster.last, roster.waiting) = (Some(taken), None);
        roster.folder_at = written_at.or(roster.folder_at);
    });
    settings::judge(w);
    roster
}
