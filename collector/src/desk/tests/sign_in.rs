//! Welcome, sign-in, sessions and the guards, as stories.

use super::{TestDesk, new};
use crate::desk::session::Proof;
use crate::desk::{first_link, welcome};
use axum::http::StatusCode;
use jiff::SignedDuration;
use rollcall_site::UserName;
use rollcall_site::access::{self, Role};
use rollcall_site::oidc::{self, Bound, ProviderFacts};
use std::net::SocketAddr;

const ACCOUNT: &str = "name=ana&password=four+plain+words&again=four+plain+words";

fn link(test: &TestDesk) -> Option<String> {
    let link = first_link(&test.desk.collector, SocketAddr::from(([0, 0, 0, 0], 8443)))?;
    Some(link.strip_prefix("https://desk.school:8443").unwrap().to_owned())
}

#[tokio::test]
async fn the_first_link_makes_one_administrator_and_works_once() {
    let test = new().await;
    let (old, link) = (link(&test).unwrap(), link(&test).unwrap());
    assert_eq!(test.get(&old, "").await.status, StatusCode::NOT_FOUND, "a newer link ends an older one");
    assert!(test.get("/sign-in", "").await.text.contains("Nobody can sign in yet"));
    assert!(test.get(&link, "").await.text.contains("Make the account"));

    let short = test.post(&link, "", "name=ana&password=short&again=short").await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(short.text.contains("at least 10 characters"), "{}", short.text);
    let made = test.post(&link, "", ACCOUNT).await;
    assert_eq!((made.status, made.to.as_str()), (StatusCode::SEE_OTHER, "/"));
    let cookie = made.cookie.split(';').next().unwrap();
    assert_eq!(test.get("/", cookie).await.status, StatusCode::OK);
    assert_eq!(test.get("/accounts", cookie).await.status, StatusCode::OK);

    assert_eq!(test.post(&link, "", ACCOUNT).await.status, StatusCode::NOT_FOUND, "it works once");
    assert_eq!(self::link(&test), None);
}

#[tokio::test]
async fn the_first_link_ends_after_a_day() {
    let test = new().await;
    let link = link(&test).unwrap();
    test.desk.collector.keeper.clock().advance(SignedDuration::from_hours(25));
    assert_eq!(test.get(&link, "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_first_link_takes_no_other_account_and_stays_until_there_is_an_administrator() {
    let test = new().await;
    let name = UserName::parse("vera").unwrap();
    test.change(move |w| access::add_user(w, name, Role::Viewer)).await;
    let link = link(&test).unwrap();
    let taken = test.post(&link, "", "name=vera&password=four+plain+words&again=four+plain+words").await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(taken.text.contains("there is a user vera already"), "{}", taken.text);
    let vera = UserName::parse("vera").unwrap();
    test.desk.passwords.keep(&vera, "four plain words".to_owned()).await.unwrap();
    assert!(self::link(&test).is_some(), "a viewer with a password is no administrator");
    let link = self::link(&test).unwrap();
    assert_eq!(test.post(&link, "", ACCOUNT).await.to, "/");
    assert_eq!(self::link(&test), None);
}

#[tokio::test]
async fn a_link_lets_an_account_choose_a_password_and_ends_its_lock() {
    let test = new().await;
    test.post(&link(&test).unwrap(), "", ACCOUNT).await;
    let ana = UserName::parse("ana").unwrap();
    let fresh = || welcome::user_link(&test.desk.collector, &ana).unwrap();
    let (old, link) = (fresh(), fresh());
    let path = |link: &str| link.strip_prefix("https://desk.school:8443").unwrap().to_owned();
    while test.post("/sign-in", "", "name=ana&password=wrong").await.status == StatusCode::UNAUTHORIZED {}
    let signed_in = test.desk.sessions.begin(ana.clone(), test.desk.collector.keeper.clock().now(), Proof::Given).unwrap();

    assert_eq!(test.get(&path(&old), "").await.status, StatusCode::NOT_FOUND, "a newer link ends an older one");
    assert!(test.get(&path(&link), "").await.text.contains("Choose a password for the account <b>ana</b>"));
    let set = test.post(&path(&link), "", "name=bo&password=five+more+plain+words&again=five+more+plain+words").await;
    assert_eq!((set.status, set.to.as_str()), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(test.desk.collector.keeper.view().users.len(), 1, "it is for ana alone");
    assert_eq!(test.get("/", signed_in.split(';').next().unwrap()).await.to, "/sign-in");
    assert_eq!(test.post("/sign-in", "", "name=ana&password=five+more+plain+words").await.to, "/");
    assert_eq!(test.get(&path(&link), "").await.status, StatusCode::NOT_FOUND, "it works once");
}

#[tokio::test]
async fn signing_in_and_out_and_too_many_tries() {
    let test = new().await;
    test.post(&link(&test).unwrap(), "", ACCOUNT).await;
    let right = test.post("/sign-in", "", "name=Ana&password=four+plain+words&next=%2Falerts").await;
    assert_eq!((right.status, right.to.as_str()), (StatusCode::SEE_OTHER, "/alerts"));
    for part in ["__Host-rollcall=", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(right.cookie.contains(part), "{}", right.cookie);
    }
    let cookie = right.cookie.split(';').next().unwrap().to_owned();
    assert_eq!(test.get("/alerts", &cookie).await.status, StatusCode::OK);
    assert_eq!(test.post("/sign-out", &cookie, "").await.to, "/sign-in");
    assert_eq!(test.get("/alerts", &cookie).await.to, "/sign-in?next=%2Falerts");

    for _ in 0..5 {
        assert_eq!(test.post("/sign-in", "", "name=ana&password=wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let refused = test.post("/sign-in", "", "name=ana&password=four+plain+words").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    test.desk.collector.keeper.clock().advance(SignedDuration::from_mins(16));
    assert_eq!(test.post("/sign-in", "", "name=ana&password=four+plain+words").await.status, StatusCode::SEE_OTHER);

    let kinds: Vec<String> = test.desk.collector.keeper.store().history(None, 50).unwrap().into_iter().map(|event| event.kind).collect();
    // Once a minute for one name from one address; the rest is counted.
    assert_eq!(kinds.iter().filter(|kind| *kind == "signin.refused").count(), 1);
    assert!(kinds.iter().filter(|kind| *kind == "signin.made").count() >= 3);
}

#[tokio::test]
async fn who_asks_at_once_has_no_more_tries() {
    let test = new().await;
    test.post(&link(&test).unwrap(), "", ACCOUNT).await;
    let tries = (0..40).map(|_| test.post("/sign-in", "", "name=ana&password=wrong"));
    let answers = futures_util::future::join_all(tries).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(StatusCode::UNAUTHORIZED), count(StatusCode::TOO_MANY_REQUESTS)), (5, 35));
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let test = new().await;
    let cookie = test.cookie(Role::Admin).await;
    for origin in [None, Some("https://evil.example"), Some("null"), Some("http://desk.school:8443")] {
        let refused = test.post_from("/rooms", &cookie, "name=Lab+1&kind=lab", origin).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{origin:?}");
        assert!(refused.policy.contains("default-src 'none'"));
    }
    assert_eq!(test.desk.collector.keeper.view().rooms.len(), 0);
    assert_eq!(test.post("/rooms", &cookie, "name=Lab+1&kind=lab").await.to, "/rooms/Lab%201");
    assert_eq!(test.desk.collector.keeper.view().rooms.len(), 1);
}

#[tokio::test]
async fn roles_hold_and_nobody_comes_in_without_a_session() {
    let test = new().await;
    super::school::fill(&test).await;
    let (viewer, technician) = (test.cookie(Role::Viewer).await, test.cookie(Role::Technician).await);
    let changes = [
        ("/rooms", "name=X&kind=lab"),
        ("/rooms/Lab%20118/sweep", ""),
        ("/loans/in", "tag=PC-3"),
        ("/loans/out", "tag=PC-2&person=18807"),
        ("/devices/PC-1/revoke", ""),
        ("/devices/PC-1/move", "room=&seat="),
        ("/devices/PC-1/diagnose", ""),
        ("/devices/PC-1/rescan", ""),
        ("/devices/PC-1/accept", ""),
        ("/devices/PC-1/rebind", ""),
        ("/alerts/1/resolve", ""),
        ("/alerts/1/acknowledge", ""),
        ("/alerts/1/reopen", ""),
        ("/alerts/1/snooze", "until=2h"),
        ("/alerts/together", "ids=1&step=resolve"),
        ("/calendar/closed", "from=2026-12-24&name=x"),
        ("/calendar/hours", "hours=none"),
        ("/calendar/open", "from=2026-12-24"),
        ("/maintenance", "until=2h&reason=x"),
        ("/maintenance/1/end", ""),
        ("/rules/clock-skewed", "on=off"),
        ("/accounts", "name=x&role=admin&password=1234567890"),
        ("/accounts/viewer/password", "password=1234567890&own=x"),
        ("/accounts/viewer/role", "role=admin&own=x"),
        ("/accounts/viewer/remove", "own=x"),
        ("/add", "room=&uses=1&days=1"),
        ("/add/1/revoke", ""),
    ];
    for (path, form) in changes {
        assert_eq!(test.post(path, &viewer, form).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(test.post(path, "", form).await.to, "/sign-in", "{path}");
    }
    for path in ["/accounts", "/add"] {
        assert_eq!(test.get(path, &technician).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(test.get("/live", "").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(test.get("/devices.csv", "").await.to, "/sign-in?next=%2Fdevices.csv");
    assert!(!test.get("/devices/PC-1", &viewer).await.text.contains("/revoke"));
}

#[tokio::test]
async fn accounts_change_only_with_the_own_password_and_an_admin_stays() {
    let test = new().await;
    let made = test.post(&link(&test).unwrap(), "", ACCOUNT).await;
    let ana = made.cookie.split(';').next().unwrap().to_owned();
    let add = async || test.post("/accounts", &ana, "name=bo&role=viewer&password=1234567890").await;
    assert_eq!(add().await.to, "/accounts");
    let sign_in = async |password: &str| test.post("/sign-in", "", &format!("name=bo&password={password}")).await;
    let role = || test.desk.collector.keeper.view().users.get(&UserName::parse("bo").unwrap()).map(|user| user.role);

    let wrong = test.post("/accounts/bo/role", &ana, "role=admin&own=wrong").await;
    assert!(wrong.status == StatusCode::FORBIDDEN && wrong.text.contains("That is not your own password"), "{}", wrong.text);
    assert_eq!(role(), Some(Role::Viewer));
    test.post("/accounts/bo/role", &ana, "role=technician&own=four+plain+words").await;
    assert_eq!(role(), Some(Role::Technician));

    let bo = sign_in("1234567890").await.cookie.split(';').next().unwrap().to_owned();
    assert_eq!(test.get("/", &bo).await.status, StatusCode::OK);
    test.post("/accounts/bo/password", &ana, "password=another+word&own=four+plain+words").await;
    assert_eq!(test.get("/", &bo).await.to, "/sign-in", "signed out");
    assert_eq!(sign_in("1234567890").await.status, StatusCode::UNAUTHORIZED);

    let bo = sign_in("another+word").await.cookie.split(';').next().unwrap().to_owned();
    assert_eq!(test.post("/accounts/bo/remove", &ana, "own=four+plain+words").await.to, "/accounts");
    assert_eq!((role(), test.get("/", &bo).await.to.as_str()), (None, "/sign-in"));
    add().await;
    assert_eq!(sign_in("another+word").await.status, StatusCode::UNAUTHORIZED, "the old password went with the old account");
    assert_eq!(test.get("/", &bo).await.to, "/sign-in", "the old session, too");

    for (path, form) in [("role", "role=viewer&own=four+plain+words"), ("remove", "own=four+plain+words")] {
        assert_eq!(test.post(&format!("/accounts/ana/{path}"), &ana, form).await.to, "/accounts/ana");
        assert!(test.get("/accounts", &ana).await.text.contains("ana is the last admin"), "{path}");
    }
    let kinds: Vec<String> = test.desk.collector.keeper.store().history(None, 50).unwrap().into_iter().map(|event| event.kind).collect();
    assert!(["user.changed", "user.password", "user.removed"].iter().all(|kind| kinds.iter().any(|known| known == kind)), "{kinds:?}");
}

#[tokio::test]
async fn who_comes_in_by_the_provider_is_somebody_and_nobody_takes_their_name() {
    let test = new().await;
    let bound = Bound { issuer: "https://id.example".to_owned(), subject: "7".to_owned(), mapped: false };
    let vera = UserName::parse("vera").unwrap();
    let user = vera.clone();
    test.change(move |w| {
        let made = access::add_user(w, user, Role::Admin)?;
        w.put(access::User { bound: Some(bound), ..(*made).clone() });
        Ok(())
    })
    .await;
    let first = link(&test).unwrap();
    let taken = test.post(&first, "", &ACCOUNT.replace("ana", "vera")).await;
    assert!(taken.text.contains("vera") && taken.status != StatusCode::SEE_OTHER, "{}", taken.text);
    let facts =
        ProviderFacts { issuer: "https://id.example".into(), client: "x".into(), desk: "https://d".into(), ..ProviderFacts::default() };
    test.change(move |w| oidc::set(w, facts)).await;
    assert_eq!(link(&test), None, "an administrator comes in");
    assert!(!test.get("/sign-in", "").await.text.contains("Nobody can sign in yet"));
    assert_eq!(test.get(&first, "").await.status, StatusCode::NOT_FOUND);
}
