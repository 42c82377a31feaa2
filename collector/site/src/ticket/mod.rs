//! Tickets: work on an asset, from an alert, a return, or a person.
//!
//! A ticket's states and what leads from one to the next are one table in `ticket/state.rs`. What was said and done on it are records of
//! their own (`ticket/entry.rs`), so that a long story is not written anew with every line.

mod auto;
mod change;
mod cost;
mod elsewhere;
mod entry;
mod loaner;
mod open;
mod policy;
mod report;
mod request;
mod state;
#[cfg(test)]
mod tests;
mod warranty;
mod words;

pub(crate) use auto::{over, raised};
pub use change::{Changes, Link, assign, link, set, unlink};
pub use cost::{UsedPart, add_part, cost, cost_of_asset, labour, remove_part};
pub use elsewhere::{Elsewhere, WebAddress};
pub use entry::{Entry, EntryId, EntryKind, comment, entries};
pub use loaner::{InPlace, Loaner, lend, of_loaner, stands_in, take_back, to_take_back};
pub use open::{NewTicket, from_alert, open};
pub use policy::{TicketPolicy, policy, school_time, set_policy};
pub use report::{Complaint, report};
pub use request::text as request_text;
pub use state::{Move, TRANSITIONS, go, left};
pub use warranty::{Claim, Warranty, claim, of as warranty_of};
pub use words::{Category, Priority, TicketState, Tier};

use crate::record::{Record, Rest, Table};
use crate::{AlertId, AssetId, LoanId, PersonId, Refusal, Site, TicketId, UserName, Working};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Longest title, characters.
const TITLE: usize = 200;
/// Longest text beside it: a detail, a comment, why a ticket stands as it does.
const TEXT: usize = 2_000;

/// Work that somebody has to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its number.
    pub id: TicketId,
    /// What is wrong or wanted, in one line; no names of people.
    pub title: String,
    /// More of it: what was seen, what to try first; no names of people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// What kind of work.
    pub category: Category,
    /// Who does it.
    pub tier: Tier,
    /// Where it stands.
    pub state: TicketState,
    /// Since when it stands so; none: since it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Where it stood before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<TicketState>,
    /// Why it stands so: what it waits for, what was done, why it was none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// While it waits: when to look at it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_again: Option<Timestamp>,
    /// How pressing it is.
    pub priority: Priority,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<UserName>,
    /// When it is due; a draft is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Whether somebody set when it is due, and not the policy.
    #[serde(default, skip_serializing_if = "crate::record::is_default")]
    pub due_set: bool,
    /// On what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetId>,
    /// What else it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<AssetId>,
    /// Who asked for it, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The loan that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loan: Option<LoanId>,
    /// The alerts that it comes from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<AlertId>,
    /// Whether an alert opened it by itself, by the setting of its rule.
    #[serde(default, skip_serializing_if = "crate::record::is_default")]
    pub auto: bool,
    /// The same ticket in other systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<Elsewhere>,
    /// Parts that were used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<UsedPart>,
    /// Work that it took, minutes.
    #[serde(default, skip_serializing_if = "crate::record::is_default")]
    pub labour_min: u32,
    /// What was claimed under warranty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// The spare that stands in for the asset meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loaner: Option<Box<Loaner>>,
    /// Since when.
    pub opened_at: Timestamp,
    /// By whom.
    pub opened_by: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Ticket {
    type Key = TicketId;
    const KIND: &'static str = "ticket";
    fn key(&self) -> TicketId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.tickets
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.tickets
    }
    fn index(site: &mut Site, old: Option<&Self>, new: Option<&Self>) {
        if let Some(old) = old {
            site.live_tickets.remove(&old.id);
            site.closed_tickets.remove(&(old.stands_since(), old.id));
            for asset in old.assets() {
                site.open_tickets.remove(&(asset, old.id));
                asset.map(|asset| site.asset_tickets.remove(&(asset, old.id)));
            }
            for alert in &old.alerts {
                site.alert_tickets.remove(&(*alert, old.id));
            }
            old.loaner.as_ref().map(|loaner| site.loaners.remove(&(loaner.asset, old.id)));
        }
        let Some(new) = new else { return };
        if new.is_open() {
            site.live_tickets.insert(new.id);
        } else {
            site.closed_tickets.insert((new.stands_since(), new.id));
        }
        for asset in new.assets() {
            if new.is_open() {
                site.open_tickets.insert((asset, new.id));
            }
            asset.map(|asset| site.asset_tickets.insert((asset, new.id)));
        }
        for alert in &new.alerts {
            site.alert_tickets.insert((*alert, new.id));
        }
        if let Some(loaner) = new.loaner.as_ref().filter(|loaner| loaner.back_at.is_none()) {
            site.loaners.insert((loaner.asset, new.id));
        }
    }
}

impl Ticket {
    /// Whether something is still to be done, or to be confirmed.
    pub fn is_open(&self) -> bool {
        self.state.is_open()
    }

    /// Since when it stands as it does.
    pub fn stands_since(&self) -> Timestamp {
        self.since.unwrap_or(self.opened_at)
    }

    /// Whether it should have been done by `now`. What waits for others is not late by her fault.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        matches!(self.state, TicketState::Open | TicketState::InProgress) && self.due.is_some_and(|due| due < now)
    }

    /// Whether it waits, and the time to look at it again has come.
    pub fn wants_a_look(&self, now: Timestamp) -> bool {
        self.state == TicketState::Waiting && self.look_again.is_some_and(|at| at <= now)
    }

    /// Everything that it is about; `None` alone: of no asset.
    fn assets(&self) -> impl Iterator<Item = Option<AssetId>> + '_ {
        let others = self.others.iter().copied().filter(|other| Some(*other) != self.asset).map(Some);
        std::iter::once(self.asset).chain(others)
    }
}

/// The ticket with this number.
///
/// # Errors
/// There is none.
pub fn get(site: &Site, id: TicketId) -> Result<&Arc<Ticket>, Refusal> {
    site.tickets.get(&id).ok_or_else(|| Refusal::not_found(format!("there is no ticket {id}; `rollcall tickets` lists them")))
}

/// The open tickets of an asset, oldest first.
pub fn open_of(site: &Site, asset: AssetId) -> impl Iterator<Item = &Arc<Ticket>> {
    of_matter(site, Some(asset))
}

/// The open tickets of an asset, or of none.
fn of_matter(site: &Site, asset: Option<AssetId>) -> impl Iterator<Item = &Arc<Ticket>> {
    let from = site.open_tickets.range((asset, TicketId(0))..);
    from.take_while(move |(other, _)| *other == asset).filter_map(|(_, id)| site.tickets.get(id))
}

/// Every ticket that an asset ever had, oldest first.
pub fn all_of(site: &Site, asset: AssetId) -> impl DoubleEndedIterator<Item = &Arc<Ticket>> {
    site.asset_tickets.range((asset, TicketId(0))..=(asset, TicketId(u64::MAX))).filter_map(|(_, id)| site.tickets.get(id))
}

/// Every ticket that names an alert, oldest first.
pub fn of_alert(site: &Site, alert: AlertId) -> impl DoubleEndedIterator<Item = &Arc<Ticket>> {
    site.alert_tickets.range((alert, TicketId(0))..=(alert, TicketId(u64::MAX))).filter_map(|(_, id)| site.tickets.get(id))
}

/// Every ticket that is neither done nor dropped, oldest first.
pub fn live(site: &Site) -> impl Iterator<Item = &Arc<Ticket>> {
    site.live_tickets.iter().filter_map(|id| site.tickets.get(id))
}

/// Those that are done or dropped, the latest first.
pub fn closed(site: &Site) -> impl Iterator<Item = &Arc<Ticket>> {
    site.closed_tickets.iter().rev().filter_map(|(_, id)| site.tickets.get(id))
}

/// Writes a ticket down, says so, and keeps the line in its story.
fn write(w: &mut Working, ticket: Ticket, kind: &'static str, said: &str) -> Arc<Ticket> {
    let ticket = w.put(ticket);
    tell(w, &ticket, kind, said);
    entry::add(w, ticket.id, EntryKind::Change, said.to_owned());
    ticket
}

/// Says that something happened to a ticket.
fn tell(w: &mut Working, ticket: &Ticket, kind: &'static str, said: &str) {
    let asset = ticket.asset.and_then(|id| w.site.assets.get(&id)).cloned();
    let event = w.event(kind, format!("Ticket {}: {said}", ticket.id));
    if let Some(asset) = asset {
        event.about(&asset);
    }
    event.person.clone_from(&ticket.person);
    event.ticket = Some(ticket.id);
    event.with(serde_json::json!({ "title": ticket.title, "state": ticket.state, "tier": ticket.tier, "priority": ticket.priority }));
}

/// A text of at most so many characters, without control characters but line ends.
fn text(what: &str, text: &str, most: usize) -> Result<String, Refusal> {
    let text = text.trim().replace("\r\n", "\n");
    if text.chars().count() > most || text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Refusal::invalid(format!("{what} has at most {most} characters and no control characters")));
    }
    Ok(text)
}

/// A text of one line.
fn line(what: &str, given: &str, most: usize) -> Result<String, Refusal> {
    let line = text(what, given, most)?;
    if line.contains('\n') { Err(Refusal::invalid(format!("{what} is one line"))) } else { Ok(line) }
}
