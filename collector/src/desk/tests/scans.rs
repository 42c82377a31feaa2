//! One scanned text means the same on every page: a tag, a serial of a thing without an agent, an old label.

use super::new;
use super::school;
use rollcall_site::Tag;
use rollcall_site::access::Role;

#[tokio::test]
async fn a_serial_and_an_old_label_name_the_same_thing_on_every_page() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    for (serial, tag) in [("EPS-1", "BEAM-1"), ("TWIN", "BEAM-2")] {
        test.post("/pile", &cookie, &format!("kind=projector&serials=1&serial={serial}&scan={tag}")).await;
    }
    test.post("/pile", &cookie, "kind=projector&scan=BEAM-3").await;
    test.post("/assets/BEAM-3", &cookie, "serial=TWIN").await;
    test.post("/assets/BEAM-1", &cookie, "tag=BEAM-9").await;
    test.get("/assets", &cookie).await;

    for scan in ["eps-1", "beam-9", "beam-1"] {
        let is_old = scan == "beam-1";
        let said = async |path: &str| test.get(path, &cookie).await.text.contains("Take the old label off");
        assert_eq!(test.post("/loans", &cookie, &format!("scan={scan}")).await.to, "/loans?tag=BEAM-9", "{scan}");
        assert_eq!(said("/loans?tag=BEAM-9").await, is_old, "{scan}");
        assert_eq!(test.get(&format!("/find?scan={scan}"), &cookie).await.to, "/devices/BEAM-9", "{scan}");
        assert_eq!(said("/devices/BEAM-9").await, is_old, "{scan}");
        let set = test.post("/loans/class-set", &cookie, &format!("scan={scan}&person=18807&due=5d")).await.to;
        assert!(set.contains("set="), "{scan}: {set}");
        assert_eq!(said(&set).await, is_old, "{scan}");
        test.post("/loans/in", &cookie, "tag=BEAM-9").await;
        test.get("/loans", &cookie).await;
    }
    test.post("/loans", &cookie, "scan=twin").await;
    assert!(test.get("/loans", &cookie).await.text.contains("BEAM-2 and BEAM-3 both have the serial twin"));
    let view = test.desk.collector.keeper.view();
    assert!(view.asset_by_tag(&Tag::parse("BEAM-1").unwrap()).is_none());
}

#[tokio::test]
async fn the_agreement_is_ticked_where_it_is_asked_for() {
    let test = new().await;
    school::fill(&test).await;
    let (cookie, admin) = (test.cookie(Role::Technician).await, test.cookie(Role::Admin).await);
    test.post("/loans/policy", &admin, "kind=projector&agreement=yes&days=5").await;
    let page = test.get("/loans?tag=PJ-01&person=18807", &cookie).await.text;
    assert!(page.contains(r#"name="agreed""#) && page.contains("has not accepted the loan agreement"), "{page}");
    let is_out = || {
        let view = test.desk.collector.keeper.view();
        let asset = view.asset_by_tag(&Tag::parse("PJ-01").unwrap()).unwrap();
        view.open_loan(asset.id).is_some()
    };
    test.post("/loans/out", &cookie, "tag=PJ-01&person=18807").await;
    assert!(!is_out());
    test.post("/loans/out", &cookie, "tag=PJ-01&person=18807&agreed=1").await;
    assert!(is_out(), "{}", test.get("/loans", &cookie).await.text);
    assert!(test.desk.collector.keeper.view().agreements.contains_key(&rollcall_site::PersonId::parse("18807").unwrap()));
    assert!(!test.get("/loans?tag=PC-2&person=18807", &cookie).await.text.contains(r#"name="agreed""#));
}

#[tokio::test]
async fn what_is_lost_is_found_at_the_desk() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Technician).await;
    test.post("/loans/out", &cookie, "tag=PJ-01&person=18807").await;
    assert!(!test.get("/loans?tag=PJ-01", &cookie).await.text.contains("/loans/found"));
    let lose = async || test.post("/loans/lost", &cookie, "tag=PJ-01&how=lost").await;
    lose().await;
    let page = test.get("/loans?tag=PJ-01", &cookie).await.text;
    assert!(page.contains("Found: it is here") && page.contains("Found: its borrower has it") && !page.contains("Take it back<"), "{page}");
    test.post("/loans/found", &cookie, "tag=PJ-01&with_borrower=1").await;
    assert!(test.get("/loans?tag=PJ-01", &cookie).await.text.contains("its borrower has it, and the loan goes on"));
    lose().await;
    test.post("/loans/found", &cookie, "tag=PJ-01").await;
    let view = test.desk.collector.keeper.view();
    let asset = view.asset_by_tag(&Tag::parse("PJ-01").unwrap()).unwrap();
    assert!(view.open_loan(asset.id).is_none() && !asset.status.is_gone());
}

#[tokio::test]
async fn the_loan_policy_is_looked_at_and_changed_by_administrators() {
    let test = new().await;
    school::fill(&test).await;
    let (cookie, admin) = (test.cookie(Role::Technician).await, test.cookie(Role::Admin).await);
    assert!(!test.get("/loans/policy", &cookie).await.text.contains(r#"action="/loans/policy""#));
    assert_eq!(test.post("/loans/policy", &cookie, "days=1").await.status, axum::http::StatusCode::FORBIDDEN);
    test.post("/loans/policy", &admin, "role=student&kind=laptop&days=180&at_once=1&in_all=&agreement=yes&renewals=").await;
    let page = test.get("/loans/policy", &admin).await.text;
    assert!(page.contains("The loan policy is changed.") && page.contains("180 days") && page.contains("needed</td>"), "{page}");
    let said = async |form: &str| {
        test.post("/loans/policy", &admin, form).await;
        test.get("/loans/policy", &admin).await.text
    };
    assert!(said("days=2000").await.contains("2000 is not between 0 and 1500"));
    assert!(said("days=soon").await.contains("is not a whole number"));
    assert!(said("most_owed=12.50&remind_by=nobody").await.contains("there is no channel"));
    assert!(said("most_owed=12.50&accessory=charger&price=39").await.contains("charger 39.00"));
    assert!(said("most_owed=").await.contains("Nothing was changed."));
}

#[tokio::test]
async fn what_a_rule_says_of_tickets_stays_until_it_is_set_otherwise() {
    let test = new().await;
    let cookie = test.cookie(Role::Technician).await;
    let said = async |form: &str| {
        test.post("/rules/clock-skewed", &cookie, form).await;
        test.get("/rules", &cookie).await.text
    };
    assert!(said("ticket=yes").await.contains("<b>opens a ticket</b>"));
    assert!(said("limit.seconds=60").await.contains("<b>opens a ticket, seconds 60</b>"), "as the command set it");
    assert!(said("limit.seconds=60&ticket=no").await.contains("<b>opens no ticket, seconds 60</b>"));
    assert!(said("limit.seconds=60&ticket=usual").await.contains("<b>seconds 60</b>"));
}
