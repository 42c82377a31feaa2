//! What the technician does with one person: adds them provisionally, corrects, blocks, unblocks, forgets.

use super::{Person, PersonRole, Standing, get, has, line};
use crate::{PersonId, Refusal, Working};
use std::sync::Arc;

/// What is said of somebody; what is absent stays as it is, or is empty for somebody new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPerson {
    /// The name.
    pub name: Option<String>,
    /// What they are at the site.
    pub role: Option<PersonRole>,
    /// Their grade.
    pub grade: Option<String>,
    /// Where reminders go.
    pub mail: Option<String>,
}

/// Adds somebody whom the roster does not know yet.
///
/// # Errors
/// The id is taken (`Conflict`), or there is no name.
pub fn add(w: &mut Working, id: PersonId, new: NewPerson) -> Result<Arc<Person>, Refusal> {
    if w.site.persons.contains_key(&id) {
        return Err(Refusal::conflict(format!("{id} is known already; `rollcall person show {id}` says who it is")));
    }
    let person = said(Person { standing: Standing::Provisional, ..Person::new(id, String::new()) }, new)?;
    let person = w.put(person);
    w.event("person.added", format!("{} was added at the desk, provisionally", person.id)).person = Some(person.id.clone());
    Ok(person)
}

/// Corrects what is known of somebody. The next roster says again what it knows.
///
/// # Errors
/// No such person, or what is said is not in order.
pub fn set(w: &mut Working, id: &PersonId, new: NewPerson) -> Result<Arc<Person>, Refusal> {
    let before = Arc::clone(get(&w.site, id)?);
    let person = said((*before).clone(), new)?;
    if person == *before {
        return Ok(before);
    }
    w.event("person.changed", format!("What is known of {id} was corrected at the desk")).person = Some(id.clone());
    Ok(w.put(person))
}

fn said(person: Person, new: NewPerson) -> Result<Person, Refusal> {
    let name = new.name.map_or_else(|| Ok(person.name.clone()), |name| line("a name", &name))?;
    if name.is_empty() {
        return Err(Refusal::invalid(format!("person {}: give a name", person.id)));
    }
    let grade = new.grade.map_or_else(|| Ok(person.grade.clone()), |grade| line("a grade", &grade))?;
    let mail = new.mail.map_or_else(|| Ok(person.mail.clone()), |mail| mail_address(&mail))?;
    Ok(Person { name, grade, mail, role: new.role.unwrap_or(person.role), ..person })
}

/// A mail address as far as it can be looked at without writing there; empty: none.
pub(crate) fn mail_address(text: &str) -> Result<String, Refusal> {
    let mail = line("a mail address", text)?;
    let fits = mail.is_empty() || mail.split_once('@').is_some_and(|(name, place)| !name.is_empty() && !place.is_empty());
    if !fits || mail.chars().any(char::is_whitespace) {
        return Err(Refusal::invalid(format!("{mail:?} is no mail address")));
    }
    Ok(mail)
}

/// Says that somebody may not borrow, and why. The reason is theirs: no event tells it.
///
/// # Errors
/// No such person, or no reason.
pub fn block(w: &mut Working, id: &PersonId, why: &str) -> Result<Arc<Person>, Refusal> {
    let before = Arc::clone(get(&w.site, id)?);
    let why = line("a reason", why)?;
    if why.is_empty() {
        return Err(Refusal::invalid(format!("say why {id} may not borrow")));
    }
    if before.blocked.as_ref() == Some(&why) {
        return Ok(before);
    }
    w.event("person.blocked", format!("{id} may not borrow for now")).person = Some(id.clone());
    Ok(w.put(Person { blocked: Some(why), ..(*before).clone() }))
}

/// Lets somebody borrow again.
///
/// # Errors
/// No such person, or they are not blocked (`Conflict`).
pub fn unblock(w: &mut Working, id: &PersonId) -> Result<Arc<Person>, Refusal> {
    let before = Arc::clone(get(&w.site, id)?);
    if before.blocked.is_none() {
        return Err(Refusal::conflict(format!("{id} is not blocked")));
    }
    w.event("person.unblocked", format!("{id} may borrow again")).person = Some(id.clone());
    Ok(w.put(Person { blocked: None, ..(*before).clone() }))
}

/// Takes a person out of the roster for good; their loans that are over keep the id alone. Whoever keeps the records destroys their key.
///
/// # Errors
/// There is no such person, or something is still lent to them (`Conflict`).
pub fn forget(w: &mut Working, id: &PersonId) -> Result<(), Refusal> {
    get(&w.site, id)?;
    let has = has(&w.site, id);
    if let Some((first, others)) = has.split_first() {
        let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
        return Err(Refusal::conflict(format!(
            "{id} still has {first}{more}: take it back with `rollcall loan in {first}`, then forget them"
        )));
    }
    w.remove::<Person>(id);
    crate::loan::forget_person(w, id);
    w.event("person.forgotten", format!("{id} was forgotten: the name and everything else of their own is destroyed")).person =
        Some(id.clone());
    Ok(())
}
