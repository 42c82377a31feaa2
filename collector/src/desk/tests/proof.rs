//! The password again, before what can't be undone.

use super::{Read, TestDesk, new, school};
use crate::desk::tls;
use axum::http::StatusCode;
use jiff::SignedDuration;
use rollcall_site::UserName;
use rollcall_site::access::Role;

/// Everything that asks, with a form of it.
const GRAVE: &[(&str, &str)] = &[
    ("/accounts", "name=new&role=viewer&password=1234567890"),
    ("/accounts/viewer/password", "password=1234567890"),
    ("/accounts/viewer/remove", ""),
    ("/accounts/viewer/role", "role=teacher"),
    ("/assets/PC-1", "status=retired"),
    ("/backups/download", ""),
    ("/baselines/Lab/restore", "version=1"),
    ("/assets/PC-1", "status=Retired"),
    ("/assets/PC-1", "status=in-service&status=+Disposed+"),
    ("/assets/bulk", "tag.PC-1=1&status=retired"),
    ("/assets/PC-1/dispose", "method=recycled&wiped=yes"),
    ("/certificate", "chain=x&key=privat"),
    ("/certificate/remove", ""),
    ("/devices/PC-1/revoke", ""),
    ("/import/0190a3c4-0000-7000-8000-000000000001/accept", ""),
    ("/keys", "name=x&role=viewer"),
    ("/keys/1/revoke", ""),
    ("/people/18807/forget", ""),
];

async fn admin(test: &TestDesk) -> String {
    let cookie = test.cookie(Role::Admin).await;
    test.desk.passwords.keep(&UserName::parse("admin").unwrap(), "four plain words".to_owned()).await.unwrap();
    cookie
}

fn asks(read: &Read) -> bool {
    read.status == StatusCode::UNAUTHORIZED && read.text.contains("Is it still you, admin?")
}

fn later(test: &TestDesk, minutes: i64) {
    test.desk.collector.keeper.clock().advance(SignedDuration::from_mins(minutes));
}

#[tokio::test]
async fn what_cannot_be_undone_asks_for_the_password_again() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = admin(&test).await;
    test.cookie(Role::Viewer).await;
    later(&test, 11);
    let before = test.desk.collector.keeper.view().seq;
    for (path, form) in GRAVE {
        let read = test.post(path, &cookie, form).await;
        assert!(asks(&read), "{path}: {} {}", read.status, read.text);
        for (name, value) in form.split('&').filter_map(|field| field.split_once('=')) {
            if name == "password" || name == "key" {
                assert!(!read.text.contains(value), "{path} sends no secret back: {}", read.text);
                continue;
            }
            let field = format!(r#"<input type="hidden" name="{name}" value="{}">"#, value.replace('+', " "));
            assert!(read.text.contains(&field), "{path} keeps what was sent: {}", read.text);
        }
    }
    assert_eq!(test.desk.collector.keeper.view().seq, before, "nothing was changed");
    assert!(!asks(&test.post("/assets/PC-1", &cookie, "status=in-service").await), "this can be undone");
    let was = |status: &str| format!("was=PC-2%09%09%09in-service%0D%0APC-1%09%09%09{status}");
    assert!(asks(&test.post("/assets/bulk", &cookie, &was("retired")).await), "to take a change back may retire, too");
    assert!(!asks(&test.post("/assets/bulk", &cookie, &was("in-repair")).await));
    assert_eq!(test.post("/rooms", &cookie, "name=Lab+2&kind=lab").await.to, "/rooms/Lab%202");
}

#[tokio::test]
async fn the_right_password_goes_on_and_holds_for_ten_minutes() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = admin(&test).await;
    let state = |tag: &str| {
        let view = test.desk.collector.keeper.view();
        let asset = view.asset_by_tag(&rollcall_site::Tag::parse(tag).unwrap()).unwrap().clone();
        view.device_of(&asset).map(|device| device.state.clone()) == Some(rollcall_site::device::DeviceState::Revoked)
    };
    later(&test, 11);
    let wrong = test.post("/devices/PC-1/revoke", &cookie, "own=five+plain+words").await;
    assert!(wrong.status == StatusCode::FORBIDDEN && wrong.text.contains("not your own password") && !state("PC-1"), "{}", wrong.text);
    assert_eq!(test.post("/devices/PC-1/revoke", &cookie, "own=four+plain+words").await.to, "/devices/PC-1");
    assert!(state("PC-1"));
    later(&test, 9);
    assert_eq!(test.post("/devices/PC-2/revoke", &cookie, "").await.to, "/devices/PC-2");
    later(&test, 2);
    assert!(asks(&test.post("/people/18807/forget", &cookie, "").await));
    let refused = test.post("/people/18807/forget", &cookie, "own=").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "an empty one is no password");
    let other = test.cookie(Role::Admin).await;
    assert!(!asks(&test.post("/people/18807/forget", &other, "").await), "who just signed in has just given it");
}

#[tokio::test]
async fn guessing_the_password_of_an_open_desk_is_limited_as_signing_in_is_and_written_down() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = admin(&test).await;
    for _ in 0..5 {
        assert_eq!(test.post("/devices/PC-1/revoke", &cookie, "own=guess").await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(test.post("/devices/PC-1/revoke", &cookie, "own=four+plain+words").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(test.post("/sign-in", "", "name=admin&password=four+plain+words").await.status, StatusCode::TOO_MANY_REQUESTS);
    let events = test.desk.collector.keeper.store().history(None, 50).unwrap();
    assert!(events.iter().any(|event| event.text.contains("POST /devices/{tag}/revoke was refused: their own password was wrong")));
    assert!(events.iter().any(|event| event.kind == "signin.refused" && event.text.contains("too many tries")));
    assert!(events.iter().all(|event| !event.text.contains("guess")));
}

#[tokio::test]
async fn who_has_no_password_here_is_believed_by_what_the_provider_vouched_for() {
    let test = new().await;
    school::fill(&test).await;
    test.cookie(Role::Viewer).await;
    let cookie = test.cookie(Role::Admin).await;
    assert!(!test.get("/accounts/viewer", &cookie).await.text.contains("name=\"own\""), "there is nothing to give");
    let changed = test.post("/accounts/viewer/role", &cookie, "role=teacher&own=whatever").await;
    assert_eq!((changed.status, changed.to.as_str()), (StatusCode::SEE_OTHER, "/accounts"));
    later(&test, 11);
    assert!(asks(&test.post("/accounts/viewer/role", &cookie, "role=viewer&own=whatever").await));
    let events = test.desk.collector.keeper.store().history(None, 50).unwrap();
    assert!(events.iter().all(|event| !event.text.contains("password was wrong")), "and nobody guessed");
}

#[tokio::test]
async fn a_slip_makes_no_key_without_limits() {
    let test = new().await;
    tls::config(&test.desk.collector).unwrap();
    let cookie = test.cookie(Role::Admin).await;
    for only in ["%2C", "+%2C+", "nothing"] {
        test.post("/keys", &cookie, &format!("name=kiosk&role=viewer&only={only}")).await;
        assert!(test.desk.collector.keeper.view().keys.is_empty(), "{only}");
    }
    test.post("/keys", &cookie, "name=kiosk&role=viewer&only=+").await;
    assert_eq!(test.desk.collector.keeper.view().keys.len(), 1, "an empty field is no limit");
}
