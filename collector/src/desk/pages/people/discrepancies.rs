//! What does not agree between the roster, the people and what they have: each with what to do; and how the roster stands.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::trouble::show as page;
use crate::desk::words::Chip;
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::State;
use rollcall_site::PersonId;
use rollcall_site::roster::{self, Discrepancy, Doubt, Roster};
use std::sync::Arc;

/// Most of one kind on the page.
const MOST: usize = 100;

#[derive(Template)]
#[template(path = "people/discrepancies.html")]
struct Page {
    frame: Frame,
    look: Look,
    roster: Arc<Roster>,
    kinds: Vec<Kind>,
}

/// What does not agree in one way.
struct Kind {
    doubt: Doubt,
    all: usize,
    shown: Vec<Discrepancy>,
}

/// `GET /discrepancies`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let found = desk.apart(move |desk| Ok(Page::of(desk, &visitor))).await?;
    page(&found)
}

impl Page {
    fn of(desk: &Desk, visitor: &Visitor) -> Self {
        let look = desk.look();
        let mut kinds: Vec<Kind> = Vec::new();
        for found in roster::discrepancies(&look.site, look.now) {
            match kinds.last_mut().filter(|kind| kind.doubt == found.doubt) {
                Some(kind) => {
                    kind.all += 1;
                    if kind.shown.len() < MOST {
                        kind.shown.push(found);
                    }
                }
                None => kinds.push(Kind { doubt: found.doubt, all: 1, shown: vec![found] }),
            }
        }
        Self { frame: Frame::of(desk, visitor, &look, Tab::People), roster: roster::settings(&look.site), kinds, look }
    }

    fn tab(&self) -> &'static str {
        "discrepancies"
    }

    fn live(&self) -> &'static str {
        "person roster loan charge"
    }

    fn name(&self, id: &PersonId) -> String {
        self.look.site.persons.get(id).map_or_else(|| "nobody known".to_owned(), |person| person.name.clone())
    }

    fn is_known(&self, id: &PersonId) -> bool {
        self.look.site.persons.contains_key(id)
    }

    fn href(&self, id: &PersonId) -> String {
        address::profile(id)
    }

    fn heading(&self, doubt: &Doubt) -> &'static str {
        match doubt {
            Doubt::LeftWithThings => "Left with equipment",
            Doubt::UnknownBorrower => "Unknown borrowers",
            Doubt::SameMail => "The same mail address",
            Doubt::SameName => "The same name and grade",
            Doubt::Provisional => "Provisional",
            Doubt::NotInRoster => "Not in the roster",
            Doubt::ToForget => "To be forgotten",
        }
    }

    fn chip(&self, doubt: &Doubt) -> Chip {
        match doubt {
            Doubt::LeftWithThings | Doubt::UnknownBorrower => Chip::stop("Look now"),
            Doubt::SameMail | Doubt::SameName | Doubt::NotInRoster => Chip::check("Look"),
            Doubt::Provisional | Doubt::ToForget => Chip::rest("When there is time"),
        }
    }
}
