//! Tagging a pile: what they all are is chosen once, then each scan of a label adds the next one, or labels what waits for one.

use super::said;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::{Notice, Undo};
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words;
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Form, Query, State};
use jiff::Timestamp;
use rollcall_site::access::Role;
use rollcall_site::asset::{self, Asset, AssetFacts, AssetKind};
use rollcall_site::event::Event;
use rollcall_site::view::{self, AssetFilter, AssetRow, Labels};
use rollcall_site::{AssetId, Refusal, RoomId, Tag};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// Events among which the last scans are looked for.
const LOOKED_THROUGH: usize = 300;
/// Scans that are listed.
const MOST_LISTED: usize = 40;
/// Assets without a label that are listed.
const MOST_WAITING: usize = 30;

/// What was chosen, and what is scanned.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Chosen {
    kind: String,
    maker: String,
    model: String,
    room: String,
    /// "1": the serial of each is scanned before its label.
    serials: String,
    /// The serial whose label comes next; "-" for none.
    serial: String,
    /// The asset that gets the next label.
    of: String,
    /// The scan.
    scan: String,
}

#[derive(Template)]
#[template(path = "assets/pile.html")]
struct Pile {
    frame: Frame,
    look: Look,
    chosen: Chosen,
    rooms: Vec<RoomId>,
    /// The asset that gets the next label.
    of: Option<Arc<Asset>>,
    waiting: Vec<AssetRow>,
    all_waiting: usize,
    listed: Vec<Listed>,
}

/// One that has its label.
struct Listed {
    at: Timestamp,
    text: String,
    /// The tag, while it can be taken back.
    tag: Option<Tag>,
}

impl Chosen {
    /// Whether a serial is scanned next.
    fn wants_serial(&self) -> bool {
        self.serials == "1" && self.serial.is_empty() && self.of.is_empty()
    }

    /// The address of the page with what was chosen.
    fn address(&self) -> String {
        self.at("", "")
    }

    /// The same, with the serial, or the asset, whose label comes next.
    fn at(&self, serial: &str, of: &str) -> String {
        let parts = [
            ("kind", self.kind.as_str()),
            ("maker", &self.maker),
            ("model", &self.model),
            ("room", &self.room),
            ("serials", &self.serials),
            ("serial", serial),
            ("of", of),
        ];
        address::query("/pile", &parts)
    }

    /// The page as it is: whatever was to get the next label still is.
    fn again(&self) -> String {
        self.at(&self.serial, &self.of)
    }
}

/// `GET /pile`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(chosen): Query<Chosen>) -> Answer {
    let made = desk.apart(move |desk| {
        let events = desk.collector.keeper.store().history(None, LOOKED_THROUGH)?;
        Ok(Pile::of(desk, &visitor, chosen, events))
    });
    page(&made.await?)
}

/// `POST /pile`
pub(in crate::desk) async fn scan(State(desk): State<Desk>, visitor: Visitor, Form(chosen): Form<Chosen>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let scanned: String = chosen.scan.trim().chars().take(200).collect();
    if chosen.wants_serial() {
        let serial = if scanned.is_empty() { "-" } else { &scanned };
        return Ok(axum::response::IntoResponse::into_response(axum::response::Redirect::to(&chosen.at(serial, ""))));
    }
    if scanned.is_empty() {
        return desk.then(&visitor, Ok(Notice::refused("Scan the label.")), &chosen.again());
    }
    let outcome = labelled(&desk, &visitor, &chosen, &scanned).await;
    let to = if outcome.is_ok() { chosen.address() } else { chosen.again() };
    desk.then(&visitor, outcome, &to)
}

async fn labelled(desk: &Desk, visitor: &Visitor, chosen: &Chosen, scanned: &str) -> Result<Notice, Trouble> {
    let tag = Tag::parse(scanned).map_err(Refusal::from)?;
    let back = chosen.address();
    let serial = Some(chosen.serial.as_str()).filter(|serial| !matches!(*serial, "" | "-"));
    if serial.is_some_and(|serial| serial.eq_ignore_ascii_case(scanned)) {
        return Err(Refusal::invalid("that is the serial again: scan the label").into());
    }
    let look = desk.look();
    let known = match (chosen.of.trim(), serial) {
        ("", Some(serial)) => one_with(&look, serial)?,
        ("", None) => None,
        (of, _) => Some(Arc::clone(asset::tagged(&look.site, &Tag::parse(of).map_err(Refusal::from)?)?)),
    };
    if let Some(known) = known {
        let facts = AssetFacts { tag: Some(tag), ..AssetFacts::default() };
        let id = known.id;
        let after = desk.change(visitor, move |w| asset::set(w, id, facts)).await?;
        let was = if known.tag == after.tag { String::new() } else { format!(", which was {}", known.tag) };
        return Ok(Notice::done(format!("{} is on {}{was}.", after.tag, after.title())).with_undo(unlabelled(&known, &after, back)));
    }
    let fields = [("kind", &chosen.kind), ("maker", &chosen.maker), ("model", &chosen.model), ("room", &chosen.room)];
    let mut fields: BTreeMap<String, String> = fields.into_iter().map(|(name, text)| (name.to_owned(), text.clone())).collect();
    fields.extend(serial.map(|serial| ("serial".to_owned(), serial.to_owned())));
    let facts = said::read(&fields, None)?;
    let id = AssetId(Uuid::now_v7());
    let asset = desk.change(visitor, move |w| asset::add(w, id, tag, facts)).await?;
    let undo = Undo { action: format!("{}/take-back", address::asset(&asset.tag)), fields: vec![("back", back)] };
    Ok(Notice::done(format!("{} is added: {}.", asset.tag, asset.title())).with_undo(undo))
}

/// The form that takes the label off again: what waited for one waits again.
fn unlabelled(before: &Asset, after: &Asset, back: String) -> Undo {
    let action = address::asset(&after.tag);
    if before.tag_wanted() {
        Undo { action: format!("{action}/unlabel"), fields: vec![("back", back)] }
    } else {
        Undo { action, fields: vec![("tag", before.tag.to_string())] }
    }
}

/// The one asset with a serial; several are left to people.
fn one_with(look: &Look, serial: &str) -> Result<Option<Arc<Asset>>, Refusal> {
    let mut found = asset::with_serial(&look.site, serial);
    match (found.next(), found.next()) {
        (Some(one), Some(other)) => Err(Refusal::conflict(format!("{} and {} both have the serial {serial}", one.tag, other.tag))),
        (one, _) => Ok(one.cloned()),
    }
}

impl Pile {
    fn of(desk: &Desk, visitor: &Visitor, chosen: Chosen, events: Vec<Event>) -> Self {
        let look = desk.look();
        let wanted = AssetFilter { labels: Labels::Wanted, ..AssetFilter::default() };
        let (waiting, all_waiting) = view::some_assets(&look.site, &look.heard, &wanted, look.now, 0..MOST_WAITING);
        let mine = events
            .into_iter()
            .filter(|event| event.actor == visitor.who.actor && event.at >= look.now - jiff::SignedDuration::from_hours(12));
        let listed = mine.filter_map(|event| listed(&look, event)).take(MOST_LISTED).collect();
        let of = Tag::parse(&chosen.of).ok().and_then(|tag| look.site.asset_by_tag(&tag).cloned());
        Self {
            frame: Frame::of(desk, visitor, &look, Tab::Assets),
            rooms: look.site.rooms.keys().cloned().collect(),
            of,
            waiting,
            all_waiting,
            listed,
            chosen,
            look,
        }
    }

    fn kinds(&self) -> [AssetKind; 28] {
        AssetKind::ALL
    }

    fn back(&self) -> String {
        self.chosen.address()
    }

    /// The address that picks an asset for the next label.
    fn pick(&self, row: &AssetRow) -> String {
        self.chosen.at("", row.asset.tag.as_str())
    }

    fn hint(&self) -> String {
        match (&self.of, self.chosen.wants_serial(), self.chosen.serial.as_str()) {
            (Some(of), ..) => format!("Scan the label for {}", of.tag),
            (_, true, _) => "Scan the serial number; Enter alone for none".to_owned(),
            (_, _, "" | "-") => "Scan the label".to_owned(),
            (_, _, serial) => format!("Scan the label for serial {serial}"),
        }
    }

    fn asset_address(&self, tag: &Tag) -> String {
        address::asset(tag)
    }

    fn title(&self, row: &AssetRow) -> String {
        let title = asset::product(&row.asset.maker, &row.asset.model);
        if title.is_empty() { words::kind(row.asset.kind).to_owned() } else { title }
    }
}

/// A scan of the last hours as a line: what was added, what was tagged anew.
fn listed(look: &Look, event: Event) -> Option<Listed> {
    let asset = event.asset.and_then(|id| look.site.assets.get(&id));
    match event.kind.as_str() {
        "asset.added" => Some(Listed { at: event.at, tag: asset.map(|asset| asset.tag.clone()), text: event.text }),
        "asset.changed" if event.text.contains("tag: ") => Some(Listed { at: event.at, tag: None, text: event.text }),
        _ => None,
    }
}
