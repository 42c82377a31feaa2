//! The password again, before what an open desk must not let anybody do: asked in one place, for the list below, unless it was given in
//! the last ten minutes. What was sent waits in the form that asks for it.

use super::accept::Peer;
use super::door::Visitor;
use super::password::Passwords;
use super::refused::Refused;
use super::trouble::Trouble;
use super::{Desk, address, assets};
use askama::Template;
use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use rollcall_site::asset::AssetStatus;
use std::net::{IpAddr, Ipv4Addr};

/// The field of a form that holds the visitor's own password.
const OWN: &str = "own";
/// Fields that are secrets.
const SECRET: &[&str] = &["key", "password"];
/// Longest form that is kept while the password is asked for, bytes.
const LONGEST: usize = 64 * 1024;

/// The fields of a form.
type Fields = Vec<(String, String)>;

/// What asks for the password again: a route, and where only some forms need it, whether this one does.
struct Grave {
    route: &'static str,
    only: Option<fn(&Fields) -> bool>,
}

const fn grave(route: &'static str) -> Grave {
    Grave { route, only: None }
}

/// Alphabetical.
const GRAVE: &[Grave] = &[
    grave("/accounts"),
    grave("/accounts/{name}/password"),
    grave("/accounts/{name}/remove"),
    grave("/accounts/{name}/role"),
    Grave { route: "/assets/bulk", only: Some(retires) },
    Grave { route: "/assets/{tag}", only: Some(retires) },
    grave("/assets/{tag}/dispose"),
    grave("/backups/download"),
    grave("/baselines/{name}/restore"),
    grave("/certificate"),
    grave("/certificate/remove"),
    grave("/devices/{tag}/revoke"),
    grave("/import/{id}/accept"),
    grave("/keys"),
    grave("/keys/{id}/revoke"),
    grave("/people/{id}/forget"),
];

/// Asks again.
#[derive(Template)]
#[template(path = "proof.html")]
struct Ask {
    user: String,
    action: String,
    fields: Fields,
    /// Something secret was sent, and is to be brought again.
    left_out: bool,
    back: String,
    wrong: bool,
    /// Who has no password here shows it at the provider: the address, and what its button says.
    there: Option<(String, String)>,
}

impl Ask {
    fn css(&self) -> &'static str {
        assets::css()
    }

    fn mark(&self) -> &'static str {
        assets::mark()
    }
}

/// Whether a field is a secret: by its name, or because a private key stands in it.
fn is_secret((name, value): &(String, String)) -> bool {
    SECRET.contains(&name.as_str()) || value.contains("PRIVATE KEY-----")
}

/// Whether a form of one asset, or of many, retires anything: read as their own pages read it. What takes a change of many back says in
/// each line how one was, its status last.
fn retires(fields: &Fields) -> bool {
    let is_gone = |value: &str| value.trim().parse::<AssetStatus>().is_ok_and(AssetStatus::is_gone);
    let retires = |(name, value): &(String, String)| match name.as_str() {
        "status" => is_gone(value),
        "was" => value.lines().any(|line| line.rsplit('\t').next().is_some_and(is_gone)),
        _ => false,
    };
    fields.iter().any(retires)
}

/// Lets a request through once who sends it has shown that it is still them.
pub(super) async fn again(State(desk): State<Desk>, visitor: Visitor, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let Some(grave) = GRAVE.iter().find(|grave| grave.route == route).filter(|_| request.method() == Method::POST) else {
        return next.run(request).await;
    };
    let (mut parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, LONGEST).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let Ok(mut fields) = serde_urlencoded::from_bytes::<Fields>(&bytes) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let own = fields.iter().find(|(name, _)| name == OWN).map(|(_, value)| value.clone());
    // Who has no password here can't give it: what the provider vouched for counts.
    let own = own.filter(|_| Passwords::known(&desk.collector.secrets, &visitor.user));
    fields.retain(|(name, _)| name != OWN);
    if grave.only.is_none_or(|only| only(&fields)) {
        let asks = |wrong| Ask {
            user: visitor.user.to_string(),
            action: parts.uri.path().to_owned(),
            // What is a secret itself is not sent back; whoever is asked brings it again.
            fields: fields.iter().filter(|field| !is_secret(field)).cloned().collect(),
            left_out: fields.iter().any(is_secret),
            back: back(&parts.headers),
            wrong,
            there: there(&desk, &visitor, &back(&parts.headers)),
        };
        match own {
            Some(own) => match right(&desk, &visitor, peer_of(parts.extensions.get::<Peer>()), own).await {
                Ok(true) => (),
                Ok(false) => return asks(true).answer(StatusCode::FORBIDDEN),
                Err(trouble) => return trouble.into_response(),
            },
            None if desk.sessions.is_proven(&visitor.session, desk.collector.keeper.clock().now()) => (),
            None => return asks(false).answer(StatusCode::UNAUTHORIZED),
        }
    }
    let Ok(rest) = serde_urlencoded::to_string(&fields) else { return StatusCode::UNPROCESSABLE_ENTITY.into_response() };
    parts.headers.remove(header::CONTENT_LENGTH);
    next.run(Request::from_parts(parts, Body::from(rest))).await
}

/// Whether it is the visitor's own password; then the session is theirs anew. It counts as a try of signing in.
async fn right(desk: &Desk, visitor: &Visitor, address: IpAddr, password: String) -> Result<bool, Trouble> {
    let (name, now) = (visitor.user.as_str(), desk.collector.keeper.clock().now());
    desk.tries.take(name, address, now).map_err(|seconds| Trouble::Wait { name: name.to_owned(), seconds })?;
    let Some(right) = desk.passwords.check(Some(&visitor.user), password).await else {
        desk.tries.give_back(name, address);
        return Err(Trouble::Busy);
    };
    if right {
        desk.tries.forgive(name, address);
        desk.sessions.prove(&visitor.session, now);
    }
    Ok(right)
}

impl Ask {
    fn answer(self, status: StatusCode) -> Response {
        let mut answer = match self.render() {
            Ok(html) => (status, Html(html)).into_response(),
            Err(error) => Trouble::Broken(format!("a page could not be rendered: {error}")).into_response(),
        };
        if self.wrong {
            answer.extensions_mut().insert(Refused::because("their own password was wrong"));
        }
        answer
    }
}

/// From where a request came.
pub(super) fn peer_of(peer: Option<&Peer>) -> IpAddr {
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Peer(peer)| peer.ip().to_canonical())
}

/// Where somebody without a password of this desk's own shows that it is them.
fn there(desk: &Desk, visitor: &Visitor, back: &str) -> Option<(String, String)> {
    let provider = desk.provider()?;
    let has_none = !Passwords::known(&desk.collector.secrets, &visitor.user);
    has_none.then(|| (format!("/sign-in/oidc?again=1&next={}", address::encoded(back)), provider.button().to_owned()))
}

/// The page that sent the form.
fn back(headers: &HeaderMap) -> String {
    let from = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let path = from.and_then(|from| from.strip_prefix("https://")).and_then(|from| from.find('/').and_then(|at| from.get(at..)));
    address::inside(path.unwrap_or("/")).to_owned()
}
