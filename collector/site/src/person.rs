//! People of the roster: who may borrow.

use crate::record::{Record, Rest, Table};
use crate::{PersonId, Site, Working};
use serde::{Deserialize, Serialize};

/// Somebody of the roster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// The id on the card.
    pub id: PersonId,
    /// The name.
    pub name: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
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
    let _ = (site, people);
    todo!()
}

/// Imports people; nobody is removed.
pub fn import(w: &mut Working, people: Vec<(PersonId, String)>) -> Imported {
    let _ = (w, people);
    todo!()
}
