//! The desk in Debian's Chromium: from the one-time link to a verdict, and a change seen without reloading.

use crate::titles;
use rollcall_tests::agent::TestAgent;
use rollcall_tests::browser::{Browser, Script, program};
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

/// Makes the first account by the one-time link, and signs in with it; where the desk is.
pub async fn first_account(browser: &mut Browser, process: &CollectorProcess) -> String {
    sign_up(browser, &welcome(process)).await;
    format!("https://localhost:{}", process.ports.desk.port())
}

/// Makes the first account by its one-time link, and signs in with it.
pub async fn sign_up(browser: &mut Browser, link: &str) {
    browser.open(link).await.unwrap();
    browser.write("input[name=name]", "maria").await.unwrap();
    for field in ["input[name=password]", "input[name=again]"] {
        if browser.value(&format!("!!document.querySelector('{field}')")).await.unwrap() == true {
            browser.write(field, "correct horse battery staple").await.unwrap();
        }
    }
    browser.enter().await.unwrap();
    browser.until("!location.pathname.startsWith('/welcome')").await.unwrap();
}

/// Opens a page on a desk's screen and on a phone, with all that folds unfolded: nothing may stand beyond the edge, and no script or style in the page.
/// With `ROLLCALL_PICTURES` set to a folder, a picture of each is kept there.
async fn fits(browser: &mut Browser, base: &str, path: &str) {
    for (width, height) in [(1280, 900), (390, 844)] {
        browser.resize(width, height).await.unwrap();
        browser.open(&format!("{base}{path}")).await.unwrap();
        browser.value("document.querySelectorAll('details').forEach(part => part.open = true)").await.unwrap();
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

/// Pages that are looked at on both screens.
const PAGES: &[&str] = &[
    "/",
    "/devices",
    "/devices/LAB1-02",
    "/rooms",
    "/loans",
    "/loans?person=S1001",
    "/alerts",
    "/rooms/Lab%201",
    "/add",
    "/accounts",
    "/find?scan=la",
    "/software?title=gimp",
    "/discrepancies",
    "/people",
    "/people/S1001",
    "/people/S1001/forget",
    "/transfers",
];

/// What three machines lack is one line, and stays open while the page keeps itself true; each machine is acknowledged by itself.
async fn alerts_fold(browser: &mut Browser, base: &str) {
    browser.open(&format!("{base}/alerts")).await.unwrap();
    browser.until_shown("Lab 1: 3 machines, each lacks stellarium").await.unwrap();
    browser.value("document.querySelector('details summary').click()").await.unwrap();
    let machines = "document.querySelectorAll('details[open] .folded li').length";
    assert_eq!(browser.value(machines).await.unwrap(), 3);
    browser.value("changed(['alert']); refresh()").await.unwrap();
    assert_eq!(browser.value(machines).await.unwrap(), 3, "it stays open");
    browser.value("document.querySelector('.folded button').click()").await.unwrap();
    browser.until_shown("Lab 1: 2 machines, each lacks stellarium").await.unwrap();
}

/// A part of a name, the arrow key, Enter.
async fn a_name_is_found_with_the_keyboard(browser: &mut Browser, base: &str) {
    browser.write("input[name=scan]", "ruiz").await.unwrap();
    browser.enter().await.unwrap();
    browser.until("location.pathname === '/find' && document.readyState === 'complete'").await.unwrap();
    browser.down().await.unwrap();
    browser.down().await.unwrap();
    browser.until("document.activeElement.innerText === 'Ana Ruiz'").await.unwrap();
    browser.enter().await.unwrap();
    browser.until(&format!("location.href === '{base}/loans?person=S1001'")).await.unwrap();
}

/// Without script the page of a room loads itself again until the sweep is over.
async fn a_sweep_is_seen_without_script(browser: &mut Browser, base: &str) {
    browser.script(Script::Off).await.unwrap();
    browser.open(&format!("{base}/rooms/Lab%201")).await.unwrap();
    browser.value("document.querySelector('form[action$=sweep] button').click()").await.unwrap();
    browser.until_shown("Finished").await.unwrap();
    assert_eq!(browser.value("document.querySelectorAll('meta[http-equiv=refresh]').length").await.unwrap(), 0, "it rests then");
    browser.script(Script::On).await.unwrap();
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
    let token = desk.token("Lab 1", 3).await.unwrap();
    let enroll = process.ports.enroll.to_string();
    let pc = Pc::new(1, "lab1-one");
    let agent = TestAgent::enroll(&folder.path().join("one"), &enroll, &token, "LAB1-01", pc.machine(titles())).await.unwrap();

    let (two, three) = (Pc::new(2, "lab1-two"), Pc::new(3, "lab1-three"));
    let _two = TestAgent::enroll(&folder.path().join("two"), &enroll, &token, "LAB1-02", two.machine(titles())).await.unwrap();
    let _three = TestAgent::enroll(&folder.path().join("three"), &enroll, &token, "LAB1-03", three.machine(titles())).await.unwrap();

    assert!(program().is_some(), "no browser: install Debian's package `chromium`");
    let mut browser = Browser::start().await.unwrap();
    let base = first_account(&mut browser, &process).await;
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

    let baseline = folder.path().join("labs.toml");
    std::fs::write(&baseline, "name = \"labs\"\nrooms = [\"Lab 1\"]\n[[required]]\ntitle = \"stellarium\"\n").unwrap();
    desk.found(&["baseline", "apply", &baseline.to_string_lossy()]).await.unwrap();
    alerts_fold(&mut browser, &base).await;
    a_name_is_found_with_the_keyboard(&mut browser, &base).await;
    a_sweep_is_seen_without_script(&mut browser, &base).await;
    for path in PAGES {
        fits(&mut browser, &base, path).await;
    }
    browser.stop().await;
    process.stop().await.unwrap();
}
