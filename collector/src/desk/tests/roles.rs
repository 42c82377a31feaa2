//! Every page and every route of the interface, for every role, for nobody, and for users and keys of another site.

use super::{TestDesk, new, school};
use crate::desk::api::tests::roles::ROUTES;
use crate::desk::keys::{Key, NOUNS, Secret};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use rollcall_site::access::{self, NewKey, Role};
use std::collections::BTreeSet;

/// Pages that are not as the rule says: viewers see, technicians send. By method and route.
const PAGES: &[(&str, &str, Role)] = &[
    ("GET", "/accounts", Role::Admin),
    ("GET", "/accounts/{name}", Role::Admin),
    ("GET", "/add", Role::Admin),
    ("GET", "/audit", Role::Technician),
    ("GET", "/audit.csv", Role::Technician),
    ("GET", "/backups", Role::Admin),
    ("GET", "/baseline-file", Role::Technician),
    ("GET", "/certificate", Role::Admin),
    ("GET", "/certificate/ca.crt", Role::Teacher),
    ("GET", "/devices/{tag}/move", Role::Technician),
    ("GET", "/devices/{tag}/revoke", Role::Technician),
    ("GET", "/import", Role::Technician),
    ("GET", "/import/{id}", Role::Technician),
    ("GET", "/keys", Role::Admin),
    ("GET", "/lab", Role::Teacher),
    ("GET", "/lab/{room}", Role::Teacher),
    ("GET", "/people/{id}/forget", Role::Admin),
    ("GET", "/report/{tag}", Role::Teacher),
    ("GET", "/rooms/{room}/plan", Role::Technician),
    ("GET", "/roster", Role::Technician),
    ("GET", "/tickets/new", Role::Technician),
    ("POST", "/accounts", Role::Admin),
    ("POST", "/accounts/{name}/password", Role::Admin),
    ("POST", "/accounts/{name}/remove", Role::Admin),
    ("POST", "/accounts/{name}/role", Role::Admin),
    ("POST", "/add", Role::Admin),
    ("POST", "/add/{id}/revoke", Role::Admin),
    ("POST", "/backups", Role::Admin),
    ("POST", "/backups/download", Role::Admin),
    ("POST", "/channels", Role::Admin),
    ("POST", "/channels/{name}/remove", Role::Admin),
    ("POST", "/routes", Role::Admin),
    ("POST", "/routes/{name}/remove", Role::Admin),
    ("POST", "/certificate", Role::Admin),
    ("POST", "/certificate/remove", Role::Admin),
    ("POST", "/keys", Role::Admin),
    ("POST", "/keys/{id}/revoke", Role::Admin),
    ("POST", "/loans", Role::Viewer),
    ("POST", "/loans/policy", Role::Admin),
    ("POST", "/people/{id}/forget", Role::Admin),
    ("POST", "/report/{tag}", Role::Teacher),
    ("POST", "/sign-out", Role::Teacher),
];
/// What anybody may ask for: it is how one comes in.
const OPEN: &[&str] = &["/sign-in", "/sign-in/oidc", "/sign-in/oidc/back", "/welcome/{secret}"];
#[test]
fn a_key_can_be_limited_to_every_noun() {
    let nouns: BTreeSet<&str> = ROUTES.iter().filter_map(|(_, path, _)| path.split(['/', '?']).nth(1)).collect();
    assert_eq!(NOUNS, nouns.into_iter().collect::<Vec<_>>());
}

/// What the school of the test has.
const NAMES: &[(&str, &str)] = &[
    ("{code}", "clock-skewed"),
    ("{id}", "1"),
    ("{line}", "1"),
    ("{list}", "devices"),
    ("{name}", "viewer"),
    ("{room}", "Lab%20118"),
    ("{tag}", "PC-1"),
];

/// Every page as the list of pages names it: method and route.
fn pages() -> Vec<(Method, String)> {
    let list = include_str!("../pages/mod.rs");
    let mut pages = Vec::new();
    for route in list.split(".route(\"").skip(1) {
        let (path, rest) = route.split_once('"').unwrap();
        let handlers = rest.split(['\n', ';']).next().unwrap();
        for method in [Method::GET, Method::POST] {
            let word = format!("{}(", method.as_str().to_lowercase());
            if handlers.contains(&format!(" {word}")) || handlers.contains(&format!(").{word}")) {
                pages.push((method, path.to_owned()));
            }
        }
    }
    pages.retain(|(_, route)| !OPEN.contains(&route.as_str()));
    pages
}

fn least(method: &Method, route: &str) -> Role {
    let usual = if method == Method::GET { Role::Viewer } else { Role::Technician };
    PAGES.iter().find(|page| page.0 == method.as_str() && page.1 == route).map_or(usual, |page| page.2)
}

/// The page's address at the school of the test.
fn at(route: &str) -> String {
    NAMES.iter().fold(route.to_owned(), |path, (name, value)| path.replace(name, value))
}

async fn ask(test: &TestDesk, method: &Method, path: &str, cookie: &str) -> (StatusCode, String) {
    if *method == Method::GET {
        // An answer that never ends is not read.
        let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
        let answer = test.answer(request).await;
        let to = answer.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        return (answer.status(), to.unwrap_or_default());
    }
    let read = test.post(path, cookie, "").await;
    (read.status, read.to)
}

/// Whether an answer is what somebody gets who is not signed in.
fn is_nobodys((status, to): &(StatusCode, String)) -> bool {
    *status == StatusCode::UNAUTHORIZED || (*status == StatusCode::SEE_OTHER && to.starts_with("/sign-in"))
}

#[tokio::test]
async fn every_page_holds_to_its_role_and_knows_no_user_of_another_site() {
    let (test, other) = (new().await, new().await);
    school::fill(&test).await;
    let pages = pages();
    assert!(pages.len() >= 100, "{pages:?}");
    let unknown: Vec<_> =
        PAGES.iter().filter(|page| !pages.iter().any(|(method, route)| page.0 == method.as_str() && page.1 == route)).collect();
    assert!(unknown.is_empty(), "these are no pages: {unknown:?}");
    let mut wrong = Vec::new();
    for (method, route) in &pages {
        let path = at(route);
        assert!(!path.contains('{'), "{route}: say in NAMES what its part is");
        for nobody in [String::new(), other.cookie(Role::Admin).await, "__Host-rollcall=00".to_owned()] {
            let answer = ask(&test, method, &path, &nobody).await;
            assert!(is_nobodys(&answer), "{method} {path} for nobody: {answer:?}");
        }
        for role in Role::ALL {
            let (status, to) = ask(&test, method, &path, &test.cookie(role).await).await;
            let refused = status == StatusCode::FORBIDDEN || (role == Role::Teacher && route == "/" && to == "/lab");
            if refused != (role < least(method, route)) {
                wrong.push(format!("{method} {path} for {role:?}: {status} {to}"));
            }
            assert!(status != StatusCode::INTERNAL_SERVER_ERROR && status != StatusCode::METHOD_NOT_ALLOWED, "{method} {path}: {status}");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A key of this site, as its owner has it.
async fn key(test: &TestDesk, role: Role) -> String {
    let secret = Secret::fresh().unwrap();
    let hash = secret.hash();
    let kept = test.change(move |w| access::make_key(w, NewKey::new(role.word(), role), hash)).await;
    Key { id: kept.id, secret, pin: [0; 32] }.text()
}

async fn call(test: &TestDesk, method: &str, path: &str, credentials: &[(header::HeaderName, String)]) -> StatusCode {
    let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
    for (name, value) in credentials {
        request = request.header(name, value);
    }
    test.answer(request.body(Body::empty()).unwrap()).await.status()
}

#[tokio::test]
async fn every_route_of_the_interface_holds_to_its_role_and_knows_no_key_of_another_site() {
    let (test, other) = (new().await, new().await);
    school::fill(&test).await;
    let bearer = |key: &str| vec![(header::AUTHORIZATION, format!("Bearer {key}"))];
    let mut keys = Vec::new();
    for role in Role::ALL {
        keys.push((role, bearer(&key(&test, role).await)));
    }
    let strange = others(&test, &other).await;
    let nobody = [
        Vec::new(),
        vec![(header::COOKIE, test.cookie(Role::Admin).await)],
        vec![(header::COOKIE, other.cookie(Role::Admin).await)],
        bearer("rk1.1.AAAA.AAAA"),
        vec![(header::AUTHORIZATION, "Basic YWRtaW46YWRtaW4=".to_owned())],
    ];
    for (method, path, least) in ROUTES {
        for credentials in nobody.iter().chain(&strange) {
            assert_eq!(call(&test, method, path, credentials).await, StatusCode::UNAUTHORIZED, "{method} {path} for nobody");
        }
        for (role, key) in &keys {
            let status = call(&test, method, path, key).await;
            assert_eq!(status == StatusCode::FORBIDDEN, role < least, "{method} {path} for {role:?}: {status}");
        }
    }
}

/// Keys of the other site, each with the number of one of this site.
async fn others(test: &TestDesk, other: &TestDesk) -> Vec<Vec<(header::HeaderName, String)>> {
    let mut keys = Vec::new();
    for id in test.desk.collector.keeper.view().keys.keys() {
        let secret = Secret::fresh().unwrap();
        let (hash, id) = (secret.hash(), *id);
        other
            .change(move |w| {
                let kept = access::make_key(w, NewKey::new("same number", Role::Admin), hash)?;
                Ok(w.put(access::ApiKey { id, ..(*kept).clone() }))
            })
            .await;
        keys.push(vec![(header::AUTHORIZATION, format!("Bearer {}", Key { id, secret, pin: [0; 32] }.text()))]);
    }
    keys
}
