//! What is done with a baseline besides its file: an earlier version again, its removal, exceptions.

use super::{address, named};
use crate::desk::api::moment;
use crate::desk::door::Visitor;
use crate::desk::session::{Notice, Undo};
use crate::desk::trouble::Trouble;
use crate::desk::{Answer, Desk, judging};
use axum::extract::{Form, Path, State};
use rollcall_site::access::Role;
use rollcall_site::baseline::waiver::{self, Waiver, Where, Wish};
use rollcall_site::{Refusal, RoomId, Tag, WaiverId};
use serde::Deserialize;
use std::sync::Arc;

/// Which version.
#[derive(Debug, Deserialize)]
pub(in crate::desk) struct Version {
    version: u32,
}

/// An exception: on a tag, or in a room.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    baseline: String,
    tag: String,
    room: String,
    title: String,
    until: String,
    reason: String,
    owner: String,
}

/// `POST /baselines/{name}/restore`
pub(in crate::desk) async fn restore(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(name): Path<String>,
    Form(Version { version }): Form<Version>,
) -> Answer {
    visitor.must_be(Role::Technician)?;
    let name = named(&name)?;
    let home = address(&name);
    let before = desk.look().site.baselines.get(&name).map(|before| before.version);
    let restored = judging::restore(&desk.collector, &visitor.who.actor, name, version).await;
    let undo = match before {
        Some(before) => Undo { action: format!("{home}/restore"), fields: vec![("version", before.to_string())] },
        None => Undo { action: format!("{home}/remove"), fields: Vec::new() },
    };
    let said = restored.map(|now| Notice::done(format!("Version {version} of {} holds again.", now.name)).with_undo(undo));
    desk.then(&visitor, said.map_err(Trouble::from), &home)
}

/// `POST /baselines/{name}/remove`
pub(in crate::desk) async fn remove(State(desk): State<Desk>, visitor: Visitor, Path(name): Path<String>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let name = named(&name)?;
    let home = address(&name);
    let before = desk.look().site.baselines.get(&name).map(|before| before.version);
    let removed = judging::remove(&desk.collector, &visitor.who.actor, name.clone()).await;
    let said = removed.map(|()| {
        let done = Notice::done(format!("{name} is removed; nothing has to meet it any more."));
        let undo = before.map(|before| Undo { action: format!("{home}/restore"), fields: vec![("version", before.to_string())] });
        undo.into_iter().fold(done, Notice::with_undo)
    });
    desk.then(&visitor, said.map_err(Trouble::from), "/baselines")
}

/// `POST /waivers`
pub(in crate::desk) async fn waive(State(desk): State<Desk>, visitor: Visitor, Form(sent): Form<Sent>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let home = match sent.baseline.trim() {
        "" => "/baselines".to_owned(),
        name => address(&named(name)?),
    };
    let outcome = waived(&desk, &visitor, &sent).await.map(|waiver| {
        let undo = Undo { action: format!("/waivers/{}/end", waiver.id), fields: Vec::new() };
        Notice::done(format!("Waiver {}: {} is waived until {}.", waiver.id, waiver.title, desk.look().moment(waiver.until).full))
            .with_undo(undo)
    });
    desk.then(&visitor, outcome, &home)
}

async fn waived(desk: &Desk, visitor: &Visitor, sent: &Sent) -> Result<Arc<Waiver>, Trouble> {
    let look = desk.look();
    let known = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let place = match (known(&sent.tag), known(&sent.room)) {
        (Some(tag), None) => Where::Tag(Tag::parse(&tag).map_err(Refusal::from)?),
        (None, Some(room)) => Where::Room(RoomId::parse(&room).map_err(Refusal::from)?),
        _ => return Err(Refusal::invalid("a waiver is for one tag, or for one room: fill in one of the two").into()),
    };
    let wish = Wish {
        baseline: known(&sent.baseline).map(|name| named(&name)).transpose()?,
        place,
        title: sent.title.clone(),
        owner: known(&sent.owner),
        reason: sent.reason.clone(),
        until: moment::after(&sent.until, look.now, &look.zone)?,
    };
    Ok(desk.change(visitor, move |w| waiver::make(w, wish)).await?)
}

/// `POST /waivers/{id}/end`
pub(in crate::desk) async fn end_waiver(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let id = WaiverId(id);
    let ended = desk.change(&visitor, move |w| waiver::end(w, id)).await;
    let said = ended.map(|waiver| Notice::done(format!("Waiver {id} has ended: {} counts again.", waiver.title)));
    desk.then(&visitor, said.map_err(Trouble::from), "/baselines")
}
