//! Work that somebody has to do: from an alert to done, by itself, with a loaner, under warranty, late, proposed by a return.

use crate::malfunction::memory;
use crate::titles;
use jiff::SignedDuration;
use rollcall_tests::agent::TestAgent;
use rollcall_tests::command::Desk;
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;
use serde_json::{Value, json};

/// A PC with two modules of memory that are right.
async fn with_memory(site: &TestSite, desk: &Desk) -> TestAgent {
    let agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    has(&agent, desk, &["A1", "B2"]).await;
    assert_eq!(desk.run(&["asset", "accept", "LAB1-01"]).await.unwrap().code, 0);
    agent
}

/// The PC reports these modules.
async fn has(agent: &TestAgent, desk: &Desk, serials: &[&str]) {
    agent.change(|machine| machine.put("memory", memory(serials)));
    assert_eq!(desk.run(&["device", "rescan", "LAB1-01"]).await.unwrap().code, 0);
}

fn is(state: &'static str) -> impl Fn(&Value) -> bool {
    move |ticket| ticket["state"] == state
}

async fn two_laptops(site: &TestSite, desk: &Desk) {
    let people = site.place("people.csv");
    std::fs::write(&people, "id,name\nS1001,Ana Ruiz\n").unwrap();
    desk.json(&["person", "import", &people.to_string_lossy(), "--yes"]).await.unwrap();
    for tag in ["LT-01", "LT-02"] {
        desk.json(&["asset", "add", tag, "--kind", "laptop", "--maker", "Lenovo"]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_becomes_a_ticket_that_is_worked_on_and_done() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    let agent = with_memory(&site, &desk).await;
    assert_eq!(desk.run(&["tickets"]).await.unwrap().code, 1, "there is none");
    has(&agent, &desk, &["A1"]).await;
    let alerts = site.until("/alerts", "the memory is missed", |alerts| alerts[0]["rule"] == "memory-missing").await.unwrap();
    let number = alerts[0]["id"].to_string();
    let opened = desk.json(&["ticket", "open", "--alert", &number]).await.unwrap();
    assert_eq!((&opened["tag"], &opened["category"], &opened["priority"]), (&json!("LAB1-01"), &json!("hardware"), &json!("high")));
    assert!(opened["detail"].as_str().unwrap().contains("serial B2") && opened["due"].is_string(), "{opened:#}");
    let twice = desk.run(&["ticket", "open", "--alert", &number]).await.unwrap();
    assert!(twice.code == 3 && twice.err.contains("ticket 1 is open for alert"), "{twice:?}");
    assert_eq!(site.until("/alerts", "it names its ticket", |alerts| alerts[0]["ticket"] == 1).await.unwrap()[0]["ticket"], 1);
    desk.json(&["ticket", "start", "1"]).await.unwrap();
    desk.json(&["ticket", "comment", "1", "seated anew, still missing"]).await.unwrap();
    desk.json(&["ticket", "part", "1", "DDR4 8 GB", "--price", "31.50", "--minutes", "30"]).await.unwrap();
    desk.json(&["ticket", "policy", "--labour", "40"]).await.unwrap();
    let refused = desk.run(&["ticket", "confirm", "1"]).await.unwrap();
    assert_eq!(refused.code, 0, "back to open: {refused:?}");
    let done = desk.json(&["ticket", "done", "1", "new module"]).await.unwrap();
    assert_eq!((&done["state"], &done["cost"], &done["why"]), (&json!("done"), &json!(5_150), &json!("new module")));
    assert_eq!(desk.run(&["ticket", "start", "1"]).await.unwrap().code, 0, "opened again");
    desk.json(&["ticket", "drop", "1"]).await.unwrap();
    let shown = desk.run(&["ticket", "show", "1"]).await.unwrap();
    for words in ["1. 1 × DDR4 8 GB at 31.50", "seated anew, still missing", "in progress → dropped", "30 minutes"] {
        assert!(shown.out.contains(words), "{words}: {}", shown.out);
    }
    assert_eq!(desk.run(&["tickets"]).await.unwrap().code, 1);
    assert_eq!(desk.json(&["tickets", "--asset", "LAB1-01", "--state", "all"]).await.unwrap().as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_module_opens_a_ticket_by_itself_and_closes_it_while_nobody_works_on_it() {
    let mut site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    let agent = with_memory(&site, &desk).await;
    let set = desk.json(&["rules", "set", "memory-missing", "--ticket", "on"]).await.unwrap();
    assert_eq!(set["site"]["ticket"], true);
    has(&agent, &desk, &["A1"]).await;
    let ticket = site.until("/tickets/1", "it is open", is("open")).await.unwrap();
    assert_eq!((&ticket["auto"], &ticket["opened_by"], &ticket["tag"]), (&json!(true), &json!("Rollcall"), &json!("LAB1-01")));
    has(&agent, &desk, &["A1", "B2"]).await;
    let done = site.until("/tickets/1", "it is done", is("done")).await.unwrap();
    assert!(done["why"].as_str().unwrap().starts_with("Over by itself: LAB1-01"), "{done:#}");
    has(&agent, &desk, &["A1"]).await;
    site.until("/tickets/1", "the same one is open again", is("open")).await.unwrap();
    desk.json(&["ticket", "comment", "1", "comes and goes with the weather"]).await.unwrap();
    has(&agent, &desk, &["A1", "B2"]).await;
    let over = |ticket: &Value| {
        ticket["story"]
            .as_array()
            .is_some_and(|story| story.iter().any(|line| line["text"].as_str().unwrap_or_default().contains("Over by itself")))
    };
    let last = |ticket: &Value| {
        over(ticket)
            && ticket["story"]
                .as_array()
                .and_then(|story| story.last())
                .is_some_and(|line| line["kind"] == "comment" && line["by"] == "Rollcall")
    };
    let kept = site.until("/tickets/1", "it is told that the alert is over", last).await.unwrap();
    assert_eq!((&kept["state"], desk.json(&["tickets", "--state", "all"]).await.unwrap().as_array().unwrap().len()), (&json!("open"), 1));
    // It is all there after a restart.
    site.pause().await.unwrap();
    site.resume().await.unwrap();
    assert_eq!(site.rest().unwrap().get("/tickets/1").await.unwrap()["story"], kept["story"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_borrower_gets_a_loaner_until_the_work_is_done() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    two_laptops(&site, &desk).await;
    desk.json(&["loan", "out", "LT-01", "S1001", "--override", "a test"]).await.unwrap();
    desk.json(&["ticket", "open", "the screen flickers", "--asset", "LT-01"]).await.unwrap();
    let lent = desk.json(&["ticket", "loaner", "1", "LT-02"]).await.unwrap();
    assert_eq!((&lent["loaner"], &lent["loaner_place"], &lent["loan"]["tag"]), (&json!("LT-02"), &json!("lent to S1001"), &json!("LT-01")));
    assert_eq!(desk.json(&["loan", "list"]).await.unwrap().as_array().unwrap().len(), 2);
    let done = desk.run(&["ticket", "done", "1", "new cable"]).await.unwrap();
    assert!(done.code == 0 && done.err.contains("take the loaner LT-02 back from S1001"), "{done:?}");
    assert_eq!(desk.json(&["tickets", "--state", "done", "--overdue"]).await.unwrap().as_array().unwrap().len(), 1, "it is asked for");
    desk.json(&["loan", "in", "LT-02"]).await.unwrap();
    assert!(site.rest().unwrap().get("/tickets/1").await.unwrap()["loaner"].is_null());
    assert_eq!(desk.run(&["ticket", "loaner", "1", "--back"]).await.unwrap().code, 3, "it is back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_says_whether_the_warranty_holds_and_a_late_ticket_is_found() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    two_laptops(&site, &desk).await;
    desk.json(&["asset", "set", "LT-01", "--warranty-until", "2099-06-30"]).await.unwrap();
    desk.json(&["ticket", "open", "the keyboard is dead", "--asset", "LT-01", "--priority", "urgent"]).await.unwrap();
    let claimed = desk.run(&["ticket", "claim", "1", "RMA-5512"]).await.unwrap();
    assert!(claimed.out.contains("ticket 1 is claimed from Lenovo as RMA-5512: under warranty until 2099-06-30"), "{claimed:?}");
    assert_eq!(desk.run(&["tickets", "--overdue"]).await.unwrap().code, 1);
    site.advance(SignedDuration::from_hours(3));
    let late = desk.json(&["tickets", "--overdue", "--tier", "vendor"]).await.unwrap();
    assert_eq!((&late[0]["id"], &late[0]["overdue"]), (&json!(1), &json!(true)));
    desk.json(&["ticket", "wait", "1", "the vendor", "--until", "2d"]).await.unwrap();
    assert_eq!(desk.run(&["tickets", "--overdue"]).await.unwrap().code, 1, "what waits for others is not late");
    site.advance(SignedDuration::from_hours(49));
    assert_eq!(desk.json(&["tickets", "--overdue"]).await.unwrap()[0]["id"], 1, "it waited long enough");
    let bad = desk.run(&["ticket", "link", "1", "--system", "district", "--ref", "4711", "--url", "file:///etc/passwd"]).await.unwrap();
    assert!(bad.code != 0 && bad.err.contains("an address begins with https://"), "{bad:?}");
    let linked =
        desk.json(&["ticket", "link", "1", "--system", "district", "--ref", "4711", "--url", "https://help.example/4711"]).await.unwrap();
    assert_eq!(linked["elsewhere"][0]["url"], "https://help.example/4711");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_with_a_damage_proposes_a_ticket_that_is_confirmed() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    two_laptops(&site, &desk).await;
    desk.json(&["loan", "out", "LT-01", "S1001", "--override", "a test"]).await.unwrap();
    desk.json(&["loan", "in", "LT-01", "--condition", "damaged", "--damage", "the lid is cracked"]).await.unwrap();
    let drafts = desk.json(&["tickets", "--state", "draft"]).await.unwrap();
    assert_eq!((&drafts[0]["tag"], &drafts[0]["due"]), (&json!("LT-01"), &json!(null)), "{drafts:#}");
    let early = desk.run(&["ticket", "done", "1"]).await.unwrap();
    assert!(early.code == 3 && early.err.contains("from there it goes to open, dropped"), "{early:?}");
    let open = desk.json(&["ticket", "confirm", "1"]).await.unwrap();
    assert!(open["state"] == "open" && open["due"].is_string(), "{open:#}");
}
