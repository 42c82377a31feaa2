//! The desk in Debian's Chromium: from the one-time link to a verdict, and a change seen without reloading.

use crate::titles;
use rollcall_tests::agent::TestAgent;
use rollcall_tests::browser::{Browser, program};
use rollcall_tests::pc::Pc;
use rollcall_tests::process::{CollectorProcess, Ports};
use std::time::{Duration, Instant};

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

/// Opens a page on a desk's screen and on a phone: nothing may stand beyond the edge, and no script or style in the page.
/// With `ROLLCALL_PICTURES` set to a folder, a picture of each is kept there.
async fn fits(browser: &mut Browser, base: &str, path: &str) {
    for (width, height) in [(1280, 900), (390, 844)] {
        browser.resize(width, height).await.unwrap();
        browser.open(&format!("{base}{path}")).await.unwrap();
        let beyond = browser.value("document.documentElement.scrollWidth - window.innerWidth").await.unwrap();
        let inline = browser.value("document.querySelectorAll('[style], style, script:not([src])').length").await.unwrap();
        if let Some(folder) = std::env::var_os("ROLLCALL_PICTURES") {
            let name = format!("desk{}-{width}.png", path.replace('/', "-"));
            browser.picture(&std::path::Path::new(&folder).join(name)).await.unwrap();
        }
        assert!(beyond.as_i64().unwrap() <= 0, "{path} stands {beyond} pixels beyond the edge at a width of {width}");
        assert_eq!(inline, 0, "{path} has inline style or script");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_from_the_first_link_to_a_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let process = CollectorProcess::start(&folder.path().join("site"), Ports::free().unwrap()).await.unwrap();
    let desk = process.desk().unwrap();
    desk.json(&["room", "add", "Lab 1"]).await.unwrap();
    let people = folder.path().join("people.csv");
    std::fs::write(&people, "id,name\nS1001,Ana Ruiz\n").unwrap();
    desk.json(&["person", "import", &people.to_string_lossy(), "--yes"]).await.unwrap();
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
    let killed = Instant::now();
    agent.kill().await;
    let row = "[...document.querySelectorAll('tr')].find(row => row.innerText.includes('LAB1-01'))";
    browser.until(&format!("/silent/i.test({row}.innerText) && window.notReloaded === true")).await.unwrap();
    assert!(killed.elapsed() < Duration::from_secs(5), "silent on the page after {:?}", killed.elapsed());

    // A card and the tag scanned at the counter, each ended with Enter as scanners do: a verdict, and no reload by hand.
    browser.open(&format!("{base}/loans")).await.unwrap();
    browser.write("input[name=scan]", "LAB1-01").await.unwrap();
    browser.enter().await.unwrap();
    browser.until("/\\b(GO|CHECK|STOP)\\b/.test(document.body.innerText)").await.unwrap();
    browser.write("input[name=scan]", "S1001").await.unwrap();
    browser.enter().await.unwrap();
    browser.until_shown("Ana Ruiz").await.unwrap();

    for path in ["/", "/devices", "/devices/LAB1-01", "/rooms", "/loans", "/alerts", "/rooms/Lab%201", "/add", "/accounts"] {
        fits(&mut browser, &base, path).await;
    }
    browser.stop().await;
    process.stop().await.unwrap();
}
