//! A baseline's file: written by hand, taken from a machine that is as all should be, or an earlier version; whom it would fail is
//! shown before it holds.

use super::address;
use super::planned::Planned;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::session::{Notice, Undo};
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words::count;
use crate::desk::{Answer, Desk, judging};
use askama::Template;
use axum::extract::{Form, Query, State};
use rollcall_site::access::Role;
use rollcall_site::baseline::{self, Baseline, Capture, Versions};
use rollcall_site::{BaselineId, Refusal, RoomId, Tag, room};
use serde::Deserialize;

/// What a file may begin with.
const BLANK: &str = "name = \"Exam lab\"\nrooms = [\"*\"]             # every room; or [\"Lab 118\", \"Lab 204\"]\n\nforbidden = [\"steam*\"]     # a * at the end stands for any ending\n\n[[required]]\ntitle = \"firefox\"\nversion = \">= 128\"\n";

/// What the address asks for: a baseline, a version of it, or a machine to take it from.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    name: String,
    version: Option<u32>,
    from: String,
    room: String,
    versions: String,
}

/// A file.
#[derive(Debug, Deserialize)]
pub(in crate::desk) struct File {
    text: String,
}

#[derive(Template)]
#[template(path = "baselines/edit.html")]
struct Edit {
    frame: Frame,
    text: String,
    /// Why it is no baseline.
    wrong: Option<String>,
    /// Whom it would fail.
    planned: Option<Planned>,
    /// It holds now, just so.
    applied: bool,
}

impl Edit {
    fn tab(&self) -> &'static str {
        "file"
    }

    /// Lines that the field shows.
    fn lines(&self) -> usize {
        self.text.lines().count().clamp(12, 30) + 1
    }
}

/// `GET /baseline-file`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let edit = desk.apart(move |desk| {
        let look = desk.look();
        let asked = asked(&look.site, &ask, look.now);
        let (text, wrong) = match asked {
            Ok(text) => (text, None),
            Err(refusal) => (BLANK.to_owned(), Some(refusal.text)),
        };
        Ok(Edit { frame: Frame::of(desk, &visitor, &look, Tab::Baselines), text, wrong, planned: None, applied: false })
    });
    page(&edit.await?)
}

/// The text that the address asks for.
fn asked(site: &rollcall_site::Site, ask: &Ask, now: jiff::Timestamp) -> Result<String, Refusal> {
    let known = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let name = known(&ask.name).map(|name| BaselineId::parse(&name)).transpose()?;
    if let Some(from) = known(&ask.from) {
        let versions = match ask.versions.as_str() {
            "exactly" => Versions::Exactly,
            "any" => Versions::Any,
            _ => Versions::AtLeast,
        };
        let room = known(&ask.room).map(|room| RoomId::parse(&room)).transpose()?;
        if let Some(room) = &room {
            room::get(site, room)?;
        }
        return baseline::capture(site, &Tag::parse(&from)?, &Capture { name, room, versions }, now);
    }
    match (name, ask.version) {
        (Some(name), Some(version)) => Ok(baseline::edition(site, &name, version)?.text),
        (Some(name), None) => Ok(baseline::get(site, &name)?.text.clone()),
        (None, _) => Ok(BLANK.to_owned()),
    }
}

/// A file as a baseline whose rooms are there.
fn read(site: &rollcall_site::Site, text: &str) -> Result<Baseline, Refusal> {
    let new = baseline::parse(text)?;
    for room in new.rooms.iter().filter(|room| room.as_str() != "*") {
        room::get(site, room)?;
    }
    Ok(new)
}

/// `POST /baseline-file`: whom it would fail; nothing changes.
pub(in crate::desk) async fn look_at(State(desk): State<Desk>, visitor: Visitor, Form(file): Form<File>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let text = file.text.replace("\r\n", "\n");
    let edit = desk.apart(move |desk| {
        let look = desk.look();
        let frame = Frame::of(desk, &visitor, &look, Tab::Baselines);
        Ok(match read(&look.site, &text) {
            Ok(new) => {
                let applied = look.site.baselines.get(&new.name).is_some_and(|now| now.says_the_same(&new));
                let planned = Some(Planned::of(baseline::plan(&look.site, &new, look.now)));
                Edit { frame, text, wrong: None, planned, applied }
            }
            Err(refusal) => Edit { frame, text, wrong: Some(refusal.text), planned: None, applied: false },
        })
    });
    page(&edit.await?)
}

/// `POST /baseline-file/apply`
pub(in crate::desk) async fn apply(State(desk): State<Desk>, visitor: Visitor, Form(file): Form<File>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let text = file.text.replace("\r\n", "\n");
    let outcome = applied(&desk, &visitor, &text).await;
    match outcome {
        Ok((name, notice)) => desk.then(&visitor, Ok(notice), &address(&name)),
        // What was written stays on the page.
        Err(Trouble::Refused(refusal)) => {
            let look = desk.look();
            let frame = Frame::of(&desk, &visitor, &look, Tab::Baselines);
            page(&Edit { frame, text, wrong: Some(refusal.text), planned: None, applied: false })
        }
        Err(trouble) => Err(trouble),
    }
}

async fn applied(desk: &Desk, visitor: &Visitor, text: &str) -> Result<(BaselineId, Notice), Trouble> {
    let new = read(&desk.look().site, text).map_err(Trouble::Refused)?;
    let before = desk.look().site.baselines.get(&new.name).map(|before| before.version);
    let actor = visitor.who.actor.clone();
    let applied = judging::apply(&desk.collector, &actor, new).await?;
    let planned = std::sync::Arc::clone(&applied);
    let plan = desk.apart(move |desk| Ok(baseline::plan(&desk.look().site, &planned, desk.look().now))).await?;
    let said = format!("{} is applied: {} of {} meet it.", applied.name, plan.meet, count(plan.devices, "machine", "machines"));
    let undo = match before {
        Some(version) if version == applied.version => {
            return Ok((applied.name.clone(), Notice::done(format!("{} holds already, just so.", applied.name))));
        }
        Some(version) => Undo { action: format!("{}/restore", address(&applied.name)), fields: vec![("version", version.to_string())] },
        None => Undo { action: format!("{}/remove", address(&applied.name)), fields: Vec::new() },
    };
    Ok((applied.name.clone(), Notice::done(said).with_undo(undo)))
}
