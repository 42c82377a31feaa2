//! Identity over the years: a certificate that lapsed in a cupboard, a wrong clock, a new board, a restored collector.

use crate::{titles, titles_without};
use jiff::SignedDuration;
use rollcall_agent::source::Simulated;
use rollcall_tests::agent::TestAgent;
use rollcall_tests::command::Desk;
use rollcall_tests::pc::Pc;
use rollcall_tests::process::{CollectorProcess, Ports};
use rollcall_tests::site::TestSite;

#[tokio::test(flavor = "multi_thread")]
async fn a_laptop_that_lay_in_a_cupboard_for_over_a_year_comes_back_by_itself() {
    let site = TestSite::start().await.unwrap();
    let mut agent = site.enroll("LT-01", &Pc::new(1, "one"), titles()).await.unwrap();
    agent.shut_down().await.unwrap();
    site.advance(SignedDuration::from_hours(24 * 420));
    let check = site.desk().unwrap().json(&["check", "LT-01"]).await;
    let words = format!("{check:?}");
    assert!(words.contains("certificate lapsed 20 days ago") && !words.contains("\"GO\","), "{words}");

    // The agent's clock is 420 days behind the collector's now: it comes back all the same, and is told of its clock.
    agent.resume().unwrap();
    let event = site.event_until("device.renewed").await.unwrap();
    assert!(event["text"].as_str().unwrap().contains("had lapsed"), "{event:#}");
    site.presence_until("LT-01", "here").await.unwrap();
    site.advance(SignedDuration::from_secs(120));
    let skewed = |alerts: &serde_json::Value| alerts.to_string().contains("has a clock that is 420 days slow");
    site.until("/alerts", "the clock is told of", skewed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_on_a_new_board_goes_on_after_one_word() {
    let site = TestSite::start().await.unwrap();
    let pc = Pc::new(1, "one");
    let mut agent = site.enroll("LAB1-01", &pc, titles()).await.unwrap();
    agent.shut_down().await.unwrap();
    agent.change(|machine| {
        let disks = machine.facts.fingerprint.disk_serials.clone();
        machine.facts.fingerprint = Pc::new(99, "board").machine(titles()).facts.fingerprint;
        machine.facts.fingerprint.disk_serials = disks;
    });
    agent.resume().unwrap();
    site.event_until("device.cloned").await.unwrap();
    agent.cut().await;
    site.desk().unwrap().json(&["device", "accept", "LAB1-01"]).await.unwrap();
    agent.resume().unwrap();
    site.presence_until("LAB1-01", "here").await.unwrap();
    site.event_until("device.accepted").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_everyone_announces_everything_again_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (data, ports) = (folder.path().join("site"), Ports::free().unwrap());
    let process = CollectorProcess::start(&data, ports).await.unwrap();
    let desk = process.desk().unwrap();
    desk.json(&["room", "add", "Lab 1"]).await.unwrap();
    let token = desk.token("Lab 1", 1).await.unwrap();
    let machine = Pc::new(1, "one").machine(titles());
    let agent = TestAgent::enroll(&folder.path().join("pc"), &ports.enroll.to_string(), &token, "LAB1-01", machine).await.unwrap();
    until(&desk, "reports bash", |device| device["sections"]["software"].to_string().contains("\"gimp\"")).await;
    let (file, key) = (folder.path().join("site.backup"), folder.path().join("recovery.key"));
    desk.json(&["backup", &file.to_string_lossy()]).await.unwrap();
    std::fs::write(&key, format!("{}\n", crate::backup::recovery_key(&process.words()))).unwrap();

    // After the backup a title goes; then the collector's disk dies, and yesterday comes back.
    agent.change(|machine| machine.put("software", titles_without("gimp")));
    until(&desk, "has lost gimp", |device| !device["sections"]["software"].to_string().contains("\"gimp\"")).await;
    process.stop().await.unwrap();
    std::fs::remove_dir_all(&data).unwrap();
    let restore = Desk::new(&data).unwrap();
    restore.json(&["restore", &file.to_string_lossy(), "--key", &key.to_string_lossy()]).await.unwrap();
    let process = CollectorProcess::start(&data, ports).await.unwrap();
    let desk = process.desk().unwrap();
    until(&desk, "told again that gimp is gone", |device| {
        device["presence"] == "here" && !device["sections"]["software"].to_string().contains("\"gimp\"")
    })
    .await;
    let history = desk.json(&["device", "LAB1-01", "--history"]).await.unwrap();
    assert!(history.to_string().contains("device.rebased"), "{history:#}");
    let device = desk.json(&["device", "LAB1-01"]).await.unwrap();
    assert!(!device["note"].as_str().unwrap().contains("quarantined"), "{device:#}");
    process.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_on_other_hardware_is_not_accepted() {
    let site = TestSite::start().await.unwrap();
    let mut agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    agent.shut_down().await.unwrap();
    let _copy = TestAgent::start(agent.state(), Simulated::new(Pc::new(99, "copy").machine(titles()))).unwrap();
    site.event_until("device.cloned").await.unwrap();
    let refused = format!("{:?}", site.desk().unwrap().json(&["device", "accept", "LAB1-01"]).await);
    assert!(refused.contains("device rebind"), "{refused}");
}

async fn until(desk: &Desk, what: &str, wanted: impl Fn(&serde_json::Value) -> bool) {
    for _ in 0..450 {
        if desk.json(&["device", "LAB1-01"]).await.is_ok_and(|device| wanted(&device)) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("it never was so: LAB1-01 {what}");
}
