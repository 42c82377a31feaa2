//! People from a plain file: id and name, and what else it says. Nobody is removed.

use super::hands::mail_address;
use super::{Person, PersonRole, line};
use crate::{PersonId, Refusal, Site, Working};
use serde::Serialize;

/// What an import does or would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Imported {
    /// New people.
    pub added: usize,
    /// People of whom something is otherwise than before.
    pub changed: usize,
    /// People who are as before.
    pub same: usize,
}

/// Somebody of the file; what is absent stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The id on the card.
    pub id: PersonId,
    /// The name.
    pub name: String,
    /// What they are at the site.
    pub role: Option<PersonRole>,
    /// Their grade.
    pub grade: Option<String>,
    /// Where reminders go.
    pub mail: Option<String>,
}

impl From<(PersonId, String)> for Row {
    /// Id and name alone.
    fn from((id, name): (PersonId, String)) -> Self {
        Self { id, name, role: None, grade: None, mail: None }
    }
}

impl Row {
    /// The row with its texts in order.
    ///
    /// # Errors
    /// The name is empty, or a text is too long.
    pub fn checked(self) -> Result<Self, Refusal> {
        let of = |refusal: Refusal| Refusal::invalid(format!("person {}: {}", self.id, refusal.text));
        let name = line("a name", &self.name).map_err(of)?;
        if name.is_empty() {
            return Err(Refusal::invalid(format!("person {}: a name has 1 to {} characters", self.id, super::LONGEST)));
        }
        let grade = self.grade.as_deref().map(|grade| line("a grade", grade)).transpose().map_err(of)?;
        let mail = self.mail.as_deref().map(mail_address).transpose().map_err(of)?;
        Ok(Self { name, grade, mail, ..self })
    }

    fn over(&self, before: Person) -> Person {
        Person {
            name: self.name.clone(),
            role: self.role.unwrap_or(before.role),
            grade: self.grade.clone().unwrap_or(before.grade),
            mail: self.mail.clone().unwrap_or(before.mail),
            ..before
        }
    }
}

/// What importing these people would do.
pub fn plan(site: &Site, people: &[Row]) -> Imported {
    let mut plan = Imported::default();
    for row in people {
        match site.persons.get(&row.id) {
            None => plan.added += 1,
            Some(person) if row.over((**person).clone()) != **person => plan.changed += 1,
            Some(_) => plan.same += 1,
        }
    }
    plan
}

/// Imports people.
pub fn import(w: &mut Working, people: impl IntoIterator<Item: Into<Row>>) -> Imported {
    let people: Vec<Row> = people.into_iter().map(Into::into).collect();
    let plan = plan(&w.site, &people);
    for row in people {
        let before = w.site.persons.get(&row.id).cloned();
        let person = row.over(before.as_deref().cloned().unwrap_or_else(|| Person::new(row.id.clone(), String::new())));
        if before.as_deref() != Some(&person) {
            w.put(person);
        }
    }
    if plan.added + plan.changed > 0 {
        w.event("person.imported", format!("People imported: {} new, {} changed, {} as before", plan.added, plan.changed, plan.same));
    }
    plan
}
