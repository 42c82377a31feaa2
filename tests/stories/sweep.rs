//! Moment 1: the roll call of a room before the first period.

use crate::{titles, titles_without};
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;
use serde_json::Value;

fn line<'a>(sweep: &'a Value, tag: &str) -> &'a Value {
    sweep["lines"].as_array().unwrap().iter().find(|line| line["tag"] == tag).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_says_who_is_here_who_is_missing_and_what_changed_since_the_last() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    let one = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    let two = site.enroll("LAB1-02", &Pc::new(2, "two"), titles()).await.unwrap();
    desk.json(&["asset", "add", "LAB1-PRN", "--kind", "printer", "--room", "Lab 1"]).await.unwrap();
    let first = desk.found(&["sweep", "Lab 1"]).await.unwrap();
    assert_eq!(line(&first, "LAB1-01")["answer"], "present", "{first:#}");
    assert_eq!(line(&first, "LAB1-PRN")["answer"], "no-agent");

    one.change(|machine| machine.put("software", titles_without("gimp")));
    site.event_until("section.changed").await.unwrap();
    two.kill().await;
    site.presence_until("LAB1-02", "silent").await.unwrap();
    let second = desk.run(&["sweep", "Lab 1", "--json"]).await.unwrap();
    assert_eq!(second.code, 1, "a machine is missing: {second:?}");
    let second = second.json().unwrap();
    assert!(line(&second, "LAB1-01")["changes"].to_string().contains("gimp"), "{second:#}");
    assert_eq!(line(&second, "LAB1-02")["answer"], "missing");
    assert!(line(&second, "LAB1-02")["since"].is_string(), "{second:#}");
    assert_eq!(desk.run(&["sweep", "Lab 99"]).await.unwrap().code, 1, "there is no such room");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_makes_everyone_read_everything_anew() {
    let site = TestSite::start().await.unwrap();
    let agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    // A module was pulled out, which no package database tells of: only the sweep finds it.
    let fewer = Pc { model: 1, ..Pc::new(1, "one") };
    agent.change(|machine| *machine = fewer.machine(titles()));
    site.desk().unwrap().found(&["sweep", "Lab 1"]).await.unwrap();
    let device = site.device("LAB1-01").await.unwrap();
    assert_eq!(device["memory_bytes"], 8_u64 << 30, "{device:#}");
}
