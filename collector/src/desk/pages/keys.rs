//! API keys: what programs come in with, what each is limited to; made, shown once, taken back. For administrators.

use crate::desk::api::keys::make_one;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::keys::NOUNS;
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::words;
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Form, Path, State};
use jiff::SignedDuration;
use rollcall_site::access::{self, ApiKey, NewKey, Role};
use rollcall_site::{ApiKeyId, Refusal, scope};
use serde::Deserialize;
use std::sync::Arc;

/// Longest life of a key that a page makes, days.
const LONGEST: i64 = 3660;

#[derive(Template)]
#[template(path = "keys.html")]
struct Keys {
    frame: Frame,
    look: Look,
    keys: Vec<Arc<ApiKey>>,
}

/// A key to be made.
#[derive(Deserialize)]
pub(in crate::desk) struct Sent {
    name: String,
    role: Role,
    #[serde(default)]
    only: String,
    #[serde(default)]
    days: String,
}

/// `GET /keys`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    visitor.must_be(Role::Admin)?;
    let look = desk.look();
    let keys = look.site.keys.values().cloned().collect();
    page(&Keys { frame: Frame::of(&desk, &visitor, &look, Tab::Settings), keys, look })
}

/// `POST /keys`
pub(in crate::desk) async fn make(State(desk): State<Desk>, visitor: Visitor, Form(sent): Form<Sent>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let outcome = made(&desk, &visitor, sent).await;
    desk.then(&visitor, outcome, "/keys")
}

async fn made(desk: &Desk, visitor: &Visitor, sent: Sent) -> Result<Notice, Trouble> {
    let only: Vec<&str> = sent.only.split([',', ' ']).filter(|noun| !noun.is_empty()).collect();
    // Only an empty field is no limit: whatever else names nothing is a slip.
    let only = if sent.only.trim().is_empty() { Vec::new() } else { scope::all(only, NOUNS)? };
    let expires_at = match sent.days.trim() {
        "" => None,
        days => {
            let days = days.parse().ok().filter(|days| (1..=LONGEST).contains(days));
            let days = days.ok_or_else(|| Refusal::invalid(format!("a key lives 1 to {LONGEST} days; leave it empty for no end")))?;
            Some(desk.collector.keeper.clock().now() + SignedDuration::from_hours(24 * days))
        }
    };
    let new = NewKey { name: sent.name, role: sent.role, expires_at, only };
    let (kept, key) =
        make_one(&desk.collector, visitor.who.actor.clone(), new).await.map_err(|problem| Refusal::invalid(problem.detail))?;
    let said = format!("Key {} is made for {}. It is shown only now: copy it to where it is used.", kept.id, kept.name);
    Ok(Notice::done(said).with_line(key.text()))
}

/// `POST /keys/{id}/revoke`
pub(in crate::desk) async fn revoke(State(desk): State<Desk>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let id: ApiKeyId = id.parse().map_err(Refusal::from)?;
    let outcome = desk.change(&visitor, move |w| access::revoke_key(w, id)).await;
    let outcome = outcome.map(|()| Notice::done(format!("Key {id} opens nothing any more."))).map_err(Trouble::from);
    desk.then(&visitor, outcome, "/keys")
}

impl Keys {
    fn roles(&self) -> [(Role, &'static str); 4] {
        Role::ALL.map(|role| (role, words::role(role)))
    }

    fn nouns(&self) -> String {
        NOUNS.join(", ")
    }

    fn is_over(&self, key: &ApiKey) -> bool {
        key.expires_at.is_some_and(|end| end <= self.look.now)
    }
}
