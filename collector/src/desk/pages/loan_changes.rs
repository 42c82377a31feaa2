//! What the loan desk does: understands a scan, lends, takes back; each can be undone.

use super::loans::{day, lend_again};
use crate::desk::door::Visitor;
use crate::desk::look::Look;
use crate::desk::session::{Notice, Undo};
use crate::desk::trouble::Trouble;
use crate::desk::{Answer, Desk, address};
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect};
use rollcall_site::access::Role;
use rollcall_site::loan::{self, Loan};
use rollcall_site::verdict::{self, Verdict};
use rollcall_site::{PersonId, Refusal, Site, Tag, view};
use serde::Deserialize;

/// Sections that stay as they are in a borrower's hands.
const LASTING: &[(&str, &str)] = &[
    ("battery", "battery"),
    ("memory", "memory"),
    ("network", "network hardware"),
    ("processors", "processor"),
    ("storage", "disk"),
    ("system", "machine"),
];

/// What the forms of the loan desk send; each form some of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    scan: String,
    tag: String,
    person: String,
    due: String,
    reason: String,
}

/// What a scan means.
#[derive(Debug, PartialEq, Eq)]
enum Scanned {
    Asset(Tag),
    Person(PersonId),
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
    match (understand(&look.site, form.scan.trim(), tag.is_some()), tag) {
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
        (Scanned::Nothing, tag) => {
            let words = match form.scan.trim() {
                "" => "Nothing was scanned. Scan a device's tag, or type it.".to_owned(),
                text => format!(
                    "{text:?} is no tag of this site and nobody's card. Check what was scanned; people come with: rollcall person import FILE.csv"
                ),
            };
            let tag = tag.map(|tag| format!("?tag={tag}")).unwrap_or_default();
            desk.then(&visitor, Err(Refusal::invalid(words).into()), &format!("/loans{tag}"))
        }
    }
}

/// `POST /loans/out`
pub(in crate::desk) async fn lend(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let tag = Tag::parse(&form.tag).map_err(Refusal::from)?;
    let person = PersonId::parse(&form.person).map_err(Refusal::from)?;
    hand_out(&desk, &visitor, tag, person, &form.due, reason(&form)).await
}

/// Why STOP is overridden, if that was written.
fn reason(form: &Sent) -> Option<String> {
    Some(form.reason.trim().chars().take(300).collect::<String>()).filter(|reason| !reason.is_empty())
}

/// `POST /loans/in`
pub(in crate::desk) async fn take_back(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    bring_back(&desk, &visitor, Tag::parse(&form.tag).map_err(Refusal::from)?).await
}

async fn hand_out(desk: &Desk, visitor: &Visitor, tag: Tag, person: PersonId, due: &str, reason: Option<String>) -> Answer {
    let due = day(due).and_then(|day| desk.look().end_of(day));
    let (heard, lent, to) = (desk.collector.roll.heard(), tag.clone(), person.clone());
    let loan = desk.change(visitor, move |w| loan::out(w, &heard, &lent, &to, due, reason)).await;
    let look = desk.look();
    match loan {
        Ok(loan) => {
            let until = loan.due.map(|due| format!(" until {}", look.day(due).words)).unwrap_or_default();
            let undo = Undo { action: "/loans/in".to_owned(), fields: vec![("tag", tag.to_string())] };
            let notice = Notice::done(format!("{tag} is lent to {}{until}. Scan the next device.", look.person(&loan.person)));
            desk.then(visitor, Ok(notice.with_undo(undo)), "/loans")
        }
        Err(error) => desk.then(visitor, Err(error.into()), &format!("/loans?tag={tag}&person={}", address::encoded(person.as_str()))),
    }
}

async fn bring_back(desk: &Desk, visitor: &Visitor, tag: Tag) -> Answer {
    let back = tag.clone();
    let loan = desk.change(visitor, move |w| loan::back(w, &back)).await;
    let look = desk.look();
    let outcome = loan.map_err(Trouble::from).map(|loan| {
        let changed = changed(&look.site, &loan);
        let undo = lend_again(&look, &tag, &loan.person, loan.due);
        let from = look.person(&loan.person);
        let notice = if changed.is_empty() {
            Notice::done(format!("{tag} is back from {from}; its hardware is as it left, by its last report."))
        } else {
            let text = format!(
                "{tag} is back from {from}. Look at it before it is lent again: its {} changed since it left.",
                changed.join(" and ")
            );
            Notice { tone: "check", ..Notice::done(text) }
        };
        notice.with_undo(undo)
    });
    desk.then(visitor, outcome, "/loans")
}

/// What of the hardware is another than when it left.
fn changed(site: &Site, loan: &Loan) -> Vec<&'static str> {
    let device = site.assets.get(&loan.asset).and_then(|asset| asset.device);
    let Some(profile) = device.and_then(|device| site.profiles.get(&device)) else { return Vec::new() };
    let now = |name: &str| profile.sections.get(name).and_then(|held| held.digest);
    let differs = |name: &str| matches!((loan.frozen.get(name), now(name)), (Some(then), Some(now)) if *then != now);
    LASTING.iter().filter(|(name, _)| differs(name)).map(|(_, word)| *word).collect()
}

/// What a scan means: once a device is chosen a card is looked for first, for then a card is what comes next.
fn understand(site: &Site, scan: &str, card_first: bool) -> Scanned {
    let asset = view::find_asset(site, scan).ok().and_then(|id| site.assets.get(&id)).map(|asset| Scanned::Asset(asset.tag.clone()));
    let person = PersonId::parse(scan).ok().filter(|id| site.persons.contains_key(id)).map(Scanned::Person);
    let (first, second) = if card_first { (person, asset) } else { (asset, person) };
    first.or(second).unwrap_or(Scanned::Nothing)
}

fn is_out(look: &Look, tag: &Tag) -> bool {
    look.site.asset_by_tag(tag).is_some_and(|asset| look.site.open_loan(asset.id).is_some())
}

/// The loan desk with what was scanned so far.
fn to(tag: Option<&Tag>, person: Option<&PersonId>, due: &str) -> Answer {
    let part = |name, value: &str| format!("{name}={}", address::encoded(value));
    let tag = tag.map(|tag| part("tag", tag.as_str()));
    let person = person.map(|person| part("person", person.as_str()));
    let due = day(due).map(|due| part("due", &due.to_string()));
    let query: Vec<String> = [tag, person, due].into_iter().flatten().collect();
    Ok(Redirect::to(&format!("/loans?{}", query.join("&"))).into_response())
}
