//! What people do with a ticket on its page: move it, say something, change it, give it to somebody, link it.

use crate::desk::door::Visitor;
use crate::desk::session::{Notice, Undo};
use crate::desk::trouble::Trouble;
use crate::desk::{Answer, Desk, address};
use axum::extract::{Form, Path, State};
use jiff::Timestamp;
use jiff::civil::Date;
use rollcall_site::access::Role;
use rollcall_site::ticket::{self, Category, Changes, Elsewhere, Link, Move, Priority, Ticket, TicketState, Tier};
use rollcall_site::{AlertId, LoanId, PersonId, Refusal, Site, Tag, TicketId, UserName, Working, asset};
use serde::Deserialize;
use std::sync::Arc;

/// What the forms of a ticket send; each some of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    to: String,
    why: String,
    look_again: String,
    text: String,
    who: String,
    back: String,
    title: String,
    detail: String,
    category: String,
    tier: String,
    priority: String,
    asset: String,
    person: String,
    due: String,
    alert: String,
    loan: String,
    system: String,
    id: String,
    url: String,
}

/// Makes a change to a ticket, and says so on its page.
pub(super) async fn change(
    desk: &Desk,
    visitor: &Visitor,
    id: u64,
    back: &str,
    change: impl FnOnce(&mut Working, TicketId) -> Result<Arc<Ticket>, Refusal> + Send + 'static,
    said: impl FnOnce(&Ticket) -> Notice,
) -> Answer {
    visitor.must_be(Role::Technician)?;
    let done = desk.change(visitor, move |w| change(w, TicketId(id))).await;
    let page = format!("/tickets/{id}");
    let to = if back.is_empty() { page.as_str() } else { address::inside(back) };
    desk.then(visitor, done.map(|ticket| said(&ticket)).map_err(Trouble::from), to)
}

fn field(name: &'static str, value: impl Into<String>) -> (&'static str, String) {
    (name, value.into())
}

fn undo(id: u64, action: &str, fields: Vec<(&'static str, String)>) -> Undo {
    Undo { action: format!("/tickets/{id}/{action}"), fields }
}

/// `POST /tickets/{id}/state`
pub(in crate::desk) async fn go(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(sent): Form<Sent>) -> Answer {
    let look = desk.look();
    let to = TicketState::of(&sent.to).ok_or_else(|| Refusal::invalid("that is no state of a ticket"))?;
    // A form says a day; what takes a change back says the moment that stood there.
    let moment = || sent.look_again.parse::<Timestamp>().ok();
    let look_again = sent.look_again.parse::<Date>().ok().and_then(|day| look.end_of(day)).or_else(moment);
    let before = Arc::clone(ticket::get(&look.site, TicketId(id))?);
    let moved = Move { to, why: sent.why.clone(), look_again: look_again.filter(|_| to == TicketState::Waiting) };
    let said = |ticket: &Ticket| {
        let notice = Notice::done(format!("Ticket {id} is {}.{}", ticket.state.label().to_lowercase(), left(&desk, ticket)));
        let may_go_back = before.state != ticket.state && ticket.may_go().any(|to| to == before.state);
        if may_go_back { notice.with_undo(undo(id, "state", stood(&before, &sent.back, look.now))) } else { notice }
    };
    change(&desk, &visitor, id, &sent.back, move |w, id| ticket::go(w, id, moved), said).await
}

/// The form that puts a ticket back where it stood, with what was said there. A time to look again that is over is not one any more.
fn stood(before: &Ticket, back: &str, now: Timestamp) -> Vec<(&'static str, String)> {
    let again = before.look_again.filter(|at| *at > now).map(|at| at.to_string()).unwrap_or_default();
    vec![field("to", before.state.word()), field("why", before.why.as_str()), field("look_again", again), field("back", back)]
}

/// What is left to do of a loaner when the work is over.
fn left(desk: &Desk, ticket: &Ticket) -> String {
    ticket::left(&desk.look().site, ticket).map_or_else(String::new, |left| format!(" {}", crate::desk::words::sentence(&left)))
}

/// `POST /tickets/{id}/comment`
pub(in crate::desk) async fn comment(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(sent): Form<Sent>) -> Answer {
    let said = |_: &Ticket| Notice::done("It stands in the story.");
    change(&desk, &visitor, id, "", move |w, id| ticket::comment(w, id, &sent.text), said).await
}

/// `POST /tickets/{id}/assign`
pub(in crate::desk) async fn assign(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(sent): Form<Sent>) -> Answer {
    let before = ticket::get(&desk.look().site, TicketId(id))?.assignee.clone();
    let who = Some(sent.who.trim()).filter(|who| !who.is_empty()).map(UserName::parse).transpose().map_err(Refusal::from)?;
    let said = |ticket: &Ticket| {
        let whose = ticket.assignee.as_ref().map_or_else(|| "nobody’s".to_owned(), |name| format!("{name}’s"));
        let before = before.map_or_else(String::new, |name| name.to_string());
        Notice::done(format!("Ticket {id} is {whose}.")).with_undo(undo(id, "assign", vec![field("who", before)]))
    };
    change(&desk, &visitor, id, "", move |w, id| ticket::assign(w, id, who), said).await
}

/// `POST /tickets/{id}/set`: the whole form of its facts.
pub(in crate::desk) async fn set(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(sent): Form<Sent>) -> Answer {
    let look = desk.look();
    let before = Arc::clone(ticket::get(&look.site, TicketId(id))?);
    let back = undo(id, "set", form_of(&look.site, &before, before.due.filter(|_| before.due_set).map(|due| look.zoned(due).date())));
    let due = sent.due.parse::<Date>().ok();
    let same = before.due_set && due == before.due.map(|due| look.zoned(due).date());
    // The day that was set before stays as it was set, to the minute.
    let due = if same { None } else { due.map(|day| look.end_of(day)).or_else(|| before.due_set.then_some(None)) };
    let set = move |w: &mut Working, id| {
        let changes = read(&w.site, &sent, due)?;
        ticket::set(w, id, changes)
    };
    let said = |ticket: &Ticket| {
        let notice = Notice::done("The facts are changed.");
        if *ticket == *before { Notice::done("Nothing was changed.") } else { notice.with_undo(back) }
    };
    change(&desk, &visitor, id, "", set, said).await
}

fn read(site: &Site, sent: &Sent, due: Option<Option<Timestamp>>) -> Result<Changes, Refusal> {
    let tag = Some(sent.asset.trim()).filter(|tag| !tag.is_empty()).map(Tag::parse).transpose()?;
    let person = Some(sent.person.trim()).filter(|id| !id.is_empty()).map(PersonId::parse).transpose()?;
    Ok(Changes {
        title: Some(sent.title.clone()),
        detail: Some(sent.detail.clone()),
        category: Category::of(&sent.category),
        tier: Tier::of(&sent.tier),
        priority: Priority::of(&sent.priority),
        asset: Some(tag.map(|tag| asset::tagged(site, &tag).map(|asset| asset.id)).transpose()?),
        person: Some(person),
        due,
    })
}

/// The form of a ticket's facts as it is now: what takes a change back.
fn form_of(site: &Site, ticket: &Ticket, due: Option<Date>) -> Vec<(&'static str, String)> {
    let tag = ticket.asset.and_then(|id| site.assets.get(&id)).map_or_else(String::new, |asset| asset.tag.to_string());
    vec![
        field("title", ticket.title.as_str()),
        field("detail", ticket.detail.as_str()),
        field("category", ticket.category.word()),
        field("tier", ticket.tier.word()),
        field("priority", ticket.priority.word()),
        field("asset", tag),
        field("person", ticket.person.as_ref().map_or_else(String::new, ToString::to_string)),
        field("due", due.map_or_else(String::new, |day| day.to_string())),
    ]
}

/// `POST /tickets/{id}/link`
pub(in crate::desk) async fn link(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(sent): Form<Sent>) -> Answer {
    let fields = [("alert", &sent.alert), ("asset", &sent.asset), ("loan", &sent.loan), ("system", &sent.system), ("id", &sent.id)];
    let fields = fields.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| field(name, value.as_str()));
    let back = undo(id, "unlink", fields.collect());
    let said = |_: &Ticket| Notice::done("It is linked.").with_undo(back);
    let link = move |w: &mut Working, id| {
        let link = link_of(&w.site, &sent)?;
        ticket::link(w, id, link)
    };
    change(&desk, &visitor, id, "", link, said).await
}

/// `POST /tickets/{id}/unlink`
pub(in crate::desk) async fn unlink(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>, Form(sent): Form<Sent>) -> Answer {
    let said = |_: &Ticket| Notice::done("The link is taken back.");
    let unlink = move |w: &mut Working, id| {
        let link = link_of(&w.site, &sent)?;
        ticket::unlink(w, id, &link)
    };
    change(&desk, &visitor, id, "", unlink, said).await
}

/// What a form links to: the first that is filled in.
fn link_of(site: &Site, sent: &Sent) -> Result<Link, Refusal> {
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    if let Some(alert) = some(&sent.alert) {
        return Ok(Link::Alert(alert.parse::<AlertId>()?));
    }
    if let Some(tag) = some(&sent.asset) {
        return Ok(Link::Asset(asset::tagged(site, &Tag::parse(&tag)?)?.id));
    }
    if let Some(loan) = some(&sent.loan) {
        return Ok(Link::Loan(loan.parse::<LoanId>()?));
    }
    Elsewhere::new(&sent.system, &sent.id, &sent.url).map(Link::Elsewhere)
}
