//! Signing in at the school's own provider: there, and back.

use crate::desk::oidc::{Arrived, Asks, NoEntry, Returned, no_cookie};
use crate::desk::refused::Refused;
use crate::desk::trouble::{Trouble, chain, show as page};
use crate::desk::{Answer, Desk, address, assets, gate};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use rollcall_site::event::Actor;
use rollcall_site::{Refusal, access, oidc};
use serde::Deserialize;

/// Where they wanted to go.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    next: String,
    /// Whether they are to give their password again; empty: not.
    again: String,
}

/// They are in: the browser goes on by itself, from a page of this desk, so that it brings the session's strict cookie with it.
#[derive(Template)]
#[template(path = "provider.html")]
struct In {
    user: String,
    to: String,
}

/// They are not.
#[derive(Template)]
#[template(path = "provider_no.html")]
struct Out {
    why: String,
    to_do: &'static str,
}

impl In {
    fn css(&self) -> &'static str {
        assets::css()
    }

    fn mark(&self) -> &'static str {
        assets::mark()
    }
}

impl Out {
    fn css(&self) -> &'static str {
        assets::css()
    }

    fn mark(&self) -> &'static str {
        assets::mark()
    }
}

/// `GET /sign-in/oidc`
pub(in crate::desk) async fn go(State(desk): State<Desk>, Query(ask): Query<Ask>) -> Answer {
    let asks = if ask.again.is_empty() { Asks::AsItLikes } else { Asks::Again };
    match desk.set_out(asks, address::inside(&ask.next)).await {
        Ok((there, cookie)) => Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&there)).into_response()),
        Err(no) => no_entry(&no),
    }
}

/// `GET /sign-in/oidc/back`
pub(in crate::desk) async fn back(State(desk): State<Desk>, headers: HeaderMap, Query(returned): Query<Returned>) -> Answer {
    let cookies: Vec<&str> = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).collect();
    match desk.arrive(&cookies.join("; "), &returned).await {
        Ok(arrived) => come_in(&desk, arrived).await,
        Err(no) => no_entry(&no),
    }
}

async fn come_in(desk: &Desk, Arrived { identity, next, asks }: Arrived) -> Answer {
    let who = identity.clone();
    let admitted = desk.collector.keeper.change(Actor::Rollcall, move |w| {
        let user = oidc::admit(w, &who)?;
        access::signed_in(w, &user.name);
        Ok(user)
    });
    let user = match admitted.await {
        Ok(user) => user,
        Err(crate::keeper::ChangeError::Refused(refusal)) => {
            end_sessions(desk, &identity);
            return refused(refusal);
        }
        Err(error) => return Err(error.into()),
    };
    let now = desk.collector.keeper.clock().now();
    let proof = if asks == Asks::Again { crate::desk::session::Proof::Given } else { crate::desk::session::Proof::Owed };
    let cookie = desk.sessions.begin(user.name.clone(), now, proof);
    let cookie = cookie.ok_or_else(|| Trouble::Broken("the system gives no randomness for a session".to_owned()))?;
    let to = gate::landing(user.role, address::inside(&next)).to_owned();
    let page = page(&In { user: user.name.to_string(), to })?;
    Ok((AppendHeaders([(header::SET_COOKIE, cookie), (header::SET_COOKIE, no_cookie())]), page).into_response())
}

/// Whoever may no longer come in does not stay either.
fn end_sessions(desk: &Desk, identity: &oidc::Identity) {
    let view = desk.collector.keeper.view();
    let is_theirs = |bound: &oidc::Bound| bound.issuer == identity.issuer && bound.subject == identity.subject;
    if let Some(user) = view.users.values().find(|user| user.bound.as_ref().is_some_and(is_theirs)) {
        desk.sessions.end_all(&user.name);
    }
}

fn refused(refusal: Refusal) -> Answer {
    let mut answer =
        out(refusal.text, "If you have an account of this desk’s own, sign in with its name and password.", StatusCode::FORBIDDEN)?;
    // No name: whoever of the school presses the button would stand in the ledger for good, where forgetting reaches nobody.
    answer.extensions_mut().insert(Refused::sign_in("somebody", "the provider vouches for them, and they are not let in"));
    Ok(answer)
}

fn no_entry(no: &NoEntry) -> Answer {
    let (why, to_do, status) = match no {
        NoEntry::Unset => ("Nobody signs in at a provider at this desk.", "Sign in with your name and password.", StatusCode::NOT_FOUND),
        NoEntry::NotBegun => (
            "This sign-in was not begun in this browser, or more than ten minutes ago.",
            "Begin again, and finish it in the same browser.",
            StatusCode::BAD_REQUEST,
        ),
        NoEntry::Denied(_) => (
            "The school’s sign-in let nobody in.",
            "Begin again, or sign in with a name and password of this desk’s own.",
            StatusCode::FORBIDDEN,
        ),
        NoEntry::OtherIssuer | NoEntry::Token(_) => (
            "What came back is not what the school’s sign-in would say to this desk, so nobody was let in.",
            "Begin again. If it stays so, tell an administrator of the site: the collector’s log says more.",
            StatusCode::FORBIDDEN,
        ),
        NoEntry::Provider(_) => (
            "The school’s sign-in can’t be used just now.",
            "Try again in a minute, or sign in with a name and password of this desk’s own. The collector’s log says more.",
            StatusCode::BAD_GATEWAY,
        ),
    };
    if !matches!(no, NoEntry::Unset | NoEntry::NotBegun) {
        tracing::warn!(desk.oidc = %chain(no), "a sign-in at the provider came to nothing");
    }
    let mut answer = out(why.to_owned(), to_do, status)?;
    if !matches!(no, NoEntry::Unset) {
        answer.extensions_mut().insert(Refused::sign_in("", no.to_string()));
    }
    Ok(answer)
}

fn out(why: String, to_do: &'static str, status: StatusCode) -> Result<Response, Trouble> {
    let mut answer = (status, page(&Out { why, to_do })?).into_response();
    if let Ok(cookie) = no_cookie().parse() {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(answer)
}
