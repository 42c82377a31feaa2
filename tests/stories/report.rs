//! What a machine reports is what is shown: measured, not measured, and hostile.

use crate::titles;
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;

#[tokio::test(flavor = "multi_thread")]
async fn every_section_is_shown_by_name() {
    let site = TestSite::start().await.unwrap();
    let _agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    let device = site.desk().unwrap().json(&["device", "LAB1-01"]).await.unwrap();
    let sections = device["sections"].as_object().unwrap();
    let told = ["battery", "displays", "memory", "network", "os", "processors", "software", "software-dates", "storage", "system"];
    assert_eq!(sections.keys().map(String::as_str).collect::<Vec<_>>(), told);
    assert!(told.iter().all(|name| rollcall_proto::SECTIONS.contains(name)));
    assert_eq!(sections["memory"]["content"]["modules"][0]["slot"], "DIMM1");
    assert_eq!(sections["storage"]["content"]["disks"][0]["serial"], "DSK000001");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_measured_says_why_and_keeps_the_last_value() {
    let site = TestSite::start().await.unwrap();
    let agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    agent.change(|machine| machine.not_measured("software", "dpkg's database is unreadable"));
    let device =
        site.device_until("LAB1-01", "says why", |device| !device["sections"]["software"]["not_measured"].is_null()).await.unwrap();
    assert_eq!(device["sections"]["software"]["not_measured"], "dpkg's database is unreadable");
    let software = site.desk().unwrap().json(&["software", "gimp"]).await.unwrap();
    assert_eq!(software["rows"][0]["version"], "2.10.34-1", "what was once measured is not lost by one bad reading");
}

#[tokio::test(flavor = "multi_thread")]
async fn software_is_found_by_title_and_version() {
    let site = TestSite::start().await.unwrap();
    let _one = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    let _two = site.enroll("LAB1-02", &Pc::new(2, "two"), crate::titles_without("gimp")).await.unwrap();
    let desk = site.desk().unwrap();
    let found = desk.json(&["software", "gimp"]).await.unwrap();
    assert_eq!((found["machines"].as_u64(), found["rows"].as_array().unwrap().len()), (Some(1), 1));
    for (field, value) in [("title", "gimp"), ("version", "2.10.34-1"), ("device", "one"), ("tag", "LAB1-01"), ("room", "Lab 1")] {
        assert_eq!(found["rows"][0][field], value);
    }
    let old = desk.json(&["software", "libreoffice*", "--version", ">= 4:7.4, < 4:8"]).await.unwrap();
    assert_eq!(old["rows"].as_array().unwrap().len(), 2);
    let some = desk.run(&["software", "libreoffice*", "--limit", "1"]).await.unwrap();
    assert_eq!((some.out.lines().count(), some.err.trim()), (1, "and 1 more row; --all shows them"));
    let versions = desk.run(&["software", "libreoffice*", "--limit", "0"]).await.unwrap();
    assert!(versions.out.starts_with("2 × libreoffice") && versions.out.lines().count() == 1, "{versions:?}");
    let none = desk.run(&["software", "gimp", "--version", ">= 3", "--json"]).await.unwrap();
    assert_eq!((none.code, &none.json().unwrap()["rows"]), (1, &serde_json::json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_stays_text() {
    // Control characters don't come this far: the door refuses a section that holds one.
    let site = TestSite::start().await.unwrap();
    let hostile = "<script>alert(1)</script>";
    let _agent = site.enroll("LAB1-01", &Pc::new(1, hostile), titles()).await.unwrap();
    let device = site.device("LAB1-01").await.unwrap();
    assert_eq!(device["name"], hostile, "kept as it was said, and escaped where it is shown");
    let table = site.desk().unwrap().run(&["devices"]).await.unwrap();
    assert!(table.out.contains(hostile) && !table.out.contains('\u{1b}'), "{:?}", table.out);
}
