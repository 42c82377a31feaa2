//! People of the roster: who may borrow.

use crate::record::{Record, Rest, Table};
use crate::{PersonId, Refusal, Site, Tag, Working};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Somebody of the roster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// The id on the card.
    pub id: PersonId,
    /// The name.
    pub name: String,
    /// What they are at the site.
    #[serde(default, skip_serializing_if = "is_default")]
    pub role: PersonRole,
    /// How they stand to the roster.
    #[serde(default, skip_serializing_if = "is_default")]
    pub standing: Standing,
    /// Their grade, "9"; empty: not said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub grade: String,
    /// Where reminders go; empty: nowhere.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mail: String,
    /// Why they may not borrow; none: they may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<String>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What somebody is at the site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonRole {
    /// A student.
    #[default]
    Student,
    /// A teacher or anybody else who works there.
    Staff,
}

/// How somebody stands to the roster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// On it.
    #[default]
    Enrolled,
    /// Added at the desk; the next roster may know them.
    Provisional,
    /// Not on it any more, since then.
    Left(Timestamp),
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Person {
    /// Somebody of whom nothing is known but id and name.
    pub fn new(id: PersonId, name: String) -> Self {
        Self {
            id,
            name,
            role: PersonRole::default(),
            standing: Standing::default(),
            grade: String::new(),
            mail: String::new(),
            blocked: None,
            rest: Rest::new(),
        }
    }
}

impl Record for Person {
    type Key = PersonId;
    const KIND: &'static str = "person";
    fn key(&self) -> PersonId {
        self.id.clone()
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.persons
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.persons
    }
}

/// What an import does or would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Imported {
    /// New people.
    pub added: usize,
    /// People with another name than before.
    pub changed: usize,
    /// People who are as before.
    pub same: usize,
}

/// What importing these people would do; nobody is removed.
pub fn plan(site: &Site, people: &[(PersonId, String)]) -> Imported {
    let mut plan = Imported::default();
    for (id, name) in people {
        match site.persons.get(id) {
            None => plan.added += 1,
            Some(person) if person.name != *name => plan.changed += 1,
            Some(_) => plan.same += 1,
        }
    }
    plan
}

/// Imports people; nobody is removed.
pub fn import(w: &mut Working, people: Vec<(PersonId, String)>) -> Imported {
    let plan = plan(&w.site, &people);
    for (id, name) in people {
        let before = w.site.persons.get(&id).cloned();
        if before.as_ref().is_none_or(|person| person.name != name) {
            let before = before.map_or_else(|| Person::new(id, String::new()), |person| (*person).clone());
            w.put(Person { name, ..before });
        }
    }
    if plan.added + plan.changed > 0 {
        w.event("person.imported", format!("People imported: {} new, {} changed, {} as before", plan.added, plan.changed, plan.same));
    }
    plan
}

/// Takes a person out of the roster for good; their loans that are over keep the id alone. Whoever keeps the records destroys their key.
///
/// # Errors
/// There is no such person, or something is still lent to them (`Conflict`).
pub fn forget(w: &mut Working, id: &PersonId) -> Result<(), Refusal> {
    get(&w.site, id)?;
    let (has, _) = loans(&w.site, id);
    if let Some((first, others)) = has.split_first() {
        let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
        return Err(Refusal::conflict(format!(
            "{id} still has {first}{more}: take it back with `rollcall loan in {first}`, then forget them"
        )));
    }
    w.remove::<Person>(id);
    w.event("person.forgotten", format!("{id} was forgotten: the name and everything else of their own is destroyed")).person =
        Some(id.clone());
    Ok(())
}

/// What somebody has now, by tag, and how many loans they had in all.
pub fn loans(site: &Site, id: &PersonId) -> (Vec<Tag>, usize) {
    let theirs = site.loans.values().filter(|loan| loan.person == *id);
    let mut has: Vec<Tag> = Vec::new();
    let count = theirs
        .inspect(|loan| has.extend(site.assets.get(&loan.asset).filter(|_| loan.in_at.is_none()).map(|asset| asset.tag.clone())))
        .count();
    (has, count)
}

/// The person with this id.
///
/// # Errors
/// There is none.
pub fn get<'a>(site: &'a Site, id: &PersonId) -> Result<&'a std::sync::Arc<Person>, Refusal> {
    site.persons.get(id).ok_or_else(|| Refusal::not_found(format!("nobody in the roster has the id {id}")))
}
