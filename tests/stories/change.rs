//! What changes on a machine is in its timeline, in words and within seconds.

use crate::{titles, titles_without};
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_package_is_in_the_timeline_within_two_seconds() {
    let site = TestSite::start().await.unwrap();
    let agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    let began = Instant::now();
    agent.change(|machine| machine.put("software", titles_without("gimp")));
    let event = site.event_until("section.changed").await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let text = event["text"].as_str().unwrap();
    assert!(text.contains("gimp") && text.contains("2.10.34-1"), "{text}");
    let history = site.desk().unwrap().json(&["device", "LAB1-01", "--history"]).await.unwrap();
    assert!(history.to_string().contains("gimp"), "{history:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_while_the_collector_was_away_is_not_lost() {
    let mut site = TestSite::start().await.unwrap();
    let agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    site.pause().await.unwrap();
    agent.change(|machine| machine.put("software", titles_without("gimp")));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    // It changes back before anybody could see it: both changes are told.
    agent.change(|machine| machine.put("software", titles_without("bash")));
    site.resume().await.unwrap();
    let told = |events: &serde_json::Value| {
        let text = events.to_string();
        text.contains("gimp") && text.contains("bash")
    };
    site.until("/devices/LAB1-01/history", "both changes are told", told).await.unwrap();
}
