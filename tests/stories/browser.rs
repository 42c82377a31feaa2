//! The desk in Debian's Chromium: from the one-time link to a verdict, and a change seen without reloading.

use crate::titles;
use rollcall_tests::agent::TestAgent;
use rollcall_tests::browser::{Browser, program};
use rollcall_tests::pc::Pc;
use rollcall_tests::process::{CollectorProcess, Ports};

/// The one-time link of the first start, at this machine's own address.
fn welcome(process: &CollectorProcess) -> String {
    let words = process.words();
    let word = words
        .split_whitespace()
        .find(|word| word.starts_with("https://") && word.contains("/welcome"))
        .unwrap_or_else(|| panic!("no link in\n{words}"));
    let path = word.splitn(4, '/').nth(3).unwrap();
    format!("https://localhost:{}/{path}", process.ports.desk.port())
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_from_the_first_link_to_a_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let process = CollectorProcess::start(&folder.path().join("site"), Ports::free().unwrap()).await.unwrap();
    let desk = process.desk().unwrap();
    desk.json(&["room", "add", "Lab 1"]).await.unwrap();
    let token = desk.token("Lab 1", 1).await.unwrap();
    let enroll = process.ports.enroll.to_string();
    let pc = Pc::new(1, "lab1-one");
    let agent = TestAgent::enroll(&folder.path().join("one"), &enroll, &token, "LAB1-01", pc.machine(titles())).await.unwrap();

    assert!(program().is_some(), "no browser: install Debian's package `chromium`");
    let mut browser = Browser::start().await.unwrap();
    browser.open(&welcome(&process)).await.unwrap();
    browser.write("input[name=name]", "maria").await.unwrap();
    for field in ["input[name=password]", "input[name=again]"] {
        if browser.value(&format!("!!document.querySelector('{field}')")).await.unwrap() == true {
            browser.write(field, "correct horse battery staple").await.unwrap();
        }
    }
    browser.enter().await.unwrap();
    browser.until("!location.pathname.startsWith('/welcome')").await.unwrap();

    let base = format!("https://localhost:{}", process.ports.desk.port());
    browser.open(&format!("{base}/devices")).await.unwrap();
    browser.until_shown("LAB1-01").await.unwrap();
    browser.until_shown("SIM000001").await.unwrap();
    assert_eq!(browser.value("document.querySelectorAll('[style], script:not([src])').length").await.unwrap(), 0, "inline style or script");

    // The agent is killed; the page shows it without being loaded again.
    browser.value("window.notReloaded = true").await.unwrap();
    agent.kill().await;
    browser.until("document.body.innerText.toLowerCase().includes('silent') && window.notReloaded === true").await.unwrap();

    browser.open(&format!("{base}/loans")).await.unwrap();
    browser.write("input[name=scan]", "LAB1-01").await.unwrap();
    browser.enter().await.unwrap();
    browser.until("/\\b(GO|CHECK|STOP)\\b/.test(document.body.innerText)").await.unwrap();
    browser.until_shown("LAB1-01").await.unwrap();
    browser.stop().await;
    process.stop().await.unwrap();
}
