//! Opening a ticket: by a person, from a return, from an alert.

use super::{Category, Priority, TEXT, TITLE, Ticket, TicketState, Tier, line, policy, text};
use crate::alert::Alert;
use crate::record::Rest;
use crate::rule::Severity;
use crate::{AlertId, AssetId, LoanId, PersonId, Refusal, Site, TicketId, UserName, Working, access, asset, person};
use std::sync::Arc;

/// What is said of a ticket to be opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewTicket {
    /// What is wrong or wanted, in one line.
    pub title: String,
    /// More of it.
    pub detail: String,
    /// What kind of work.
    pub category: Category,
    /// Who does it.
    pub tier: Tier,
    /// Whether it is proposed only.
    pub state: TicketState,
    /// How pressing.
    pub priority: Priority,
    /// Who works on it.
    pub assignee: Option<UserName>,
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
/// The title is empty or too long; it names what there is not; it is neither open nor a draft.
pub fn open(w: &mut Working, new: NewTicket) -> Result<Arc<Ticket>, Refusal> {
    if !matches!(new.state, TicketState::Draft | TicketState::Open) {
        return Err(Refusal::invalid("a new ticket is open, or a draft"));
    }
    let title = line("a title", &new.title, TITLE)?;
    if title.is_empty() {
        return Err(Refusal::invalid("say in 1 to 200 characters what is wrong or wanted"));
    }
    known(&w.site, &new)?;
    let ticket = Ticket {
        title,
        detail: text("what is said of a ticket", &new.detail, TEXT)?,
        due: (new.state == TicketState::Open).then(|| policy::due(&w.site, new.priority, w.now)),
        assignee: new.assignee,
        person: new.person,
        loan: new.loan,
        alerts: new.alerts,
        ..blank(w, new.category, new.tier, new.state, new.priority, new.asset)
    };
    Ok(opened(w, ticket))
}

/// A ticket of which nothing more is said.
pub(super) fn blank(w: &Working, category: Category, tier: Tier, state: TicketState, priority: Priority, asset: Option<AssetId>) -> Ticket {
    Ticket {
        id: TicketId(w.site.tickets.get_max().map_or(1, |(id, _)| id.0 + 1)),
        title: String::new(),
        detail: String::new(),
        category,
        tier,
        state,
        since: None,
        before: None,
        why: String::new(),
        look_again: None,
        priority,
        assignee: None,
        due: None,
        due_set: false,
        asset,
        others: Vec::new(),
        person: None,
        loan: None,
        alerts: Vec::new(),
        auto: false,
        elsewhere: Vec::new(),
        parts: Vec::new(),
        labour_min: 0,
        claim: None,
        loaner: None,
        opened_at: w.now,
        opened_by: w.actor.words(),
        rest: Rest::new(),
    }
}

/// Writes a new ticket down.
pub(super) fn opened(w: &mut Working, ticket: Ticket) -> Arc<Ticket> {
    let ticket = w.put(ticket);
    let said = if ticket.state == TicketState::Draft { "proposed" } else { "opened" };
    super::tell(w, &ticket, "ticket.opened", &format!("{said}: {}", ticket.title));
    ticket
}

/// Whether everything that a new ticket names is there.
fn known(site: &Site, new: &NewTicket) -> Result<(), Refusal> {
    if let Some(id) = new.asset {
        asset::get(site, id)?;
    }
    if let Some(id) = &new.person {
        person::get(site, id)?;
    }
    if let Some(name) = &new.assignee {
        access::user(site, name)?;
    }
    if let Some(id) = new.loan.filter(|id| !site.loans.contains_key(id)) {
        return Err(Refusal::not_found(format!("there is no loan {id}; `rollcall loan list --all` shows them")));
    }
    new.alerts.iter().try_for_each(|id| alert(site, *id).map(drop))
}

/// The alert with this number.
pub(super) fn alert(site: &Site, id: AlertId) -> Result<&Arc<Alert>, Refusal> {
    site.alerts.get(&id).ok_or_else(|| Refusal::not_found(format!("there is no alert {id}; `rollcall alerts` lists them")))
}

/// What a ticket for an alert says, filled in: title, what was seen and what to try first, category, priority, asset.
///
/// # Errors
/// No such alert, or there is an open ticket for it.
pub fn from_alert(site: &Site, id: AlertId) -> Result<NewTicket, Refusal> {
    let alert = alert(site, id)?;
    match super::of_alert(site, id).find(|ticket| ticket.is_open()) {
        Some(ticket) => Err(Refusal::conflict(format!("ticket {} is open for alert {id} already: {}", ticket.id, ticket.title))),
        None => Ok(filled(alert)),
    }
}

/// What a ticket for an alert says.
pub(super) fn filled(alert: &Alert) -> NewTicket {
    let parts = [("Seen", &alert.evidence), ("Probably", &alert.cause), ("Try first", &alert.remedy)];
    let detail: Vec<String> = parts.iter().filter(|(_, text)| !text.is_empty()).map(|(what, text)| format!("{what}: {text}")).collect();
    NewTicket {
        title: cut(&alert.title, TITLE),
        detail: cut(&detail.join("\n"), TEXT),
        category: category(&alert.rule),
        priority: priority(alert.severity),
        asset: alert.asset,
        alerts: vec![alert.id],
        ..NewTicket::default()
    }
}

/// So much of a text as a ticket takes, without control characters: an alert's text may name what a machine said.
fn cut(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n').take(most).collect()
}

/// What kind of work a rule's finding is.
fn category(rule: &str) -> Category {
    match rule {
        "camera-missing" | "microphone-missing" => Category::AudioVisual,
        "address-conflict" | "dns-failing" | "gateway-missing" | "subnet-wrong" => Category::NetworkAddress,
        "agent-stopped" | "antivirus-off" | "certificate-ends" | "clock-skewed" | "identity-cloned" | "licence-over" | "os-too-old"
        | "probe-failing" | "restart-pending" | "rolled-back" | "service-failed" | "setting-wrong" | "system-unsupported" => {
            Category::Software
        }
        rule if rule.starts_with("software-") => Category::Software,
        _ => Category::Hardware,
    }
}

/// How pressing an alert's ticket is.
fn priority(severity: Severity) -> Priority {
    match severity {
        Severity::Low => Priority::Low,
        Severity::Medium => Priority::Normal,
        Severity::High => Priority::High,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RULES;

    #[test]
    fn the_rules_that_have_a_category_of_their_own_are_there() {
        let counts = |wanted| RULES.iter().filter(|rule| category(rule.code) == wanted).count();
        assert_eq!([Category::AudioVisual, Category::NetworkAddress, Category::Software].map(counts), [2, 4, 16]);
    }
}
