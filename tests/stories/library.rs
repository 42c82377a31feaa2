//! The school's library system: loans are mirrored into it, whatever happens to it or to the collector meanwhile.

use rollcall_tests::process::{CollectorProcess, Ports};
use rollcall_tests::rest::Rest;
use rollcall_tests::sip2_server::{Fault, Sip2Server};
use rollcall_tests::site::TestSite;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const PEOPLE: &str = "id,name\nS1001,Ana Ruiz\nS1002,Ben Ode\n";
const TAGS: [&str; 3] = ["LT-01", "LT-02", "LT-03"];

/// A library system, and a site with three laptops and two people that mirrors into it.
async fn site_with_library() -> (TestSite, Sip2Server) {
    let library = Sip2Server::start(&["S1001", "S1002"], &TAGS).await.unwrap();
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    std::fs::write(site.place("people.csv"), PEOPLE).unwrap();
    desk.json(&["person", "import", &site.place("people.csv").to_string_lossy(), "--yes"]).await.unwrap();
    for tag in TAGS {
        desk.json(&["asset", "add", tag, "--kind", "laptop"]).await.unwrap();
    }
    set(&site, &library).await;
    (site, library)
}

async fn set(site: &TestSite, library: &Sip2Server) {
    let password = site.place("sip.password");
    std::fs::write(&password, "open sesame\n").unwrap();
    let words = ["--login", "rollcall", "--institution", "LINCOLN", "--kinds", "laptop", "--password-file", &password.to_string_lossy()];
    let url = library.url();
    let line: Vec<&str> = ["library", "set", &url].into_iter().chain(words).collect();
    let answer = site.desk().unwrap().json(&line).await.unwrap();
    assert!(answer["library"]["has_password"] == json!(true) && !answer.to_string().contains("sesame"), "{answer}");
}

/// Waits until one is refused and no other waits, and gives it.
async fn refused_now(site: &TestSite) -> Value {
    site.until("/library", "one is refused", |status| status["waiting"] == json!(0) && status["refused"] == json!(1)).await.unwrap();
    site.rest().unwrap().get("/library/owed").await.unwrap()
}

/// Waits until nothing waits any more, and gives what is left: what is refused.
async fn settled(site: &TestSite) -> Value {
    site.until("/library", "nothing waits", |status| status["waiting"] == json!(0)).await.unwrap();
    site.rest().unwrap().get("/library/owed").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn loans_are_mirrored_while_the_library_system_is_up() {
    let (site, library) = site_with_library().await;
    let desk = site.desk().unwrap();
    let tried = desk.json(&["library", "test", "--tag", "LT-01", "--person", "S1002"]).await.unwrap();
    assert_eq!((&tried["name"], &tried["takes_checkouts"]), (&json!("Lincoln library"), &json!(true)));
    assert_eq!((&tried["item"], &tried["person"]), (&json!("it is there, and not lent"), &json!("they are known there, and may borrow")));

    desk.json(&["loan", "out", "LT-01", "S1001", "--due", "5d", "--override", "a story"]).await.unwrap();
    desk.json(&["loan", "out", "LT-02", "S1002", "--override", "a story"]).await.unwrap();
    desk.json(&["loan", "in", "LT-01"]).await.unwrap();
    library.until(3).await.unwrap();
    assert_eq!(settled(&site).await, json!([]));
    let done = library.done();
    assert_eq!(done.len(), 3, "{done:?}");
    let of = |tag: &str| done.iter().filter(|done| done.contains(tag)).cloned().collect::<Vec<_>>();
    assert_eq!((of("LT-01"), of("LT-02")), (vec!["out LT-01 S1001".to_owned(), "in LT-01".to_owned()], vec!["out LT-02 S1002".to_owned()]));
    assert!(library.heard().iter().all(|line| line.contains("AZ")), "everything has a checksum");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_while_it_is_down_is_told_in_order_when_it_is_back() {
    let (site, mut library) = site_with_library().await;
    let desk = site.desk().unwrap();
    library.stop();
    for line in [["loan", "out", "LT-01", "S1001", "--override", "a story"], ["loan", "out", "LT-02", "S1002", "--override", "a story"]] {
        desk.json(&line).await.unwrap();
    }
    desk.json(&["loan", "in", "LT-01"]).await.unwrap();
    desk.json(&["loan", "out", "LT-01", "S1002", "--override", "a story"]).await.unwrap();
    let status = site.until("/library", "it is said why it waits", |status| !status["trouble"].is_null()).await.unwrap();
    assert!(status["trouble"].as_str().unwrap().contains("no connection"), "{status}");
    assert!(desk.run(&["library", "test"]).await.unwrap().err.contains("no connection to 127.0.0.1"));

    site.advance(jiff::SignedDuration::from_mins(31));
    site.until("/alerts", "people are told", |alerts| alerts.to_string().contains("library-behind")).await.unwrap();

    library.resume().await.unwrap();
    let done = library.until(4).await.unwrap();
    assert_eq!(settled(&site).await, json!([]));
    assert_eq!(done, ["out LT-01 S1001", "out LT-02 S1002", "in LT-01", "out LT-01 S1002"]);
    site.until("/alerts", "the alert is over", |alerts| !alerts.to_string().contains("library-behind")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_done_is_never_done_twice() {
    let (site, library) = site_with_library().await;
    let desk = site.desk().unwrap();
    let mut want = Vec::new();
    for fault in [Fault::BreakOff, Fault::Garbled, Fault::Mishears] {
        library.behave(fault);
        desk.json(&["loan", "out", "LT-03", "S1001", "--override", "a story"]).await.unwrap();
        want.push("out LT-03 S1001");
        library.until(want.len()).await.unwrap();
        assert_eq!(settled(&site).await, json!([]), "{fault:?}");
        library.behave(fault);
        desk.json(&["loan", "in", "LT-03"]).await.unwrap();
        want.push("in LT-03");
        library.until(want.len()).await.unwrap();
        assert_eq!(settled(&site).await, json!([]), "{fault:?}");
        assert_eq!(library.done(), want, "{fault:?}");
    }
    library.behave(Fault::Garbage);
    desk.json(&["loan", "out", "LT-03", "S1002", "--override", "a story"]).await.unwrap();
    site.until("/library", "it is said why it waits", |status| !status["trouble"].is_null()).await.unwrap();
    library.behave(Fault::None);
    want.push("out LT-03 S1002");
    library.until(want.len()).await.unwrap();
    assert_eq!((settled(&site).await, library.done()), (json!([]), want.iter().map(|done| (*done).to_owned()).collect()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_refuses_is_shown_and_told_again_or_dropped_by_a_person() {
    let (site, library) = site_with_library().await;
    let desk = site.desk().unwrap();
    library.know("S1002", false);
    desk.json(&["loan", "out", "LT-01", "S1002", "--override", "a story"]).await.unwrap();
    desk.json(&["loan", "out", "LT-02", "S1001", "--override", "a story"]).await.unwrap();
    library.until(1).await.unwrap();
    let refused = refused_now(&site).await;
    assert_eq!(
        (&refused[0]["tag"], &refused[0]["answer"], &refused[0]["state"]),
        (&json!("LT-01"), &json!("Patron is blocked"), &json!("refused"))
    );
    assert_eq!(library.done(), ["out LT-02 S1001"]);
    let alerts = site.until("/alerts", "people are told", |alerts| alerts.to_string().contains("library-refused")).await.unwrap();
    assert!(alerts.to_string().contains("Patron is blocked"), "{alerts:#}");
    let list = desk.run(&["library", "list", "--refused"]).await.unwrap();
    assert!(list.out.contains("LT-01") && list.out.contains("Patron is blocked"), "{list:?}");

    library.know("S1002", true);
    let number = refused[0]["id"].to_string();
    desk.json(&["library", "retry", &number]).await.unwrap();
    library.until(2).await.unwrap();
    assert_eq!((settled(&site).await, library.done().len()), (json!([]), 2));
    site.until("/alerts", "the alert is over", |alerts| !alerts.to_string().contains("library-refused")).await.unwrap();
    assert_eq!(desk.run(&["library", "retry", &number]).await.unwrap().code, 1, "it is owed no more");

    desk.json(&["asset", "add", "LT-09", "--kind", "laptop"]).await.unwrap();
    desk.json(&["loan", "out", "LT-09", "S1001", "--override", "a story"]).await.unwrap();
    let refused = refused_now(&site).await;
    assert_eq!(refused[0]["answer"], json!("Invalid item"));
    let number = refused[0]["id"].to_string();
    let dropped = desk.run(&["library", "drop", "9999", &number, "--json"]).await.unwrap();
    assert_eq!(
        (dropped.code, &dropped.json().unwrap()[0]["tag"]),
        (1, &json!("LT-09")),
        "one answer for all, and none keeps another: {dropped:?}"
    );
    assert_eq!(settled(&site).await, json!([]));
    desk.json(&["library", "remove"]).await.unwrap();
    assert_eq!(desk.run(&["library", "status"]).await.unwrap().code, 1);
}

/// Lends and takes back one laptop until the collector is gone; gives how many of them it acknowledged.
async fn lend_and_take_back(rest: Rest, tag: &'static str) -> Vec<&'static str> {
    let mut acknowledged = Vec::new();
    loop {
        let open = rest.get("/loans").await.unwrap_or_default();
        let is_out = open.as_array().is_some_and(|loans| loans.iter().any(|loan| loan["tag"] == json!(tag)));
        let (path, body, what) = if is_out {
            ("/loans/return", json!({ "tag": tag }), "in")
        } else {
            ("/loans", json!({ "tag": tag, "person": "S1001", "override": "a story" }), "out")
        };
        match rest.post(path, body).await {
            Ok(_) => acknowledged.push(what),
            Err(_) => return acknowledged,
        }
        sleep(Duration::from_millis(30)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_killed_tells_everything_once() {
    let folder = tempfile::tempdir().unwrap();
    let (data, ports) = (folder.path().join("site"), Ports::free().unwrap());
    let library = Sip2Server::start(&["S1001"], &TAGS).await.unwrap();
    begin(&data, ports, &library, folder.path()).await;
    // Slow, so that it is killed with something said and not yet answered.
    library.behave(Fault::Slow(Duration::from_millis(60)));
    for round in 0..4_u64 {
        let process = CollectorProcess::start(&data, ports).await.unwrap();
        let writers: Vec<_> = TAGS.map(|tag| tokio::spawn(lend_and_take_back(process.rest().unwrap(), tag))).into_iter().collect();
        sleep(Duration::from_millis(900 + round * 170)).await;
        process.kill().await.unwrap();
        for writer in writers {
            assert!(!writer.await.unwrap().is_empty());
        }
    }
    library.behave(Fault::None);
    let process = CollectorProcess::start(&data, ports).await.unwrap();
    let rest = process.rest().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while rest.get("/library").await.unwrap()["waiting"] != json!(0) {
        assert!(Instant::now() < end, "{:#}", rest.get("/library/owed").await.unwrap());
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(rest.get("/library/owed").await.unwrap(), json!([]));
    let loans = rest.get("/loans?all=true").await.unwrap();
    for tag in TAGS {
        let done: Vec<String> = library.done().into_iter().filter(|done| done.contains(tag)).collect();
        let by_turns = done.iter().enumerate().all(|(at, done)| done.starts_with(if at % 2 == 0 { "out " } else { "in " }));
        let of_it: Vec<&Value> = loans.as_array().unwrap().iter().filter(|loan| loan["tag"] == json!(tag)).collect();
        let steps: usize = of_it.iter().map(|loan| if loan["in_at"].is_null() { 1 } else { 2 }).sum();
        assert!(by_turns && done.len() == steps && steps > 2, "{tag}: {steps} steps of {of_it:#?} are {done:?}");
    }
    process.stop().await.unwrap();
}

async fn begin(data: &Path, ports: Ports, library: &Sip2Server, beside: &Path) {
    let process = CollectorProcess::start(data, ports).await.unwrap();
    let rest = process.rest().unwrap();
    std::fs::write(beside.join("people.csv"), PEOPLE).unwrap();
    let people = beside.join("people.csv").to_string_lossy().into_owned();
    process.desk().unwrap().json(&["person", "import", &people, "--yes"]).await.unwrap();
    for tag in TAGS {
        rest.post("/assets", json!({ "tag": tag, "kind": "laptop" })).await.unwrap();
    }
    let facts = json!({ "url": library.url(), "user": "rollcall", "password": "open sesame", "kinds": ["laptop"] });
    rest.put("/library", facts).await.unwrap();
    process.stop().await.unwrap();
}
