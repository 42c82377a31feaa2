//! A new ticket: the form, filled in from an alert, an asset, a person.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page_of};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect};
use rollcall_site::access::Role;
use rollcall_site::alert::{self, AlertState};
use rollcall_site::ticket::{self, Category, NewTicket, Priority, Ticket, Tier};
use rollcall_site::{AlertId, LoanId, PersonId, Refusal, Site, Tag, UserName, Working, asset};
use serde::Deserialize;
use std::sync::Arc;

/// Longest address of a form that is filled in, bytes: what every browser and server takes.
const LONGEST_ADDRESS: usize = 4_000;

/// What the address fills in, and what the form sends; each some of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    title: String,
    detail: String,
    category: String,
    tier: String,
    priority: String,
    assignee: String,
    asset: String,
    person: String,
    alert: String,
    loan: String,
    /// "1": the alert is acknowledged too; "0": it was not wanted so.
    acknowledge: String,
}

#[derive(Template)]
#[template(path = "ticket_new.html")]
struct New {
    frame: Frame,
    look: Look,
    sent: Sent,
    users: Vec<UserName>,
}

impl New {
    /// For whom it is, where the roster has them.
    fn person(&self) -> Option<String> {
        let id = PersonId::parse(&self.sent.person).ok().filter(|id| self.look.site.persons.contains_key(id))?;
        Some(self.look.person(&id))
    }

    /// Whether nobody looks after its alert yet.
    fn waits(&self) -> bool {
        alert_of(&self.sent).is_some_and(|id| is_raised(&self.look.site, id))
    }

    fn categories(&self) -> &'static [Category] {
        Category::ALL
    }

    fn tiers(&self) -> &'static [Tier] {
        Tier::ALL
    }

    fn priorities(&self) -> &'static [Priority] {
        Priority::ALL
    }
}

/// `GET /tickets/new?asset=TAG&alert=N&person=ID`
pub(in crate::desk) async fn form(State(desk): State<Desk>, visitor: Visitor, Query(asked): Query<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let look = desk.look();
    if let Some(known) = alert_of(&asked).and_then(|alert| ticket::of_alert(&look.site, alert).find(|ticket| ticket.is_open())) {
        return Ok(Redirect::to(&format!("/tickets/{}", known.id)).into_response());
    }
    let sent = filled(&look.site, asked)?;
    form_of(&desk, &visitor, look, sent)
}

fn form_of(desk: &Desk, visitor: &Visitor, look: Look, sent: Sent) -> Answer {
    let users = look.site.users.keys().cloned().collect();
    page_of(&New { frame: Frame::of(desk, visitor, &look, Tab::Tickets), users, sent, look })
}

fn alert_of(sent: &Sent) -> Option<AlertId> {
    sent.alert.trim().parse().ok()
}

/// The form as the address fills it in: what an alert says where nothing else is said.
fn filled(site: &Site, asked: Sent) -> Result<Sent, Refusal> {
    let new = alert_of(&asked).map(|alert| ticket::from_alert(site, alert)).transpose()?.unwrap_or_default();
    let or = |text: String, other: String| if text.trim().is_empty() { other } else { text };
    let tag = new.asset.and_then(|id| site.assets.get(&id)).map_or_else(String::new, |asset| asset.tag.to_string());
    Ok(Sent {
        title: or(asked.title, new.title),
        detail: or(asked.detail, new.detail),
        category: or(asked.category, new.category.word().to_owned()),
        tier: or(asked.tier, new.tier.word().to_owned()),
        priority: or(asked.priority, new.priority.word().to_owned()),
        asset: or(asked.asset, tag),
        ..asked
    })
}

/// `POST /tickets`
pub(in crate::desk) async fn open(State(desk): State<Desk>, visitor: Visitor, Form(sent): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    // A box that is not ticked is not sent.
    let box_sent = if sent.acknowledge == "1" { "1" } else { "0" };
    let sent = Sent { acknowledge: box_sent.to_owned(), ..sent };
    let written = sent.clone();
    match desk.change(&visitor, move |w| begin(w, &sent)).await {
        Ok((ticket, taken)) => {
            let taken = taken.map_or_else(String::new, |alert| format!(" Alert {alert} is acknowledged."));
            desk.then(&visitor, Ok(Notice::done(format!("Ticket {} is open.{taken}", ticket.id))), &format!("/tickets/{}", ticket.id))
        }
        Err(error) => {
            let again = again(&written);
            let answer = desk.then(&visitor, Err(Trouble::from(error)), &again)?;
            // What no address holds is shown at once, whole.
            if again.len() <= LONGEST_ADDRESS { Ok(answer) } else { form_of(&desk, &visitor, desk.look(), written) }
        }
    }
}

/// Opens the ticket, and acknowledges its alert where that was ticked and nobody looks after it: then which.
fn begin(w: &mut Working, sent: &Sent) -> Result<(Arc<Ticket>, Option<AlertId>), Refusal> {
    let ticket = ticket::open(w, new(&w.site, sent)?)?;
    let taken = alert_of(sent).filter(|id| sent.acknowledge == "1" && is_raised(&w.site, *id));
    if let Some(id) = taken {
        alert::acknowledge(w, id)?;
    }
    Ok((ticket, taken))
}

fn is_raised(site: &Site, id: AlertId) -> bool {
    site.alerts.get(&id).is_some_and(|alert| alert.state == AlertState::Raised)
}

/// The form with what was written, so that nothing is lost when it is refused.
fn again(sent: &Sent) -> String {
    let parts = [
        ("title", sent.title.as_str()),
        ("detail", &sent.detail),
        ("asset", &sent.asset),
        ("person", &sent.person),
        ("alert", &sent.alert),
        ("category", &sent.category),
        ("tier", &sent.tier),
        ("priority", &sent.priority),
        ("assignee", &sent.assignee),
        ("loan", &sent.loan),
        ("acknowledge", if sent.alert.is_empty() { "" } else { &sent.acknowledge }),
    ];
    address::query("/tickets/new", &parts)
}

fn new(site: &Site, sent: &Sent) -> Result<NewTicket, Refusal> {
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let tag = some(&sent.asset).map(|tag| Tag::parse(&tag)).transpose()?;
    if let Some(alert) = alert_of(sent) {
        // Whoever sends the form twice gets one ticket.
        ticket::from_alert(site, alert)?;
    }
    Ok(NewTicket {
        title: sent.title.clone(),
        detail: sent.detail.clone(),
        category: Category::of(&sent.category).unwrap_or_default(),
        tier: Tier::of(&sent.tier).unwrap_or_default(),
        priority: Priority::of(&sent.priority).unwrap_or_default(),
        assignee: some(&sent.assignee).map(|name| UserName::parse(&name)).transpose()?,
        asset: tag.map(|tag| asset::tagged(site, &tag).map(|asset| asset.id)).transpose()?,
        person: some(&sent.person).map(|id| PersonId::parse(&id)).transpose()?,
        loan: some(&sent.loan).map(|id| id.parse::<LoanId>()).transpose()?,
        alerts: alert_of(sent).into_iter().collect(),
        ..NewTicket::default()
    })
}
