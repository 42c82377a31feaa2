//! What leads from one state of a ticket to the next: one table, and what happens on the way.

use super::{TEXT, Ticket, TicketState, entries, get, loaner, policy, text, write};
use crate::event::Actor;
use crate::{Refusal, Site, TicketId, UserName, Working};
use jiff::Timestamp;
use std::sync::Arc;

/// From each state, where it may go. A ticket goes back to a draft only where it was one just before.
pub const TRANSITIONS: &[(TicketState, &[TicketState])] = {
    use TicketState::{Done, Draft, Dropped, InProgress, Open, Waiting};
    &[
        (Draft, &[Open, Dropped]),
        (Open, &[Draft, InProgress, Waiting, Done, Dropped]),
        (InProgress, &[Open, Waiting, Done, Dropped]),
        (Waiting, &[Open, InProgress, Waiting, Done, Dropped]),
        (Done, &[Open, InProgress, Waiting]),
        (Dropped, &[Draft, Open, InProgress, Waiting]),
    ]
};

/// Where a ticket is to go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Move {
    /// To this state.
    pub to: TicketState,
    /// What it waits for, what was done, or why it was none; may be empty.
    pub why: String,
    /// While it waits: when to look at it again.
    pub look_again: Option<Timestamp>,
}

impl Move {
    /// To this state, and no more is said.
    pub fn to(to: TicketState) -> Self {
        Self { to, ..Self::default() }
    }

    /// To this state, and why.
    pub fn because(to: TicketState, why: impl Into<String>) -> Self {
        Self { why: why.into(), ..Self::to(to) }
    }
}

impl Ticket {
    /// Where it may go from where it stands.
    pub fn may_go(&self) -> impl Iterator<Item = TicketState> + '_ {
        let row = TRANSITIONS.iter().find(|(from, _)| *from == self.state);
        let was_draft = self.before == Some(TicketState::Draft);
        row.into_iter().flat_map(|(_, to)| to.iter().copied()).filter(move |to| *to != TicketState::Draft || was_draft)
    }
}

/// Moves a ticket to another state. One that is done or dropped ends what its loaner was for: a spare goes back from the seat by itself, and
/// who has one on loan is named.
///
/// # Errors
/// No such ticket, or it does not go there from where it stands.
pub fn go(w: &mut Working, id: TicketId, moved: Move) -> Result<Arc<Ticket>, Refusal> {
    let before = Arc::clone(get(&w.site, id)?);
    if !before.may_go().any(|to| to == moved.to) {
        return Err(refused(&before, moved.to));
    }
    let why = text("why a ticket stands so", &moved.why, TEXT)?;
    if moved.look_again.is_some_and(|at| at <= w.now) {
        return Err(Refusal::invalid("the time to look at it again is over already: give a time to come"));
    }
    let ended = if moved.to.is_open() { Vec::new() } else { loaner::end(w, &before) };
    // What ends the loaner writes the ticket.
    let before = Arc::clone(get(&w.site, id)?);
    let waits = moved.to == TicketState::Waiting;
    let after = Ticket {
        state: moved.to,
        since: Some(w.now),
        before: Some(before.state),
        why,
        look_again: moved.look_again.filter(|_| waits),
        due: due(w, &before, moved.to),
        assignee: before.assignee.clone().or_else(|| starter(w, moved.to)),
        ..(*before).clone()
    };
    let said = moved_in_words(before.state, &after) + &ended.iter().map(|said| format!("; {said}")).collect::<String>();
    Ok(write(w, after, kind(before.state, moved.to), &said))
}

fn refused(ticket: &Ticket, to: TicketState) -> Refusal {
    let (id, now) = (ticket.id, ticket.state.label().to_lowercase());
    if ticket.state == to {
        return Refusal::conflict(format!("ticket {id} is {now} already: {}", ticket.title));
    }
    let may: Vec<String> = ticket.may_go().map(|to| to.label().to_lowercase()).collect();
    Refusal::conflict(format!("ticket {id} is {now}: from there it goes to {}, not to {}", may.join(", "), to.label().to_lowercase()))
}

/// When a ticket is due after a move: the time of what is confirmed or opened again begins anew.
fn due(w: &Working, before: &Ticket, to: TicketState) -> Option<Timestamp> {
    let set = before.due.filter(|due| before.due_set && *due > w.now);
    match (before.state, to) {
        (_, TicketState::Draft) => None,
        (TicketState::Draft | TicketState::Done | TicketState::Dropped, to) if to.is_open() => {
            set.or_else(|| Some(policy::due(&w.site, before.priority, w.now)))
        }
        _ => before.due,
    }
}

/// Who begins work that nobody has is who works on it.
fn starter(w: &Working, to: TicketState) -> Option<UserName> {
    match &w.actor {
        Actor::User(name) if to == TicketState::InProgress => UserName::parse(name).ok().filter(|name| w.site.users.contains_key(name)),
        _ => None,
    }
}

fn kind(from: TicketState, to: TicketState) -> &'static str {
    match (from.is_open(), to) {
        (_, TicketState::Done) => "ticket.done",
        (_, TicketState::Dropped) => "ticket.dropped",
        (false, _) => "ticket.reopened",
        _ => "ticket.changed",
    }
}

/// What [`go`] left to people: whom to ask for the spare, what to put back; none where a ticket is open, or something was said of it since.
pub fn left(site: &Site, ticket: &Ticket) -> Option<String> {
    let last = entries(site, ticket.id).next_back().filter(|_| !ticket.is_open())?;
    // Why it was done is people's own words, with whatever signs they like: only what stands behind them is ours.
    let left = last.text.strip_prefix(&moved_in_words(ticket.before?, ticket))?.strip_prefix("; ")?;
    Some(left.to_owned())
}

fn moved_in_words(before: TicketState, after: &Ticket) -> String {
    let lower = |state: TicketState| state.label().to_lowercase();
    let why = Some(&after.why).filter(|why| !why.is_empty()).map(|why| format!(": {}", why.lines().next().unwrap_or_default()));
    format!("{} → {}{}", lower(before), lower(after.state), why.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_state_and_what_is_closed_is_only_opened() {
        let from: Vec<TicketState> = TRANSITIONS.iter().map(|(from, _)| *from).collect();
        assert_eq!(from, TicketState::ALL);
        for (from, to) in TRANSITIONS.iter().filter(|(from, _)| !from.is_open()) {
            assert!(to.iter().all(|to| to.is_open()), "{from:?}");
        }
        assert!(TRANSITIONS.iter().all(|(from, to)| !to.contains(from) || *from == TicketState::Waiting));
    }
}
