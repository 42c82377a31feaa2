//! Who comes in: reads the cookie, puts who it is on the request, and sends everybody else to sign in.

use super::session::{self, SessionKey, Use};
use super::trouble::Trouble;
use super::who::Who;
use super::{Desk, address, gate};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use rollcall_site::UserName;
use rollcall_site::access::Role;
use rollcall_site::event::Actor;

/// The header by which the open page's script says that nobody asked, the page refreshes itself.
const PASSIVE: &str = "x-rollcall-live";

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    /// As every interface sees them.
    pub who: Who,
    /// The account.
    pub user: UserName,
    /// Their session.
    pub session: SessionKey,
    /// Whether somebody asked, or the open page by itself.
    pub how: Use,
}

impl Visitor {
    /// Refuses what their role does not allow.
    pub fn must_be(&self, role: Role) -> Result<(), Trouble> {
        match self.who.role {
            own if own >= role => Ok(()),
            Role::Teacher => Err(Trouble::NotForTeachers),
            _ => Err(Trouble::NotAllowed(role.word())),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Trouble;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Trouble> {
        let visitor = parts.extensions.get::<Self>().cloned();
        visitor.ok_or_else(|| Trouble::Broken("a page asks for a visitor and stands before the door".to_owned()))
    }
}

/// Lets in who is signed in.
pub(super) async fn signed_in(State(desk): State<Desk>, mut request: Request, next: Next) -> Response {
    let passive = request.headers().contains_key(PASSIVE) || request.uri().path() == "/live";
    let how = if passive { Use::Passive } else { Use::Active };
    if let Some(visitor) = visitor(&desk, request.headers(), how) {
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        if visitor.who.role == Role::Teacher && route == "/" && request.method() == Method::GET {
            return Redirect::to(gate::LABS).into_response();
        }
        let (allowed, who) = (visitor.must_be(gate::least(request.method(), route)), visitor.who.clone());
        request.extensions_mut().insert(who.clone());
        request.extensions_mut().insert(visitor);
        let mut answer = match allowed {
            Ok(()) => next.run(request).await,
            Err(trouble) => trouble.into_response(),
        };
        // So that a refusal is written down with who it was.
        answer.extensions_mut().insert(who);
        return answer;
    }
    if passive {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
    match address::inside(wanted) {
        next if request.method() == Method::GET && next != "/" => {
            Redirect::to(&format!("/sign-in?next={}", address::encoded(next))).into_response()
        }
        _ => Redirect::to("/sign-in").into_response(),
    }
}

/// Whose living session the cookie names; their role is looked up in the site every time.
pub(super) fn visitor(desk: &Desk, headers: &HeaderMap, how: Use) -> Option<Visitor> {
    let mut cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let session = cookies.find_map(session::of_cookie)?;
    let user = desk.sessions.user(&session, desk.collector.keeper.clock().now(), how)?;
    let view = desk.collector.keeper.view();
    // A session of an account that was removed does not open a new one of the same name.
    let account = view.users.get(&user).filter(|account| desk.sessions.begun_at(&session).is_some_and(|at| at >= account.added_at))?;
    let role = account.role;
    Some(Visitor { who: Who { actor: Actor::User(user.to_string()), role }, user, session, how })
}
