//! The scan box on every page: a tag, name, serial or address opens the machine, a card the borrower, a name the room; else it searches.

use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::trouble::show as page;
use crate::desk::words::count;
use crate::desk::{Answer, Desk, address, scanned};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect};
use rollcall_site::person::Person;
use rollcall_site::room::Room;
use rollcall_site::view::{self, DeviceFilter, DeviceRow, Found};
use rollcall_site::{PersonId, Site};
use serde::Deserialize;

/// Most of one kind that are named.
const MOST: usize = 12;
/// Longest text that is searched for, characters.
const LONGEST: usize = 100;

/// What was scanned or typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    scan: String,
}

#[derive(Template)]
#[template(path = "find.html")]
struct FindPage {
    frame: Frame,
    look: Look,
    text: String,
    devices: Vec<DeviceRow>,
    devices_all: usize,
    found: Found,
}

/// `GET /find?scan=…`
pub(in crate::desk) async fn go(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let text: String = ask.scan.trim().chars().take(LONGEST).collect();
    let found = desk.apart(move |desk| Ok(find(desk, &visitor, text))).await?;
    match found {
        Ok(found) => page(&found),
        Err(to) => Ok(Redirect::to(&to).into_response()),
    }
}

/// What was found of several kinds, or the one place to go to.
fn find(desk: &Desk, visitor: &Visitor, text: String) -> Result<FindPage, String> {
    let look = desk.look();
    if let Ok(asset) = scanned::asset(&look.site, &text) {
        if let Some(notice) = scanned::old_label(asset, &text) {
            desk.sessions.tell(&visitor.session, notice);
        }
        return Err(address::device(&asset.tag));
    }
    if let Some(to) = place_of(&look.site, &text) {
        return Err(to);
    }
    let found = view::search(&look.site, &text, MOST);
    if found.rooms.all + found.titles.all + found.people.all == 0 && found.all_titles {
        return Err(format!("/devices?text={}", address::encoded(&text)));
    }
    let filter = DeviceFilter { text: Some(text.clone()), ..DeviceFilter::default() };
    let (devices, devices_all) = view::some_devices(&look.site, &look.heard, &filter, look.now, 0..MOST);
    Ok(FindPage { frame: Frame::of(desk, visitor, &look, Tab::Devices), text, devices, devices_all, found, look })
}

/// Where a text leads that names one thing other than an asset.
fn place_of(site: &Site, scan: &str) -> Option<String> {
    if scan.is_empty() {
        return Some("/".to_owned());
    }
    if let Some(person) = PersonId::parse(scan).ok().filter(|person| site.persons.contains_key(person)) {
        return Some(address::person(&person));
    }
    let called = |room: &&std::sync::Arc<Room>| room.id.as_str().to_lowercase() == scan.to_lowercase();
    site.rooms.values().find(called).map(|room| address::room(&room.id))
}

impl FindPage {
    fn device(&self, row: &DeviceRow) -> String {
        address::device(&row.tag)
    }

    fn room(&self, room: &Room) -> String {
        address::room(&room.id)
    }

    fn title(&self, title: &str) -> String {
        format!("/software?title={}", address::encoded(title))
    }

    fn person(&self, person: &Person) -> String {
        address::person(&person.id)
    }

    fn machines(&self, devices: &usize) -> String {
        count(*devices, "machine", "machines")
    }

    fn every_device(&self) -> String {
        format!("/devices?text={}", address::encoded(&self.text))
    }
}
