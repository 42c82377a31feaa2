//! Loaners: a working spare in place of a broken asset. Where that is on loan, its borrower gets the spare; where it has a seat, the spare
//! takes the seat.

use super::{Ticket, TicketState, get, write};
use crate::asset::{self, Asset, AssetFacts, AssetStatus};
use crate::loan::{self, Due, NewLoan, Returned};
use crate::presence::Heard;
use crate::verdict::{self, Verdict};
use crate::{AssetId, LoanId, Refusal, RoomId, Site, Tag, TicketId, Working};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A spare that stands in for a broken asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaner {
    /// The spare.
    pub asset: AssetId,
    /// How it stands in.
    pub place: InPlace,
    /// Since when.
    pub since: Timestamp,
    /// Since when it does no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_at: Option<Timestamp>,
    /// Where the broken asset stood in its life before.
    pub was: AssetStatus,
}

/// How a spare stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum InPlace {
    /// It is lent to whoever has the broken asset, by this loan.
    Loan {
        /// The loan of the spare.
        loan: LoanId,
    },
    /// It stands where the broken asset stood.
    Seat {
        /// The room.
        room: RoomId,
        /// The seat there.
        seat: Option<String>,
        /// Where the spare stood.
        home: Option<RoomId>,
        /// Its seat there.
        home_seat: Option<String>,
    },
}

/// The loaner of a ticket, while it stands in; one that came back at the loan desk does no more.
pub fn stands_in<'a>(site: &Site, ticket: &'a Ticket) -> Option<&'a Loaner> {
    let out = |loaner: &&Loaner| match &loaner.place {
        InPlace::Loan { loan } => site.loans.get(loan).is_some_and(|loan| loan.in_at.is_none()),
        InPlace::Seat { .. } => true,
    };
    ticket.loaner.as_deref().filter(|loaner| loaner.back_at.is_none()).filter(out)
}

/// The ticket for which an asset stands in as a loaner.
pub fn of_loaner(site: &Site, spare: AssetId) -> Option<&Arc<Ticket>> {
    let named = site.loaners.range((spare, TicketId(0))..=(spare, TicketId(u64::MAX)));
    named.filter_map(|(_, id)| site.tickets.get(id)).find(|ticket| stands_in(site, ticket).is_some())
}

/// Tickets that are over while their loaner is still with a borrower: it is to be taken back.
pub fn to_take_back(site: &Site) -> impl Iterator<Item = &Arc<Ticket>> {
    let named = site.loaners.iter().filter_map(|(_, id)| site.tickets.get(id));
    named.filter(|ticket| !ticket.is_open() && stands_in(site, ticket).is_some())
}

/// Gives out a working spare in place of the broken asset, which is in repair from then on.
///
/// # Errors
/// The ticket is about no asset, is no open one or has a loaner; the spare is no working one; its verdict is STOP and no reason was given.
pub fn lend(w: &mut Working, heard: &Heard, id: TicketId, spare: &Tag, override_reason: Option<String>) -> Result<Arc<Ticket>, Refusal> {
    let ticket = Arc::clone(get(&w.site, id)?);
    let broken = broken(&w.site, &ticket)?;
    let spare = Arc::clone(working(&w.site, spare, &broken)?);
    let place = match w.site.open_loan(broken.id).cloned() {
        Some(borrowed) => {
            let due = match borrowed.due {
                None => Due::Never,
                Some(due) if due > w.now => Due::At(due),
                Some(_) => Due::ByPolicy,
            };
            let lent = NewLoan { due, override_reason, ..NewLoan::new(spare.tag.clone(), borrowed.person.clone()) };
            let lent = loan::out(w, heard, lent)?;
            repair(w, &broken, AssetFacts::default())?;
            InPlace::Loan { loan: lent.id }
        }
        None => {
            not_stopped(w, heard, &spare, override_reason.as_deref())?;
            take_seat(w, &broken, &spare)?
        }
    };
    let where_to = match &place {
        InPlace::Loan { loan } => w.site.loans.get(loan).map_or_else(String::new, |loan| format!(", lent to {}", loan.person)),
        InPlace::Seat { room, seat, .. } => format!(", in {}", spot(room, seat.as_deref())),
    };
    let said = format!("{} stands in for {}{where_to}", spare.tag, broken.tag);
    let loaner = Loaner { asset: spare.id, place, since: w.now, back_at: None, was: broken.status };
    let borrowed = w.site.open_loan(broken.id).map(|loan| loan.id);
    let after = Ticket { loaner: Some(Box::new(loaner)), loan: borrowed.or(ticket.loan), ..(*ticket).clone() };
    Ok(write(w, after, "ticket.loaner-out", &said))
}

fn broken(site: &Site, ticket: &Ticket) -> Result<Arc<Asset>, Refusal> {
    let id = ticket.id;
    if !ticket.is_open() || ticket.state == TicketState::Draft {
        return Err(Refusal::conflict(format!(
            "ticket {id} is {}: a loaner goes out for work that is open",
            ticket.state.label().to_lowercase()
        )));
    }
    if let Some(loaner) = stands_in(site, ticket) {
        let tag = site.assets.get(&loaner.asset).map_or_else(String::new, |asset| asset.tag.to_string());
        return Err(Refusal::conflict(format!("{tag} stands in already: take it back first with `rollcall ticket loaner {id} --back`")));
    }
    let of_none = || Refusal::invalid(format!("ticket {id} is about no asset: say which with `rollcall ticket set {id} --asset TAG`"));
    asset::get(site, ticket.asset.ok_or_else(of_none)?).cloned()
}

/// The spare, when it works and nobody has it.
fn working<'a>(site: &'a Site, tag: &Tag, broken: &Asset) -> Result<&'a Arc<Asset>, Refusal> {
    let spare = asset::tagged(site, tag)?;
    let why = if spare.id == broken.id {
        Some("is the broken one itself".to_owned())
    } else if spare.status != AssetStatus::InService {
        Some(format!("is {}", spare.status.word()))
    } else if let Some(loan) = site.open_loan(spare.id) {
        Some(format!("is out to {}", loan.person))
    } else {
        of_loaner(site, spare.id).map(|ticket| format!("stands in for ticket {} already", ticket.id))
    };
    match why {
        Some(why) => Err(Refusal::conflict(format!("{tag} {why}: take another spare"))),
        None => Ok(spare),
    }
}

fn not_stopped(w: &Working, heard: &Heard, spare: &Asset, reason: Option<&str>) -> Result<(), Refusal> {
    let check = verdict::check(&w.site, heard, &spare.tag, None, w.now)?;
    if check.verdict != Verdict::Stop || reason.is_some_and(|reason| !reason.trim().is_empty()) {
        return Ok(());
    }
    let why = check.reasons.iter().filter(|reason| reason.verdict == Verdict::Stop).map(|reason| reason.text.as_str());
    let why = why.collect::<Vec<_>>().join("; ");
    Err(Refusal::forbidden(format!("STOP for {}: {why}; take another spare, or override it with a reason", spare.tag)))
}

/// The spare takes the place of the broken asset, which keeps its room and stands in no seat meanwhile.
fn take_seat(w: &mut Working, broken: &Asset, spare: &Asset) -> Result<InPlace, Refusal> {
    let nowhere = || Refusal::invalid(format!("{} is neither on loan nor in a room: there is nothing to stand in for", broken.tag));
    let room = broken.room.clone().ok_or_else(nowhere)?;
    repair(w, broken, AssetFacts { seat: Some(String::new()), ..AssetFacts::default() })?;
    stand(w, spare.id, Some(&room), broken.seat.as_deref())?;
    Ok(InPlace::Seat { room, seat: broken.seat.clone(), home: spare.room.clone(), home_seat: spare.seat.clone() })
}

fn repair(w: &mut Working, broken: &Asset, facts: AssetFacts) -> Result<(), Refusal> {
    let status = (broken.status == AssetStatus::InService).then_some(AssetStatus::InRepair);
    asset::set(w, broken.id, AssetFacts { status, ..facts }).map(drop)
}

fn stand(w: &mut Working, asset: AssetId, room: Option<&RoomId>, seat: Option<&str>) -> Result<(), Refusal> {
    let room = Some(room.map_or_else(String::new, ToString::to_string));
    let facts = AssetFacts { room, seat: seat.map(str::to_owned), ..AssetFacts::default() };
    asset::set(w, asset, facts).map(drop)
}

/// The spare stands in no more: a loan of it ends, or it goes back to where it stood and the asset gets its seat again.
///
/// # Errors
/// No such ticket, or no loaner stands in for it.
pub fn take_back(w: &mut Working, id: TicketId) -> Result<Arc<Ticket>, Refusal> {
    let ticket = Arc::clone(get(&w.site, id)?);
    let none = || Refusal::conflict(format!("no loaner stands in for ticket {id}"));
    let loaner = stands_in(&w.site, &ticket).ok_or_else(none)?.clone();
    let spare = Arc::clone(asset::get(&w.site, loaner.asset)?);
    match &loaner.place {
        InPlace::Loan { .. } => drop(loan::back(w, Returned::fine(spare.tag.clone()))?),
        InPlace::Seat { .. } => give_seat_back(w, &ticket, &loaner)?,
    }
    let after = Ticket { loaner: Some(Box::new(Loaner { back_at: Some(w.now), ..loaner })), ..(*ticket).clone() };
    Ok(write(w, after, "ticket.loaner-back", &format!("the loaner {} is back", spare.tag)))
}

/// Undoes what [`take_seat`] did, as far as nobody has moved them since.
fn give_seat_back(w: &mut Working, ticket: &Ticket, loaner: &Loaner) -> Result<(), Refusal> {
    let InPlace::Seat { room, seat, home, home_seat } = &loaner.place else { return Ok(()) };
    let spare = Arc::clone(asset::get(&w.site, loaner.asset)?);
    if spare.room.as_ref() == Some(room) && spare.seat == *seat {
        let free = |seat: &&str| !taken(&w.site, spare.id, home.as_ref(), seat);
        let home_seat = home_seat.as_deref().filter(free).map(str::to_owned);
        stand(w, spare.id, home.as_ref(), home_seat.as_deref())?;
    }
    let Some(broken) = ticket.asset.and_then(|id| w.site.assets.get(&id)).cloned() else { return Ok(()) };
    let unmoved = broken.room.as_ref() == Some(room) && broken.seat.is_none();
    if let Some(seat) = seat.as_deref().filter(|seat| unmoved && !taken(&w.site, broken.id, Some(room), seat)) {
        stand(w, broken.id, Some(room), Some(seat))?;
    }
    Ok(())
}

/// Whether another asset has this seat.
fn taken(site: &Site, spare: AssetId, room: Option<&RoomId>, seat: &str) -> bool {
    room.is_some_and(|room| asset::who_sits(site, room, seat).any(|other| other.id != spare))
}

/// The work is over: what the loaner was for ends as far as Rollcall can do it, and what is left for people is said.
pub(super) fn end(w: &mut Working, ticket: &Ticket) -> Vec<String> {
    let Some(loaner) = ticket.loaner.as_deref().cloned() else { return Vec::new() };
    let mut said = Vec::new();
    let tag = |w: &Working, id: Option<AssetId>| id.and_then(|id| w.site.assets.get(&id)).map(|asset| asset.tag.clone());
    let (spare, broken) = (tag(w, Some(loaner.asset)), tag(w, ticket.asset));
    if let (Some(loaner), Some(spare)) = (stands_in(&w.site, ticket), &spare) {
        match &loaner.place {
            InPlace::Loan { loan } => {
                let person = w.site.loans.get(loan).map_or_else(String::new, |loan| loan.person.to_string());
                said.push(format!("take the loaner {spare} back from {person}"));
            }
            InPlace::Seat { room, seat, .. } => {
                let spot = spot(room, seat.as_deref());
                match take_back(w, ticket.id) {
                    Ok(_) => said.push(format!("put {spare} back and {} to {spot}", broken.as_ref().map_or("the asset", Tag::as_str))),
                    Err(refusal) => said.push(format!("the loaner {spare} stays in {spot}: {}", refusal.text)),
                }
            }
        }
    }
    let repaired = ticket.asset.and_then(|id| w.site.assets.get(&id)).filter(|asset| asset.status == AssetStatus::InRepair);
    if let Some(asset) = repaired.filter(|_| loaner.was == AssetStatus::InService).map(|asset| asset.id) {
        let facts = AssetFacts { status: Some(AssetStatus::InService), ..AssetFacts::default() };
        if let Err(refusal) = asset::set(w, asset, facts) {
            said.push(refusal.text);
        }
    }
    said
}

/// A place as people say it.
fn spot(room: &RoomId, seat: Option<&str>) -> String {
    seat.map_or_else(|| room.to_string(), |seat| format!("{room}, seat {seat}"))
}
