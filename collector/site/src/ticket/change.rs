//! What people change of a ticket: its facts, who works on it, what it belongs to.

use super::{Category, Elsewhere, Priority, TEXT, TITLE, Ticket, Tier, get, line, open, policy, text, write};
use crate::{AlertId, AssetId, LoanId, PersonId, Refusal, Site, TicketId, UserName, Working, access, asset, person, words};
use jiff::Timestamp;
use std::sync::Arc;

/// Most alerts and other assets of one ticket.
pub(super) const MOST_LINKS: usize = 50;
/// Most other systems that have the same ticket.
const MOST_ELSEWHERE: usize = 10;

/// What is to be changed of a ticket; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// What is wrong or wanted.
    pub title: Option<String>,
    /// More of it.
    pub detail: Option<String>,
    /// What kind of work.
    pub category: Option<Category>,
    /// Who does it.
    pub tier: Option<Tier>,
    /// How pressing.
    pub priority: Option<Priority>,
    /// On what; `Some(None)`: on nothing.
    pub asset: Option<Option<AssetId>>,
    /// Who asks for it; `Some(None)`: nobody.
    pub person: Option<Option<PersonId>>,
    /// When it is due; `Some(None)`: as the policy says.
    pub due: Option<Option<Timestamp>>,
}

/// Changes the facts of a ticket.
///
/// # Errors
/// No such ticket, asset or person; a text is empty or too long; the due time is over.
pub fn set(w: &mut Working, id: TicketId, changes: Changes) -> Result<Arc<Ticket>, Refusal> {
    let before = Arc::clone(get(&w.site, id)?);
    let after = with(w, &before, changes)?;
    if after == *before {
        return Ok(before);
    }
    if before.asset != after.asset && super::stands_in(&w.site, &before).is_some() {
        return Err(Refusal::conflict(format!(
            "ticket {id} has a loaner out: take it back first with `rollcall ticket loaner {id} --back`"
        )));
    }
    let said = changed(&w.site, &before, &after);
    Ok(write(w, after, "ticket.changed", &said))
}

fn with(w: &Working, before: &Ticket, changes: Changes) -> Result<Ticket, Refusal> {
    let mut after = before.clone();
    if let Some(title) = changes.title {
        after.title = line("a title", &title, TITLE)?;
        if after.title.is_empty() {
            return Err(Refusal::invalid("say in 1 to 200 characters what is wrong or wanted"));
        }
    }
    if let Some(detail) = changes.detail {
        after.detail = text("what is said of a ticket", &detail, TEXT)?;
    }
    if let Some(id) = changes.asset {
        after.asset = id.map(|id| asset::get(&w.site, id).map(|asset| asset.id)).transpose()?;
        after.others.retain(|other| Some(*other) != after.asset);
    }
    if let Some(id) = changes.person {
        after.person = id.map(|id| person::get(&w.site, &id).map(|person| person.id.clone())).transpose()?;
    }
    after.category = changes.category.unwrap_or(before.category);
    after.tier = changes.tier.unwrap_or(before.tier);
    after.priority = changes.priority.unwrap_or(before.priority);
    match changes.due {
        Some(Some(due)) if due <= w.now => return Err(Refusal::invalid("that it is due is over already: give a time to come")),
        Some(Some(due)) => (after.due, after.due_set) = (Some(due), true),
        Some(None) => after.due_set = false,
        None => {}
    }
    let by_policy = !after.due_set && (before.due_set || before.priority != after.priority);
    if by_policy && before.state != super::TicketState::Draft {
        after.due = Some(policy::due(&w.site, after.priority, w.now));
    }
    Ok(after)
}

/// What a change was, in words.
fn changed(site: &Site, before: &Ticket, after: &Ticket) -> String {
    let tag = |id: Option<AssetId>| id.and_then(|id| site.assets.get(&id)).map_or_else(String::new, |asset| asset.tag.to_string());
    let id = |id: &Option<PersonId>| id.as_ref().map_or_else(String::new, ToString::to_string);
    let due = |due: Option<Timestamp>| due.map_or_else(String::new, words::utc);
    let facts = [
        ("title", before.title.clone(), after.title.clone()),
        ("category", before.category.word().to_owned(), after.category.word().to_owned()),
        ("tier", before.tier.word().to_owned(), after.tier.word().to_owned()),
        ("priority", before.priority.word().to_owned(), after.priority.word().to_owned()),
        ("asset", tag(before.asset), tag(after.asset)),
        ("person", id(&before.person), id(&after.person)),
        ("due", due(before.due), due(after.due)),
    ];
    let say = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    let differ = facts.into_iter().filter(|(_, old, new)| old != new);
    let mut said: Vec<String> = differ.map(|(name, old, new)| format!("{name}: {} → {}", say(old), say(new))).collect();
    if before.detail != after.detail {
        said.push("what is said of it was rewritten".to_owned());
    }
    if said.is_empty() { "changed".to_owned() } else { said.join("; ") }
}

/// Gives a ticket to somebody, or to nobody.
///
/// # Errors
/// No such ticket or account.
pub fn assign(w: &mut Working, id: TicketId, to: Option<UserName>) -> Result<Arc<Ticket>, Refusal> {
    let before = Arc::clone(get(&w.site, id)?);
    let to = to.map(|name| access::user(&w.site, &name).map(|user| user.name.clone())).transpose()?;
    if to == before.assignee {
        return Ok(before);
    }
    let said = to.as_ref().map_or_else(|| "nobody works on it now".to_owned(), |name| format!("{name} works on it"));
    Ok(write(w, Ticket { assignee: to, ..(*before).clone() }, "ticket.changed", &said))
}

/// What a ticket may belong to.
#[derive(Clone, Debug, PartialEq)]
pub enum Link {
    /// An alert.
    Alert(AlertId),
    /// Another asset beside its own.
    Asset(AssetId),
    /// A loan.
    Loan(LoanId),
    /// The same ticket in another system; one of each number there.
    Elsewhere(Elsewhere),
}

/// Links a ticket to what it belongs to.
///
/// # Errors
/// No such ticket, no such thing, or too many of them.
pub fn link(w: &mut Working, id: TicketId, link: Link) -> Result<Arc<Ticket>, Refusal> {
    let before = Arc::clone(get(&w.site, id)?);
    let mut after = (*before).clone();
    let said = match link {
        Link::Alert(alert) => {
            let title = open::alert(&w.site, alert)?.title.clone();
            push(&mut after.alerts, alert, MOST_LINKS)?;
            format!("linked to alert {alert}: {title}")
        }
        Link::Asset(other) => {
            let tag = asset::get(&w.site, other)?.tag.clone();
            if after.asset.is_none() {
                after.asset = Some(other);
            } else if after.asset != Some(other) {
                push(&mut after.others, other, MOST_LINKS)?;
            }
            format!("linked to {tag}")
        }
        Link::Loan(loan) => {
            let missing = || Refusal::not_found(format!("there is no loan {loan}; `rollcall loan list --all` shows them"));
            after.loan = Some(w.site.loans.get(&loan).ok_or_else(missing)?.id);
            format!("linked to loan {loan}")
        }
        Link::Elsewhere(there) => {
            let said = format!("is {} in {}", there.id, there.system);
            after.elsewhere.retain(|known| (&known.system, &known.id) != (&there.system, &there.id));
            push(&mut after.elsewhere, there, MOST_ELSEWHERE)?;
            said
        }
    };
    Ok(if after == *before { before } else { write(w, after, "ticket.changed", &said) })
}

/// Takes a link back.
///
/// # Errors
/// No such ticket, or it has no such link.
pub fn unlink(w: &mut Working, id: TicketId, link: &Link) -> Result<Arc<Ticket>, Refusal> {
    let before = Arc::clone(get(&w.site, id)?);
    let mut after = (*before).clone();
    match link {
        Link::Alert(alert) => after.alerts.retain(|known| known != alert),
        Link::Asset(other) => after.others.retain(|known| known != other),
        Link::Loan(loan) => after.loan = after.loan.filter(|known| known != loan),
        Link::Elsewhere(there) => after.elsewhere.retain(|known| (&known.system, &known.id) != (&there.system, &there.id)),
    }
    if after == *before {
        return Err(Refusal::not_found(format!("ticket {id} has no such link; `rollcall ticket show {id}` lists them")));
    }
    Ok(write(w, after, "ticket.changed", "a link was taken back"))
}

fn push<T: PartialEq>(list: &mut Vec<T>, item: T, most: usize) -> Result<(), Refusal> {
    if list.contains(&item) {
        return Ok(());
    }
    if list.len() >= most {
        return Err(Refusal::conflict(format!("a ticket has at most {most} links of a kind: take one back first")));
    }
    list.push(item);
    Ok(())
}
