//! Replacement: what is near the end of its life or costs too much, and a requisition for others in its place.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Form, Query, State};
use rollcall_site::access::Role;
use rollcall_site::asset::AssetKind;
use rollcall_site::money::Money;
use rollcall_site::order::OrderFacts;
use rollcall_site::replacement::{self, Candidate, Which};
use rollcall_site::{Refusal, RoomId, Tag};
use serde::Deserialize;

/// Rows of the page.
const MOST: usize = 200;
/// How far ahead one looks, to choose from: months.
const AHEAD: &[(u16, &str)] = &[(0, "now"), (6, "6 months"), (12, "12 months"), (24, "2 years"), (36, "3 years")];

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    within: String,
    room: String,
    kind: String,
}

#[derive(Template)]
#[template(path = "replacement.html")]
struct Page {
    frame: Frame,
    ask: Ask,
    within: u16,
    rooms: Vec<RoomId>,
    rows: Vec<Candidate>,
    found: usize,
    unknown: usize,
    cost: Money,
}

/// `GET /replacement`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let made = desk.apart(move |desk| {
        let look = desk.look();
        let within = ask.within.trim().parse::<u16>().ok().filter(|months| *months <= 600).unwrap_or(12);
        let which = Which { within_months: Some(within), room: RoomId::parse(&ask.room).ok(), kind: ask.kind.parse().ok() };
        let mut plan = replacement::plan(&look.site, &which, look.today());
        let found = plan.candidates.len();
        plan.candidates.truncate(MOST);
        let frame = Frame::of(desk, &visitor, &look, Tab::Assets);
        let rooms = look.site.rooms.keys().cloned().collect();
        Ok(Page { frame, ask, within, rooms, rows: plan.candidates, found, unknown: plan.unknown, cost: plan.cost })
    });
    page(&made.await?)
}

/// `POST /replacement`: drafts a requisition for those that are ticked.
pub(in crate::desk) async fn draft(State(desk): State<Desk>, visitor: Visitor, Form(fields): Form<Vec<(String, String)>>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let title = fields.iter().find(|(name, _)| name == "title").map(|(_, text)| text.clone());
    let tags: Result<Vec<Tag>, _> = fields.iter().filter(|(name, _)| name == "tag").map(|(_, text)| Tag::parse(text)).collect();
    let drafted = match tags {
        Ok(tags) => {
            let facts = OrderFacts { title, ..OrderFacts::default() };
            desk.change(&visitor, move |w| replacement::requisition(w, facts, &tags)).await.map_err(Trouble::from)
        }
        Err(bad) => Err(Refusal::from(bad).into()),
    };
    let to = drafted.as_ref().map_or_else(|_| "/replacement".to_owned(), |order| format!("/orders/{}", order.id));
    let said = |order: std::sync::Arc<rollcall_site::order::Order>| {
        Notice::done(format!("Requisition {} is drafted: look at its prices.", order.id))
    };
    desk.then(&visitor, drafted.map(said), &to)
}

impl Page {
    fn ahead(&self) -> &'static [(u16, &'static str)] {
        AHEAD
    }

    fn kinds(&self) -> [AssetKind; 28] {
        AssetKind::ALL
    }

    fn asset(&self, row: &Candidate) -> String {
        address::asset(&row.tag)
    }

    fn day(&self, day: &Option<jiff::civil::Date>) -> String {
        day.map(|day| day.to_string()).unwrap_or_default()
    }

    fn age(&self, row: &Candidate) -> String {
        match row.age_months {
            None => String::new(),
            Some(months) if months < 24 => format!("{months} months"),
            Some(months) => format!("{} years", months / 12),
        }
    }

    fn why(&self, row: &Candidate) -> String {
        row.reasons.iter().map(|reason| reason.words()).collect::<Vec<_>>().join(", ")
    }

    fn repairs(&self, row: &Candidate) -> String {
        if row.repairs == Money::ZERO { String::new() } else { row.repairs.to_string() }
    }
}
