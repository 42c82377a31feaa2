//! Tickets as rows and pages of facts.

use super::rows::{AlertRow, LoanRow};
use super::{alert_row, holds, loan_row};
use crate::money::Money;
use crate::ticket::{self, Category, Claim, Elsewhere, Entry, InPlace, Priority, Ticket, TicketState, Tier, UsedPart};
use crate::{AlertId, AssetId, PersonId, RoomId, Site, Tag, TicketId, UserName};
use jiff::Timestamp;
use serde::Serialize;
use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

/// Which tickets a list shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TicketFilter {
    /// By where they stand.
    pub stand: Stand,
    /// Only of this kind of work.
    pub category: Option<Category>,
    /// Only of this tier.
    pub tier: Option<Tier>,
    /// Only so pressing.
    pub priority: Option<Priority>,
    /// Only those that somebody works on.
    pub assignee: Option<UserName>,
    /// Only those that are not done in time.
    pub overdue: Option<Late>,
    /// Only those about this asset.
    pub asset: Option<AssetId>,
    /// Only those whose number, title, tag, person or number elsewhere holds this text.
    pub text: Option<String>,
}

/// Tickets by where they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stand {
    /// Neither done nor dropped.
    #[default]
    Live,
    /// In this state.
    At(TicketState),
    /// Everywhere.
    Any,
}

/// Only what is not done in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late;

/// A ticket in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TicketRow {
    /// Its number.
    pub id: TicketId,
    /// What is wrong or wanted.
    pub title: String,
    /// What kind of work.
    pub category: Category,
    /// Who does it.
    pub tier: Tier,
    /// Where it stands.
    pub state: TicketState,
    /// Since when.
    pub since: Timestamp,
    /// Why it stands so.
    pub why: String,
    /// When to look at it again.
    pub look_again: Option<Timestamp>,
    /// How pressing it is.
    pub priority: Priority,
    /// Who works on it.
    pub assignee: Option<UserName>,
    /// When it is due.
    pub due: Option<Timestamp>,
    /// Whether it should have been done.
    pub overdue: bool,
    /// The tag of its asset.
    pub tag: Option<Tag>,
    /// The room of its asset.
    pub room: Option<RoomId>,
    /// Who asked for it.
    pub person: Option<PersonId>,
    /// The alerts that it comes from.
    pub alerts: Vec<AlertId>,
    /// Whether an alert opened it by itself.
    pub auto: bool,
    /// The spare that stands in meanwhile.
    pub loaner: Option<Tag>,
    /// What it cost, hundredths.
    pub cost: Money,
    /// Since when.
    pub opened_at: Timestamp,
    /// By whom.
    pub opened_by: String,
}

/// A ticket with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TicketPage {
    /// The row.
    #[serde(flatten)]
    pub row: TicketRow,
    /// More of what is wrong or wanted.
    pub detail: String,
    /// Where it may go from where it stands.
    pub may_go: Vec<TicketState>,
    /// What else it is about.
    pub others: Vec<Tag>,
    /// The alerts that are still known.
    pub alert_rows: Vec<AlertRow>,
    /// The loan that it comes from.
    pub loan: Option<LoanRow>,
    /// The same ticket in other systems.
    pub elsewhere: Vec<Elsewhere>,
    /// Parts that were used.
    pub parts: Vec<UsedPart>,
    /// Work that it took, minutes.
    pub labour_min: u32,
    /// What was claimed under warranty.
    pub claim: Option<Claim>,
    /// Whether its asset is under warranty, in words; none: it is about no asset.
    pub warranty: Option<String>,
    /// Where the spare stands in, in words.
    pub loaner_place: Option<String>,
    /// What to write to whoever gives what is asked for.
    pub request: Option<String>,
    /// Done or dropped: what is left to do with its loaner.
    pub left: Option<String>,
    /// What was said and done, oldest first.
    pub story: Vec<Entry>,
}

/// Some of the tickets, and how many there are in all: the most pressing first; what is closed, the latest first.
pub fn tickets(site: &Site, filter: &TicketFilter, now: Timestamp, part: std::ops::Range<usize>) -> (Vec<TicketRow>, usize) {
    let text = filter.text.as_deref().map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
    let fits = |ticket: &&Arc<Ticket>| fits(site, filter, ticket, now) && text.as_ref().is_none_or(|text| mentions(site, ticket, text));
    let mut live: Vec<&Arc<Ticket>> = if filter.stand.has(false) { candidates(site, filter).filter(fits).collect() } else { Vec::new() };
    live.sort_by(|a, b| by_need(a, b));
    let closed: Vec<&Arc<Ticket>> = if filter.stand.has(true) { closed(site, filter).filter(fits).collect() } else { Vec::new() };
    let all = live.len() + closed.len();
    let shown = live.into_iter().chain(closed).skip(part.start).take(part.len());
    (shown.map(|ticket| ticket_row(site, ticket, now)).collect(), all)
}

impl Stand {
    /// Whether what is closed, or what is not, may be among them.
    fn has(self, closed: bool) -> bool {
        match self {
            Self::Live => !closed,
            Self::At(state) => state.is_open() != closed,
            Self::Any => true,
        }
    }
}

fn candidates<'a>(site: &'a Site, filter: &TicketFilter) -> Box<dyn Iterator<Item = &'a Arc<Ticket>> + 'a> {
    match filter.asset {
        Some(asset) => Box::new(ticket::open_of(site, asset)),
        None => Box::new(ticket::live(site)),
    }
}

fn closed<'a>(site: &'a Site, filter: &TicketFilter) -> Box<dyn Iterator<Item = &'a Arc<Ticket>> + 'a> {
    match filter.asset {
        Some(asset) => Box::new(ticket::all_of(site, asset).rev().filter(|ticket| !ticket.is_open())),
        None => Box::new(ticket::closed(site)),
    }
}

fn fits(site: &Site, filter: &TicketFilter, ticket: &Ticket, now: Timestamp) -> bool {
    let stands = match filter.stand {
        Stand::At(state) => ticket.state == state,
        Stand::Live | Stand::Any => true,
    };
    let same = |wanted: &UserName| ticket.assignee.as_ref() == Some(wanted);
    let late = || ticket.is_overdue(now) || ticket.wants_a_look(now) || takes_back(site, ticket);
    stands
        && filter.category.is_none_or(|category| ticket.category == category)
        && filter.tier.is_none_or(|tier| ticket.tier == tier)
        && filter.priority.is_none_or(|priority| ticket.priority == priority)
        && filter.assignee.as_ref().is_none_or(same)
        && filter.overdue.is_none_or(|Late| late())
}

/// Whether it is over while its loaner is still out.
fn takes_back(site: &Site, ticket: &Ticket) -> bool {
    !ticket.is_open() && ticket::stands_in(site, ticket).is_some()
}

/// Whether what is known of a ticket holds a text, which is in small letters.
fn mentions(site: &Site, ticket: &Ticket, text: &str) -> bool {
    let tag = ticket.asset.and_then(|id| site.assets.get(&id)).map(|asset| asset.tag.as_str());
    let person = ticket.person.as_ref().map(PersonId::as_str);
    let reference = ticket.claim.as_ref().map(|claim| claim.reference.as_str());
    let there = ticket.elsewhere.iter().map(|there| there.id.as_str());
    let facts = [tag, person, reference].into_iter().flatten().chain(there);
    ticket.id.to_string() == text || holds(&ticket.title, text) || facts.into_iter().any(|fact| holds(fact, text))
}

/// The most pressing first, then what is due first, then the oldest.
fn by_need(a: &Ticket, b: &Ticket) -> Ordering {
    let key = |ticket: &Ticket| (Reverse(ticket.priority), ticket.due.unwrap_or(Timestamp::MAX), ticket.id);
    key(a).cmp(&key(b))
}

/// One ticket as a row.
pub fn ticket_row(site: &Site, ticket: &Ticket, now: Timestamp) -> TicketRow {
    let asset = ticket.asset.and_then(|id| site.assets.get(&id));
    let tag = |id: AssetId| site.assets.get(&id).map(|asset| asset.tag.clone());
    TicketRow {
        id: ticket.id,
        title: ticket.title.clone(),
        category: ticket.category,
        tier: ticket.tier,
        state: ticket.state,
        since: ticket.stands_since(),
        why: ticket.why.clone(),
        look_again: ticket.look_again,
        priority: ticket.priority,
        assignee: ticket.assignee.clone(),
        due: ticket.due,
        overdue: ticket.is_overdue(now),
        tag: asset.map(|asset| asset.tag.clone()),
        room: asset.and_then(|asset| asset.room.clone()),
        person: ticket.person.clone(),
        alerts: ticket.alerts.clone(),
        auto: ticket.auto,
        loaner: ticket::stands_in(site, ticket).and_then(|loaner| tag(loaner.asset)),
        cost: ticket::cost(site, ticket),
        opened_at: ticket.opened_at,
        opened_by: ticket.opened_by.clone(),
    }
}

/// Everything that is known of a ticket.
pub fn ticket_page(site: &Site, ticket: &Ticket, now: Timestamp) -> TicketPage {
    let tag = |id: &AssetId| site.assets.get(id).map(|asset| asset.tag.clone());
    let today = site.day_of(now);
    let loan = ticket.loan.and_then(|id| site.loans.get(&id));
    TicketPage {
        row: ticket_row(site, ticket, now),
        detail: ticket.detail.clone(),
        may_go: ticket.may_go().collect(),
        others: ticket.others.iter().filter_map(tag).collect(),
        alert_rows: ticket.alerts.iter().filter_map(|id| site.alerts.get(id)).map(|alert| alert_row(site, alert)).collect(),
        loan: loan.map(|loan| loan_row(site, loan, now)),
        elsewhere: ticket.elsewhere.clone(),
        parts: ticket.parts.clone(),
        labour_min: ticket.labour_min,
        claim: ticket.claim.clone(),
        warranty: ticket.asset.and_then(|id| site.assets.get(&id)).map(|asset| ticket::warranty_of(asset, today).to_string()),
        loaner_place: ticket::stands_in(site, ticket).map(|loaner| place(site, &loaner.place)),
        request: ticket::request_text(site, ticket),
        left: ticket::left(site, ticket),
        story: ticket::entries(site, ticket.id).map(|entry| (**entry).clone()).collect(),
    }
}

/// Where a spare stands in, in words.
fn place(site: &Site, place: &InPlace) -> String {
    match place {
        InPlace::Loan { loan } => site.loans.get(loan).map_or_else(String::new, |loan| format!("lent to {}", loan.person)),
        InPlace::Seat { room, seat, .. } => seat.as_ref().map_or_else(|| format!("in {room}"), |seat| format!("in {room}, seat {seat}")),
    }
}
