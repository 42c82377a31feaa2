//! The audit: who changed what, of everything or of one thing, as far back as the ledger goes; and whether the chain still holds.

use crate::csv_file::Writer;
use crate::desk::aside::Stands;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trail::{self, Ask, Limits, Part, Wanted};
use crate::desk::trouble::show as page;
use crate::desk::{Answer, Desk, address};
use crate::store::Verified;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use rollcall_site::access::Role;
use rollcall_site::event::Event;
use std::sync::Arc;

/// A page of the trail, and how far it looks for that.
const PAGE: Limits = Limits { most: 100, looked_at: 30_000 };
/// A file of the trail.
const FILE: Limits = Limits { most: 20_000, looked_at: 500_000 };

#[derive(Template)]
#[template(path = "audit.html")]
struct Audit {
    frame: Frame,
    look: Look,
    ask: Ask,
    part: Part,
    check: Stands<Arc<Verified>>,
    /// The last checkpoint, as the daily mail has it.
    checkpoint: Option<String>,
}

/// `GET /audit`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let audit = desk.apart(move |desk| {
        let look = desk.look();
        let store = desk.collector.keeper.store();
        let part = trail::read(&**store, look.site.seq, &Wanted::of(&look, &ask)?, ask.before, PAGE)?;
        let (check, checkpoint) = (desk.checking.state(), store.state().checkpoint);
        Ok(Audit { frame: Frame::of(desk, &visitor, &look, Tab::Audit), look, ask, part, check, checkpoint })
    });
    page(&audit.await?)
}

/// `GET /audit.csv`: the same filters.
pub(in crate::desk) async fn csv(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let bytes = desk.apart(move |desk| {
        let look = desk.look();
        let part = trail::read(&**desk.collector.keeper.store(), look.site.seq, &Wanted::of(&look, &ask)?, ask.before, FILE)?;
        Ok(write(&look, &part))
    });
    let head = [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\"")];
    Ok((head, bytes.await?).into_response())
}

/// `POST /audit/verify`: reads every byte of the ledger, beside everything else.
pub(in crate::desk) async fn verify(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    visitor.must_be(Role::Technician)?;
    let said = match desk.begin_check(visitor.who.actor.clone()) {
        true => Notice::done("Every byte of the ledger is being read and checked. The result will stand below."),
        false => Notice::refused("The ledger is being checked already. Wait for the result."),
    };
    desk.then(&visitor, Ok(said), "/audit")
}

fn write(look: &Look, part: &Part) -> Vec<u8> {
    let mut out = Writer::for_spreadsheets(["number", "at", "by", "kind", "text", "asset", "room", "person", "ticket", "alert"]);
    for event in &part.events {
        let known = |text: Option<String>| text.unwrap_or_default();
        out.row([
            event.seq.to_string(),
            event.at.to_string(),
            event.actor.words(),
            event.kind.clone(),
            event.text.clone(),
            known(event.asset.map(|id| look.site.assets.get(&id).map_or_else(|| id.to_string(), |asset| asset.tag.to_string()))),
            known(event.room.as_ref().map(ToString::to_string)),
            known(event.person.as_ref().map(ToString::to_string)),
            known(event.ticket.map(|id| id.to_string())),
            known(event.alert.map(|id| id.to_string())),
        ]);
    }
    if let Some(before) = part.older {
        out.row([&format!("before {before}"), "", "", "", "older entries are not in this file: give a span of days"]);
    }
    out.finish()
}

impl Audit {
    fn kinds(&self) -> Vec<&'static str> {
        trail::kinds()
    }

    /// Whether only some of the trail is asked for.
    fn is_some(&self) -> bool {
        [&self.ask.who, &self.ask.kind, &self.ask.thing, &self.ask.from, &self.ask.to].iter().any(|text| !text.trim().is_empty())
    }

    /// The same filters.
    fn filters(&self) -> String {
        let Ask { who, kind, thing, from, to, all, .. } = &self.ask;
        let fields = [("who", who), ("kind", kind), ("thing", thing), ("from", from), ("to", to), ("all", all)];
        fields.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={}&", address::encoded(value))).collect()
    }

    fn older(&self) -> Option<String> {
        self.part.older.map(|before| format!("/audit?{}before={before}", self.filters()))
    }

    fn file(&self) -> String {
        format!("/audit.csv?{}", self.filters()).trim_end_matches(['&', '?']).to_owned()
    }

    /// What an event is about, with its address.
    fn about(&self, event: &Event) -> Vec<(String, String)> {
        let asset = event.asset.and_then(|id| self.look.site.assets.get(&id));
        let mut about: Vec<(String, String)> = asset.map(|asset| (asset.tag.to_string(), address::asset(&asset.tag))).into_iter().collect();
        about.extend(event.room.as_ref().map(|room| (room.to_string(), address::room(room))));
        about.extend(event.person.as_ref().map(|id| (format!("person {id}"), address::profile(id))));
        about.extend(event.ticket.map(|id| (format!("ticket {id}"), format!("/tickets/{id}"))));
        about
    }
}
