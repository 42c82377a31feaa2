//! Signing in and out.

use crate::desk::accept::Peer;
use crate::desk::door::{self, Visitor};
use crate::desk::password::Passwords;
use crate::desk::session::{self, Use};
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::{Answer, Desk, address, assets, welcome};
use askama::Template;
use axum::extract::{Extension, Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use rollcall_site::access;
use rollcall_site::event::Actor;
use rollcall_site::{Refusal, UserName};
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr};

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
        }
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
    if door::visitor(&desk, &headers, Use::Passive).is_some() {
        return Ok(Redirect::to(address::inside(&ask.next)).into_response());
    }
    page(&SignIn::of(&desk, "", &ask.next, false))
}

/// `POST /sign-in`
pub(in crate::desk) async fn sign_in(State(desk): State<Desk>, peer: Option<Extension<Peer>>, Form(form): Form<Credentials>) -> Answer {
    let address = address_of(peer);
    let now = desk.collector.keeper.clock().now();
    let typed = form.name.trim().to_lowercase();
    desk.tries.take(&typed, address, now).map_err(Trouble::Wait)?;
    let known = UserName::parse(&typed).ok().filter(|name| desk.collector.keeper.view().users.contains_key(name));
    let Some(right) = desk.passwords.check(known.as_ref(), form.password).await else {
        desk.tries.give_back(&typed, address);
        return Err(Trouble::Busy);
    };
    match known.filter(|_| right) {
        Some(user) => {
            desk.tries.forgive(&typed, address);
            let name = user.to_string();
            desk.collector
                .keeper
                .change(Actor::User(name.clone()), move |w| {
                    access::signed_in(w, &name, None);
                    Ok(())
                })
                .await?;
            enter(&desk, user, address::inside(&form.next))
        }
        None => {
            let why = format!("wrong name or password, from {address}");
            let name: String = typed.chars().filter(|c| !c.is_control()).take(40).collect();
            desk.collector
                .keeper
                .change(Actor::Rollcall, move |w| {
                    access::signed_in(w, &name, Some(&why));
                    Ok(())
                })
                .await?;
            let html = page(&SignIn::of(&desk, &typed, &form.next, true))?;
            Ok((StatusCode::UNAUTHORIZED, html).into_response())
        }
    }
}

/// Asks somebody who is signed in for their own password again, before what an open desk must not let anybody do.
pub(super) async fn again(desk: &Desk, visitor: &Visitor, peer: Option<Extension<Peer>>, password: String) -> Result<(), Trouble> {
    let (name, address, now) = (visitor.user.as_str(), address_of(peer), desk.collector.keeper.clock().now());
    desk.tries.take(name, address, now).map_err(Trouble::Wait)?;
    let Some(right) = desk.passwords.check(Some(&visitor.user), password).await else {
        desk.tries.give_back(name, address);
        return Err(Trouble::Busy);
    };
    if right {
        desk.tries.forgive(name, address);
        return Ok(());
    }
    Err(Refusal::forbidden("That is not your own password, so nothing was changed.").into())
}

fn address_of(peer: Option<Extension<Peer>>) -> IpAddr {
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Extension(Peer(peer))| peer.ip().to_canonical())
}

/// Begins a session and leads to a page.
pub(super) fn enter(desk: &Desk, user: UserName, to: &str) -> Answer {
    let cookie = desk.sessions.begin(user, desk.collector.keeper.clock().now());
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
