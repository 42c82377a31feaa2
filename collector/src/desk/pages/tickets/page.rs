//! One ticket: what is to be done, where it stands, its story, and everything that belongs to it.

use super::{pressing, state_chip};
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::trouble::show as page_of;
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Path, State};
use rollcall_site::ticket::{self, Category, EntryKind, Priority, Ticket, TicketState, Tier};
use rollcall_site::view::{self, AlertRow, TicketPage};
use rollcall_site::{TicketId, UserName};
use std::sync::Arc;

/// Most lines of the story on the page: the latest.
const STORY: usize = 200;

#[derive(Template)]
#[template(path = "ticket.html")]
struct One {
    frame: Frame,
    look: Look,
    ticket: Arc<Ticket>,
    page: TicketPage,
    users: Vec<UserName>,
    /// Lines of the story that are not shown.
    earlier: usize,
}

/// `GET /tickets/{id}`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>) -> Answer {
    let look = desk.look();
    let ticket = Arc::clone(ticket::get(&look.site, TicketId(id))?);
    let mut page = view::ticket_page(&look.site, &ticket, look.now);
    let earlier = page.story.len().saturating_sub(STORY);
    page.story.drain(..earlier);
    page.story.reverse();
    let users = look.site.users.keys().cloned().collect();
    page_of(&One {
        frame: Frame::of(&desk, &visitor, &look, Tab::Tickets).of_thing("ticket", ticket.id),
        ticket,
        page,
        users,
        earlier,
        look,
    })
}

impl One {
    fn live(&self) -> &'static str {
        "ticket loan asset alert"
    }

    fn chips(&self) -> Vec<Chip> {
        let tier = (self.page.row.tier != Tier::Tier1).then(|| Chip::rest(self.page.row.tier.label()));
        std::iter::once(state_chip(self.page.row.state)).chain(pressing(&self.look, &self.page.row)).chain(tier).collect()
    }

    /// What leads on, the usual next step first, with the words on its button.
    fn moves(&self) -> Vec<(TicketState, &'static str)> {
        let from = self.page.row.state;
        let mut moves: Vec<TicketState> = self.page.may_go.clone();
        let first = match from {
            TicketState::Draft | TicketState::Done | TicketState::Dropped => TicketState::Open,
            TicketState::Open | TicketState::Waiting => TicketState::InProgress,
            TicketState::InProgress => TicketState::Done,
        };
        moves.sort_by_key(|to| (*to != first, *to == TicketState::Draft));
        moves.into_iter().map(|to| (to, verb(from, to))).collect()
    }

    fn may_wait(&self) -> bool {
        self.page.may_go.contains(&TicketState::Waiting)
    }

    fn is_comment(&self, kind: &EntryKind) -> bool {
        *kind == EntryKind::Comment
    }

    fn severity(&self, alert: &AlertRow) -> Chip {
        if alert.state == "resolved" { Chip::go("Resolved") } else { words::severity(alert.severity) }
    }

    fn labour(&self) -> String {
        words::count(self.page.labour_min, "minute", "minutes")
    }

    /// Whether a spare may go out now: work is open, and none has.
    fn may_lend(&self) -> bool {
        self.page.row.state.is_open()
            && self.page.row.state != TicketState::Draft
            && self.page.row.loaner.is_none()
            && self.ticket.asset.is_some()
    }

    fn categories(&self) -> &'static [Category] {
        Category::ALL
    }

    fn tiers(&self) -> &'static [Tier] {
        Tier::ALL
    }

    fn priorities(&self) -> &'static [Priority] {
        Priority::ALL
    }

    fn is_mine(&self, user: &UserName) -> bool {
        self.page.row.assignee.as_ref() == Some(user)
    }

    /// The day by which it is due, where somebody set it.
    fn due_day(&self) -> String {
        let due = self.ticket.due.filter(|_| self.ticket.due_set);
        due.map_or_else(String::new, |due| self.look.zoned(due).date().to_string())
    }
}

/// What the button says that leads there.
fn verb(from: TicketState, to: TicketState) -> &'static str {
    match (from, to) {
        (TicketState::Draft, TicketState::Open) => "Confirm",
        (_, TicketState::Draft) => "Back to a draft",
        (from, TicketState::Open) if !from.is_open() => "Reopen",
        (_, TicketState::Open) => "Put back",
        (TicketState::Waiting, TicketState::InProgress) => "Go on",
        (_, TicketState::InProgress) => "Start",
        (TicketState::Waiting, TicketState::Waiting) => "Still waits",
        (_, TicketState::Waiting) => "Wait",
        (_, TicketState::Done) => "Done",
        (_, TicketState::Dropped) => "Drop",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_site::ticket::TRANSITIONS;
    use std::collections::BTreeSet;

    #[test]
    fn every_way_has_a_button_of_its_own() {
        for (from, to) in TRANSITIONS {
            let verbs: BTreeSet<&str> = to.iter().map(|to| verb(*from, *to)).collect();
            assert_eq!(verbs.len(), to.len(), "{from:?}");
        }
    }
}
