//! Class sets, returns with condition, reservations and charges at the counter.

use super::new;
use super::school;
use axum::http::StatusCode;
use rollcall_site::access::Role;
use rollcall_site::asset::{self, AssetFacts, AssetKind};
use rollcall_site::{AssetId, ChargeId, Tag, charge};
use uuid::Uuid;

/// A full school with three more projectors, each with a remote.
async fn counter() -> (super::TestDesk, String) {
    let test = new().await;
    school::fill(&test).await;
    test.change(|w| {
        for number in 1..=3_u128 {
            let facts = AssetFacts { kind: Some(AssetKind::Projector), ..AssetFacts::default() };
            let made = asset::add(w, AssetId(Uuid::from_u128(9_000 + number)), Tag::parse(&format!("PJ-1{number}"))?, facts)?;
            w.put(asset::Asset { accessories: vec!["remote <b>".to_owned()], ..(*made).clone() });
        }
        Ok(())
    })
    .await;
    let cookie = test.cookie(Role::Technician).await;
    (test, cookie)
}

#[tokio::test]
async fn a_class_set_keeps_its_borrower_and_is_undone_with_one_button() {
    let (test, cookie) = counter().await;
    let card = test.post("/loans/class-set", &cookie, "scan=18807&due=5d&class=Film+2").await;
    assert_eq!(card.to, "/loans/class-set?person=18807&class=Film%202&due=5d");
    let first = test.post("/loans/class-set", &cookie, "scan=pj-11&person=18807&due=5d").await;
    let set = first.to.rsplit_once("set=").unwrap().1.to_owned();
    let again = |tag: &str| format!("scan={tag}&person=18807&due=5d&set={set}");
    assert_eq!(test.post("/loans/class-set", &cookie, &again("PJ-12")).await.to, first.to);
    test.post("/loans/class-set", &cookie, &again("PJ-12")).await;
    let page = test.get(&first.to, &cookie).await.text;
    assert!(page.contains("Bo Lind") && page.contains("2 lent") && page.contains("Undo all 2"), "{page}");
    assert!(page.contains("PJ-12 is out already"), "one that can't be lent is said: {page}");
    assert_eq!(test.post("/loans/undo", &cookie, &format!("set={set}")).await.to, "/loans/class-set");
    let view = test.desk.collector.keeper.view();
    assert_eq!(view.loans.values().filter(|loan| loan.undone).count(), 2);
    assert!(test.get("/loans/class-set", &cookie).await.text.contains("2 of the set are undone"));
}

#[tokio::test]
async fn what_comes_back_damaged_is_charged_paid_and_waived_on_the_pages() {
    let (test, cookie) = counter().await;
    test.post("/loans/out", &cookie, "tag=PJ-11&person=18807").await;
    let page = test.get("/loans?tag=PJ-11", &cookie).await.text;
    assert!(page.contains("missing/remote &#60;b&#62;") && page.contains("It comes back otherwise"), "{page}");
    let back = "tag=PJ-11&condition=damaged&damage=a+crack&missing%2Fremote+%3Cb%3E=on";
    assert_eq!(test.post("/loans/return", &cookie, back).await.to, "/loans");
    assert!(test.get("/loans", &cookie).await.text.contains("is proposed under"));
    let page = test.get("/charges", &cookie).await.text;
    assert!(page.contains("came back without its remote") && page.contains("came back damaged: a crack"), "{page}");
    test.post("/charges/1/confirm", &cookie, "amount=12.50").await;
    test.post("/charges/1/pay", &cookie, "").await;
    test.post("/charges/2/waive", &cookie, "reason=an+accident").await;
    assert!(test.get("/charges", &cookie).await.text.contains("Nobody is asked to pay anything"));
    assert!(test.get("/charges?show=all", &cookie).await.text.contains("12.50"));
    let view = test.desk.collector.keeper.view();
    assert_eq!(charge::get(&view, ChargeId(2)).unwrap().note, "an accident");
    // Lost, and found again.
    test.post("/loans/out", &cookie, "tag=PJ-12&person=18807").await;
    test.post("/loans/lost", &cookie, "tag=PJ-12&how=lost").await;
    assert!(test.get("/charges", &cookie).await.text.contains("PJ-12 is lost"));
    test.post("/loans/found", &cookie, "tag=PJ-12").await;
    assert!(test.get("/charges", &cookie).await.text.contains("Nobody is asked to pay anything"));
}

#[tokio::test]
async fn what_is_reserved_and_overdue_has_its_page() {
    let (test, cookie) = counter().await;
    test.post("/reservations", &cookie, "person=18807&class=Film+2&count=2&kind=projector&until=3d").await;
    let page = test.get("/reservations", &cookie).await.text;
    assert!(page.contains("2 of the kind projector") && page.contains("Film 2"), "{page}");
    test.post("/reservations", &cookie, "person=18807&tag=PJ-99&until=3d").await;
    assert!(test.get("/reservations", &cookie).await.text.contains("nothing carries the tag PJ-99"));
    test.post("/reservations/1/cancel", &cookie, "").await;
    assert!(test.get("/reservations", &cookie).await.text.contains("Nothing is reserved"));
    assert!(test.get("/loans/overdue", &cookie).await.text.contains("Nobody is reminded by mail"));
    let viewer = test.cookie(Role::Viewer).await;
    for (path, form) in [("/loans/class-set", "scan=1"), ("/loans/undo", "set=1"), ("/charges/1/pay", ""), ("/reservations", "until=1d")] {
        assert_eq!(test.post(path, &viewer, form).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn the_card_reckons_by_the_day_that_is_typed() {
    let (test, cookie) = counter().await;
    let day = |days| test.desk.look().day_after(days);
    let reserved = format!("person=20431&tag=PJ-11&from={}&until={}", day(30), day(32));
    test.post("/reservations", &cookie, &reserved).await;
    let card = async |days| test.get(&format!("/loans?tag=PJ-11&person=18807&due={}", day(days)), &cookie).await.text;
    assert!(card(40).await.contains("is reserved for") && !card(3).await.contains("is reserved for"));
    // What the card says of that day is what the scan does.
    let scan = async |days| test.post("/loans", &cookie, &format!("scan=18807&tag=PJ-11&due={}", day(days))).await.to;
    assert!(scan(40).await.starts_with("/loans?tag=PJ-11&person=18807"), "it is not lent over somebody's reservation");
    assert_eq!(scan(3).await, "/loans");
}
