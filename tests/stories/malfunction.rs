//! Something of a machine fails or is taken, and the desk hears of it.

use crate::titles;
use jiff::SignedDuration;
use rollcall_agent::survey::Content;
use rollcall_proto::Section;
use rollcall_proto::v1::{Memory, MemoryModule, Updates};
use rollcall_tests::agent::TestAgent;
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;
use serde_json::{Value, json};

fn rules(alerts: &Value) -> Vec<&str> {
    alerts.as_array().into_iter().flatten().filter_map(|alert| alert["rule"].as_str()).collect()
}

/// A machine's memory, a module for each serial number.
pub(super) fn memory(serials: &[&str]) -> Content {
    let module = |serial: &&str| MemoryModule {
        slot: format!("DIMM{serial}"),
        bytes: 8 << 30,
        serial: (*serial).to_owned(),
        ..MemoryModule::default()
    };
    let modules = serials.iter().map(module).collect();
    Content::of(&Section::Memory(Memory { total_bytes: 16 << 30, slots_known: true, modules }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_is_taken_is_told_until_somebody_accepts_it() {
    let site = TestSite::start().await.unwrap();
    let agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    let desk = site.desk().unwrap();
    assert_eq!(desk.run(&["asset", "accept", "LAB1-01"]).await.unwrap().code, 3, "nothing differs");
    for serials in [&["A1", "B2"][..], &["A1"]] {
        agent.change(|machine| machine.put("memory", memory(serials)));
        assert_eq!(desk.run(&["device", "rescan", "LAB1-01"]).await.unwrap().code, 0);
        if serials.len() == 2 {
            // The PC of the tests had others before: these are right.
            assert_eq!(desk.run(&["asset", "accept", "LAB1-01"]).await.unwrap().code, 0);
        }
    }
    let alerts = site.until("/alerts", "the memory is missed", |alerts| rules(alerts) == ["memory-missing"]).await.unwrap();
    assert!(alerts[0]["evidence"].as_str().unwrap().contains("serial B2"), "{alerts:#}");
    let accepted = desk.json(&["asset", "accept", "lab1-01"]).await.unwrap();
    assert_eq!(accepted["tag"], "LAB1-01");
    assert_eq!(desk.found(&["alerts"]).await.unwrap(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_health_reading_raises_an_alert_and_time_alone_another() {
    let site = TestSite::start().await.unwrap();
    let token = site.desk().unwrap().token("Lab 1", 1).await.unwrap();
    let mut machine = Pc::new(1, "one").machine(titles());
    machine.health.io_errors = Some(3);
    machine.put("updates", Content::of(&Section::Updates(Updates { restart_needed: true, ..Updates::default() })));
    let door = site.ports().enroll.to_string();
    let _agent = TestAgent::enroll(&site.place("LAB1-01"), &door, &token, "LAB1-01", machine).await.unwrap();
    site.until("/alerts", "the disk's errors are told", |alerts| rules(alerts) == ["disk-errors"]).await.unwrap();
    site.advance(SignedDuration::from_hours(24 * 8));
    site.until("/alerts", "a restart is needed for too long", |alerts| rules(alerts).contains(&"restart-pending")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_says_its_subnets() {
    let site = TestSite::start().await.unwrap();
    let _agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    let desk = site.desk().unwrap();
    let set = ["room", "set", "Lab 1", "--subnet", "10.20.3.0/24", "--subnet", "2001:db8::/64"];
    assert_eq!(desk.json(&set).await.unwrap()["subnets"], json!(["10.20.3.0/24", "2001:db8::/64"]));
    assert_eq!(desk.run(&["room", "set", "Lab 1", "--subnet", "10.20.3.x"]).await.unwrap().code, 2);
    let none = desk.json(&["room", "set", "Lab 1", "--subnet", ""]).await.unwrap();
    assert!(none["subnets"].is_null(), "{none:#}");
}
