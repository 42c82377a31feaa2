//! Baselines at the door of people: capture, plan, versions, waivers, drift, score.

use crate::{titles, titles_without};
use jiff::SignedDuration;
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_golden_seat_becomes_a_baseline_whose_versions_waivers_and_drift_are_kept() {
    let site = TestSite::start().await.unwrap();
    let agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    let desk = site.desk().unwrap();
    let captured = desk.run(&["baseline", "capture", "--from", "LAB1-01", "--name", "Labs"]).await.unwrap();
    assert!(captured.code == 0 && captured.out.contains("gimp") && captured.out.contains("2.10.34-1"), "{captured:?}");
    let file = site.place("labs.toml");
    std::fs::write(&file, &captured.out).unwrap();
    let file = file.to_string_lossy().into_owned();
    let plan = desk.json(&["baseline", "apply", &file, "--dry-run"]).await.unwrap();
    assert_eq!((&plan["applied"], &plan["meet"], &plan["newly"]), (&json!(false), &json!(1), &json!(0)), "{plan:#}");
    desk.json(&["baseline", "apply", &file]).await.unwrap();
    assert_eq!(desk.json(&["baseline", "score"]).await.unwrap()[0]["percent"], 100);

    agent.change(|machine| machine.put("software", titles_without("gimp")));
    site.event_until("alert.raised").await.unwrap();
    let drift = desk.json(&["baseline", "drift", "LAB1-01"]).await.unwrap();
    assert_eq!((drift[0]["change"].as_str(), drift[0]["text"].as_str()), (Some("lost"), Some("LAB1-01 lacks gimp")), "{drift:#}");
    assert!(desk.json(&["baseline", "score"]).await.unwrap()[0]["percent"].as_u64().unwrap() < 100);

    let waive = ["baseline", "waive", "LAB1-01", "gimp", "--until", "2h", "--reason", "disk is full", "--owner", "Ms. Ito"];
    let waiver = desk.json(&waive).await.unwrap();
    assert_eq!(desk.found(&["alerts"]).await.unwrap(), json!([]));
    assert_eq!(desk.json(&["baseline", "waivers"]).await.unwrap()[0]["used"], 1);
    let check = desk.found(&["check", "LAB1-01"]).await.unwrap();
    assert!(check.to_string().contains("waived until"), "{check:#}");
    site.advance(SignedDuration::from_hours(3));
    site.event_until("waiver.ended").await.unwrap();
    assert_eq!(desk.found(&["alerts"]).await.unwrap()[0]["title"], "LAB1-01 lacks gimp", "its time is up");
    assert_eq!(desk.run(&["baseline", "unwaive", &waiver["id"].to_string()]).await.unwrap().code, 3, "it is over already");

    std::fs::write(&file, "name = \"Labs\"\nrooms = [\"*\"]\nrequired = [\"bash\"]\n").unwrap();
    let plan = desk.json(&["baseline", "plan", &file]).await.unwrap();
    assert_eq!(plan["mended"], json!(["LAB1-01"]), "{plan:#}");
    desk.json(&["baseline", "apply", &file]).await.unwrap();
    assert_eq!(desk.found(&["alerts"]).await.unwrap(), json!([]));
    let restored = desk.run(&["baseline", "restore", "Labs", "--version", "1", "--json"]).await.unwrap();
    assert_eq!((restored.code, restored.json().unwrap()["fail"][0]["tag"].as_str()), (1, Some("LAB1-01")), "{restored:?}");
    let versions = desk.json(&["baseline", "history", "Labs"]).await.unwrap();
    assert_eq!(versions.as_array().unwrap().iter().map(|row| row["version"].as_u64().unwrap()).collect::<Vec<_>>(), [3, 2, 1]);
    assert!(desk.run(&["baseline", "show", "Labs", "--version", "2"]).await.unwrap().out.contains("required = [\"bash\"]"));
}
