//! Moment 3: may this laptop leave?

use crate::{titles, titles_without};
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;
use serde_json::json;

async fn site_with_laptop() -> TestSite {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    let people = site.place("people.csv");
    std::fs::write(&people, "id,name\nS1001,Ana Ruiz\nS1002,Ben Ode\n").unwrap();
    desk.json(&["person", "import", &people.to_string_lossy(), "--yes"]).await.unwrap();
    desk.json(&["asset", "add", "LT-01", "--kind", "laptop"]).await.unwrap();
    site
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laptop_can_not_be_out_twice_even_when_two_desks_scan_at_once() {
    let site = site_with_laptop().await;
    let desk = site.desk().unwrap();
    let lend = |person| ["loan", "out", "LT-01", person, "--json"];
    let (ana, ben) = (lend("S1001"), lend("S1002"));
    let (one, two) = tokio::join!(desk.run(&ana), desk.run(&ben));
    let mut codes = [one.unwrap().code, two.unwrap().code];
    codes.sort_unstable();
    assert_eq!(codes, [0, 3], "one lends, the other is refused");
    assert_eq!(desk.json(&["loan", "list"]).await.unwrap().as_array().unwrap().len(), 1);

    let check = desk.run(&["check", "LT-01", "--json"]).await.unwrap();
    assert_eq!((check.code, &check.json().unwrap()["verdict"]), (3, &json!("STOP")));
    desk.json(&["loan", "in", "LT-01"]).await.unwrap();
    assert_eq!(desk.run(&["loan", "in", "LT-01"]).await.unwrap().code, 3, "it is back already");
    desk.json(&["loan", "out", "LT-01", "S1002"]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verdict_has_its_reasons() {
    let site = site_with_laptop().await;
    let desk = site.desk().unwrap();
    let agent = site.enroll("LT-02", &Pc::new(2, "laptop"), titles()).await.unwrap();
    let good = desk.run(&["check", "LT-02", "--for", "S1001", "--json"]).await.unwrap();
    assert_eq!((good.code, &good.json().unwrap()["verdict"]), (0, &json!("GO")), "{good:?}");

    let file = site.place("laptops.toml");
    std::fs::write(&file, "name = \"Laptops\"\nrooms = [\"Lab 1\"]\n[[required]]\ntitle = \"gimp\"\n").unwrap();
    desk.found(&["baseline", "apply", &file.to_string_lossy()]).await.unwrap();
    agent.change(|machine| machine.put("software", titles_without("gimp")));
    site.event_until("section.changed").await.unwrap();
    let look = desk.run(&["check", "LT-02", "--json"]).await.unwrap();
    let document = look.json().unwrap();
    assert_eq!((look.code, &document["verdict"]), (1, &json!("CHECK")), "{document:#}");
    let reasons = document["reasons"].as_array().unwrap();
    assert!(reasons.iter().any(|reason| reason["code"] == "baseline" && reason["text"].as_str().unwrap().contains("gimp")), "{document:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_unknown_borrows_and_nothing_unknown_is_lent() {
    let site = site_with_laptop().await;
    let desk = site.desk().unwrap();
    for unknown in [["loan", "out", "LT-01", "S9999"], ["loan", "out", "LT-99", "S1001"]] {
        let ran = desk.run(&unknown).await.unwrap();
        assert!([1, 3].contains(&ran.code) && ran.err.contains("99"), "{ran:?}");
    }
    assert_eq!(desk.run(&["check", "LT-99"]).await.unwrap().code, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_is_forgotten_once_everything_is_back() {
    let site = site_with_laptop().await;
    let desk = site.desk().unwrap();
    desk.json(&["loan", "out", "LT-01", "S1001"]).await.unwrap();
    let kept = desk.run(&["person", "forget", "S1001", "--yes"]).await.unwrap();
    assert!(kept.code == 3 && kept.err.contains("S1001 still has LT-01"), "{kept:?}");
    desk.json(&["loan", "in", "LT-01"]).await.unwrap();
    // Nobody is there to answer.
    let asked = desk.run(&["person", "forget", "S1001"]).await.unwrap();
    assert!(asked.code == 3 && asked.err.contains("Ana Ruiz (S1001) leaves the roster") && asked.err.contains("1 past loan"), "{asked:?}");
    assert_eq!(desk.json(&["person", "list"]).await.unwrap().as_array().unwrap().len(), 2);
    assert_eq!(desk.json(&["person", "forget", "S1001", "--yes"]).await.unwrap(), json!({"forgotten": "S1001"}));
    assert_eq!(desk.json(&["loan", "list", "--all"]).await.unwrap()[0]["person_name"], json!(""));
    assert_eq!(desk.run(&["person", "forget", "S1001"]).await.unwrap().code, 1, "nobody in the roster has that id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laptop_on_loan_alarms_nobody_when_it_leaves_the_network() {
    let site = site_with_laptop().await;
    let agent = site.enroll("LT-02", &Pc::new(2, "laptop"), titles()).await.unwrap();
    site.desk().unwrap().json(&["loan", "out", "LT-02", "S1001"]).await.unwrap();
    agent.kill().await;
    site.presence_until("LT-02", "away").await.unwrap();
    site.advance(jiff::SignedDuration::from_mins(10));
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(site.desk().unwrap().found(&["alerts"]).await.unwrap(), json!([]));
}
