//! A machine drops off the network and comes back.

use crate::titles;
use jiff::SignedDuration;
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_agent_is_silent_at_once_and_a_person_is_told_after_the_settle_time() {
    let site = TestSite::start().await.unwrap();
    let agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    let began = Instant::now();
    agent.kill().await;
    site.presence_until("LAB1-01", "silent").await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let desk = site.desk().unwrap();
    assert_eq!(desk.found(&["alerts"]).await.unwrap(), serde_json::json!([]), "nobody is told before the settle time");
    site.advance(SignedDuration::from_secs(61));
    site.event_until("alert.raised").await.unwrap();
    let alerts = desk.found(&["alerts"]).await.unwrap();
    let alert = &alerts[0];
    for field in ["id", "rule", "severity", "device", "tag", "title", "since", "state"] {
        assert!(!alert[field].is_null(), "{field} is missing in {alert:#}");
    }
    assert_eq!(
        (alert["rule"].as_str(), alert["tag"].as_str(), alert["state"].as_str()),
        (Some("machine-silent"), Some("LAB1-01"), Some("raised"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_returns_resolves_its_alert() {
    let site = TestSite::start().await.unwrap();
    let mut agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    agent.cut().await;
    site.presence_until("LAB1-01", "silent").await.unwrap();
    site.advance(SignedDuration::from_secs(61));
    site.event_until("alert.raised").await.unwrap();
    agent.resume().unwrap();
    site.presence_until("LAB1-01", "here").await.unwrap();
    site.event_until("alert.resolved").await.unwrap();
    assert_eq!(site.desk().unwrap().found(&["alerts"]).await.unwrap(), serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_says_goodbye_alarms_nobody() {
    let site = TestSite::start().await.unwrap();
    let mut agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    agent.shut_down().await.unwrap();
    site.presence_until("LAB1-01", "asleep").await.unwrap();
    site.advance(SignedDuration::from_secs(600));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(site.desk().unwrap().found(&["alerts"]).await.unwrap(), serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_acknowledged_and_resolved_by_a_person() {
    let site = TestSite::start().await.unwrap();
    let agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    agent.kill().await;
    site.presence_until("LAB1-01", "silent").await.unwrap();
    site.advance(SignedDuration::from_secs(61));
    let id = site.event_until("alert.raised").await.unwrap()["alert"].to_string();
    let desk = site.desk().unwrap();
    desk.json(&["alert", "ack", &id]).await.unwrap();
    assert_eq!(desk.found(&["alerts"]).await.unwrap()[0]["state"], "acknowledged");
    desk.json(&["alert", "resolve", &id]).await.unwrap();
    assert_eq!(desk.found(&["alerts"]).await.unwrap(), serde_json::json!([]));
    assert_eq!(desk.run(&["alert", "ack", "999"]).await.unwrap().code, 1, "there is no such alert");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_collector_alarms_nobody() {
    let mut site = TestSite::start().await.unwrap();
    let _agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    site.pause().await.unwrap();
    site.advance(SignedDuration::from_mins(30));
    site.resume().await.unwrap();
    site.presence_until("LAB1-01", "here").await.unwrap();
    assert_eq!(site.desk().unwrap().found(&["alerts"]).await.unwrap(), serde_json::json!([]));
}
