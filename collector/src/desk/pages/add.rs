//! Adding devices: makes a token for a room, and shows the one line to run on each machine; for administrators.

use crate::agents::authority::Authority;
use crate::agents::token::make_token;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::names::Names;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, chain, show as page};
use crate::desk::words::{self, Chip};
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use jiff::SignedDuration;
use rollcall_site::access::Role;
use rollcall_site::asset::Asset;
use rollcall_site::device::Device;
use rollcall_site::token::{self, Token};
use rollcall_site::{Refusal, RoomId, TokenId};
use serde::Deserialize;
use std::sync::Arc;

/// Machines that a token lets in unless another number is given: a lab.
const USUAL_USES: u32 = 30;
/// Days that a token is good, to choose from.
const DAYS: &[(i64, &str)] = &[(1, "1 day"), (7, "1 week"), (30, "30 days")];

/// Machines that came in lately, as many as are shown: a lab.
const MOST_CAME: usize = 40;

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    room: String,
}

/// A token to be made.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct NewToken {
    room: String,
    uses: String,
    days: String,
}

#[derive(Template)]
#[template(path = "add.html")]
struct Add {
    frame: Frame,
    look: Look,
    ask: Ask,
    rooms: Vec<RoomId>,
    tokens: Vec<Arc<Token>>,
    /// Machines that came in since yesterday, the last first.
    came: Vec<(Arc<Asset>, Arc<Device>)>,
}

/// The machines that enrolled since yesterday, the last ones first.
fn came(look: &Look) -> Vec<(Arc<Asset>, Arc<Device>)> {
    let since = look.yesterday();
    let mut came: Vec<&Arc<Device>> = look.site.devices.values().filter(|device| device.enrolled_at >= since).collect();
    came.sort_by_key(|device| std::cmp::Reverse(device.enrolled_at));
    came.into_iter().take(MOST_CAME).filter_map(|device| Some((look.site.assets.get(&device.asset)?.clone(), Arc::clone(device)))).collect()
}

impl Add {
    fn live(&self) -> &'static str {
        "token device room"
    }

    fn usual(&self) -> u32 {
        USUAL_USES
    }

    fn days(&self) -> &'static [(i64, &'static str)] {
        DAYS
    }

    fn state(&self, token: &Token) -> Chip {
        match token {
            Token { revoked: true, .. } => Chip::rest("Taken back"),
            Token { uses_left: 0, .. } => Chip::rest("Used up"),
            Token { expires_at, .. } if *expires_at <= self.look.now => Chip::rest("Ended"),
            _ => Chip::go("Good"),
        }
    }

    fn is_good(&self, token: &Token) -> bool {
        self.state(token).tone == "go"
    }
}

/// `GET /add`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let add = desk.apart(move |desk| {
        let look = desk.look();
        let (rooms, tokens) = (look.site.rooms.keys().cloned().collect(), look.site.tokens.values().rev().take(50).cloned().collect());
        let frame = Frame::of(desk, &visitor, &look, Tab::Add);
        Ok(Add { frame, ask, rooms, tokens, came: came(&look), look })
    });
    page(&add.await?)
}

/// `POST /add`
pub(in crate::desk) async fn make(State(desk): State<Desk>, visitor: Visitor, Form(form): Form<NewToken>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let outcome = made(&desk, &visitor, &form).await;
    desk.then(&visitor, outcome, "/add")
}

/// `POST /add/{id}/revoke`
pub(in crate::desk) async fn revoke(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<u64>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let revoked = desk.change(&visitor, move |w| token::revoke(w, TokenId(id))).await.map_err(Trouble::from);
    desk.then(&visitor, revoked.map(|()| Notice::done(format!("Token {id} lets no machine in any more."))), "/add")
}

async fn made(desk: &Desk, visitor: &Visitor, form: &NewToken) -> Result<Notice, Trouble> {
    let room = match form.room.trim() {
        "" => None,
        name => Some(RoomId::parse(name).map_err(Refusal::from)?),
    };
    let uses = form.uses.trim().parse().map_err(|_| Refusal::invalid("say for how many machines: digits only"))?;
    let days = form.days.parse::<i64>().ok().filter(|days| DAYS.iter().any(|(known, _)| known == days)).unwrap_or(1);
    let look = desk.look();
    let expires = look.now + SignedDuration::from_hours(24 * days);
    let site = look.site.about().map(|about| about.id.clone()).ok_or_else(|| Trouble::Broken("the site has no name yet".to_owned()))?;
    let authority = Authority::open(&desk.collector.secrets, &site, look.now).map_err(|error| Trouble::Broken(chain(&error)))?;
    let (text, hash) = make_token(&site, &authority).map_err(|error| Trouble::Broken(chain(&error)))?;
    let kept = desk.change(visitor, move |w| token::make(w, hash, room, uses, expires)).await?;
    let place = kept.room.as_ref().map(|room| format!(" for {room}")).unwrap_or_default();
    let words = format!(
        "Run this line on each machine{place}: it lets in {} until {}. It is shown this once.",
        words::count(kept.uses, "machine", "machines"),
        look.day(kept.expires_at).words
    );
    let settings = &desk.collector.settings;
    let host = Names::of(settings).best(settings);
    let line =
        format!("sudo rollcall-agent enroll --collector {host}:{} --token {text} --state /var/lib/rollcall-agent", settings.enroll.port());
    Ok(Notice::done(words).with_line(line))
}
