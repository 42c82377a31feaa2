//! Forgetting a person: it can't be undone, so it asks first and says what goes and what stays.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::session::Notice;
use crate::desk::trouble::show as page;
use crate::desk::{Answer, Desk, address};
use crate::erasure::{self, NotForgotten};
use askama::Template;
use axum::extract::{Path, State};
use rollcall_site::access::Role;
use rollcall_site::person::{self, Person};
use rollcall_site::{PersonId, Refusal, Tag};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "people/forget.html")]
struct ForgetPage {
    frame: Frame,
    person: Arc<Person>,
    has: Vec<Tag>,
    loans: usize,
}

impl ForgetPage {
    fn address(&self) -> String {
        address::forget(&self.person.id)
    }
}

/// `GET /people/{id}/forget`
pub(in crate::desk) async fn ask_forget(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let look = desk.look();
    let id = PersonId::parse(&id).map_err(Refusal::from)?;
    let person = Arc::clone(person::get(&look.site, &id)?);
    let (has, loans) = person::loans(&look.site, &id);
    page(&ForgetPage { frame: Frame::of(&desk, &visitor, &look, Tab::People), person, has, loans })
}

/// `POST /people/{id}/forget`
pub(in crate::desk) async fn forget(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let id = PersonId::parse(&id).map_err(Refusal::from)?;
    match erasure::forget(&desk.collector, visitor.who.actor.clone(), id.clone()).await {
        Ok(()) => desk.then(&visitor, Ok(Notice::done(format!("{id} is forgotten. Their past loans name the id alone."))), "/people"),
        Err(NotForgotten::Change(error)) => desk.then(&visitor, Err(error.into()), &address::person(&id)),
        Err(error @ NotForgotten::Key { .. }) => desk.then(&visitor, Ok(Notice::refused(error.to_string())), "/people"),
    }
}
