//! The life of an asset: tagged, ordered and received, repaired, replaced, disposed of.

use crate::titles;
use rollcall_tests::agent::TestAgent;
use rollcall_tests::command::{Desk, run};
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;
use serde_json::{Value, json};
use std::path::Path;

/// What happened to an asset, newest first.
async fn history(desk: &Desk, tag: &str) -> Vec<String> {
    let events = desk.json(&["asset", "show", tag, "--history"]).await.unwrap();
    events.as_array().unwrap().iter().map(|event| event["text"].as_str().unwrap().to_owned()).collect()
}

fn count(rows: &Value) -> usize {
    rows.as_array().unwrap().len()
}

/// The tags of some assets.
async fn tags(desk: &Desk, arguments: &[&str]) -> Vec<String> {
    let rows = desk.found(&[&["asset", "list"], arguments].concat()).await.unwrap();
    rows.as_array().unwrap().iter().map(|row| row["tag"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pile_is_tagged_scan_by_scan_and_a_slip_is_taken_back() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    desk.json(&["asset", "add", "OLD-1", "--kind", "projector", "--serial", "EPS0001"]).await.unwrap();
    // A label, a slip that is undone, a label that is in use, a serial that is known, and one that has none.
    let scans = "EPS0002\r\nPRJ-2\r\nEPS0003\nPRJ-33\nundo\nEPS0003\nPRJ-2\nEPS0003\nPRJ-3\nEPS0001\nPRJ-1\n\nPRJ-4\ndone\nX\n";
    let pile = ["asset", "tag", "--serials", "--kind", "projector", "--maker", "Epson", "--room", "Lab 1"];
    let ran = desk.run_with(&[&pile[..], &["--json"]].concat(), scans).await.unwrap();
    assert_eq!((ran.code, ran.json().unwrap()), (1, json!({"labelled": ["PRJ-2", "PRJ-3", "PRJ-1", "PRJ-4"], "refused": 1})), "{ran:?}");
    assert_eq!(tags(&desk, &[]).await, ["PRJ-1", "PRJ-2", "PRJ-3", "PRJ-4"]);
    let known = desk.json(&["asset", "show", "old-1"]).await.unwrap();
    assert_eq!((&known["tag"], &known["serial"]), (&json!("PRJ-1"), &json!("EPS0001")), "found by its earlier tag");
    let told = desk.run(&["asset", "show", "OLD-1"]).await.unwrap();
    assert!(told.err.contains("OLD-1 was tagged anew: it is PRJ-1 now"), "{told:?}");
    let check = desk.run(&["check", "OLD-1"]).await.unwrap();
    assert!(check.code == 1 && check.err.contains("it is PRJ-1 since"), "{check:?}");
    let new = desk.json(&["asset", "show", "PRJ-3"]).await.unwrap();
    assert_eq!((&new["serial"], &new["room"], &new["maker"]), (&json!("EPS0003"), &json!("Lab 1"), &json!("Epson")));
    desk.json(&["asset", "move", "PRJ-1", "Lab 1", "--seat", "9"]).await.unwrap();
    let told = history(&desk, "PRJ-1").await;
    assert_eq!(told, ["PRJ-1 place: no room → Lab 1, seat 9", "PRJ-1 tag: OLD-1 → PRJ-1", "OLD-1 added: OLD-1"]);
}

/// A requisition of two laptops with serials and a projector, ordered; expected on a day that is over.
async fn order(site: &TestSite, desk: &Desk) {
    let serials = [Pc::new(7, "a").serial(), Pc::new(8, "b").serial()];
    desk.json(&["order", "draft", "Laptops for the lab", "--vendor", "CDW", "--funding", "Title I"]).await.unwrap();
    let line = ["order", "line", "1", "--kind", "laptop", "--maker", "Lenovo", "--model", "300e", "--count", "2", "--price", "349"];
    let more = ["--warranty-months", "36", "--life-months", "48", "--room", "Lab 1", "--serials", &serials[0], "--serials", &serials[1]];
    desk.json(&[&line[..], &more].concat()).await.unwrap();
    desk.json(&["order", "line", "1", "--kind", "projector", "--maker", "Epson", "--count", "1"]).await.unwrap();
    let early = desk.run(&["order", "receive", "1", "--tag", "LAP-1"]).await.unwrap();
    assert!(early.code == 3 && early.err.contains("rollcall order place 1"), "{early:?}");
    let day = |days: i64| site.today().saturating_add(jiff::Span::new().days(days)).to_string();
    let placed = ["order", "place", "1", "--number", "PO-4711", "--ordered", &day(-30), "--expected", &day(-1)];
    desk.json(&placed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_received_by_scan_and_by_first_boot() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    order(&site, &desk).await;
    let late = desk.json(&["order", "list", "--overdue"]).await.unwrap();
    assert_eq!((&late[0]["number"], &late[0]["standing"]), (&json!("PO-4711"), &json!("overdue")), "{late:#}");
    let received = desk.json(&["order", "receive", "PO-4711", "--line", "2", "--tag", "PRJ-1"]).await.unwrap();
    assert_eq!((&received["left"], &received["complete"]), (&json!(0), &json!(false)));
    let strange = desk.run(&["order", "receive", "PO-4711", "--line", "1", "--tag", "LAP-1", "--serial", "NOT-OURS"]).await.unwrap();
    assert!(strange.code == 3 && strange.err.contains("--any-serial"), "{strange:?}");

    // One comes by scan and boots afterwards; the other is plugged in, and its first boot receives it.
    let scanned = Pc::new(7, "lap-seven");
    desk.json(&["order", "receive", "PO-4711", "--tag", "LAP-1", "--serial", &scanned.serial()]).await.unwrap();
    let _first = boot(&site, &desk, &scanned).await;
    assert_eq!(desk.json(&["device", "LAP-1"]).await.unwrap()["name"], "lap-seven", "it binds to what was received");
    let unpacked = Pc::new(8, "lap-eight");
    let _second = boot(&site, &desk, &unpacked).await;
    let asset = desk.json(&["asset", "show", "lap-eight"]).await.unwrap();
    assert_eq!((&asset["kind"], &asset["purchase"]["vendor"]), (&json!("laptop"), &json!("CDW")), "{asset:#}");
    let until = site.today().saturating_add(jiff::Span::new().months(36)).yesterday().unwrap().to_string();
    assert_eq!(asset["purchase"]["warranty_until"], json!(until), "its warranty begins when it boots first");

    let order = desk.json(&["order", "show", "PO-4711"]).await.unwrap();
    assert_eq!((&order["standing"], &order["received"], &order["ordered"]), (&json!("received"), &json!(3), &json!(3)), "{order:#}");
    assert_eq!(order["lines"][0]["left"], 0, "the line closed");
    assert_eq!(desk.found(&["order", "list", "--overdue"]).await.unwrap(), json!([]));

    assert_eq!(tags(&desk, &["--unlabelled"]).await, ["LAP-EIGHT"], "its tag was made of its name: a label is asked for");
    let scans = format!("{}\nLAP-2\n", unpacked.serial());
    let ran = desk.run_with(&["asset", "tag", "--serials"], &scans).await.unwrap();
    assert!(ran.code == 0 && ran.out.contains("which was LAP-EIGHT"), "{ran:?}");
    assert_eq!(tags(&desk, &["--unlabelled"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_is_received_scan_after_scan_and_a_slip_is_taken_back() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    order(&site, &desk).await;
    let [first, second] = [Pc::new(7, "a").serial(), Pc::new(8, "b").serial()];
    let receive = ["order", "receive", "PO-4711", "--line", "1", "--scan", "--json"];
    // A slip that is undone, the serial scanned twice, a serial that is not ours, and one whose label does not come.
    let scans = format!("{first}\nLAP-9\nundo\n{first}\n{first}\nLAP-1\nNOT-OURS\nLAP-2\n{second}\ndone\n");
    let ran = desk.run_with(&receive, &scans).await.unwrap();
    let told = ran.json().unwrap();
    assert_eq!((ran.code, &told["refused"]), (1, &json!(3)), "{ran:?}");
    assert_eq!((count(&told["received"]), &told["received"][0]["asset"]["tag"]), (1, &json!("LAP-1")), "{told:#}");
    assert_eq!(tags(&desk, &[]).await, ["LAP-1"], "the slip is gone");

    let ran = desk.run_with(&receive, [second.as_bytes(), b"\nLAP-2\n\xff\n"].concat()).await.unwrap();
    assert!(ran.code > 1 && ran.err.contains("standard input"), "{ran:?}");
    assert_eq!(ran.json().unwrap()["received"][0]["asset"]["tag"], "LAP-2", "what was done is said before why it broke off");
}

/// Enrols a machine in the lab without a tag, and starts its agent.
async fn boot(site: &TestSite, desk: &Desk, pc: &Pc) -> TestAgent {
    let (place, door, token) = (site.place(&pc.name), site.ports().enroll.to_string(), desk.token("Lab 1", 1).await.unwrap());
    TestAgent::enroll(&place, &door, &token, "", pc.machine(titles())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_disposed_of_keeps_its_record() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    desk.json(&["asset", "add", "LAP-1", "--kind", "laptop", "--room", "Lab 1", "--seat", "1"]).await.unwrap();
    desk.json(&["asset", "add", "HOT-1", "--kind", "hotspot", "--part-of", "LAP-1"]).await.unwrap();
    let people = site.place("people.csv");
    std::fs::write(&people, "id,name\nS1001,Ana Ruiz\n").unwrap();
    desk.json(&["person", "import", &people.to_string_lossy(), "--yes"]).await.unwrap();
    desk.json(&["loan", "out", "LAP-1", "S1001"]).await.unwrap();
    let dispose = ["asset", "dispose", "LAP-1", "--method", "recycled"];
    let wiped = [&dispose[..], &["--wiped", "disk shredded, certificate 4711"]].concat();
    let out = desk.run(&wiped).await.unwrap();
    assert!(out.code == 3 && out.err.contains("rollcall loan in LAP-1"), "{out:?}");
    desk.json(&["loan", "in", "LAP-1"]).await.unwrap();
    let bare = desk.run(&dispose).await.unwrap();
    assert!(bare.code == 2 && bare.err.contains("--wiped"), "{bare:?}");
    desk.json(&wiped).await.unwrap();
    assert_eq!(tags(&desk, &[]).await, ["HOT-1"]);
    let kept = desk.json(&["asset", "show", "LAP-1"]).await.unwrap();
    assert_eq!((&kept["status"], &kept["details"]["disposal"]["method"]), (&json!("disposed"), &json!("recycled")), "{kept:#}");
    assert!(desk.json(&["asset", "show", "HOT-1"]).await.unwrap().get("part_of").is_none(), "its kit is free");
    let told = history(&desk, "LAP-1").await;
    assert!(told[0].starts_with("LAP-1 disposed of: recycled on") && told[0].contains("certificate 4711"), "{told:?}");
    assert_eq!(desk.run(&["check", "LAP-1"]).await.unwrap().code, 3, "it does not leave any more");
    desk.json(&["asset", "add", "LAP-2", "--kind", "laptop", "--room", "Lab 1", "--seat", "1"]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_be_replaced_becomes_a_requisition_that_prints() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    let bought = |years: i64| site.today().saturating_add(jiff::Span::new().years(-years)).to_string();
    for (tag, years) in [("LAP-1", 5), ("LAP-2", 5), ("LAP-3", 1)] {
        let facts = ["--kind", "laptop", "--maker", "Lenovo", "--model", "300e", "--price", "349", "--bought", &bought(years)];
        desk.json(&[&["asset", "add", tag], &facts[..]].concat()).await.unwrap();
    }
    desk.json(&["ticket", "open", "the board is broken", "--asset", "LAP-3"]).await.unwrap();
    desk.json(&["ticket", "part", "1", "board", "--price", "200"]).await.unwrap();
    let plan = desk.json(&["replacement"]).await.unwrap();
    let found: Vec<(&Value, &Value)> = plan["candidates"].as_array().unwrap().iter().map(|row| (&row["tag"], &row["reasons"][0])).collect();
    let (over, repairs) = (json!("life-over"), json!("repairs"));
    assert_eq!(found, [(&json!("LAP-3"), &repairs), (&json!("LAP-1"), &over), (&json!("LAP-2"), &over)], "{plan:#}");

    let draft = desk.json(&["replacement", "--requisition", "Laptops, summer 2027", "LAP-1", "LAP-2"]).await.unwrap();
    assert_eq!((&draft["standing"], &draft["total"]), (&json!("draft"), &json!("698.00")), "{draft:#}");
    let (pdf, csv) = (site.place("plan.pdf"), site.place("plan.csv"));
    desk.json(&["order", "file", "#1", &pdf.to_string_lossy()]).await.unwrap();
    desk.json(&["order", "file", "#1", &csv.to_string_lossy()]).await.unwrap();
    let printed = run(Path::new("/usr/bin/pdftotext"), &["-layout", &pdf.to_string_lossy(), "-"]).await.unwrap();
    for part in
        ["Purchase requisition 1", "Laptops, summer 2027", "Lenovo 300e", "349.00", "698.00", "In the place of LAP-1, LAP-2", "Approved by"]
    {
        assert!(printed.out.contains(part), "{part:?} is not printed: {}", printed.out);
    }
    assert!(std::fs::read_to_string(&csv).unwrap().contains(",laptop,Lenovo,300e,2,349.00,698.00,"));
    let again = desk.run(&["order", "file", "#1", &pdf.to_string_lossy()]).await.unwrap();
    assert!(again.code != 0 && again.err.contains("plan.pdf"), "no file is overwritten: {again:?}");
}
