//! Tickets that alerts open and close by themselves, where that is set of their rule: within the change that raises the alert, so that none is
//! lost and none is opened twice.

use super::change::MOST_LINKS;
use super::open::{blank, filled, opened};
use super::{Entry, EntryKind, Ticket, TicketState, Tier, entries, entry, of_alert, of_matter, policy, write};
use crate::alert::Alert;
use crate::event::Actor;
use crate::rule::{self, Rule};
use crate::{Site, Working};
use std::sync::Arc;

/// People are told of an alert: its ticket is opened, or opened again, or the alert is added to the one of the same matter.
pub(crate) fn raised(w: &mut Working, alert: &Alert) {
    let wanted = wanted(&w.site, alert);
    match known(&w.site, alert) {
        Some(ticket) if ticket.is_open() => again(w, &ticket, alert),
        Some(ticket) if wanted && may_reopen(&ticket) => reopen(w, &ticket, alert),
        Some(_) => {}
        None if wanted => drop(begin(w, alert)),
        None => {}
    }
}

/// An alert is over, by itself or by somebody's word, and why says so: its ticket too, if nobody has worked on it; else whoever does is told.
pub(crate) fn over(w: &mut Working, alert: &Alert, why: &str) {
    let open: Vec<Arc<Ticket>> = of_alert(&w.site, alert.id).filter(|ticket| ticket.is_open()).cloned().collect();
    for ticket in open {
        if ticket.auto && is_untouched(&w.site, &ticket) && !holds_another(&w.site, &ticket, alert) {
            let said = format!("{} → done: {why}", ticket.state.label().to_lowercase());
            let state = TicketState::Done;
            let done = Ticket { state, since: Some(w.now), before: Some(ticket.state), why: why.to_owned(), ..(*ticket).clone() };
            by_itself(w, |w| drop(write(w, done, "ticket.done", &said)));
        } else {
            note(w, &ticket, format!("Alert {}: {why}", alert.id));
        }
    }
}

/// Whether the rule of an alert opens tickets where the alert is.
fn wanted(site: &Site, alert: &Alert) -> bool {
    let asset = alert.asset.and_then(|id| site.assets.get(&id));
    let room = asset.map_or(alert.room.as_ref(), |asset| asset.room.as_ref()).and_then(|room| site.rooms.get(room));
    Rule::of(&alert.rule).is_some_and(|rule| rule::opens_tickets(site, room.map(|room| &**room), rule))
}

/// The ticket of an alert: one that names it, or an open one of the same matter, which an alert of long ago began.
fn known(site: &Site, alert: &Alert) -> Option<Arc<Ticket>> {
    let same = |ticket: &&Arc<Ticket>| {
        let mut alerts = ticket.alerts.iter().filter_map(|id| site.alerts.get(id));
        ticket.auto && alerts.any(|other| other.is_of_matter(alert))
    };
    let named = of_alert(site, alert.id);
    let named: Vec<&Arc<Ticket>> = named.collect();
    let open = named.iter().rev().find(|ticket| ticket.is_open()).copied();
    let last = || named.iter().rev().find(|ticket| ticket.auto).copied();
    open.or_else(last).or_else(|| of_matter(site, alert.asset).find(same)).cloned()
}

/// Whether an alert that comes again opens a ticket again: not one of which somebody said that it was none.
fn may_reopen(ticket: &Ticket) -> bool {
    ticket.state == TicketState::Done
}

/// Whether nobody has done anything with it since it was opened, or opened again.
fn is_untouched(site: &Site, ticket: &Ticket) -> bool {
    let since = ticket.stands_since();
    let by_people = |entry: &&Arc<Entry>| entry.at >= since && entry.by != Actor::Rollcall.words();
    ticket.state == TicketState::Open
        && ticket.assignee.is_none()
        && ticket.claim.is_none()
        && ticket.loaner.is_none()
        && !entries(site, ticket.id).any(|entry| by_people(&entry))
}

/// Whether another alert of the ticket is not over.
fn holds_another(site: &Site, ticket: &Ticket, alert: &Alert) -> bool {
    let others = ticket.alerts.iter().filter(|id| **id != alert.id).filter_map(|id| site.alerts.get(id));
    others.into_iter().any(|other| other.is_told())
}

fn begin(w: &mut Working, alert: &Alert) -> Arc<Ticket> {
    let new = filled(alert);
    let ticket = Ticket {
        title: new.title,
        detail: new.detail,
        due: Some(policy::due(&w.site, new.priority, w.now)),
        alerts: new.alerts,
        auto: true,
        opened_by: Actor::Rollcall.words(),
        ..blank(w, new.category, Tier::Tier1, TicketState::Open, new.priority, alert.asset)
    };
    by_itself(w, |w| opened(w, ticket))
}

fn reopen(w: &mut Working, ticket: &Ticket, alert: &Alert) {
    let why = format!("alert {} is raised again", alert.id);
    let said = format!("{} → open: {why}", ticket.state.label().to_lowercase());
    let after = Ticket {
        state: TicketState::Open,
        since: Some(w.now),
        before: Some(ticket.state),
        why,
        due: Some(policy::due(&w.site, ticket.priority, w.now)),
        due_set: false,
        ..ticket.clone()
    };
    by_itself(w, |w| drop(write(w, after, "ticket.reopened", &said)));
}

/// An alert comes again while its ticket is open, or a new one of the same matter: it belongs to the ticket.
fn again(w: &mut Working, ticket: &Ticket, alert: &Alert) {
    if ticket.alerts.contains(&alert.id) {
        return note(w, ticket, format!("Alert {} is raised again: {}", alert.id, alert.title));
    }
    let mut after = ticket.clone();
    after.alerts.truncate(MOST_LINKS - 1);
    after.alerts.push(alert.id);
    let said = format!("linked to alert {}: {}", alert.id, alert.title);
    by_itself(w, |w| drop(write(w, after, "ticket.changed", &said)));
}

/// Rollcall's own line in a ticket's story.
fn note(w: &mut Working, ticket: &Ticket, text: String) {
    by_itself(w, |w| {
        super::tell(w, ticket, "ticket.commented", &text);
        entry::add(w, ticket.id, EntryKind::Comment, text);
    });
}

/// What Rollcall does, whoever's change it follows from.
fn by_itself<T>(w: &mut Working, change: impl FnOnce(&mut Working) -> T) -> T {
    let actor = std::mem::replace(&mut w.actor, Actor::Rollcall);
    let done = change(w);
    w.actor = actor;
    done
}
