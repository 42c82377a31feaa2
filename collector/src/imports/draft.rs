//! Tries a list on a copy of the site: what it would do, and what is wrong in it.

use super::plan::{Discrepancy, MOST_STEPS, MOST_WRONG, Plan, Shown};
use super::{Desk, Import};
use crate::asset_file::{Borrower, Entry, Reader};
use crate::csv_file::{Wrong, decode};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rollcall_site::event::Actor;
use rollcall_site::intake::{self, Detail, Lent, Step, What};
use rollcall_site::presence::Heard;
use rollcall_site::{AssetId, PersonId, Refusal, Site, Working};
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// Rows that go in at once: some milliseconds of the writer's time.
pub(super) const AT_ONCE: usize = 500;
/// Most places and loans that are named.
const MOST_NAMED: usize = 20;

/// What a list would do, and the hash of every part of it that goes in at once.
pub(super) struct Draft {
    pub(super) plan: Plan,
    pub(super) parts: Vec<blake3::Hash>,
}

/// The people of the roster by what lists call them; none: several are called so.
pub(super) struct People {
    by_id: HashMap<String, Option<PersonId>>,
    by_mail: HashMap<String, Option<PersonId>>,
    zone: TimeZone,
}

impl People {
    pub(super) fn of(site: &Site) -> Self {
        let mails = site.persons.values().filter(|person| !person.mail.is_empty());
        let by_id = alone(site.persons.keys().map(|id| (id.as_str(), id)));
        Self { by_id, by_mail: alone(mails.map(|person| (person.mail.as_str(), &person.id))), zone: site.zone() }
    }

    fn find(&self, borrower: &Borrower) -> Option<&PersonId> {
        let by_id = borrower.ids.iter().find_map(|id| self.by_id.get(&id.to_lowercase()).or_else(|| self.by_mail.get(&id.to_lowercase())));
        by_id.or_else(|| borrower.mail.iter().find_map(|mail| self.by_mail.get(mail)))?.as_ref()
    }

    /// The end of the day that something is due.
    fn due(&self, borrower: &Borrower) -> Option<Timestamp> {
        let end = borrower.due?.at(23, 59, 0, 0).to_zoned_datetime(self.zone.clone());
        end.ok().map(|end| end.timestamp())
    }
}

/// People by a word in lower case: a mail address that a family shares is nobody's.
fn alone<'a>(people: impl Iterator<Item = (&'a str, &'a PersonId)>) -> HashMap<String, Option<PersonId>> {
    let mut found = HashMap::new();
    for (word, id) in people {
        found.entry(word.to_lowercase()).and_modify(|first| *first = None).or_insert_with(|| Some(id.clone()));
    }
    found
}

/// What one row came to.
pub(super) struct Taken {
    pub(super) step: Step,
    /// What became of its loan, where loans are taken over.
    pub(super) lent: Option<Result<Lent, String>>,
}

/// Takes a row in; `loans` is whom to lend to, where loans are taken over.
pub(super) fn take_row(w: &mut Working, heard: &Heard, entry: &Entry, loans: Option<&People>, detail: Detail) -> Result<Taken, Refusal> {
    let step = intake::take(w, AssetId(Uuid::now_v7()), entry.row.clone(), detail)?;
    let lent = entry.borrower.as_ref().zip(loans).map(|(borrower, people)| {
        let person =
            people.find(borrower).ok_or_else(|| "nobody in the roster is known by what the list says, or several are".to_owned())?;
        intake::lend(w, heard, step.asset, person, people.due(borrower)).map_err(|refusal| refusal.text)
    });
    Ok(Taken { step, lent })
}

/// The hash of what rows came to; the same rows on the same inventory have the same.
pub(super) fn hash_of(taken: &[Taken]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for one in taken {
        // What is new comes from the list alone, and the list is the same.
        let step = &one.step;
        let changes = if step.what == What::Add { &[] } else { step.changes.as_slice() };
        hasher.update(&serde_json::to_vec(&(&step.tag, step.what, changes, &one.lent)).unwrap_or_default());
        hasher.update(b"\n");
    }
    hasher.finalize()
}

/// Tries a list.
///
/// # Errors
/// It can't be read at all.
pub(super) fn draft(desk: &Desk, import: &Import, actor: &Actor) -> Result<Draft, Wrong> {
    let decoded = decode(&import.bytes).map_err(Wrong::of_file)?;
    let site = Site::clone(&desk.keeper.view());
    let reader = Reader::begin(&decoded.text, site.rooms.keys().cloned(), &import.options)?;
    let plan = Plan { format: reader.format.name, read_as: decoded.guessed, left_out: reader.left_out(), ..Plan::default() };
    let people = import.options.loans.then(|| People::of(&site));
    let rooms: BTreeSet<_> = site.rooms.keys().cloned().collect();
    let heard = desk.roll.heard();
    let begin = |site| Working::begin(site, desk.keeper.clock().now(), actor.clone());
    let mut trial = Trial { w: begin(site), heard: &heard, people: people.as_ref(), plan, seen: HashMap::new(), places: HashSet::new() };
    let (mut part, mut parts, mut rows) = (Vec::new(), Vec::new(), 0);
    let mut reader = reader;
    while let Some(entry) = reader.next() {
        rows += 1;
        match entry.and_then(|entry| trial.row(&reader, &entry)) {
            Ok(taken) => part.push(taken),
            Err(wrong) => trial.wrong(wrong),
        }
        if rows % AT_ONCE == 0 {
            parts.push(hash_of(&std::mem::take(&mut part)));
            // What was written and told so far is of no use any more, and would only grow.
            let so_far = std::mem::replace(&mut trial.w, begin(Site::default()));
            trial.w = begin(so_far.finish().site);
            import.has_done(rows);
        }
    }
    parts.push(hash_of(&part));
    let mut plan = trial.plan;
    plan.rows = rows;
    plan.rooms = trial.w.site.rooms.keys().filter(|room| !rooms.contains(*room)).map(ToString::to_string).collect();
    let mut all = blake3::Hasher::new();
    for part in &parts {
        all.update(part.as_bytes());
    }
    plan.digest = all.finalize().to_hex().to_string();
    Ok(Draft { plan, parts })
}

/// A list being tried.
struct Trial<'a> {
    w: Working,
    heard: &'a Heard,
    people: Option<&'a People>,
    plan: Plan,
    /// The line on which each asset stands.
    seen: HashMap<AssetId, u64>,
    places: HashSet<String>,
}

impl Trial<'_> {
    fn row(&mut self, reader: &Reader<'_>, entry: &Entry) -> Result<Taken, Wrong> {
        let detail = if self.plan.steps.len() < MOST_STEPS { Detail::Full } else { Detail::Tag };
        let taken =
            take_row(&mut self.w, self.heard, entry, self.people, detail).map_err(|refusal| self.refused(reader, entry, refusal))?;
        let (step, line) = (&taken.step, entry.line);
        if let Some(first) = self.seen.insert(step.asset, line) {
            return Err(Wrong::of_line(line, format!("{} stands on line {first} already: keep one line of it", step.tag)));
        }
        match step.what {
            What::Add => self.plan.added += 1,
            What::Change => self.plan.changed += 1,
            What::Same => self.plan.same += 1,
        }
        if step.what != What::Same && self.plan.steps.len() < MOST_STEPS {
            self.plan.steps.push(Shown { line, step: step.clone() });
        }
        self.place(entry.place.as_deref());
        self.lent(entry, &taken);
        Ok(taken)
    }

    fn place(&mut self, place: Option<&str>) {
        let Some(place) = place else { return };
        self.plan.no_room += 1;
        if self.plan.places.len() < MOST_NAMED && self.places.insert(place.to_owned()) {
            self.plan.places.push(place.to_owned());
        }
    }

    fn lent(&mut self, entry: &Entry, taken: &Taken) {
        self.plan.lent += usize::from(entry.borrower.is_some());
        let why = match &taken.lent {
            None | Some(Ok(Lent::Same)) => return,
            Some(Ok(Lent::Made)) => {
                self.plan.loans += 1;
                return;
            }
            Some(Ok(Lent::Elsewhere)) => "somebody else has it here".to_owned(),
            Some(Err(why)) => why.clone(),
        };
        self.plan.discrepancies += 1;
        if self.plan.unlent.len() < MOST_NAMED * 10 {
            self.plan.unlent.push(Discrepancy { line: entry.line, tag: taken.step.tag.clone(), why });
        }
    }

    fn wrong(&mut self, wrong: Wrong) {
        self.plan.wrong_count += 1;
        if self.plan.wrong.len() < MOST_WRONG {
            self.plan.wrong.push(wrong);
        }
    }

    /// Why a row is refused, with its column: the one without which it would not be.
    fn refused(&self, reader: &Reader<'_>, entry: &Entry, refusal: Refusal) -> Wrong {
        let mut wrong = Wrong::of_line(entry.line, refusal.text);
        if self.plan.wrong.len() >= MOST_WRONG {
            return wrong;
        }
        let Ok(serde_json::Value::Object(facts)) = serde_json::to_value(&entry.row.facts) else { return wrong };
        wrong.column = facts.keys().find_map(|fact| {
            let without = facts.iter().filter(|(name, _)| *name != fact).map(|(name, value)| (name.clone(), value.clone()));
            let facts = serde_json::from_value(without.collect::<serde_json::Map<_, _>>().into()).ok()?;
            let row = intake::Row { facts, ..entry.row.clone() };
            let mut w = Working::begin(self.w.site.clone(), self.w.now, self.w.actor.clone());
            intake::take(&mut w, AssetId(Uuid::nil()), row, Detail::Tag).ok().and_then(|_| reader.heading_of(fact))
        });
        wrong
    }
}
