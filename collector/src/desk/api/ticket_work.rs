//! `/tickets/N/…`, `/ticket-policy`: parts and work, claims, loaners, links, and when tickets are due.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::problem::Problem;
use crate::desk::api::tickets::{asset_of, change};
use crate::desk::api::versions::{IfMatch, Version, Versioned};
use axum::extract::{Path, State};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use rollcall_site::money::Money;
use rollcall_site::ticket::{self, Elsewhere, Link, TicketPolicy, UsedPart};
use rollcall_site::view::TicketPage;
use rollcall_site::{AlertId, LoanId, Refusal, Site, Tag, Working};
use serde::Deserialize;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/ticket-policy", get(policy).put(set_policy))
        .route("/tickets/{id}/claim", put(claim))
        .route("/tickets/{id}/labour", put(labour))
        .route("/tickets/{id}/links", post(link).delete(unlink))
        .route("/tickets/{id}/loaner", post(lend).delete(take_back))
        .route("/tickets/{id}/parts", post(add_part))
        .route("/tickets/{id}/parts/{number}", delete(remove_part))
}

/// A part that was used.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    name: String,
    #[serde(default = "one")]
    count: u32,
    /// "49.90"
    #[serde(default)]
    each: String,
}

fn one() -> u32 {
    1
}

/// An amount as people write it; nothing said: nothing.
fn money(text: &str) -> Result<Money, Refusal> {
    let text = text.trim();
    if text.is_empty() { Ok(Money::ZERO) } else { Ok(text.parse::<Money>()?) }
}

/// Notes a part that was used for a ticket.
async fn add_part(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    Body(part): Body<Part>,
) -> Result<Json<TicketPage>, Problem> {
    let part = UsedPart { name: part.name, count: part.count, each: money(&part.each)? };
    change(&collector, actor, &id, move |w, id| ticket::add_part(w, id, part)).await
}

/// Takes a part off a ticket again.
async fn remove_part(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path((id, number)): Path<(String, String)>,
) -> Result<Json<TicketPage>, Problem> {
    let number = number.parse().map_err(|_| Refusal::invalid("a part is named by its number, from 1"))?;
    change(&collector, actor, &id, move |w, id| ticket::remove_part(w, id, number)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Labour {
    minutes: u32,
}

/// Notes the minutes that a ticket took.
async fn labour(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    Body(labour): Body<Labour>,
) -> Result<Json<TicketPage>, Problem> {
    change(&collector, actor, &id, move |w, id| ticket::labour(w, id, labour.minutes)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claimed {
    /// From whom; empty: from whom the asset was bought, or its maker.
    #[serde(default)]
    vendor: String,
    reference: String,
}

/// Notes the vendor's claim of a ticket.
async fn claim(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    Body(claimed): Body<Claimed>,
) -> Result<Json<TicketPage>, Problem> {
    change(&collector, actor, &id, move |w, id| ticket::claim(w, id, &claimed.vendor, &claimed.reference)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spare {
    tag: String,
    /// Why it goes out though its verdict is STOP.
    #[serde(rename = "override")]
    override_reason: Option<String>,
}

/// Lends another machine for as long as a ticket lasts.
async fn lend(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    Body(spare): Body<Spare>,
) -> Result<Json<TicketPage>, Problem> {
    let (tag, heard) = (Tag::parse(&spare.tag)?, collector.roll.heard());
    change(&collector, actor, &id, move |w, id| ticket::lend(w, &heard, id, &tag, spare.override_reason)).await
}

/// Takes the machine back that was lent for a ticket.
async fn take_back(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
) -> Result<Json<TicketPage>, Problem> {
    change(&collector, actor, &id, ticket::take_back).await
}

/// One thing that a ticket belongs to: an alert, another asset, a loan, or the same ticket in another system.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Linked {
    alert: Option<AlertId>,
    asset: Option<String>,
    loan: Option<LoanId>,
    system: Option<String>,
    id: String,
    url: String,
}

impl Linked {
    fn into_link(self, site: &Site) -> Result<Link, Refusal> {
        match (self.alert, self.asset, self.loan, self.system) {
            (Some(alert), None, None, None) => Ok(Link::Alert(alert)),
            (None, Some(tag), None, None) => asset_of(site, &tag).map(Link::Asset),
            (None, None, Some(loan), None) => Ok(Link::Loan(loan)),
            (None, None, None, Some(system)) => Elsewhere::new(&system, &self.id, &self.url).map(Link::Elsewhere),
            _ => Err(Refusal::invalid("name one thing: an alert, an asset, a loan, or a system with the ticket's number there")),
        }
    }
}

/// Links a ticket to an alert.
async fn link(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    Body(linked): Body<Linked>,
) -> Result<Json<TicketPage>, Problem> {
    let link = move |w: &mut Working, id| {
        let link = linked.into_link(&w.site)?;
        ticket::link(w, id, link)
    };
    change(&collector, actor, &id, link).await
}

/// Ends a link of a ticket.
async fn unlink(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    Body(linked): Body<Linked>,
) -> Result<Json<TicketPage>, Problem> {
    let unlink = move |w: &mut Working, id| {
        let link = linked.into_link(&w.site)?;
        ticket::unlink(w, id, &link)
    };
    change(&collector, actor, &id, unlink).await
}

/// What is to be set of the policy; what is absent stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyChange {
    low_h: Option<u32>,
    normal_h: Option<u32>,
    high_h: Option<u32>,
    urgent_h: Option<u32>,
    /// "35.00"; "0": work is not counted in money.
    labour_hour: Option<String>,
}

/// Shows the rules of tickets.
async fn policy(State(collector): State<Collector>, Viewer(_): Viewer) -> Versioned<TicketPolicy> {
    let policy = ticket::policy(&collector.keeper.view());
    Versioned(Version::of(&policy), policy)
}

/// Changes the rules of tickets.
async fn set_policy(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    if_match: IfMatch,
    Body(wanted): Body<PolicyChange>,
) -> Result<Json<TicketPolicy>, Problem> {
    let labour_hour = wanted.labour_hour.as_deref().map(money).transpose()?;
    let set = move |w: &mut Working| {
        let before = ticket::policy(&w.site);
        if_match.holds(&before)?;
        let new = TicketPolicy {
            low_h: wanted.low_h.unwrap_or(before.low_h),
            normal_h: wanted.normal_h.unwrap_or(before.normal_h),
            high_h: wanted.high_h.unwrap_or(before.high_h),
            urgent_h: wanted.urgent_h.unwrap_or(before.urgent_h),
            labour_hour: labour_hour.unwrap_or(before.labour_hour),
            ..before
        };
        ticket::set_policy(w, new)
    };
    let policy = collector.keeper.change(actor, set).await?;
    Ok(Json((*policy).clone()))
}
