//! The scan box on every page: a tag, name, serial or address opens the machine; a card opens the borrower at the loan desk; else it searches.

use crate::desk::door::Visitor;
use crate::desk::{Answer, Desk, address};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect};
use rollcall_site::{PersonId, Site, view};
use serde::Deserialize;

/// What was scanned or typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    scan: String,
}

/// `GET /find?scan=…`
pub(in crate::desk) async fn go(State(desk): State<Desk>, _visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    let to = desk.apart(move |desk| Ok(place_of(&desk.look().site, ask.scan.trim()))).await?;
    Ok(Redirect::to(&to).into_response())
}

fn place_of(site: &Site, scan: &str) -> String {
    if scan.is_empty() {
        return "/".to_owned();
    }
    if let Some(asset) = view::find_asset(site, scan).ok().and_then(|id| site.assets.get(&id)) {
        return address::device(&asset.tag);
    }
    match PersonId::parse(scan) {
        Ok(person) if site.persons.contains_key(&person) => format!("/loans?person={}", address::encoded(person.as_str())),
        _ => format!("/devices?text={}", address::encoded(scan)),
    }
}
