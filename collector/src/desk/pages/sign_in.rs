//! Signing in and out.

use crate::desk::accept::Peer;
use crate::desk::door::{self, Visitor};
use crate::desk::password::Passwords;
use crate::desk::proof::peer_of;
use crate::desk::refused::Refused;
use crate::desk::session::{self, Proof, Use};
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::{Answer, Desk, address, assets, gate, welcome};
use askama::Template;
use axum::extract::{Extension, Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use rollcall_site::access;
use rollcall_site::event::Actor;
use rollcall_site::{UserName, oidc};
use serde::Deserialize;

/// Where they wanted to go.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    next: String,
}

/// The form.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Credentials {
    name: String,
    password: String,
    next: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    site: String,
    name: String,
    next: String,
    wrong: bool,
    nobody: bool,
    /// What the provider's button says.
    provider: Option<String>,
}

impl SignIn {
    fn of(desk: &Desk, name: &str, next: &str, wrong: bool) -> Self {
        let view = desk.collector.keeper.view();
        Self {
            site: view.about().map_or_else(String::new, |about| about.name.clone()),
            name: name.chars().take(40).collect(),
            next: address::inside(next).to_owned(),
            wrong,
            nobody: welcome::nobody(&view, &desk.collector.secrets),
            provider: oidc::of(&view).map(|provider| provider.button().to_owned()),
        }
    }

    /// The address of the provider's button.
    fn there(&self) -> String {
        format!("/sign-in/oidc?next={}", address::encoded(&self.next))
    }

    fn css(&self) -> &'static str {
        assets::css()
    }

    fn mark(&self) -> &'static str {
        assets::mark()
    }
}

/// `GET /sign-in`
pub(in crate::desk) async fn show(State(desk): State<Desk>, headers: HeaderMap, Query(ask): Query<Ask>) -> Answer {
    if let Some(visitor) = door::visitor(&desk, &headers, Use::Passive) {
        return Ok(Redirect::to(gate::landing(visitor.who.role, address::inside(&ask.next))).into_response());
    }
    page(&SignIn::of(&desk, "", &ask.next, false))
}

/// `POST /sign-in`
pub(in crate::desk) async fn sign_in(State(desk): State<Desk>, peer: Option<Extension<Peer>>, Form(form): Form<Credentials>) -> Answer {
    let address = peer_of(peer.as_deref());
    let now = desk.collector.keeper.clock().now();
    let typed = form.name.trim().to_lowercase();
    let wait = |seconds| Trouble::Wait { name: typed.clone(), seconds };
    desk.tries.take(&typed, address, now).map_err(wait)?;
    let known = UserName::parse(&typed).ok().filter(|name| desk.collector.keeper.view().users.contains_key(name));
    let Some(right) = desk.passwords.check(known.as_ref(), form.password).await else {
        desk.tries.give_back(&typed, address);
        return Err(Trouble::Busy);
    };
    match known.filter(|_| right) {
        Some(user) => {
            desk.tries.forgive(&typed, address);
            let name = user.clone();
            desk.collector
                .keeper
                .change(Actor::User(user.to_string()), move |w| {
                    access::signed_in(w, &name);
                    Ok(())
                })
                .await?;
            enter(&desk, user, address::inside(&form.next))
        }
        None => {
            let mut answer = (StatusCode::UNAUTHORIZED, page(&SignIn::of(&desk, &typed, &form.next, true))?).into_response();
            answer.extensions_mut().insert(Refused::sign_in(&typed, "wrong name or password"));
            Ok(answer)
        }
    }
}

/// Begins a session and leads to a page; a teacher to one of their own.
pub(super) fn enter(desk: &Desk, user: UserName, to: &str) -> Answer {
    let role = desk.collector.keeper.view().users.get(&user).map(|user| user.role);
    let to = role.map_or(to, |role| gate::landing(role, to));
    let cookie = desk.sessions.begin(user, desk.collector.keeper.clock().now(), Proof::Given);
    let cookie = cookie.ok_or_else(|| Trouble::Broken("the system gives no randomness for a session".to_owned()))?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response())
}

/// `POST /sign-out`
pub(in crate::desk) async fn out(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    desk.sessions.end(&visitor.session);
    Ok(([(header::SET_COOKIE, session::no_cookie())], Redirect::to("/sign-in")).into_response())
}

/// Passwords are at least this long; for the forms.
pub(super) fn shortest() -> usize {
    crate::desk::password::SHORTEST
}

/// Refuses a password that would not be kept.
pub(super) fn fits(password: &str) -> Result<(), String> {
    Passwords::fits(password).map_err(|error| error.to_string())
}
