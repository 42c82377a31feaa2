//! People: who may borrow. They come from the roster, from a file, or by hand.

mod hands;
mod import;
mod merge;

pub use hands::{NewPerson, add, block, forget, set, unblock};
pub use import::{Imported, Row, import, plan};
pub use merge::{Merged, merge};
pub(crate) use merge::{Move, move_all};

use crate::class::ClassId;
use crate::loan::Loan;
use crate::record::{self, Record, Rest, Table};
use crate::{LoanId, PersonId, Refusal, Site, Tag};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The longest name, mail address or grade, characters.
pub const LONGEST: usize = 200;

/// Somebody of the roster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// The id on the card.
    pub id: PersonId,
    /// The name.
    pub name: String,
    /// What they are at the site.
    #[serde(default, skip_serializing_if = "crate::record::is_default")]
    pub role: PersonRole,
    /// How they stand to the roster.
    #[serde(default, skip_serializing_if = "crate::record::is_default")]
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
    /// What the student information system calls them; empty: they did not come from there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// The roles that its file of roles gives them here, by the key of the row.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub source_roles: BTreeMap<String, PersonRole>,
    /// The classes that they attend or teach. They are kept here, and not with the class, so that they are sealed with the rest.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub classes: BTreeSet<ClassId>,
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

impl PersonRole {
    /// As people say it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Staff => "staff",
        }
    }
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

impl Standing {
    /// As people say it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enrolled => "enrolled",
            Self::Provisional => "provisional",
            Self::Left(_) => "left",
        }
    }
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
            source: String::new(),
            source_roles: BTreeMap::new(),
            classes: BTreeSet::new(),
            rest: Rest::new(),
        }
    }

    /// Since when they are not of the roster any more.
    pub const fn left_at(&self) -> Option<Timestamp> {
        match self.standing {
            Standing::Left(at) => Some(at),
            Standing::Enrolled | Standing::Provisional => None,
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
    fn index(site: &mut Site, old: Option<&Self>, new: Option<&Self>) {
        if let Some(old) = old {
            record::leave(&mut site.by_source, &old.source, &old.id);
            let gone = old.classes.iter().filter(|class| new.is_none_or(|new| !new.classes.contains(*class)));
            gone.for_each(|class| drop(site.class_members.remove(&(class.clone(), old.id.clone()))));
        }
        if let Some(new) = new {
            if !new.source.is_empty() {
                site.by_source.insert(new.source.clone(), new.id.clone());
            }
            let come = new.classes.iter().filter(|class| old.is_none_or(|old| !old.classes.contains(*class)));
            come.for_each(|class| drop(site.class_members.insert((class.clone(), new.id.clone()))));
        }
    }
}

impl Site {
    /// What somebody has now, oldest loan first.
    pub fn held_by<'a>(&'a self, person: &PersonId) -> impl Iterator<Item = &'a Arc<Loan>> + use<'a> {
        let person = person.clone();
        let from = self.held_loans.range((person.clone(), LoanId(0))..);
        from.take_while(move |(other, _)| *other == person).filter_map(|(_, id)| self.loans.get(id))
    }

    /// Whom the student information system calls so.
    pub fn person_of_source(&self, source: &str) -> Option<&Arc<Person>> {
        self.by_source.get(source).and_then(|id| self.persons.get(id))
    }
}

/// People who were looked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hits {
    /// The first of them, by id.
    pub shown: Vec<Arc<Person>>,
    /// How many there are.
    pub all: usize,
}

/// People in whose name, id, mail address or grade every word of `text` stands; an empty text finds everybody.
pub fn find(site: &Site, text: &str, most: usize) -> Hits {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let mut hits = Hits::default();
    for person in site.persons.values().filter(|person| words.iter().all(|word| is_of(person, word))) {
        hits.all += 1;
        if hits.shown.len() < most {
            hits.shown.push(Arc::clone(person));
        }
    }
    hits
}

fn is_of(person: &Person, word: &str) -> bool {
    let holds = |text: &str| text.to_lowercase().contains(word);
    holds(&person.name) || holds(person.id.as_str()) || holds(&person.mail) || person.grade == word
}

/// Letters that a word of a name has at least; one alone is an initial.
const SHORTEST_WORD: usize = 2;

/// The words of a name as they are looked for in other texts: small letters, without initials.
pub fn name_words(name: &str) -> impl Iterator<Item = String> + '_ {
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().nth(SHORTEST_WORD - 1).is_some()).map(str::to_lowercase)
}

/// What somebody has now, by tag, and how many loans they had in all.
pub fn loans(site: &Site, id: &PersonId) -> (Vec<Tag>, usize) {
    (has(site, id), site.loans_to(id).count())
}

/// What somebody has now, by tag.
pub fn has(site: &Site, id: &PersonId) -> Vec<Tag> {
    site.held_by(id).filter_map(|loan| site.assets.get(&loan.asset)).map(|asset| asset.tag.clone()).collect()
}

/// The person with this id.
///
/// # Errors
/// There is none.
pub fn get<'a>(site: &'a Site, id: &PersonId) -> Result<&'a Arc<Person>, Refusal> {
    site.persons.get(id).ok_or_else(|| Refusal::not_found(format!("nobody in the roster has the id {id}")))
}

/// A text of a person's own: trimmed, of a length that can be shown, on one line.
///
/// # Errors
/// It is too long or has control characters; `what` names it.
pub(crate) fn line(what: &str, text: &str) -> Result<String, Refusal> {
    let refused = || Refusal::invalid(format!("{what} has at most {LONGEST} characters, on one line"));
    crate::facts_text::fits(text, LONGEST).map(str::to_owned).ok_or_else(refused)
}
