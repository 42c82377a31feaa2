//! `/tickets`: work that somebody has to do.

use crate::Collector;
use crate::desk::api::ask::{Body, Technician, Viewer};
use crate::desk::api::moment;
use crate::desk::api::part::{Listed, Paged};
use crate::desk::api::problem::Problem;
use crate::desk::api::versions::{IfMatch, Version, Versioned};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use rollcall_site::event::Actor;
use rollcall_site::ticket::{self, Category, Changes, Move, NewTicket, Priority, Ticket, TicketState, Tier};
use rollcall_site::view::{self, Late, Stand, TicketFilter, TicketPage, TicketRow};
use rollcall_site::{AlertId, AssetId, LoanId, PersonId, Refusal, Site, Tag, TicketId, UserName, Working, asset};
use serde::Deserialize;
use std::sync::Arc;

/// The routes of this noun.
pub(super) fn routes() -> Router<Collector> {
    Router::new()
        .route("/tickets", get(list).post(open))
        .route("/tickets/{id}", get(show).patch(set))
        .route("/tickets/{id}/assignee", post(assign))
        .route("/tickets/{id}/comments", post(comment))
        .route("/tickets/{id}/state", post(go))
}

/// Which tickets a list shows.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Which {
    /// A state, "all"; none: neither done nor dropped.
    state: Option<String>,
    category: Option<Category>,
    tier: Option<Tier>,
    priority: Option<Priority>,
    /// A user name, or "me".
    assignee: Option<String>,
    overdue: bool,
    asset: Option<String>,
    text: Option<String>,
}

impl Which {
    fn filter(&self, site: &Site, actor: &Actor) -> Result<TicketFilter, Refusal> {
        Ok(TicketFilter {
            stand: stand(self.state.as_deref())?,
            category: self.category,
            tier: self.tier,
            priority: self.priority,
            assignee: self.assignee.as_deref().map(|name| somebody(name, actor)).transpose()?,
            overdue: self.overdue.then_some(Late),
            asset: self.asset.as_deref().map(|tag| asset_of(site, tag)).transpose()?,
            text: self.text.clone(),
        })
    }
}

/// What a list is asked for by its state.
fn stand(state: Option<&str>) -> Result<Stand, Refusal> {
    match state {
        None => Ok(Stand::Live),
        Some("all") => Ok(Stand::Any),
        Some(word) => TicketState::of(word).map(Stand::At).ok_or_else(|| {
            Refusal::invalid(format!("{word:?} is no state of a ticket: write all, or one of {}", TicketState::WORDS.join(", ")))
        }),
    }
}

/// A user name; "me" is who asks.
///
/// # Errors
/// It is none, or a script asks for itself.
pub fn somebody(name: &str, actor: &Actor) -> Result<UserName, Refusal> {
    match (name, actor) {
        ("me", Actor::User(own) | Actor::Local(own)) => Ok(UserName::parse(own)?),
        ("me", _) => Err(Refusal::invalid("a key has no tickets of its own: name who is meant")),
        (name, _) => Ok(UserName::parse(name)?),
    }
}

/// The asset with this tag.
pub(super) fn asset_of(site: &Site, tag: &str) -> Result<AssetId, Refusal> {
    Ok(asset::tagged(site, &Tag::parse(tag)?)?.id)
}

/// Lists the tickets, what waits longest on top.
async fn list(
    State(collector): State<Collector>,
    Viewer(actor): Viewer,
    Paged(which, part): Paged<Which>,
) -> Result<Listed<TicketRow>, Problem> {
    let (site, now) = (collector.keeper.view(), collector.keeper.clock().now());
    let filter = which.filter(&site, &actor)?;
    let rows = tokio::task::spawn_blocking(move || view::tickets(&site, &filter, now, 0..usize::MAX).0).await;
    Ok(part.of(rows.map_err(|_| Problem::broken_off())?, |row| row.id.to_string()))
}

/// Shows a ticket with its history.
async fn show(State(collector): State<Collector>, Viewer(_): Viewer, Path(id): Path<String>) -> Result<Versioned<TicketPage>, Problem> {
    let (site, now) = (collector.keeper.view(), collector.keeper.clock().now());
    let ticket = ticket::get(&site, id.parse()?)?;
    Ok(Versioned(Version::of(ticket), view::ticket_page(&site, ticket, now)))
}

/// What happens to a ticket, and the ticket after it.
pub(super) async fn change(
    collector: &Collector,
    actor: Actor,
    id: &str,
    change: impl FnOnce(&mut Working, TicketId) -> Result<Arc<Ticket>, Refusal> + Send + 'static,
) -> Result<Json<TicketPage>, Problem> {
    let id: TicketId = id.parse()?;
    let page = collector.keeper.change(actor, move |w| change(w, id).map(|ticket| view::ticket_page(&w.site, &ticket, w.now))).await?;
    Ok(Json(page))
}

/// A ticket to be opened. What an alert says is filled in where nothing else is said.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Opened {
    title: Option<String>,
    detail: Option<String>,
    category: Option<Category>,
    tier: Option<Tier>,
    priority: Option<Priority>,
    /// A draft is proposed only.
    draft: bool,
    assignee: Option<String>,
    alert: Option<AlertId>,
    asset: Option<String>,
    person: Option<String>,
    loan: Option<LoanId>,
}

impl Opened {
    fn into_new(self, site: &Site, actor: &Actor) -> Result<NewTicket, Refusal> {
        let filled = self.alert.map(|alert| ticket::from_alert(site, alert)).transpose()?.unwrap_or_default();
        let asset = self.asset.as_deref().filter(|tag| !tag.trim().is_empty());
        let person = self.person.as_deref().filter(|id| !id.trim().is_empty());
        Ok(NewTicket {
            title: self.title.unwrap_or(filled.title),
            detail: self.detail.unwrap_or(filled.detail),
            category: self.category.unwrap_or(filled.category),
            tier: self.tier.unwrap_or(filled.tier),
            state: if self.draft { TicketState::Draft } else { TicketState::Open },
            priority: self.priority.unwrap_or(filled.priority),
            assignee: self.assignee.as_deref().map(|name| somebody(name, actor)).transpose()?,
            asset: asset.map(|tag| asset_of(site, tag)).transpose()?.or(filled.asset),
            person: person.map(PersonId::parse).transpose()?,
            loan: self.loan,
            alerts: filled.alerts,
        })
    }
}

/// Opens a ticket.
async fn open(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Body(opened): Body<Opened>,
) -> Result<(StatusCode, Json<TicketPage>), Problem> {
    let by = actor.clone();
    let open = move |w: &mut Working| {
        let new = opened.into_new(&w.site, &by)?;
        ticket::open(w, new).map(|ticket| view::ticket_page(&w.site, &ticket, w.now))
    };
    Ok((StatusCode::CREATED, Json(collector.keeper.change(actor, open).await?)))
}

/// What is to be changed of a ticket; an empty tag or id: none.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Facts {
    title: Option<String>,
    detail: Option<String>,
    category: Option<Category>,
    tier: Option<Tier>,
    priority: Option<Priority>,
    asset: Option<String>,
    person: Option<String>,
    /// "2d", a day, a time; "policy": as the policy says.
    due: Option<String>,
}

/// Changes what is said of a ticket; what is not named stays.
async fn set(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(facts): Body<Facts>,
) -> Result<Json<TicketPage>, Problem> {
    let (site, now) = (collector.keeper.view(), collector.keeper.clock().now());
    let due = match facts.due.as_deref() {
        None => None,
        Some("policy") => Some(None),
        Some(text) => Some(Some(moment::after(text, now, &site.zone())?)),
    };
    let set = move |w: &mut Working, id| {
        if_match.holds(ticket::get(&w.site, id)?)?;
        let asset = facts.asset.map(|tag| if tag.trim().is_empty() { Ok(None) } else { asset_of(&w.site, &tag).map(Some) });
        let person = facts.person.map(|id| if id.trim().is_empty() { Ok(None) } else { PersonId::parse(&id).map(Some) });
        let changes = Changes {
            title: facts.title,
            detail: facts.detail,
            category: facts.category,
            tier: facts.tier,
            priority: facts.priority,
            asset: asset.transpose()?,
            person: person.transpose()?,
            due,
        };
        ticket::set(w, id, changes)
    };
    change(&collector, actor, &id, set).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assigned {
    /// A user name, or "me"; none: nobody.
    assignee: Option<String>,
}

/// Says who works on a ticket.
async fn assign(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    Body(assigned): Body<Assigned>,
) -> Result<Json<TicketPage>, Problem> {
    let to = assigned.assignee.as_deref().map(|name| somebody(name, &actor)).transpose()?;
    change(&collector, actor, &id, move |w, id| ticket::assign(w, id, to)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    text: String,
}

/// Adds a comment to a ticket.
async fn comment(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    Body(said): Body<Said>,
) -> Result<Json<TicketPage>, Problem> {
    change(&collector, actor, &id, move |w, id| ticket::comment(w, id, &said.text)).await
}

/// Where a ticket is to go.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gone {
    state: TicketState,
    #[serde(default)]
    why: String,
    /// While it waits: "2d", a day, a time.
    look_again: Option<String>,
}

/// Moves a ticket to another state.
async fn go(
    State(collector): State<Collector>,
    Technician(actor): Technician,
    Path(id): Path<String>,
    Body(gone): Body<Gone>,
) -> Result<Json<TicketPage>, Problem> {
    let (site, now) = (collector.keeper.view(), collector.keeper.clock().now());
    let look_again = gone.look_again.as_deref().map(|text| moment::after(text, now, &site.zone())).transpose()?;
    let moved = Move { to: gone.state, why: gone.why, look_again };
    change(&collector, actor, &id, move |w, id| ticket::go(w, id, moved)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_people_are_named() {
        assert_eq!(
            (stand(None), stand(Some("all")), stand(Some("waiting"))),
            (Ok(Stand::Live), Ok(Stand::Any), Ok(Stand::At(TicketState::Waiting)))
        );
        assert!(stand(Some("lost")).unwrap_err().text.contains("in-progress"));
        let me = |actor: &Actor| somebody("me", actor).map(|name| name.to_string());
        assert_eq!(me(&Actor::User("maria".into())), Ok("maria".into()));
        assert!(me(&Actor::Key("report".into())).unwrap_err().text.contains("a key has no tickets"));
    }
}
