//! At the counter: a laptop is booted now, comes back otherwise than it left, or leaves though the verdict says STOP.

use crate::titles;
use jiff::SignedDuration;
use rollcall_agent::survey::Content;
use rollcall_proto::Section;
use rollcall_proto::v1::{Memory, MemoryModule};
use rollcall_tests::agent::TestAgent;
use rollcall_tests::command::Desk;
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;
use serde_json::{Value, json};
use std::time::Duration;

fn memory(serials: &[&str]) -> Content {
    let module = |(slot, serial): (usize, &&str)| MemoryModule {
        slot: format!("DIMM{slot}"),
        bytes: 8 << 30,
        kind: "DDR4".to_owned(),
        serial: (*serial).to_owned(),
        ..MemoryModule::default()
    };
    let total_bytes = (serials.len() as u64) * (8 << 30);
    Content::of(&Section::Memory(Memory { total_bytes, slots_known: true, modules: serials.iter().enumerate().map(module).collect() }))
}

/// A site with a laptop that is here with two modules, and two people.
async fn site_with_laptop() -> (TestSite, TestAgent) {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    let people = site.place("people.csv");
    std::fs::write(&people, "id,name\nS1001,Ana Ruiz\nS1002,Ben Ode\n").unwrap();
    desk.json(&["person", "import", &people.to_string_lossy(), "--yes"]).await.unwrap();
    let agent = site.enroll("LT-02", &Pc::new(2, "laptop"), titles()).await.unwrap();
    desk.json(&["asset", "set", "LT-02", "--kind", "laptop", "--price", "800"]).await.unwrap();
    agent.change(|machine| machine.put("memory", memory(&["AA11", "BB22"])));
    assert_eq!(desk.run(&["device", "rescan", "LT-02"]).await.unwrap().code, 0);
    desk.run(&["asset", "accept", "LT-02"]).await.unwrap();
    (site, agent)
}

async fn reasons(desk: &Desk) -> (i32, Value) {
    let ran = desk.run(&["check", "LT-02", "--json"]).await.unwrap();
    (ran.code, ran.json().unwrap())
}

fn says(check: &Value, code: &str, words: &str) -> bool {
    let all = check["reasons"].as_array().unwrap();
    all.iter().any(|reason| reason["code"] == code && reason["text"].as_str().unwrap().contains(words))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laptop_comes_back_without_a_module_and_its_first_report_tells() {
    let (site, mut agent) = site_with_laptop().await;
    let desk = site.desk().unwrap();
    desk.json(&["loan", "out", "LT-02", "S1001", "--due", "5d"]).await.unwrap();
    agent.shut_down().await.unwrap();
    site.presence_until("LT-02", "away").await.unwrap();
    agent.change(|machine| machine.put("memory", memory(&["AA11"])));
    let back = desk.run(&["loan", "in", "LT-02"]).await.unwrap();
    assert!(back.code == 0 && back.out.contains("its hardware is compared when it next reports"), "{back:?}");
    let (_, check) = reasons(&desk).await;
    assert!(says(&check, "return", "when it next reports"), "{check:#}");
    assert_eq!(desk.found(&["charge", "list"]).await.unwrap(), json!([]), "nothing is known yet");

    site.advance(SignedDuration::from_mins(1));
    agent.resume().unwrap();
    let compared = site.event_until("loan.compared").await.unwrap();
    let text = compared["text"].as_str().unwrap();
    assert!(text.contains("LT-02 differs from when it left under loan 1") && text.contains("serial BB22"), "{text}");
    let tickets = desk.found(&["tickets"]).await.unwrap();
    assert_eq!((tickets.as_array().unwrap().len(), &tickets[0]["state"]), (1, &json!("draft")), "{tickets:#}");
    let charges = desk.found(&["charge", "list"]).await.unwrap();
    assert_eq!((&charges[0]["sum"], &charges[0]["state"], &charges[0]["person"]), (&json!("80.00"), &json!("draft"), &json!("S1001")));
    let (code, check) = reasons(&desk).await;
    assert!(code == 3 && says(&check, "alerts-high", "lacks memory") && says(&check, "tickets", "is proposed"), "{check:#}");

    desk.json(&["charge", "confirm", "1", "--amount", "45"]).await.unwrap();
    let owed = desk.found(&["charge", "list"]).await.unwrap();
    assert_eq!((&owed[0]["sum"], &owed[0]["state"]), (&json!("45.00"), &json!("due")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laptop_that_was_switched_off_too_long_is_booted_at_the_counter() {
    let (site, mut agent) = site_with_laptop().await;
    let desk = site.desk().unwrap();
    agent.shut_down().await.unwrap();
    site.presence_until("LT-02", "asleep").await.unwrap();
    site.advance(SignedDuration::from_hours(30));
    let (code, check) = reasons(&desk).await;
    assert!(code == 1 && check["awaits"] == "start" && says(&check, "seen", "last heard 30 h ago"), "{check:#}");
    let nobody = desk.run(&["check", "LT-02", "--wait=1"]).await.unwrap();
    assert!(nobody.code == 1 && nobody.err.contains("LT-02 did not report within 1 s"), "{nobody:?}");

    let waiting = tokio::spawn(async move { desk.run(&["check", "LT-02", "--for", "S1001", "--wait=60"]).await.unwrap() });
    tokio::time::sleep(Duration::from_secs(1)).await;
    agent.resume().unwrap();
    let turned = tokio::time::timeout(Duration::from_secs(60), waiting).await.unwrap().unwrap();
    assert!(turned.err.contains("waiting for LT-02: switch it on here"), "{turned:?}");
    assert!(turned.code == 0 && turned.out.contains("GO"), "{turned:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laptop_on_its_shelf_since_a_clean_return_stays_go() {
    let (site, mut agent) = site_with_laptop().await;
    let desk = site.desk().unwrap();
    desk.json(&["loan", "out", "LT-02", "S1001"]).await.unwrap();
    let back = desk.run(&["loan", "in", "LT-02"]).await.unwrap();
    assert!(back.out.contains("its hardware is as it left"), "{back:?}");
    agent.shut_down().await.unwrap();
    site.presence_until("LT-02", "asleep").await.unwrap();
    site.advance(SignedDuration::from_hours(24 * 20));
    let (code, check) = reasons(&desk).await;
    assert!(code == 0 && says(&check, "seen", "switched off since it came back clean on"), "{check:#}");
    let set = desk.run(&["verdict", "policy", "set", "--kind", "laptop", "--limit", "shelf_days=14"]).await.unwrap();
    assert_eq!((set.code, set.out.trim()), (0, "kind laptop: shelf_days 14 days"));
    let (code, check) = reasons(&desk).await;
    assert!(code == 1 && says(&check, "seen", "last heard"), "{check:#}");
    desk.json(&["verdict", "policy", "set", "--kind", "laptop", "--reason", "seen=stop"]).await.unwrap();
    assert_eq!(reasons(&desk).await.0, 3);
    let loan = desk.run(&["verdict", "policy", "set", "--reason", "loan=off"]).await.unwrap();
    assert!(loan.code == 2 && loan.err.contains("loan can't be off"), "{loan:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_is_recorded_with_its_reason() {
    let (site, _agent) = site_with_laptop().await;
    let desk = site.desk().unwrap();
    desk.json(&["asset", "set", "LT-02", "--status", "in-repair"]).await.unwrap();
    let refused = desk.run(&["loan", "out", "LT-02", "S1001"]).await.unwrap();
    assert!(refused.code == 3 && refused.err.contains("STOP for LT-02: it is in repair"), "{refused:?}");
    let why = "the exam begins in five minutes";
    desk.json(&["loan", "out", "LT-02", "S1001", "--override", why]).await.unwrap();
    let told = site.event_until("loan.out").await.unwrap();
    assert!(told["text"].as_str().unwrap().contains(&format!("verdict STOP overridden: {why}")), "{told:#}");
}
