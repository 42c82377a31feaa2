//! What a scan at the loan desk means, and what it leads to: the next step, a loan, or a return.

use super::changes::{Sent, bring_back, hand_out, reason};
use super::day;
use crate::desk::door::Visitor;
use crate::desk::look::Look;
use crate::desk::{Answer, Desk, address};
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect};
use rollcall_site::access::Role;
use rollcall_site::verdict::{self, Verdict};
use rollcall_site::{PersonId, Refusal, Site, Tag, TicketId, asset, view};
use std::sync::Arc;

/// What a scan means.
#[derive(Debug, PartialEq, Eq)]
enum Scanned {
    Asset(Tag),
    Person(PersonId),
    Ticket(TicketId),
    Nothing,
}

/// `POST /loans`: a scan, with what was scanned before.
pub(in crate::desk) async fn scan(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Sent>) -> Answer {
    let look = desk.look();
    let (tag, person) = (Tag::parse(&form.tag).ok(), PersonId::parse(&form.person).ok());
    if let (true, Some(tag), Some(person)) = (form.scan.trim().is_empty(), &tag, &person) {
        visitor.must_be(Role::Technician)?;
        return hand_out(&desk, &visitor, tag.clone(), person.clone(), &form.due, reason(&form)).await;
    }
    // What is nothing else is looked for among the names of all machines, which takes a while.
    let (site, scan, card_first) = (Arc::clone(&look.site), form.scan.trim().to_owned(), tag.is_some());
    let scanned = desk.apart(move |_| Ok(understand(&site, &scan, card_first))).await?;
    match (scanned, tag) {
        (Scanned::Asset(scanned), Some(tag)) if scanned == tag && is_out(&look, &tag) => {
            visitor.must_be(Role::Technician)?;
            bring_back(&desk, &visitor, tag).await
        }
        (Scanned::Asset(scanned), None) => to(Some(&scanned), person.as_ref(), &form.due),
        (Scanned::Asset(scanned), Some(_)) => to(Some(&scanned), None, &form.due),
        (Scanned::Person(person), Some(tag)) => {
            let check = verdict::check(&look.site, &look.heard, &tag, Some(&person), look.now)?;
            if check.verdict == Verdict::Go && visitor.must_be(Role::Technician).is_ok() {
                return hand_out(&desk, &visitor, tag, person, &form.due, None).await;
            }
            to(Some(&tag), Some(&person), &form.due)
        }
        (Scanned::Person(person), None) => to(None, Some(&person), &form.due),
        (Scanned::Ticket(id), _) => Ok(Redirect::to(&format!("/tickets/{id}")).into_response()),
        (Scanned::Nothing, tag) => {
            let words = unknown(&look.site, form.scan.trim());
            let tag = tag.map(|tag| format!("?tag={tag}")).unwrap_or_default();
            desk.then(&visitor, Err(Refusal::invalid(words).into()), &format!("/loans{tag}"))
        }
    }
}

/// What is said of a scan that is nothing here.
fn unknown(site: &Site, scan: &str) -> String {
    if scan.is_empty() {
        return "Nothing was scanned. Scan a device's tag, or type it.".to_owned();
    }
    let former = Tag::parse(scan).ok().filter(|tag| asset::former(site, tag).is_some());
    match former.map(|tag| asset::tagged(site, &tag).map(|asset| asset.tag.clone())) {
        Some(Err(refusal)) => refusal.text,
        _ => format!(
            "{scan:?} is no tag of this site, no serial number, and nobody's card. Check what was scanned; people come with: \
             rollcall person import FILE.csv"
        ),
    }
}

/// What a scan means: once a device is chosen a card is looked for first, for then a card is what comes next. What is found by an index comes
/// first: only a scan that is nothing else is looked for among the names of all machines.
fn understand(site: &Site, scan: &str, card_first: bool) -> Scanned {
    let asset = labelled(site, scan).map(Scanned::Asset);
    let person = PersonId::parse(scan).ok().filter(|id| site.persons.contains_key(id)).map(Scanned::Person);
    let (first, second) = if card_first { (person, asset) } else { (asset, person) };
    let named = || view::find_asset(site, scan).ok().and_then(|id| site.assets.get(&id)).map(|asset| Scanned::Asset(asset.tag.clone()));
    first.or(second).or_else(|| ticket(site, scan)).or_else(named).unwrap_or(Scanned::Nothing)
}

/// The asset whose label this is: its tag, or its serial number where no other has the same.
fn labelled(site: &Site, scan: &str) -> Option<Tag> {
    if let Some(asset) = Tag::parse(scan).ok().and_then(|tag| site.asset_by_tag(&tag)) {
        return Some(asset.tag.clone());
    }
    let mut alike = asset::with_serial(site, scan);
    let first = alike.next()?;
    alike.next().is_none().then(|| first.tag.clone())
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
