//! What is done to a device: rescan, move, revoke, accept its new board, let another machine take its place. What can't be undone asks first.

use super::device::find;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::session::{Notice, Undo};
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::{Answer, Desk, address};
use askama::Template;
use axum::extract::{Form, Path, State};
use rollcall_site::access::Role;
use rollcall_site::asset::Asset;
use rollcall_site::{DeviceId, Refusal, RoomId, enroll};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// How long the page waits for a machine to re-read everything.
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Template)]
#[template(path = "move.html")]
struct MovePage {
    frame: Frame,
    asset: Arc<Asset>,
    rooms: Vec<RoomId>,
}

#[derive(Template)]
#[template(path = "revoke.html")]
struct RevokePage {
    frame: Frame,
    asset: Arc<Asset>,
    host_name: String,
}

/// Where an asset goes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Place {
    room: String,
    seat: String,
}

impl MovePage {
    fn address(&self) -> String {
        address::device(&self.asset.tag)
    }

    fn is_home(&self, room: &RoomId) -> bool {
        self.asset.room.as_ref() == Some(room)
    }
}

impl RevokePage {
    fn address(&self) -> String {
        address::device(&self.asset.tag)
    }
}

/// `POST /devices/{tag}/rescan`
pub(in crate::desk) async fn rescan(State(desk): State<Desk>, visitor: Visitor, Path(tag): Path<String>) -> Answer {
    let (asset, device) = bound(&desk, &visitor, &tag)?;
    let outcome = match desk.collector.roll.rescan(device, Vec::new(), PATIENCE).await {
        Ok(()) => Ok(Notice::done(format!("{} has re-read everything; this page shows it.", asset.tag))),
        Err(why) => Ok(Notice::refused(format!("{} could not be asked: {why}. Is it switched on and on the network?", asset.tag))),
    };
    desk.then(&visitor, outcome, &address::device(&asset.tag))
}

/// `GET /devices/{tag}/move`
pub(in crate::desk) async fn ask_move(State(desk): State<Desk>, visitor: Visitor, Path(tag): Path<String>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let look = desk.look();
    let asset = find(&look, &tag)?;
    page(&MovePage { frame: Frame::of(&desk, &visitor, &look, Tab::Devices), rooms: look.site.rooms.keys().cloned().collect(), asset })
}

/// `POST /devices/{tag}/move`
pub(in crate::desk) async fn relocate(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(tag): Path<String>,
    Form(place): Form<Place>,
) -> Answer {
    visitor.must_be(Role::Technician)?;
    let asset = find(&desk.look(), &tag)?;
    let home = address::device(&asset.tag);
    let room = match place.room.trim() {
        "" => Ok(None),
        name => RoomId::parse(name).map(Some).map_err(Refusal::from),
    };
    let seat = Some(place.seat.trim().to_owned()).filter(|seat| !seat.is_empty());
    let known = |text: Option<String>| text.unwrap_or_default();
    let back = Undo {
        action: format!("{home}/move"),
        fields: vec![("room", known(asset.room.as_ref().map(ToString::to_string))), ("seat", known(asset.seat.clone()))],
    };
    let outcome = match room {
        Ok(room) => {
            let words = match (&room, &seat) {
                (Some(room), Some(seat)) => format!("{} belongs in {room}, seat {seat}, now.", asset.tag),
                (Some(room), None) => format!("{} belongs in {room} now.", asset.tag),
                (None, _) => format!("{} belongs in no room now.", asset.tag),
            };
            let moved = desk.change(&visitor, move |w| enroll::relocate(w, asset.id, room, seat)).await;
            moved.map(|()| Notice::done(words).with_undo(back)).map_err(Trouble::from)
        }
        Err(refusal) => Err(refusal.into()),
    };
    desk.then(&visitor, outcome, &home)
}

/// `GET /devices/{tag}/revoke`
pub(in crate::desk) async fn ask_revoke(State(desk): State<Desk>, visitor: Visitor, Path(tag): Path<String>) -> Answer {
    let (asset, device) = bound(&desk, &visitor, &tag)?;
    let look = desk.look();
    let host_name = look.site.devices.get(&device).map(|device| device.host_name.clone()).unwrap_or_default();
    page(&RevokePage { frame: Frame::of(&desk, &visitor, &look, Tab::Devices), asset, host_name })
}

/// `POST /devices/{tag}/revoke`
pub(in crate::desk) async fn revoke(State(desk): State<Desk>, visitor: Visitor, Path(tag): Path<String>) -> Answer {
    let (asset, device) = bound(&desk, &visitor, &tag)?;
    let revoked = desk.change(&visitor, move |w| enroll::revoke(w, device)).await.map_err(Trouble::from);
    let outcome = revoked.map(|()| {
        desk.collector.roll.close(device);
        Notice::done(format!("{} may no longer report. To take it back, enrol it anew with a token.", asset.tag))
    });
    desk.then(&visitor, outcome, &address::device(&asset.tag))
}

/// `POST /devices/{tag}/accept`
pub(in crate::desk) async fn accept(State(desk): State<Desk>, visitor: Visitor, Path(tag): Path<String>) -> Answer {
    let (asset, device) = bound(&desk, &visitor, &tag)?;
    let accepted = desk.change(&visitor, move |w| enroll::accept_hardware(w, device)).await.map_err(Trouble::from);
    let outcome = accepted.map(|()| Notice::done(format!("{} goes on with its new board; it reports within two minutes.", asset.tag)));
    desk.then(&visitor, outcome, &address::device(&asset.tag))
}

/// `POST /devices/{tag}/rebind`
pub(in crate::desk) async fn allow_rebind(State(desk): State<Desk>, visitor: Visitor, Path(tag): Path<String>) -> Answer {
    visitor.must_be(Role::Technician)?;
    let asset = find(&desk.look(), &tag)?;
    let (id, tag) = (asset.id, asset.tag.clone());
    let allowed = desk.change(&visitor, move |w| enroll::allow_rebind(w, id)).await.map_err(Trouble::from);
    let outcome = allowed.map(|()| {
        if let Some(device) = asset.device {
            desk.collector.roll.close(device);
        }
        Notice::done(format!("For one hour the next machine that enrols as {tag} takes its place."))
    });
    desk.then(&visitor, outcome, &address::device(&tag))
}

/// The asset with this tag and its device, for somebody who may change it.
pub(super) fn bound(desk: &Desk, visitor: &Visitor, tag: &str) -> Result<(Arc<Asset>, DeviceId), Trouble> {
    visitor.must_be(Role::Technician)?;
    let asset = find(&desk.look(), tag)?;
    let device = asset.device.ok_or_else(|| Trouble::Refused(Refusal::invalid(format!("{} has no agent.", asset.tag))))?;
    Ok((asset, device))
}
