//! What was refused and who changed what: written down, thinned, found again, and the chain checked from the page.

use super::{TestDesk, new, school};
use crate::desk::aside::Stands;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use rollcall_site::access::Role;
use rollcall_site::event::{Actor, Event};

fn of_kind(test: &TestDesk, kind: &str) -> Vec<Event> {
    let mut events = test.desk.collector.keeper.store().history(None, 1_000).unwrap();
    events.retain(|event| event.kind == kind);
    events.reverse();
    events
}

fn later(test: &TestDesk, minutes: i64) {
    test.desk.collector.keeper.clock().advance(SignedDuration::from_mins(minutes));
}

#[tokio::test]
async fn every_refusal_is_in_the_audit_with_who_what_and_why() {
    let test = new().await;
    let viewer = test.cookie(Role::Viewer).await;
    test.get("/accounts", &viewer).await;
    test.post_from("/rooms", &viewer, "name=x", Some("https://evil.example")).await;
    let key = Request::get("/api/v1/rooms").header(header::AUTHORIZATION, "Bearer rk1.7.x").body(Body::empty()).unwrap();
    assert_eq!(test.answer(key).await.status(), StatusCode::UNAUTHORIZED);
    test.get("/live", &test.cookie(Role::Teacher).await).await;
    let told: Vec<_> = of_kind(&test, "access.refused").into_iter().map(|event| (event.actor, event.text)).collect();
    let user = |name: &str| Actor::User(name.to_owned());
    let said = |text: &str| format!("{text}; from 0.0.0.0");
    let want = [
        (user("viewer"), said("GET /accounts was refused: it takes the role admin")),
        (Actor::Rollcall, said("POST /rooms was refused: it did not come from a page of this desk")),
        (Actor::Rollcall, said("GET /api/v1/rooms was refused: its API key is none of this site")),
        (user("teacher"), said("GET /live was refused: it is not for teachers")),
    ];
    assert_eq!(told, want);
    test.get("/nothing/at/all", &viewer).await;
    test.get("/devices/NONE", &viewer).await;
    assert_eq!(of_kind(&test, "access.refused").len(), 4, "what is not there is no refusal");
}

#[tokio::test]
async fn who_asks_again_and_again_is_written_once_a_minute_and_counted() {
    let test = new().await;
    let viewer = test.cookie(Role::Viewer).await;
    for _ in 0..500 {
        test.get("/accounts", &viewer).await;
    }
    assert_eq!(of_kind(&test, "access.refused").len(), 1);
    later(&test, 1);
    test.get("/accounts", &viewer).await;
    let told = of_kind(&test, "access.refused");
    assert_eq!((told.len(), &told[1].data["more"]), (2, &serde_json::json!(499)), "{told:?}");
    test.get("/accounts", &viewer).await;
    test.desk.tell_refusals().await;
    assert_eq!(of_kind(&test, "access.refused")[2].text, "1 more refusals to viewer were counted and not written down one by one");
    test.desk.tell_refusals().await;
    assert_eq!(of_kind(&test, "access.refused").len(), 3);
}

#[tokio::test]
async fn the_audit_is_found_by_person_kind_thing_and_day_and_goes_on_in_pages() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    let shown = async |query: &str| test.get(&format!("/audit{query}"), &cookie).await.text;
    test.post("/devices/PC-2/move", &cookie, "room=Lab+118&seat=6").await;
    test.post("/rules/clock-skewed", &cookie, "on=off").await;
    let moved = shown("?thing=asset:PC-2&who=techn").await;
    assert!(moved.contains("asset.moved") && !moved.contains("rule.set"), "{moved}");
    let rule = shown("?thing=rule:clock-skewed").await;
    assert!(rule.contains("rule.set") && !rule.contains("asset.moved"), "{rule}");
    assert!(shown("?thing=account:technician").await.contains("user.added"));
    assert!(shown("?kind=rule&who=nobody-of-this-name").await.contains("Nothing fits"));
    assert!(shown("?from=2199-01-01").await.contains("Nothing fits"));
    assert!(shown("?to=1999-01-01").await.contains("Nothing fits"));
    let stops = |w: &mut rollcall_site::Working| {
        w.event("device.stopped", "PC-1 was shut down");
        Ok(())
    };
    test.desk.collector.keeper.change(Actor::Rollcall, stops).await.unwrap();
    let told = |page: &str| page.contains("PC-1 was shut down");
    assert!(!told(&shown("").await) && told(&shown("?all=1").await), "what machines do is shown when it is asked for");
    assert_eq!(test.get("/audit?from=yesterday", &cookie).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for page in ["/devices/PC-2", "/assets/PC-2", "/people/18807", "/rooms/Lab%20118", "/rules"] {
        assert!(test.get(page, &cookie).await.text.contains("Who changed this"), "{page}");
        assert!(!test.get(page, &test.cookie(Role::Viewer).await).await.text.contains("Who changed this"), "{page}");
    }

    for number in 0..250 {
        test.change(move |w| rollcall_site::room::add(w, format!("R {number}").parse().unwrap(), Default::default())).await;
    }
    let first = shown("?kind=room").await;
    let older = first.split("href=\"").find(|link| link.starts_with("/audit?kind=room&#38;before=")).unwrap();
    let older = older.split('"').next().unwrap().replace("&#38;", "&");
    let second = test.get(&older, &cookie).await.text;
    assert_eq!((first.matches("room.added").count(), second.matches("room.added").count()), (100, 100));
    assert!(first.contains("R 249") && second.contains("R 149") && !second.contains("R 150"), "{second}");
    let file = test.get("/audit.csv?kind=room", &cookie).await.text;
    assert!(file.lines().count() > 250 && file.contains("R 0"), "{}", file.lines().count());
}

#[tokio::test]
async fn a_clock_that_was_behind_for_a_while_hides_nothing() {
    let test = new().await;
    let cookie = test.cookie(Role::Technician).await;
    let today = test.desk.look().today();
    test.post("/rooms", &cookie, "name=Before&kind=lab").await;
    let behind = SignedDuration::from_hours(24 * 365);
    test.desk.collector.keeper.clock().advance(-behind);
    test.change(|w| {
        w.event("room.added", "Room Behind added");
        Ok(())
    })
    .await;
    test.desk.collector.keeper.clock().advance(behind);
    let page = test.get(&format!("/audit?from={today}"), &cookie).await.text;
    assert!(page.contains("Before") && !page.contains("Behind"), "{page}");
}

#[tokio::test]
async fn the_chain_is_checked_from_the_page_and_damage_is_named() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    assert!(test.get("/audit", &cookie).await.text.contains("Reads every byte"));
    let checked = async || {
        assert_eq!(test.post("/audit/verify", &cookie, "").await.to, "/audit");
        while test.desk.checking.state().runs() {
            tokio::task::yield_now().await;
        }
        test.get("/audit", &cookie).await.text
    };
    let page = checked().await;
    assert!(page.contains("It holds") && page.contains("by technician") && page.contains("ledger.checked"), "{page}");
    assert!(test.desk.checking.begin(Timestamp::UNIX_EPOCH) && !test.desk.begin_check(Actor::Rollcall), "one at a time");
    test.desk.checking.set(Stands::Never);
    let ledger = std::fs::read_dir(test.desk.collector.folder.dir().join("ledger")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&ledger).unwrap();
    let place = bytes.len() / 2;
    bytes[place] ^= 1;
    std::fs::write(&ledger, bytes).unwrap();
    let page = checked().await;
    assert!(page.contains("It does not hold") && page.contains(" at byte "), "{page}");
}
