//! What is done to one person: added, corrected, blocked, unblocked, merged.

use crate::desk::door::Visitor;
use crate::desk::session::{Notice, Undo};
use crate::desk::trouble::Trouble;
use crate::desk::{Answer, Desk, address};
use crate::erasure;
use axum::extract::{Form, Path, State};
use rollcall_site::access::Role;
use rollcall_site::person::{self, NewPerson, PersonRole};
use rollcall_site::words::count;
use rollcall_site::{PersonId, Refusal};
use serde::Deserialize;

/// What the forms send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    id: String,
    name: String,
    role: String,
    grade: String,
    mail: String,
    why: String,
    into: String,
}

impl Sent {
    fn said(&self) -> NewPerson {
        let role = if self.role == "staff" { PersonRole::Staff } else { PersonRole::Student };
        NewPerson { name: Some(self.name.clone()), role: Some(role), grade: Some(self.grade.clone()), mail: Some(self.mail.clone()) }
    }
}

/// `POST /people`
pub(in crate::desk) async fn add(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = added(&desk, &visitor, &form).await;
    let to = done.as_ref().map_or_else(|_| "/people".to_owned(), address::profile);
    desk.then(&visitor, done.map(|id| Notice::done(format!("{} ({id}) is added, until the roster knows them.", form.name.trim()))), &to)
}

async fn added(desk: &Desk, visitor: &Visitor, form: &Sent) -> Result<PersonId, Trouble> {
    let (id, new) = (PersonId::parse(&form.id).map_err(Refusal::from)?, form.said());
    Ok(desk.change(visitor, move |w| person::add(w, id, new)).await?.id.clone())
}

/// `POST /people/{id}/set`
pub(in crate::desk) async fn set(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<String>, Form(form): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let id = PersonId::parse(&id).map_err(Refusal::from)?;
    let (to, new) = (address::profile(&id), form.said());
    let done = desk.change(&visitor, move |w| person::set(w, &id, new)).await.map_err(Trouble::from);
    desk.then(&visitor, done.map(|_| Notice::done("It is corrected. The next roster says again what it knows.")), &to)
}

/// `POST /people/{id}/block`
pub(in crate::desk) async fn block(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<String>, Form(form): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let id = PersonId::parse(&id).map_err(Refusal::from)?;
    let to = address::profile(&id);
    let undo = Undo { action: format!("{to}/unblock"), fields: Vec::new() };
    let done = desk.change(&visitor, move |w| person::block(w, &id, &form.why)).await.map_err(Trouble::from);
    desk.then(&visitor, done.map(|person| Notice::done(format!("{} may not borrow for now.", person.name)).with_undo(undo)), &to)
}

/// `POST /people/{id}/unblock`
pub(in crate::desk) async fn unblock(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let id = PersonId::parse(&id).map_err(Refusal::from)?;
    let to = address::profile(&id);
    let why = person::get(&desk.look().site, &id)?.blocked.clone().unwrap_or_default();
    let undo = Undo { action: format!("{to}/block"), fields: vec![("why", why)] };
    let done = desk.change(&visitor, move |w| person::unblock(w, &id)).await.map_err(Trouble::from);
    desk.then(&visitor, done.map(|person| Notice::done(format!("{} may borrow again.", person.name)).with_undo(undo)), &to)
}

/// `POST /people/{id}/merge`
pub(in crate::desk) async fn merge(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<String>, Form(form): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let from = PersonId::parse(&id).map_err(Refusal::from)?;
    let done = merged(&desk, &visitor, from.clone(), &form.into).await;
    let to = done.as_ref().map_or_else(|_| address::profile(&from), |(into, _)| address::profile(into));
    desk.then(&visitor, done.map(|(_, notice)| notice), &to)
}

async fn merged(desk: &Desk, visitor: &Visitor, from: PersonId, into: &str) -> Result<(PersonId, Notice), Trouble> {
    let into = PersonId::parse(into).map_err(Refusal::from)?;
    let merged = erasure::merge(&desk.collector, visitor.who.actor.clone(), from.clone(), into.clone()).await?;
    let words = format!(
        "{from} is {into} now: {} and {} went over.",
        count(merged.loans, "loan", "loans"),
        count(merged.charges, "charge", "charges")
    );
    Ok((into, Notice::done(words)))
}
