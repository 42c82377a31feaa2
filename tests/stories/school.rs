//! The simulated school: what can happen to it, each judged by the simulator's own record.

use rollcall_tests::school::record::Record;
use rollcall_tests::school::{Options, run, scenario};
use rollcall_tests::site::TestSite;
use std::path::Path;

/// PCs of the stories, in two rooms.
const PCS: usize = 12;

/// A school at this site, to which this happens.
async fn options(site: &TestSite, scenario: &str) -> Options {
    let desk = site.desk().unwrap();
    desk.json(&["room", "add", "Lab 2"]).await.unwrap();
    let rooms = vec![("Lab 1", desk.token("Lab 1", PCS).await.unwrap()), ("Lab 2", desk.token("Lab 2", PCS).await.unwrap())];
    let data = site.data().to_string_lossy().into_owned();
    Options {
        scenario: scenario::named(scenario).unwrap(),
        seconds: 3,
        judge: Some(data),
        ..Options::small(site.ports().enroll.to_string(), rooms, PCS, site.place("school"))
    }
}

/// Lets something happen to a new school, and holds its record to the judge.
async fn holds(scenario: &str) -> (TestSite, Record) {
    let site = TestSite::start().await.unwrap();
    let record = run(&options(&site, scenario).await).await.unwrap();
    let judged = record.judged.as_ref().unwrap();
    assert!(record.holds(), "{:#?}", judged.wrong);
    assert!(judged.checked > PCS * 15, "only {} facts were compared", judged.checked);
    assert_eq!((record.pcs, record.new, record.connected, record.acknowledged), (PCS, PCS, PCS, PCS));
    (site, record)
}

/// How many events of a kind the site has.
async fn events(site: &TestSite, kind: &str) -> usize {
    let events = site.rest().unwrap().get("/events?limit=1000").await.unwrap();
    events.as_array().unwrap().iter().filter(|event| event["kind"] == kind).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn school_a_storm_of_equal_reports_is_acknowledged_and_told_in_order() {
    let (_site, record) = holds("storm").await;
    assert!(record.reports.unwrap() > 0, "{record:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn school_a_lost_switch_silences_one_room_and_loses_nothing() {
    let (site, record) = holds("switch-lost").await;
    assert_eq!((record.returned, events(&site, "device.silent").await), (Some(PCS / 2), PCS / 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn school_rolled_back_pcs_are_no_clones_and_lose_nothing() {
    let (site, _) = holds("roll-back").await;
    assert!(events(&site, "device.rolled-back").await >= PCS / 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn school_clones_are_quarantined_and_never_merged() {
    let (site, _) = holds("clones").await;
    assert_eq!(events(&site, "device.cloned").await, 2, "one on other hardware, one run twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn school_wrong_clocks_connect_and_are_told_of() {
    holds("clock-skew").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn school_slow_lines_harm_nobody_else() {
    let (_site, record) = holds("slow").await;
    assert!(record.longest_ms.unwrap() < 5_000, "{record:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn school_hostile_peers_harm_nobody_else() {
    let (_site, record) = holds("hostile").await;
    assert_eq!(record.attacks, Some(rollcall_tests::rogue::ATTACKS.len()));
    assert!(record.longest_ms.unwrap() < 5_000, "{record:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn school_asleep_is_not_silent() {
    let (site, record) = holds("sleep-wake").await;
    assert_eq!((record.returned, events(&site, "device.silent").await), (Some(PCS), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn school_a_power_cut_is_seen_and_everybody_comes_back() {
    let (site, record) = holds("power-cut").await;
    assert_eq!((record.returned, events(&site, "device.silent").await), (Some(PCS), PCS));
}

#[tokio::test(flavor = "multi_thread")]
async fn school_who_is_refused_for_good_is_not_waited_for() {
    let (site, _) = holds("remove-package").await;
    let desk = site.desk().unwrap();
    for tag in ["LAB1-02", "LAB2-03"] {
        desk.json(&["device", "revoke", tag]).await.unwrap();
    }
    let again = options_again(&site).await;
    let record = run(&again).await.unwrap();
    assert_eq!((record.new, record.connected, record.refused), (0, PCS - 2, 2));
    assert!(record.connected_ms < 20_000, "{} ms: the revoked were waited for", record.connected_ms);
    assert!(record.holds(), "{:#?}", record.judged);
}

/// The same school as before: its tokens are not needed any more.
async fn options_again(site: &TestSite) -> Options {
    let none = vec![("Lab 1", "known".to_owned()), ("Lab 2", "known".to_owned())];
    let options = Options::small(site.ports().enroll.to_string(), none, PCS, site.place("school"));
    Options { judge: Some(text(&site.data())), seconds: 1, ..options }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
