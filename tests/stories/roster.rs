//! The school's people from its student information system: bulk and changes, who left with a laptop, a roster gone short, files that must come.

use rollcall_tests::command::Desk;
use rollcall_tests::roster::{Kind, Made, Roster};
use rollcall_tests::site::TestSite;
use serde_json::{Value, json};
use std::time::Duration;

/// A school of sixty students and three teachers, imported; LT-01 waits at the desk.
async fn site_with_roster() -> (TestSite, Desk, Roster) {
    let site = TestSite::start().await.unwrap();
    let (desk, roster) = (site.desk().unwrap(), Roster::of(60));
    import(&site, &desk, &roster, Kind::Bulk, &[]).await.unwrap();
    desk.json(&["asset", "add", "LT-01", "--kind", "laptop"]).await.unwrap();
    (site, desk, roster)
}

/// Imports a roster as its folder; what came of it.
async fn import(site: &TestSite, desk: &Desk, roster: &Roster, kind: Kind, more: &[&str]) -> anyhow::Result<Value> {
    let folder = site.place("export");
    std::fs::remove_dir_all(&folder).ok();
    roster.write(&folder, kind)?;
    let place = folder.to_string_lossy().into_owned();
    desk.json(&[&["roster", "import", &place, "--yes"], more].concat()).await
}

fn changes(people: Vec<Made>) -> Roster {
    Roster { people }
}

fn kinds(doubts: &Value) -> Vec<String> {
    doubts.as_array().unwrap().iter().map(|doubt| doubt["doubt"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_is_shown_before_it_is_taken_and_changes_follow() {
    let site = TestSite::start().await.unwrap();
    let (desk, roster, folder) = (site.desk().unwrap(), Roster::of(60), site.place("first"));
    roster.write(&folder, Kind::Bulk).unwrap();
    let place = folder.to_string_lossy().into_owned();
    let shown = desk.run(&["roster", "import", &place]).await.unwrap();
    assert!(shown.code == 3 && shown.err.contains("63 people new") && shown.err.contains("say --yes"), "{shown:?}");
    assert!(shown.err.contains("not taken in: 6 family") && shown.err.contains("on the card stands identifier"), "{shown:?}");
    assert!(shown.out.contains("Maya Torres"), "the first are named: {shown:?}");
    assert!(desk.found(&["person", "list"]).await.unwrap().as_array().unwrap().is_empty());
    let done = desk.json(&["roster", "import", &place, "--yes", "--school", "Lincoln Middle"]).await.unwrap();
    assert_eq!((&done["counts"]["added"], &done["counts"]["classes"]), (&json!(63), &json!(18)));
    let again = desk.run(&["roster", "import", &place]).await.unwrap();
    assert!(again.code == 0 && again.err.contains("nothing to do: 63 people"), "{again:?}");
    let maya = desk.json(&["person", "show", "20001"]).await.unwrap();
    assert_eq!(
        (&maya["name"], &maya["grade"], &maya["mail"]),
        (&json!("Maya Torres"), &json!("6"), &json!("maya.torres.20001@lincoln.example"))
    );
    assert!(!maya.to_string().contains("555") && !maya.to_string().contains("secret"), "{maya}");
    assert_eq!(maya["classes"].as_array().unwrap().len(), 6);

    let gone = Made { is_gone: true, ..roster.people[1].clone() };
    let renamed = Made { family: "Ruiz".into(), ..roster.people[0].clone() };
    let new = Made { source: "stu-new".into(), card: "30000".into(), ..roster.people[2].clone() };
    let done = import(&site, &desk, &changes(vec![gone, renamed, new]), Kind::Delta, &[]).await.unwrap();
    let counts = &done["counts"];
    assert_eq!([&counts["added"], &counts["changed"], &counts["left"], &counts["same"]], [&json!(1), &json!(1), &json!(1), &json!(61)]);
    let shown = desk.json(&["roster", "show"]).await.unwrap();
    assert_eq!([&shown["students"], &shown["staff"], &shown["left"]], [&json!(60), &json!(3), &json!(1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_the_school_with_a_laptop_is_told_and_a_short_roster_is_refused() {
    let (site, desk, roster) = site_with_roster().await;
    desk.json(&["loan", "out", "LT-01", "20005"]).await.unwrap();
    import(&site, &desk, &roster.without(&["20005"]), Kind::Bulk, &[]).await.unwrap();
    let doubts = desk.found(&["roster", "check"]).await.unwrap();
    assert_eq!(
        (kinds(&doubts)[0].as_str(), &doubts[0]["people"], &doubts[0]["has"]),
        ("left-with-things", &json!(["20005"]), &json!(["LT-01"]))
    );
    let told = desk.run(&["roster", "check"]).await.unwrap();
    assert!(told.code == 1 && told.out.contains("left with equipment") && told.out.contains("LT-01"), "{told:?}");
    let refused = desk.run(&["person", "forget", "20005", "--yes"]).await.unwrap();
    assert!(refused.code == 3 && refused.err.contains("still has LT-01"), "{refused:?}");

    let cut = Roster { people: roster.people[..40].to_vec() };
    let short = import(&site, &desk, &cut, Kind::Bulk, &[]).await.unwrap_err().to_string();
    assert!(short.contains("gone short") && short.contains("--allow-leaving"), "{short}");
    assert_eq!(desk.json(&["roster", "show"]).await.unwrap()["left"], 1, "nothing of it was done");
    let done = import(&site, &desk, &cut, Kind::Bulk, &["--allow-leaving"]).await.unwrap();
    assert_eq!(done["counts"]["left"], 23, "20 students and the staff; 20005 is back");
    // Back at the desk, and long gone: forgotten at a person's word, and nobody else.
    desk.json(&["loan", "in", "LT-01"]).await.unwrap();
    desk.json(&["roster", "retention", "30d"]).await.unwrap();
    site.advance(jiff::SignedDuration::from_hours(24 * 31));
    assert_eq!(kinds(&desk.found(&["roster", "check"]).await.unwrap()).iter().filter(|kind| *kind == "to-forget").count(), 23);
    let asked = desk.run(&["roster", "forget-left"]).await.unwrap();
    assert!(asked.code == 3 && asked.err.contains("23 people"), "{asked:?}");
    assert_eq!(desk.json(&["roster", "forget-left", "--yes"]).await.unwrap(), json!({"forgotten": 23}));
    assert_eq!(desk.found(&["roster", "forget-left"]).await.unwrap(), json!({"forgotten": 0}), "scripts get an answer all the same");
    assert_eq!(desk.json(&["person", "list", "--all"]).await.unwrap().as_array().unwrap().len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provisional_borrower_becomes_somebody_of_the_roster() {
    let (site, desk, roster) = site_with_roster().await;
    desk.json(&["person", "add", "guest-1", "Kim Lee", "--mail", "kim@lincoln.example"]).await.unwrap();
    desk.json(&["person", "add", "40000", "Jo New"]).await.unwrap();
    desk.json(&["loan", "out", "LT-01", "guest-1"]).await.unwrap();
    desk.json(&["person", "block", "40000", "no agreement yet"]).await.unwrap();
    assert_eq!(kinds(&desk.found(&["roster", "check"]).await.unwrap()), ["provisional", "provisional"]);
    let jo = Made { source: "stu-jo".into(), card: "40000".into(), given: "Jo".into(), family: "New".into(), ..roster.people[0].clone() };
    let done = import(&site, &desk, &changes(vec![jo]), Kind::Delta, &[]).await.unwrap();
    assert_eq!(done["counts"]["reconciled"], 1);
    assert_eq!(desk.json(&["person", "show", "40000"]).await.unwrap()["blocked"], "no agreement yet", "the block stays");
    let merged = desk.json(&["person", "merge", "guest-1", "20007"]).await.unwrap();
    assert_eq!(merged["loans"], 1);
    assert_eq!(desk.json(&["person", "show", "20007"]).await.unwrap()["has"], json!(["LT-01"]));
    assert_eq!(desk.run(&["person", "show", "guest-1"]).await.unwrap().code, 1);
    assert_eq!(desk.json(&["roster", "check"]).await.unwrap(), json!([]));
    let keys = std::fs::read_to_string(site.data().join("people.keys")).unwrap();
    assert!(keys.contains("20007") && !keys.contains("guest-1"), "the key to what is stored under the old id is destroyed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_in_the_folder_is_taken_by_itself_and_a_suspicious_one_waits() {
    let (site, desk, roster) = site_with_roster().await;
    let folder = site.place("drop");
    std::fs::create_dir_all(&folder).unwrap();
    desk.json(&["roster", "watch", &folder.to_string_lossy(), "--every", "15m"]).await.unwrap();
    assert_eq!(desk.found(&["roster", "look"]).await.unwrap()["outcome"], "nothing");
    let put = |name: &str, roster: &Roster| {
        std::fs::write(folder.join(name), roster.zip(Kind::Bulk).unwrap()).unwrap();
    };
    put("monday.zip", &roster.without(&["20002"]));
    assert_eq!(desk.json(&["roster", "look"]).await.unwrap()["outcome"], "applied");
    assert_eq!(desk.json(&["roster", "show"]).await.unwrap()["left"], 1);
    assert_eq!(desk.json(&["roster", "look"]).await.unwrap()["outcome"], "known");

    put("tuesday.zip", &Roster { people: roster.people[..30].to_vec() });
    assert_eq!(desk.found(&["roster", "look"]).await.unwrap()["outcome"], "waits");
    let alerts = desk.json(&["alerts"]).await.unwrap();
    assert!(alerts.to_string().contains("gone short"), "{alerts}");
    let asked = desk.run(&["roster", "accept"]).await.unwrap();
    assert!(asked.code == 3 && asked.err.contains("33 left"), "{asked:?}");
    desk.json(&["roster", "accept", "--yes"]).await.unwrap();
    assert_eq!(desk.json(&["roster", "show"]).await.unwrap()["left"], 33);
    assert_eq!(desk.found(&["alerts"]).await.unwrap(), json!([]));

    // Two files of changes come between two looks: each is taken, in order.
    let new = |card: &str, family: &str| {
        changes(vec![Made { source: "stu-new".into(), card: card.into(), family: family.into(), ..roster.people[0].clone() }])
    };
    for (name, changes) in [("wednesday-1.zip", new("30001", "First")), ("wednesday-2.zip", new("30001", "Second"))] {
        std::fs::write(folder.join(name), changes.zip(Kind::Delta).unwrap()).unwrap();
    }
    assert_eq!(desk.json(&["roster", "look"]).await.unwrap()["outcome"], "applied");
    assert_eq!(desk.json(&["person", "show", "30001"]).await.unwrap()["name"], "Maya Second");

    std::fs::write(folder.join("friday.zip"), b"PK and then nothing").unwrap();
    assert_eq!(desk.found(&["roster", "look"]).await.unwrap()["outcome"], "waits");
    assert!(desk.json(&["alerts"]).await.unwrap().to_string().contains("can't be opened as a zip"));
    std::fs::remove_file(folder.join("friday.zip")).unwrap();
    desk.json(&["roster", "look"]).await.unwrap();
    assert_eq!(desk.found(&["alerts"]).await.unwrap(), json!([]), "it was taken away");

    // Written by a machine whose clock is a day ahead.
    put("saturday.zip", &roster);
    let set = |at: std::time::SystemTime| {
        std::fs::File::options().write(true).open(folder.join("saturday.zip")).unwrap().set_modified(at).unwrap();
    };
    let now = rollcall::clock::Clock::system().now().as_second();
    let now = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(now.unsigned_abs());
    set(now + Duration::from_secs(86_400));
    assert_eq!(desk.found(&["roster", "look"]).await.unwrap()["outcome"], "waits");
    assert!(desk.json(&["alerts"]).await.unwrap().to_string().contains("in the future"));
    assert!(desk.run(&["roster", "accept", "--yes"]).await.unwrap().err.contains("in the future"));
    set(now);
    assert_eq!(desk.json(&["roster", "look"]).await.unwrap()["outcome"], "applied");
    // It came and went three times within minutes: it stays to be seen for a while, and holds no more.
    let alerts = desk.json(&["alerts"]).await.unwrap();
    assert!(alerts.as_array().unwrap().iter().all(|alert| alert["holds"] == json!(false)), "its time is right: {alerts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_must_come_is_told_when_it_is_late_short_or_malformed() {
    let site = TestSite::start().await.unwrap();
    let (desk, file) = (site.desk().unwrap(), site.place("grades.csv"));
    std::fs::write(&file, "id,grade\n1,A\n2,B\n").unwrap();
    let place = file.to_string_lossy().into_owned();
    let watch = ["transfer", "watch", "grades", &place, "--age", "26h", "--least-rows", "2", "--columns", "id,grade"];
    assert_eq!(desk.json(&watch).await.unwrap()["state"], "good");
    site.advance(jiff::SignedDuration::from_hours(27));
    let late = desk.found(&["transfers", "--now"]).await.unwrap();
    assert_eq!(late[0]["state"], "late");
    let alerts = desk.json(&["alerts"]).await.unwrap();
    assert!(alerts.to_string().contains("grades is late"), "{alerts}");
    let fresh = |text: &str| {
        std::fs::write(&file, text).unwrap();
        // The site's clock is ahead of this machine's.
        let written = std::fs::metadata(&file).unwrap().modified().unwrap();
        let at = written + Duration::from_secs(27 * 3600);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(at).unwrap();
    };
    for (text, state) in [("id,grade\n1,A\n", "short"), ("id;grade\n1;A\n2;B\n", "malformed"), ("id,grade\n1,A\n2,B\n", "good")] {
        fresh(text);
        assert_eq!(desk.found(&["transfers", "--now"]).await.unwrap()[0]["state"], state);
    }
    assert_eq!(desk.found(&["alerts"]).await.unwrap(), json!([]), "it is over by itself");
    desk.json(&["transfer", "remove", "grades"]).await.unwrap();
    assert_eq!(desk.run(&["transfers"]).await.unwrap().code, 1);
}
