//! Moment 2: a machine loses required software, and the site's own script hears of it.

use crate::{TITLES, titles, titles_without};
use hmac::{Hmac, KeyInit, Mac};
use rollcall_tests::hook::{Hook, Posted};
use rollcall_tests::pc::{Pc, software};
use rollcall_tests::site::TestSite;
use serde_json::{Value, json};
use sha2::Sha256;

const BASELINE: &str = r#"
name = "Lab software"
rooms = ["Lab 1"]
[[required]]
title = "gimp"
version = ">= 2.10"
[[forbidden]]
title = "steam*"
"#;

async fn site_with_baseline() -> (TestSite, Hook) {
    let site = TestSite::start().await.unwrap();
    let hook = Hook::start().await.unwrap();
    let file = site.place("lab.toml");
    std::fs::write(&file, BASELINE).unwrap();
    site.desk().unwrap().found(&["baseline", "apply", &file.to_string_lossy()]).await.unwrap();
    site.rest().unwrap().put("/channels/webhook", json!({"url": hook.url()})).await.unwrap();
    (site, hook)
}

/// Checks the signature as a receiver must, and gives the document.
fn trusted(posted: &Posted, secret: &str) -> Value {
    let signature = &posted.headers["rollcall-signature"];
    let (time, hex) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.{}", posted.body).as_bytes());
    let own: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(own, hex, "the signature does not hold");
    serde_json::from_str(&posted.body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_software_raises_one_alert_and_the_webhook_carries_it_signed() {
    let (site, mut hook) = site_with_baseline().await;
    let agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    agent.change(|machine| machine.put("software", titles_without("gimp")));
    site.event_until("alert.raised").await.unwrap();
    let secret = rollcall::notify::secret_for(&site.collector().unwrap().secrets, "webhook").unwrap();
    let posted = hook.next().await.unwrap();
    let told = trusted(&posted, &secret);
    assert_eq!((told["event"].as_str(), told["alert"]["tag"].as_str()), (Some("alert.raised"), Some("LAB1-01")), "{told:#}");
    assert!(told["alert"]["title"].as_str().unwrap().contains("gimp"), "{told:#}");
    assert_eq!(posted.headers["rollcall-event"], "alert.raised");
    assert_eq!(posted.headers["idempotency-key"], told["id"].as_str().unwrap());

    agent.change(|machine| machine.put("software", titles()));
    let told = trusted(&hook.next().await.unwrap(), &secret);
    assert_eq!(told["event"], "alert.resolved");
    assert_eq!(site.desk().unwrap().found(&["alerts"]).await.unwrap(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn forbidden_software_and_old_versions_are_found_by_the_plan() {
    let (site, _hook) = site_with_baseline().await;
    let bad = software(&[&TITLES[..2], &[("gimp", "2.8.1"), ("steam-installer", "1.0")]].concat());
    let _agent = site.enroll("LAB1-01", &Pc::new(1, "one"), bad).await.unwrap();
    let plan = site.desk().unwrap().run(&["baseline", "plan", &site.place("lab.toml").to_string_lossy(), "--json"]).await.unwrap();
    assert_eq!(plan.code, 1, "{plan:?}");
    let wrong = plan.json().unwrap().to_string();
    assert!(wrong.contains("gimp") && wrong.contains("2.8.1") && wrong.contains("steam-installer"), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_technician_tries_the_channel_before_it_matters() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    assert_eq!(desk.run(&["channel", "test"]).await.unwrap().code, 1, "there is no channel yet");
    let mut hook = Hook::start().await.unwrap();
    let set = desk.json(&["channel", "set", "webhook", &hook.url()]).await.unwrap();
    desk.json(&["channel", "test"]).await.unwrap();
    let told = trusted(&hook.next().await.unwrap(), set["secret"].as_str().unwrap());
    assert!(told["text"].as_str().unwrap().contains("test"), "{told:#}");
    hook.answer("500 Internal Server Error");
    let failed = desk.run(&["channel", "test"]).await.unwrap();
    assert!(failed.code == 1 && failed.err.contains("500"), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_away_gets_everything_later_once_and_in_order() {
    let (mut site, mut hook) = site_with_baseline().await;
    hook.answer("503 Service Unavailable");
    let agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles_without("gimp")).await.unwrap();
    site.event_until("alert.raised").await.unwrap();
    hook.next().await.unwrap();
    agent.change(|machine| machine.put("software", titles()));
    site.event_until("alert.resolved").await.unwrap();
    // The collector is restarted while the receiver is away: the cursor is durable.
    site.pause().await.unwrap();
    hook.waiting();
    hook.answer("204 No Content");
    site.resume().await.unwrap();
    let first: Value = serde_json::from_str(&hook.next().await.unwrap().body).unwrap();
    let second: Value = serde_json::from_str(&hook.next().await.unwrap().body).unwrap();
    assert_eq!((first["event"].as_str(), second["event"].as_str()), (Some("alert.raised"), Some("alert.resolved")));
    site.pause().await.unwrap();
    site.resume().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert!(hook.waiting().is_empty(), "what was delivered is not delivered again");
}
