//! When tickets are due: hours of school time by priority, and what an hour of work costs.

use super::Priority;
use crate::money::Money;
use crate::record::{Record, Rest, Table};
use crate::{Refusal, Site, Working, calendar};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Most hours of school time that a ticket may take: two school years.
const MOST_HOURS: u32 = 2_500;
/// Edges of school time that are looked through at most: past it the rest counts by the clock.
const MOST_EDGES: usize = 4_000;

/// When tickets are due, and what work costs: one record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TicketPolicy {
    /// Its key: there is one.
    pub id: u8,
    /// When there is time: hours of school time until it is due.
    pub low_h: u32,
    /// As usual: the same.
    pub normal_h: u32,
    /// Today: the same.
    pub high_h: u32,
    /// Now: the same.
    pub urgent_h: u32,
    /// What an hour of work costs; nothing: work is not counted in money.
    #[serde(default, skip_serializing_if = "crate::record::is_default")]
    pub labour_hour: Money,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Default for TicketPolicy {
    /// About two hours, a school day, three days, two weeks.
    fn default() -> Self {
        Self { id: 0, low_h: 80, normal_h: 24, high_h: 8, urgent_h: 2, labour_hour: Money::ZERO, rest: Rest::new() }
    }
}

impl Record for TicketPolicy {
    type Key = u8;
    const KIND: &'static str = "ticket-policy";
    fn key(&self) -> u8 {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.ticket_policy
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.ticket_policy
    }
}

impl TicketPolicy {
    /// Hours of school time until a ticket of this priority is due.
    pub fn hours(&self, priority: Priority) -> u32 {
        match priority {
            Priority::Low => self.low_h,
            Priority::Normal => self.normal_h,
            Priority::High => self.high_h,
            Priority::Urgent => self.urgent_h,
        }
    }
}

/// The policy that holds.
pub fn policy(site: &Site) -> TicketPolicy {
    site.ticket_policy.get(&0).map_or_else(TicketPolicy::default, |policy| (**policy).clone())
}

/// Sets the policy. Tickets that are open keep the time by which they are due.
///
/// # Errors
/// Hours out of bounds, or more of them for what is more pressing.
pub fn set_policy(w: &mut Working, new: TicketPolicy) -> Result<Arc<TicketPolicy>, Refusal> {
    let hours = [new.urgent_h, new.high_h, new.normal_h, new.low_h];
    if hours.iter().any(|hours| !(1..=MOST_HOURS).contains(hours)) {
        return Err(Refusal::invalid(format!("a ticket is due after 1 to {MOST_HOURS} hours of school time")));
    }
    if !hours.is_sorted() {
        return Err(Refusal::invalid("what is more pressing is due earlier: urgent, high, normal, low"));
    }
    let policy = w.put(TicketPolicy { id: 0, ..new });
    let [urgent, high, normal, low] = hours;
    let labour = if policy.labour_hour == Money::ZERO { String::new() } else { format!("; an hour of work costs {}", policy.labour_hour) };
    let text = format!("Tickets are due after {urgent}, {high}, {normal} and {low} h of school time, urgent to low{labour}");
    w.event("ticket.policy-set", text);
    Ok(policy)
}

/// When a ticket of this priority is due that begins at `from`.
pub(super) fn due(site: &Site, priority: Priority, from: Timestamp) -> Timestamp {
    school_time(site, from, SignedDuration::from_hours(policy(site).hours(priority).into()))
}

/// The moment at which so much school time has passed; where the school has no hours, time by the clock.
pub fn school_time(site: &Site, from: Timestamp, length: SignedDuration) -> Timestamp {
    let (mut at, mut left) = (from, length);
    for _ in 0..MOST_EDGES {
        let now = calendar::of_room(site, None, at);
        // Never open again within a year: the clock counts.
        let Some(until) = now.until else { break };
        let passes = until.duration_since(at);
        if now.expected && left <= passes {
            break;
        }
        if now.expected {
            left = left.saturating_sub(passes);
        }
        at = until;
    }
    at.saturating_add(left).unwrap_or(at)
}
