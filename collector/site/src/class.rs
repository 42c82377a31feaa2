//! Classes of the roster: what is taught, and where. Who is in one stands with each person, sealed; see [`crate::person::Person::classes`].

use crate::id::BadId;
use crate::person::{Person, PersonRole};
use crate::record::{Record, Rest, Table};
use crate::{PersonId, Refusal, Site};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub use crate::id::ClassId;

/// A class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// What the student information system calls it.
    pub id: ClassId,
    /// What is taught; no names of people.
    pub title: String,
    /// Its room as the student information system says it; empty: not said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub room: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Class {
    type Key = ClassId;
    const KIND: &'static str = "class";
    fn key(&self) -> ClassId {
        self.id.clone()
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.classes
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.classes
    }
}

/// The class with this id.
///
/// # Errors
/// There is none, or the text is no id of a class.
pub fn get<'a>(site: &'a Site, id: &str) -> Result<&'a Arc<Class>, Refusal> {
    let id = ClassId::parse(id).map_err(|bad: BadId| Refusal::invalid(bad.to_string()))?;
    site.classes.get(&id).ok_or_else(|| Refusal::not_found(format!("there is no class {id}; `rollcall roster show` lists them")))
}

/// Who is in a class, by their ids.
pub fn members<'a>(site: &'a Site, class: &ClassId) -> impl Iterator<Item = &'a Arc<Person>> + use<'a> {
    let class = class.clone();
    let from = site.class_members.range((class.clone(), PersonId::first())..);
    from.take_while(move |(other, _)| *other == class).filter_map(|(_, id)| site.persons.get(id))
}

/// Who attends a class, or who teaches it.
pub fn with_role<'a>(site: &'a Site, class: &ClassId, role: PersonRole) -> impl Iterator<Item = &'a Arc<Person>> + use<'a> {
    members(site, class).filter(move |person| person.role == role)
}
