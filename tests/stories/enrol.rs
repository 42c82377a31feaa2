//! A machine becomes a device of the site.

use crate::titles;
use rollcall_tests::agent::TestAgent;
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_enrols_and_is_in_the_inventory_with_its_true_hardware() {
    let site = TestSite::start().await.unwrap();
    let pc = Pc::new(17, "lab1-pc17");
    let _agent = site.enroll("LAB1-017", &pc, titles()).await.unwrap();
    let rows = site.desk().unwrap().json(&["devices"]).await.unwrap();
    let row = &rows[0];
    for field in ["id", "tag", "name", "room", "presence", "since", "model", "serial", "os", "memory_bytes", "last_report"] {
        assert!(!row[field].is_null(), "{field} is missing in {row:#}");
    }
    assert_eq!(row["tag"], "LAB1-017");
    assert_eq!(row["name"], "lab1-pc17");
    assert_eq!(row["room"], "Lab 1");
    assert_eq!(row["presence"], "here");
    assert_eq!(row["serial"], "SIM000017");
    assert_eq!(row["model"], "ThinkPad L14 Gen 2");
    assert_eq!(row["os"], "Debian GNU/Linux 12 (bookworm)");
    assert_eq!(row["memory_bytes"], 16_u64 << 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_enrols_as_many_machines_as_it_was_made_for() {
    let site = TestSite::start().await.unwrap();
    let token = site.desk().unwrap().token("Lab 1", 1).await.unwrap();
    let enroll = site.ports().enroll.to_string();
    let first = TestAgent::enroll(&site.place("one"), &enroll, &token, "ONE", Pc::new(1, "one").machine(titles())).await;
    assert!(first.is_ok(), "{:?}", first.err());
    let second = TestAgent::enroll(&site.place("two"), &enroll, &token, "TWO", Pc::new(2, "two").machine(titles())).await;
    let why = format!("{:#}", second.err().unwrap());
    assert!(why.contains("token"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_taken_back_or_has_ended_enrols_nobody() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    let enroll = site.ports().enroll.to_string();
    let revoked = desk.json(&["token", "new", "--room", "Lab 1"]).await.unwrap();
    desk.json(&["token", "revoke", &revoked["id"].to_string()]).await.unwrap();
    let ended = desk.token("Lab 1", 5).await.unwrap();
    let machine = || Pc::new(1, "one").machine(titles());
    let token = revoked["token"].as_str().unwrap();
    assert!(TestAgent::enroll(&site.place("one"), &enroll, token, "ONE", machine()).await.is_err());
    site.advance(jiff::SignedDuration::from_hours(24 * 400));
    assert!(TestAgent::enroll(&site.place("one"), &enroll, &ended, "ONE", machine()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_site_is_known_before_anything_is_sent() {
    let (here, there) = (TestSite::start().await.unwrap(), TestSite::start().await.unwrap());
    let token = there.desk().unwrap().token("Lab 1", 1).await.unwrap();
    let enroll = here.ports().enroll.to_string();
    let answer = TestAgent::enroll(&here.place("one"), &enroll, &token, "ONE", Pc::new(1, "one").machine(titles())).await;
    let why = format!("{:#}", answer.err().unwrap());
    assert!(why.contains("not the collector that made the token"), "{why}");
    let tokens = here.desk().unwrap().found(&["token", "list"]).await.unwrap();
    assert!(!tokens.to_string().contains("\"uses_left\":0"), "{tokens}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_machine_does_not_take_over_a_tag() {
    let site = TestSite::start().await.unwrap();
    let _first = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    let token = site.desk().unwrap().token("Lab 1", 1).await.unwrap();
    let enroll = site.ports().enroll.to_string();
    let other = TestAgent::enroll(&site.place("other"), &enroll, &token, "LAB1-01", Pc::new(2, "two").machine(titles())).await;
    assert!(other.is_err());
    assert_eq!(site.device("LAB1-01").await.unwrap()["serial"], "SIM000001");
}
