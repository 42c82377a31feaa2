//! Everybody who may borrow: searched as one types, by how they stand, page by page.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::trouble::show as page;
use crate::desk::window::{self, Window};
use crate::desk::words::Chip;
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Query, State};
use rollcall_site::person::{self, Person, PersonRole, Standing};
use serde::Deserialize;
use std::ops::Range;
use std::sync::Arc;

/// Rows of one page.
const PAGE: usize = 100;

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    text: String,
    which: String,
    page: Option<usize>,
}

#[derive(Template)]
#[template(path = "people/list.html")]
struct People {
    frame: Frame,
    look: Look,
    ask: Ask,
    list: Window<Arc<Person>>,
    known: usize,
}

/// Who may be asked for.
const WHICH: &[(&str, &str)] = &[
    ("", "Everybody"),
    ("students", "Students"),
    ("staff", "Staff"),
    ("provisional", "Provisional"),
    ("blocked", "Blocked"),
    ("left", "Left"),
];

/// `GET /people`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let people = desk.apart(move |desk| Ok(People::of(desk, &visitor, ask))).await?;
    page(&people)
}

impl People {
    fn of(desk: &Desk, visitor: &Visitor, ask: Ask) -> Self {
        let look = desk.look();
        let text = window::wanted(&ask.text).unwrap_or_default();
        let mut fitting = person::find(&look.site, &text, usize::MAX).shown;
        fitting.retain(|person| is_asked(&ask.which, person));
        let part = |part: Range<usize>| (fitting.iter().skip(part.start).take(part.len()).cloned().collect(), fitting.len());
        Self {
            frame: Frame::of(desk, visitor, &look, Tab::People),
            list: Window::of(ask.page, PAGE, part),
            known: look.site.persons.len(),
            ask,
            look,
        }
    }

    fn tab(&self) -> &'static str {
        "people"
    }

    fn live(&self) -> &'static str {
        "person roster loan"
    }

    fn which(&self) -> &'static [(&'static str, &'static str)] {
        WHICH
    }

    fn standing(&self, person: &Person) -> Chip {
        super::standing(person)
    }

    fn what(&self, person: &Person) -> String {
        super::what(person)
    }

    fn has(&self, person: &Person) -> Vec<String> {
        person::has(&self.look.site, &person.id).iter().map(ToString::to_string).collect()
    }

    fn href(&self, person: &Person) -> String {
        address::profile(&person.id)
    }

    /// The address of another page of the same list.
    fn at(&self, page: &usize) -> String {
        format!("/people?text={}&which={}&page={page}", address::encoded(&self.ask.text), address::encoded(&self.ask.which))
    }
}

/// Whether somebody is among those who are asked for.
fn is_asked(which: &str, person: &Person) -> bool {
    match which {
        "students" => person.left_at().is_none() && person.role == PersonRole::Student,
        "staff" => person.left_at().is_none() && person.role == PersonRole::Staff,
        "provisional" => person.standing == Standing::Provisional,
        "blocked" => person.blocked.is_some(),
        "left" => person.left_at().is_some(),
        _ => true,
    }
}
