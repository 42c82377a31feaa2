//! What a ticket cost: parts and work.

use super::{Ticket, get, line, policy, write};
use crate::money::Money;
use crate::{AssetId, Refusal, Site, TicketId, Working, words};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Most kinds of parts of one ticket.
const MOST_PARTS: usize = 50;
/// Most pieces of one part.
const MOST_PIECES: u32 = 1_000;
/// Most work of one ticket, minutes: about half a year.
const MOST_MINUTES: u32 = 60_000;

/// A part that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedPart {
    /// What: "SSD 500 GB".
    pub name: String,
    /// How many.
    pub count: u32,
    /// What one costs.
    pub each: Money,
}

impl UsedPart {
    /// What they cost together.
    pub fn cost(&self) -> Money {
        self.each.times(self.count)
    }
}

/// Adds a part that was used.
///
/// # Errors
/// No such ticket, no name, none or too many of it.
pub fn add_part(w: &mut Working, id: TicketId, part: UsedPart) -> Result<Arc<Ticket>, Refusal> {
    let ticket = get(&w.site, id)?;
    let name = line("a part's name", &part.name, 120)?;
    if name.is_empty() || !(1..=MOST_PIECES).contains(&part.count) {
        return Err(Refusal::invalid(format!("name the part, and say how many: 1 to {MOST_PIECES}")));
    }
    if ticket.parts.len() >= MOST_PARTS {
        return Err(Refusal::conflict(format!("ticket {id} has {MOST_PARTS} kinds of parts already")));
    }
    let part = UsedPart { name, ..part };
    let said = format!("part used: {} × {} at {}", part.count, part.name, part.each);
    let mut ticket = (**ticket).clone();
    ticket.parts.push(part);
    Ok(write(w, ticket, "ticket.changed", &said))
}

/// Takes back that a part was used; `number` counts from 1 as they are listed.
///
/// # Errors
/// No such ticket or part.
pub fn remove_part(w: &mut Working, id: TicketId, number: usize) -> Result<Arc<Ticket>, Refusal> {
    let mut ticket = (**get(&w.site, id)?).clone();
    let place = number.checked_sub(1).filter(|place| *place < ticket.parts.len());
    let place =
        place.ok_or_else(|| Refusal::not_found(format!("ticket {id} has no part {number}; `rollcall ticket show {id}` lists them")))?;
    let part = ticket.parts.remove(place);
    Ok(write(w, ticket, "ticket.changed", &format!("part taken back: {} × {}", part.count, part.name)))
}

/// Says how much work it took in all, minutes.
///
/// # Errors
/// No such ticket, or far too much.
pub fn labour(w: &mut Working, id: TicketId, minutes: u32) -> Result<Arc<Ticket>, Refusal> {
    let ticket = (**get(&w.site, id)?).clone();
    if minutes > MOST_MINUTES {
        return Err(Refusal::invalid(format!("work is counted in minutes, at most {MOST_MINUTES}")));
    }
    let said = format!("work in all: {}", words::count(minutes, "minute", "minutes"));
    Ok(write(w, Ticket { labour_min: minutes, ..ticket }, "ticket.changed", &said))
}

/// What a ticket cost, parts and work together.
pub fn cost(site: &Site, ticket: &Ticket) -> Money {
    let parts = ticket.parts.iter().fold(Money::ZERO, |sum, part| sum.plus(part.cost()));
    let worked = policy(site).labour_hour.times(ticket.labour_min);
    parts.plus(Money(worked.0 / 60))
}

/// What all tickets of an asset cost together: what was spent to keep it.
pub fn cost_of_asset(site: &Site, asset: AssetId) -> Money {
    let own = super::all_of(site, asset).filter(|ticket| ticket.asset == Some(asset));
    own.fold(Money::ZERO, |sum, ticket| sum.plus(cost(site, ticket)))
}
