//! What a delivery would do: step by step, guarded, and nothing is done yet.

use super::cards::Cards;
use super::delivery::{Bad, Delivery, MOST_BAD, Mode, RowStatus, UserRow};
use super::fate::{Fate, Rows};
use super::guard;
use super::members::Members;
use super::settings::{CardSource, settings};
use crate::class::Class;
use crate::person::{Person, PersonRole, Standing, name_words};
use crate::{ClassId, PersonId, Refusal, Site, charge};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// How a delivery is to be taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// What is on the card; none: as it was last, or whatever fits.
    pub card: Option<CardSource>,
    /// Schools by key or name; none: as it was last; empty: everybody.
    pub schools: Option<Vec<String>>,
    /// Whether many may leave at once.
    pub leaving: Guard,
    /// Whether many may get other cards at once.
    pub cards: Guard,
}

/// Whether what is suspicious is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Guard {
    /// It is.
    #[default]
    On,
    /// A person said that it is right so.
    Off,
}

/// What a delivery would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What is on the cards.
    pub card: CardSource,
    /// The schools whose people are taken in, by key.
    pub schools: Vec<String>,
    /// What happens to people, by card.
    pub steps: Vec<Step>,
    /// What happens to classes.
    pub classes: Vec<ClassStep>,
    /// How many of each.
    pub counts: Counts,
    /// Rows that can't be used.
    pub bad: Vec<Bad>,
    /// Who is not taken in, and why.
    pub left_out: LeftOut,
    /// Why it is not applied as it is; empty: nothing is suspicious.
    pub suspicious: Vec<String>,
}

/// What happens to one person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// What.
    pub kind: StepKind,
    /// As they are then.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What may happen to a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum StepKind {
    /// They are new.
    Added,
    /// Something of them is otherwise.
    Changed,
    /// They had left and are here again.
    Back,
    /// They were known without the roster: provisionally, or from a file.
    Reconciled,
    /// Their card has another number; what they have goes with them.
    Renumbered {
        /// The number before.
        from: PersonId,
    },
    /// They are not at the school any more.
    Left,
}

/// What the roster knows of a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The id on the card.
    pub id: PersonId,
    /// Their key.
    pub source: String,
    /// The name.
    pub name: String,
    /// What they are.
    pub role: PersonRole,
    /// Their grade.
    pub grade: String,
    /// Their mail address.
    pub mail: String,
    /// Their rows of the file of roles.
    pub roles: BTreeMap<String, PersonRole>,
    /// Their classes.
    pub classes: BTreeSet<ClassId>,
}

/// What happens to one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassStep {
    /// It is new, or something of it is otherwise.
    Put(Class),
    /// It is not any more.
    Remove(ClassId),
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// New people.
    pub added: usize,
    /// People of whom something is otherwise.
    pub changed: usize,
    /// People who had left.
    pub back: usize,
    /// People who were known otherwise.
    pub reconciled: usize,
    /// People whose card has another number.
    pub renumbered: usize,
    /// People who left.
    pub left: usize,
    /// People who are as before.
    pub same: usize,
    /// Classes that are new or otherwise.
    pub classes: usize,
    /// Classes that are gone.
    pub classes_gone: usize,
}

/// Who is not taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Guardians, parents and other relatives.
    pub family: usize,
    /// People of other schools.
    pub elsewhere: usize,
    /// People of whom nothing says what they are.
    pub no_role: usize,
}

impl Plan {
    /// A short text that differs whenever what would be done differs.
    pub fn mark(&self) -> String {
        let done = serde_json::to_vec(&(&self.card, &self.schools, &self.steps, &self.classes)).unwrap_or_default();
        blake3::hash(&done).to_hex().chars().take(32).collect()
    }
}

impl Entry {
    /// A person as the roster knows them, over what is known besides.
    pub(super) fn over(&self, before: Person) -> Person {
        Person {
            id: self.id.clone(),
            name: self.name.clone(),
            role: self.role,
            standing: Standing::Enrolled,
            grade: self.grade.clone(),
            mail: self.mail.clone(),
            source: self.source.clone(),
            source_roles: self.roles.clone(),
            classes: self.classes.clone(),
            ..before
        }
    }

    fn of(person: &Person) -> Self {
        let Person { id, name, role, grade, mail, source, source_roles, classes, .. } = person.clone();
        Self { id, source, name, role, grade, mail, roles: source_roles, classes }
    }
}

/// Plans a delivery; `today` is the day at the site.
///
/// # Errors
/// A school is not known, or nobody of the delivery is to be taken in.
pub fn plan(site: &Site, delivery: &Delivery, terms: &Terms, today: Date) -> Result<Plan, Refusal> {
    let schools = guard::schools(site, delivery, terms)?;
    let mut bad = delivery.bad.clone();
    let rows = Rows::of(site, delivery, &schools, today, &mut bad);
    let fates: Vec<(&str, Fate)> = rows.sources().into_iter().map(|source| (source, rows.fate(source))).collect();
    let here = |fate: &Fate| matches!(fate, Fate::Here { .. });
    let users: Vec<&UserRow> = fates.iter().filter(|(_, fate)| here(fate)).filter_map(|(source, _)| rows.user(source)).collect();
    let cards = Cards::of(&users, terms.card.or(settings(site).card), &mut bad);
    if bad.len() > MOST_BAD {
        return Err(guard::too_bad(&bad));
    }
    let members = Members::of(site, delivery, &schools);
    let mut maker =
        Maker { site, rows: &rows, cards: &cards, members: &members, claimed: BTreeSet::new(), plan: Plan::empty(&cards, &schools, bad) };
    for (source, fate) in fates.iter().filter(|(_, fate)| here(fate) || *fate == Fate::AsBefore) {
        maker.stays(source, fate, &fates);
    }
    for (source, fate) in fates.iter().filter(|(_, fate)| !here(fate) && *fate != Fate::AsBefore) {
        maker.goes(source, fate, delivery);
    }
    let mut plan = maker.plan;
    plan.steps.sort_by(|a, b| a.entry.id.cmp(&b.entry.id));
    plan.classes = members.steps(&teachers(site, &plan.steps));
    plan.count_classes();
    guard::look(site, delivery, terms, &mut plan);
    Ok(plan)
}

/// The words of the names of those who teach each class, those too who do so from now on.
fn teachers(site: &Site, steps: &[Step]) -> HashMap<ClassId, HashSet<String>> {
    let mut names: HashMap<ClassId, HashSet<String>> = HashMap::new();
    let mut take = |role: PersonRole, classes: &BTreeSet<ClassId>, name: &str| {
        for class in classes.iter().filter(|_| role == PersonRole::Staff) {
            names.entry(class.clone()).or_default().extend(name_words(name));
        }
    };
    site.persons.values().for_each(|person| take(person.role, &person.classes, &person.name));
    steps.iter().for_each(|step| take(step.entry.role, &step.entry.classes, &step.entry.name));
    names
}

/// Whether two names are of the same words, in whichever order: "Ruiz, Ana" is "Ana Ruiz".
fn is_same_name(one: &str, other: &str) -> bool {
    let words = |name| name_words(name).collect::<BTreeSet<_>>();
    one == other || (words(one) == words(other) && !words(one).is_empty())
}

/// Makes the steps.
struct Maker<'a> {
    site: &'a Site,
    rows: &'a Rows<'a>,
    cards: &'a Cards<'a>,
    members: &'a Members<'a>,
    /// Ids of people whom another key takes over.
    claimed: BTreeSet<PersonId>,
    plan: Plan,
}

impl Maker<'_> {
    /// Somebody who is here, or of whom nothing is said.
    fn stays(&mut self, source: &str, fate: &Fate, fates: &[(&str, Fate)]) {
        let known = self.site.person_of_source(source).map(|person| &**person);
        let user = self.rows.user(source);
        let classes = self.members.of_person(source, known);
        let entry = match (fate, user, known) {
            (Fate::Here { role, roles }, Some(user), _) => {
                let Some(id) = self.cards.get(source).cloned() else { return };
                let (name, grade, mail) = (user.name.clone(), user.grade.clone(), user.mail.clone());
                Entry { id, source: source.to_owned(), name, role: *role, grade, mail, roles: roles.clone(), classes }
            }
            (Fate::Here { role, roles }, None, Some(known)) => Entry { role: *role, roles: roles.clone(), classes, ..Entry::of(known) },
            (Fate::AsBefore, _, Some(known)) if known.standing == Standing::Enrolled => Entry { classes, ..Entry::of(known) },
            _ => return,
        };
        match self.kind(&entry, known, fates) {
            Ok(Some(kind)) => self.plan.add(Step { kind, entry }),
            Ok(None) => self.plan.counts.same += 1,
            Err(what) => {
                let (line, column) = (user.map_or(0, |user| user.line), self.cards.source.column().to_owned());
                self.plan.bad.push(Bad { file: "users.csv".to_owned(), line, column, what });
            }
        }
    }

    /// What happens to somebody who is here; nothing, or why it can't be said.
    fn kind(&mut self, entry: &Entry, known: Option<&Person>, fates: &[(&str, Fate)]) -> Result<Option<StepKind>, String> {
        let holder = self.site.persons.get(&entry.id).map(|person| &**person);
        let owed = charge::open_of(self.site, &entry.id).next().filter(|_| holder.is_none());
        if let Some(charge) = owed {
            let (card, id) = (&entry.id, charge.id);
            return Err(format!(
                "the card {card} was that of somebody who is forgotten, and charge {id} is still open: waive it with `rollcall charge waive \
                 {id} REASON`, or say that it is paid"
            ));
        }
        let Some(holder) = holder.filter(|holder| holder.source != entry.source) else {
            return Ok(match known {
                None => Some(StepKind::Added),
                Some(known) if known.id != entry.id => Some(StepKind::Renumbered { from: known.id.clone() }),
                Some(known) if known.left_at().is_some() => Some(StepKind::Back),
                Some(known) => (entry.over(known.clone()) != *known).then_some(StepKind::Changed),
            });
        };
        if holder.source.is_empty() {
            let from = known.map(|known| known.id.clone());
            return Ok(Some(from.map_or(StepKind::Reconciled, |from| StepKind::Renumbered { from })));
        }
        // The card is that of another key: the same human being under a new one, or a number that is used again.
        let fate = fates.binary_search_by(|(source, _)| (*source).cmp(&holder.source)).ok().and_then(|place| fates.get(place));
        let is_gone = holder.left_at().is_some() || fate.is_some_and(|(_, fate)| !matches!(fate, Fate::Here { .. } | Fate::AsBefore));
        let card = &entry.id;
        if !is_gone {
            return Err(format!("the card {card} is that of another person; where it changes hands, import once more when this is done"));
        }
        if known.is_some() || !is_same_name(&holder.name, &entry.name) {
            let first = if self.site.held_by(card).next().is_some() { "still has something: take it back first, " } else { "has left: " };
            return Err(format!(
                "the card {card} was that of another person, who {first}forget them with `rollcall person forget {card}` and import once \
                 more; where it is the same person under another name, `rollcall person set {card} --name NAME` says so"
            ));
        }
        self.claimed.insert(holder.id.clone());
        Ok(Some(if holder.left_at().is_some() { StepKind::Back } else { StepKind::Changed }))
    }

    /// Somebody who is not at the school.
    fn goes(&mut self, source: &str, fate: &Fate, delivery: &Delivery) {
        let known = self.site.person_of_source(source).filter(|known| known.standing == Standing::Enrolled);
        let is_row = self.rows.user(source).is_some_and(|user| user.status == RowStatus::Active);
        match (known, fate) {
            (Some(known), _) if self.claimed.contains(&known.id) => {}
            (Some(known), _) if delivery.nameless == 0 => {
                self.plan.add(Step {
                    kind: StepKind::Left,
                    entry: Entry { roles: BTreeMap::new(), classes: BTreeSet::new(), ..Entry::of(known) },
                });
            }
            (Some(_), _) => self.plan.counts.same += 1,
            (None, Fate::Family) if is_row => self.plan.left_out.family += 1,
            (None, Fate::Elsewhere) if is_row => self.plan.left_out.elsewhere += 1,
            (None, Fate::NoRole) if is_row => self.plan.left_out.no_role += 1,
            (None, _) => {}
        }
    }
}

impl Plan {
    fn empty(cards: &Cards<'_>, schools: &BTreeSet<String>, bad: Vec<Bad>) -> Self {
        Self {
            card: cards.source,
            schools: schools.iter().cloned().collect(),
            steps: Vec::new(),
            classes: Vec::new(),
            counts: Counts::default(),
            bad,
            left_out: LeftOut::default(),
            suspicious: Vec::new(),
        }
    }

    fn add(&mut self, step: Step) {
        let counts = &mut self.counts;
        let count = match step.kind {
            StepKind::Added => &mut counts.added,
            StepKind::Changed => &mut counts.changed,
            StepKind::Back => &mut counts.back,
            StepKind::Reconciled => &mut counts.reconciled,
            StepKind::Renumbered { .. } => &mut counts.renumbered,
            StepKind::Left => &mut counts.left,
        };
        *count += 1;
        self.steps.push(step);
    }

    fn count_classes(&mut self) {
        self.counts.classes_gone = self.classes.iter().filter(|step| matches!(step, ClassStep::Remove(_))).count();
        self.counts.classes = self.classes.len() - self.counts.classes_gone;
    }

    /// Whether it would do nothing.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.classes.is_empty()
    }
}

/// Whether a delivery says something of people at all.
pub(super) fn says_people(delivery: &Delivery) -> bool {
    delivery.users.mode != Mode::Absent || delivery.roles.mode != Mode::Absent
}
