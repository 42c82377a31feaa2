//! Tickets: work on an asset, from an alert, a return, or a person.

use crate::record::{Record, Rest, Table};
use crate::{AlertId, AssetId, LoanId, PersonId, Refusal, Site, TicketId, Working};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Work that somebody has to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its number.
    pub id: TicketId,
    /// What is wrong or wanted, in one line; no names of people.
    pub title: String,
    /// What kind of work.
    pub category: Category,
    /// Who does it.
    pub tier: Tier,
    /// Where it stands.
    pub state: TicketState,
    /// How pressing it is.
    pub priority: Priority,
    /// On what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetId>,
    /// Who asked for it, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The loan that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loan: Option<LoanId>,
    /// The alerts that it comes from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<AlertId>,
    /// Since when.
    pub opened_at: Timestamp,
    /// By whom.
    pub opened_by: String,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

/// What kind of work it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// A part is broken, missing or worn.
    #[default]
    Hardware,
    /// A program or a setting.
    Software,
    /// Somebody needs an account.
    Account,
    /// A machine needs an address.
    NetworkAddress,
    /// Somebody needs a privilege.
    Access,
    /// Projectors, cameras, sound, conferences.
    AudioVisual,
    /// Printers.
    Printing,
}

/// Who does the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// First level, at the site.
    #[default]
    Tier1,
    /// Second level.
    Tier2,
    /// The maker or a repair shop.
    Vendor,
}

/// Where a ticket stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TicketState {
    /// Proposed by Rollcall; the technician confirms or drops it.
    Draft,
    /// To be done.
    #[default]
    Open,
    /// Being done.
    InProgress,
    /// Waits for a part, a person or a vendor.
    Waiting,
    /// Done.
    Done,
    /// Not done: it was none.
    Dropped,
}

/// How pressing a ticket is, least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// When there is time.
    Low,
    /// As usual.
    #[default]
    Normal,
    /// Today.
    High,
    /// Now.
    Urgent,
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
            site.open_tickets.remove(&(old.asset, old.id));
        }
        if let Some(new) = new.filter(|ticket| ticket.is_open()) {
            site.open_tickets.insert((new.asset, new.id));
        }
    }
}

impl Ticket {
    /// Whether something is still to be done, or to be confirmed.
    pub fn is_open(&self) -> bool {
        !matches!(self.state, TicketState::Done | TicketState::Dropped)
    }
}

/// What is said of a ticket to be opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewTicket {
    /// What is wrong or wanted, in one line.
    pub title: String,
    /// What kind of work.
    pub category: Category,
    /// Whether it is proposed only.
    pub state: TicketState,
    /// How pressing.
    pub priority: Priority,
    /// On what.
    pub asset: Option<AssetId>,
    /// Who asks for it.
    pub person: Option<PersonId>,
    /// The loan that it comes from.
    pub loan: Option<LoanId>,
    /// The alerts that it comes from.
    pub alerts: Vec<AlertId>,
}

/// Opens a ticket, or proposes one.
///
/// # Errors
/// The title is empty or too long.
pub fn open(w: &mut Working, new: NewTicket) -> Result<Arc<Ticket>, Refusal> {
    let title = new.title.trim();
    if title.is_empty() || title.chars().count() > 200 || title.chars().any(char::is_control) {
        return Err(Refusal::invalid("say in 1 to 200 characters what is wrong or wanted"));
    }
    let ticket = w.put(Ticket {
        id: TicketId(w.site.tickets.get_max().map_or(1, |(id, _)| id.0 + 1)),
        title: title.to_owned(),
        category: new.category,
        tier: Tier::default(),
        state: new.state,
        priority: new.priority,
        asset: new.asset,
        person: new.person,
        loan: new.loan,
        alerts: new.alerts,
        opened_at: w.now,
        opened_by: w.actor.words(),
        rest: Rest::new(),
    });
    let asset = ticket.asset.and_then(|id| w.site.assets.get(&id)).cloned();
    let event = w.event("ticket.opened", format!("Ticket {} opened: {}", ticket.id, ticket.title));
    if let Some(asset) = asset {
        event.about(&asset);
    }
    event.person.clone_from(&ticket.person);
    Ok(ticket)
}

/// The open tickets of an asset, oldest first.
pub fn open_of(site: &Site, asset: AssetId) -> impl Iterator<Item = &Arc<Ticket>> {
    let from = site.open_tickets.range((Some(asset), TicketId(0))..);
    from.take_while(move |(other, _)| *other == Some(asset)).filter_map(|(_, id)| site.tickets.get(id))
}
