//! One thing done to many assets at once: all of it, or, where one refuses, nothing.

use crate::desk::door::Visitor;
use crate::desk::session::{Notice, Undo};
use crate::desk::trouble::Trouble;
use crate::desk::words::count;
use crate::desk::{Answer, Desk, address};
use axum::extract::{Form, State};
use rollcall_site::access::Role;
use rollcall_site::asset::{self, Asset, AssetFacts, AssetStatus, BadStatus};
use rollcall_site::{AssetId, Refusal, Tag, Working};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most assets at once: more than a page shows.
const MOST: usize = 500;
/// Stands for no room.
const NOWHERE: &str = "-";

/// What the form sends: an asset's field is "tag." and its tag.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    room: String,
    status: String,
    /// How the assets were, for an undo: a line for each.
    was: String,
    /// The page to go back to.
    back: String,
    #[serde(flatten)]
    tags: BTreeMap<String, String>,
}

/// `POST /assets/bulk`
pub(in crate::desk) async fn change(State(desk): State<Desk>, visitor: Visitor, Form(sent): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let back = if sent.back.is_empty() { "/assets".to_owned() } else { address::inside(&sent.back).to_owned() };
    let outcome = if sent.was.is_empty() { changed(&desk, &visitor, &sent).await } else { undone(&desk, &visitor, &sent.was).await };
    desk.then(&visitor, outcome, &back)
}

async fn changed(desk: &Desk, visitor: &Visitor, sent: &Sent) -> Result<Notice, Trouble> {
    let tags = sent.tags.keys().filter_map(|name| name.strip_prefix("tag."));
    let tags = tags.map(|tag| Tag::parse(tag).map_err(Refusal::from)).collect::<Result<Vec<_>, _>>()?;
    if tags.is_empty() || tags.len() > MOST {
        return Err(Refusal::invalid(format!("choose 1 to {MOST} assets first, by the boxes beside their tags")).into());
    }
    let (room, status) = (sent.room.trim(), sent.status.trim());
    if room.is_empty() && status.is_empty() {
        return Err(Refusal::invalid("say what is to be done: choose a room or a status").into());
    }
    // Where it goes nobody has said which seat is free.
    let seat = (!room.is_empty()).then(String::new);
    let facts = AssetFacts {
        room: (!room.is_empty()).then(|| if room == NOWHERE { String::new() } else { room.to_owned() }),
        seat,
        status: Some(status).filter(|status| !status.is_empty()).map(standing).transpose()?,
        ..AssetFacts::default()
    };
    let site = desk.look().site;
    let before = tags.iter().map(|tag| asset::tagged(&site, tag).cloned()).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<AssetId> = before.iter().map(|asset| asset.id).collect();
    let after = desk.change(visitor, move |w| set_all(w, ids.into_iter().map(|id| (id, facts.clone())))).await?;
    after.iter().for_each(|asset| desk.collector.close_silenced(asset.device));
    let was = before.iter().map(|asset| line(asset)).collect::<Vec<_>>().join("\n");
    let undo = Undo { action: "/assets/bulk".to_owned(), fields: vec![("was", was)] };
    Ok(Notice::done(format!("{} changed.", count(after.len(), "asset is", "assets are"))).with_undo(undo))
}

fn standing(text: &str) -> Result<AssetStatus, Refusal> {
    text.parse().map_err(|bad: BadStatus| Refusal::invalid(bad.to_string()))
}

/// How an asset was.
fn line(asset: &Asset) -> String {
    let room = asset.room.as_ref().map(ToString::to_string).unwrap_or_default();
    [asset.tag.as_str(), &room, asset.seat.as_deref().unwrap_or_default(), asset.status.code()].join("\t")
}

async fn undone(desk: &Desk, visitor: &Visitor, was: &str) -> Result<Notice, Trouble> {
    let site = desk.look().site;
    let back = was.lines().take(MOST).map(|line| before(&site, line)).collect::<Result<Vec<_>, Refusal>>()?;
    let again = desk.change(visitor, move |w| set_all(w, back.into_iter())).await?;
    Ok(Notice::done(format!("{} again as before.", count(again.len(), "asset is", "assets are"))))
}

/// What a line says.
fn before(site: &rollcall_site::Site, line: &str) -> Result<(AssetId, AssetFacts), Refusal> {
    let odd = || Refusal::invalid("this can't be undone: the page is too old; change them by hand");
    let [tag, room, seat, status] = line.split('\t').collect::<Vec<_>>().try_into().map_err(|_| odd())?;
    let facts =
        AssetFacts { room: Some(room.to_owned()), seat: Some(seat.to_owned()), status: Some(standing(status)?), ..AssetFacts::default() };
    Ok((asset::tagged(site, &Tag::parse(tag)?)?.id, facts))
}

fn set_all(w: &mut Working, all: impl Iterator<Item = (AssetId, AssetFacts)>) -> Result<Vec<Arc<Asset>>, Refusal> {
    all.map(|(id, facts)| {
        let tag = asset::get(&w.site, id)?.tag.clone();
        asset::set(w, id, facts).map_err(|refusal| Refusal { text: format!("{tag}: {}; nothing was changed", refusal.text), ..refusal })
    })
    .collect()
}
