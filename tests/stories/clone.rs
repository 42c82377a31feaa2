//! Copied disks, and disks that are set back at every boot: the first are quarantined, the second are not.

use crate::{titles, titles_without};
use rollcall_agent::source::Simulated;
use rollcall_tests::agent::TestAgent;
use rollcall_tests::pc::Pc;
use rollcall_tests::site::{TestSite, copy_folder};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_on_other_hardware_is_quarantined_and_never_merged() {
    let site = TestSite::start().await.unwrap();
    let original = Pc::new(1, "one");
    let mut agent = site.enroll("LAB1-01", &original, titles()).await.unwrap();
    let state = agent.state().to_owned();
    agent.shut_down().await.unwrap();
    copy_folder(&state, &site.place("copy")).unwrap();
    let _copy = TestAgent::start(&site.place("copy"), Simulated::new(Pc::new(99, "copy").machine(titles_without("gimp")))).unwrap();
    let event = site.event_until("device.cloned").await.unwrap();
    assert!(event["text"].as_str().unwrap().contains("copy"), "{event:#}");
    let device = site.device("LAB1-01").await.unwrap();
    assert_eq!(device["serial"], "SIM000001", "the copy's hardware is not written over the original's");
    assert!(device["note"].as_str().unwrap().contains("quarantined"), "{device:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_live_streams_with_one_key_are_quarantined() {
    let site = TestSite::start().await.unwrap();
    let pc = Pc::new(1, "one");
    let agent = site.enroll("LAB1-01", &pc, titles()).await.unwrap();
    copy_folder(agent.state(), &site.place("copy")).unwrap();
    let _copy = TestAgent::start(&site.place("copy"), Simulated::new(pc.machine(titles()))).unwrap();
    site.event_until("device.cloned").await.unwrap();
    assert!(site.device("LAB1-01").await.unwrap()["note"].as_str().unwrap().contains("quarantined"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolled_back_pc_is_no_clone_and_loses_nothing() {
    let site = TestSite::start().await.unwrap();
    let pc = Pc::new(1, "one");
    let mut agent = site.enroll("LAB1-01", &pc, titles()).await.unwrap();
    agent.shut_down().await.unwrap();
    copy_folder(agent.state(), &site.place("image")).unwrap();

    // A day of work: another welcome, other reports.
    agent.resume().unwrap();
    agent.change(|machine| machine.put("software", titles_without("gimp")));
    site.event_until("section.changed").await.unwrap();
    agent.shut_down().await.unwrap();

    // The disk is set back over night.
    std::fs::remove_dir_all(agent.state()).unwrap();
    copy_folder(&site.place("image"), agent.state()).unwrap();
    agent.change(|machine| {
        machine.put("software", titles_without("bash"));
        machine.facts.boot = "00000000-0000-4000-8000-00000000feed".to_owned();
    });
    agent.resume().unwrap();
    site.event_until("device.rolled-back").await.unwrap();
    let back =
        |device: &serde_json::Value| device["presence"] == "here" && !device["sections"]["software"].to_string().contains("\"bash\"");
    let device = site.device_until("LAB1-01", "reports what it has now", back).await.unwrap();
    assert!(!device["note"].as_str().unwrap().contains("quarantined"), "{device:#}");
}
