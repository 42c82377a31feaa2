//! One person: what they have, had and owe, and what can be done.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Path, State};
use rollcall_site::charge::{self, Charge};
use rollcall_site::class::Class;
use rollcall_site::loan::Loan;
use rollcall_site::person::{self, Person, PersonRole};
use rollcall_site::{PersonId, Refusal, Tag};
use std::sync::Arc;

/// Most past loans on the page, newest first.
const MOST: usize = 50;

#[derive(Template)]
#[template(path = "people/profile.html")]
struct Profile {
    frame: Frame,
    look: Look,
    person: Arc<Person>,
    has: Vec<Thing>,
    had: Vec<Thing>,
    /// Past loans in all.
    past: usize,
    charges: Vec<Arc<Charge>>,
    classes: Vec<Arc<Class>>,
}

/// A loan with the tag of what was lent.
struct Thing {
    tag: Option<Tag>,
    title: String,
    loan: Arc<Loan>,
}

impl Thing {
    fn of(look: &Look, loan: &Arc<Loan>) -> Self {
        let asset = look.site.assets.get(&loan.asset);
        let (tag, title) = (asset.map(|asset| asset.tag.clone()), asset.map_or_else(String::new, |asset| asset.title()));
        Self { tag, title, loan: Arc::clone(loan) }
    }

    fn href(&self) -> String {
        self.tag.as_ref().map(address::device).unwrap_or_default()
    }
}

/// `GET /people/{id}`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let id = PersonId::parse(&id).map_err(Refusal::from)?;
    page(&Profile::of(&desk, &visitor, &id)?)
}

impl Profile {
    fn of(desk: &Desk, visitor: &Visitor, id: &PersonId) -> Result<Self, Trouble> {
        let look = desk.look();
        let person = Arc::clone(person::get(&look.site, id)?);
        let (mut had, mut past) = (Vec::new(), 0);
        for loan in look.site.loans_to(id).rev().filter(|loan| loan.in_at.is_some()) {
            past += 1;
            if past <= MOST {
                had.push(Thing::of(&look, loan));
            }
        }
        Ok(Self {
            frame: Frame::of(desk, visitor, &look, Tab::People).of_thing("person", id),
            has: look.site.held_by(id).map(|loan| Thing::of(&look, loan)).collect(),
            had,
            past,
            charges: charge::open_of(&look.site, id).cloned().collect(),
            classes: person.classes.iter().filter_map(|class| look.site.classes.get(class)).cloned().collect(),
            person,
            look,
        })
    }

    fn live(&self) -> &'static str {
        "person roster loan charge"
    }

    fn standing(&self) -> Chip {
        super::standing(&self.person)
    }

    fn what(&self) -> String {
        super::what(&self.person)
    }

    /// The address of something that is done to them.
    fn to(&self, what: &str) -> String {
        format!("{}/{what}", address::profile(&self.person.id))
    }

    fn lend(&self) -> String {
        address::person(&self.person.id)
    }

    fn is_staff(&self) -> bool {
        self.person.role == PersonRole::Staff
    }

    /// Whether they may be somebody of the roster under another id.
    fn may_merge(&self) -> bool {
        self.person.source.is_empty()
    }

    fn charge(&self, charge: &Charge) -> Chip {
        words::charge(charge.state)
    }

    fn is_late(&self, loan: &Loan) -> bool {
        loan.due.is_some_and(|due| due < self.look.now)
    }
}
