//! People of the roster: who may borrow.

use crate::record::{Record, Rest, Table};
use crate::{PersonId, Site};
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
