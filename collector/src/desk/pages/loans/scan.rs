//! What a scan at the loan desk means, and what it leads to: the next step, a loan, or a return.

use super::changes::{Sent, bring_back, hand_out};
use super::{day, until};
use crate::desk::door::Visitor;
use crate::desk::look::Look;
use crate::desk::{Answer, Desk, address, scanned};
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect};
use rollcall_site::access::Role;
use rollcall_site::asset::{self, Asset};
use rollcall_site::verdict::{self, Question, Verdict};
use rollcall_site::{PersonId, Refusal, RefusalKind, Site, Tag, TicketId, view};
use std::sync::Arc;

/// What a scan means.
#[derive(Debug, PartialEq, Eq)]
enum Scanned {
    Asset(Tag),
    Person(PersonId),
    Ticket(TicketId),
    /// Nothing here; what is said of it.
    Nothing(String),
}

/// `POST /loans`: a scan, with what was scanned before.
pub(in crate::desk) async fn scan(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Sent>) -> Answer {
    let look = desk.look();
    let (tag, person) = (Tag::parse(&form.tag).ok(), PersonId::parse(&form.person).ok());
    if let (true, Some(tag), Some(person)) = (form.scan.trim().is_empty(), &tag, &person) {
        visitor.must_be(Role::Technician)?;
        return hand_out(&desk, &visitor, tag.clone(), person.clone(), &form).await;
    }
    // What is nothing else is looked for among the names of all machines, which takes a while.
    let (site, scan, card_first) = (Arc::clone(&look.site), form.scan.trim().to_owned(), tag.is_some());
    let scanned = desk.apart(move |_| Ok(understand(&site, &scan, card_first))).await?;
    if let Scanned::Asset(tag) = &scanned
        && let Some(old) = look.site.asset_by_tag(tag).and_then(|asset| scanned::old_label(asset, &form.scan))
    {
        desk.sessions.tell(&visitor.session, old);
    }
    match (scanned, tag) {
        (Scanned::Asset(scanned), Some(tag)) if scanned == tag && is_out(&look, &tag) => {
            visitor.must_be(Role::Technician)?;
            bring_back(&desk, &visitor, tag).await
        }
        (Scanned::Asset(scanned), None) => to(Some(&scanned), person.as_ref(), &form.due),
        (Scanned::Asset(scanned), Some(_)) => to(Some(&scanned), None, &form.due),
        (Scanned::Person(person), Some(tag)) => {
            let question = Question { tag: &tag, person: Some(&person), due: until(&look, &form.due), without: &[] };
            let check = verdict::ask(&look.site, &look.heard, &question, look.now)?;
            if check.verdict == Verdict::Go && visitor.must_be(Role::Technician).is_ok() {
                let plain = Sent { due: form.due, ..Sent::default() };
                return hand_out(&desk, &visitor, tag, person, &plain).await;
            }
            to(Some(&tag), Some(&person), &form.due)
        }
        (Scanned::Person(person), None) => to(None, Some(&person), &form.due),
        (Scanned::Ticket(id), _) => Ok(Redirect::to(&format!("/tickets/{id}")).into_response()),
        (Scanned::Nothing(words), tag) => {
            let at = address::query("/loans", &[("tag", tag.as_ref().map_or("", Tag::as_str))]);
            desk.then(&visitor, Err(Refusal::invalid(words).into()), &at)
        }
    }
}

/// What is said of a scan that is nothing here.
fn unknown(scan: &str, refusal: Refusal) -> String {
    match refusal.kind {
        _ if scan.is_empty() => "Nothing was scanned. Scan a device's tag, or type it.".to_owned(),
        RefusalKind::NotFound => format!(
            "{scan:?} is no tag of this site, no serial number, and nobody's card. Check what was scanned; people come with: \
             rollcall person import FILE.csv"
        ),
        _ => refusal.text,
    }
}

/// What a scan means: once a device is chosen a card is looked for first, for then a card is what comes next. What is found by an index comes
/// first: only a scan that is nothing else is looked for among the names of all machines.
fn understand(site: &Site, scan: &str, card_first: bool) -> Scanned {
    let asset_of = |asset: &Arc<Asset>| Scanned::Asset(asset.tag.clone());
    let asset = view::labelled(site, scan).ok().flatten().map(asset_of);
    let person = PersonId::parse(scan).ok().filter(|id| site.persons.contains_key(id)).map(Scanned::Person);
    let (first, second) = if card_first { (person, asset) } else { (asset, person) };
    let named = || match view::find_asset(site, scan).and_then(|id| asset::get(site, id)) {
        Ok(asset) => asset_of(asset),
        Err(refusal) => Scanned::Nothing(unknown(scan, refusal)),
    };
    first.or(second).or_else(|| ticket(site, scan)).unwrap_or_else(named)
}

/// A ticket's number, as it stands on a slip: "#12".
fn ticket(site: &Site, scan: &str) -> Option<Scanned> {
    let id = TicketId(scan.strip_prefix('#')?.trim().parse().ok()?);
    site.tickets.contains_key(&id).then_some(Scanned::Ticket(id))
}

fn is_out(look: &Look, tag: &Tag) -> bool {
    look.site.asset_by_tag(tag).is_some_and(|asset| look.site.open_loan(asset.id).is_some())
}

/// The loan desk with what was scanned so far.
fn to(tag: Option<&Tag>, person: Option<&PersonId>, due: &str) -> Answer {
    let due = day(due).map(|due| due.to_string()).unwrap_or_default();
    let parts = [("tag", tag.map_or("", Tag::as_str)), ("person", person.map_or("", PersonId::as_str)), ("due", &due)];
    Ok(Redirect::to(&address::query("/loans", &parts)).into_response())
}
