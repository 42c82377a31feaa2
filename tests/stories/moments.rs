//! The three moments of a school day, walked at the desk with a mouse and a scanner: a lab not ready, an overdue laptop, a missing module.

use crate::browser::sign_up;
use crate::malfunction::memory;
use crate::{TITLES, titles, titles_without};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, civil};
use rollcall_agent::survey::Content;
use rollcall_tests::agent::TestAgent;
use rollcall_tests::browser::{Browser, program};
use rollcall_tests::pc::{Pc, software};
use rollcall_tests::site::TestSite;
use rollcall_tests::walk::{Walk, tell};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A change on a machine is seen on an open page in this time, or not at all.
const SEEN: Duration = Duration::from_secs(5);
/// Changes that are timed.
const TIMED: usize = 5;

/// The software list of the stories with another title.
fn titles_with(title: &'static str) -> Content {
    software(&[&TITLES[..], &[(title, "3.2.4")]].concat())
}

/// A site with a roster, and hours that hold on whatever day the test runs.
async fn school() -> TestSite {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    let people = site.place("people.csv");
    std::fs::write(&people, "id,name,mail\nS1001,Ana Ruiz,ana.ruiz@school.example\nS1002,Ben Ode,\n").unwrap();
    desk.json(&["person", "import", &people.to_string_lossy(), "--yes"]).await.unwrap();
    let bells = ["calendar", "bells", "Regular", "--days", "Mon-Sun", "--period", "1=08:00-08:50", "--period", "2=08:55-09:45"];
    desk.json(&bells).await.unwrap();
    desk.json(&["calendar", "hours", "Mon-Sun 00:00-24:00"]).await.unwrap();
    desk.json(&["room", "add", "Cart A", "--kind", "cart"]).await.unwrap();
    site
}

/// The PCs of the lab, each at its seat.
async fn lab(site: &TestSite, count: u64) -> Vec<TestAgent> {
    let desk = site.desk().unwrap();
    desk.json(&["room", "set", "Lab 1", "--seats", &count.to_string()]).await.unwrap();
    let mut agents = Vec::new();
    for number in 1..=count {
        let tag = format!("LAB1-{number:02}");
        // Desktop PCs of one model.
        let pc = Pc { model: 0, ..Pc::new(number, &tag.to_lowercase()) };
        agents.push(site.enroll(&tag, &pc, titles()).await.unwrap());
        desk.json(&["asset", "move", &tag, "Lab 1", "--seat", &number.to_string()]).await.unwrap();
    }
    agents
}

/// A laptop of the cart that has reported.
async fn laptop(site: &TestSite, number: u64, tag: &str) -> TestAgent {
    let desk = site.desk().unwrap();
    let agent = site.enroll(tag, &Pc { model: 2, ..Pc::new(number, &tag.to_lowercase()) }, titles()).await.unwrap();
    desk.json(&["asset", "move", tag, "Cart A"]).await.unwrap();
    desk.json(&["asset", "set", tag, "--kind", "laptop", "--price", "800"]).await.unwrap();
    agent
}

/// Turns the clock on to this time of tomorrow, and waits until those are here again who are to be.
async fn tomorrow(site: &TestSite, at: civil::Time, here: &[&str]) {
    let then = TimeZone::UTC.to_timestamp(site.today().tomorrow().unwrap().to_datetime(at)).unwrap();
    site.advance(then.duration_since(site.now()));
    for tag in here {
        site.presence_until(tag, "here").await.unwrap();
    }
}

/// The technician has signed in, and looks at a page.
async fn at_desk(site: &TestSite, path: &str) -> Walk {
    assert!(program().is_some(), "no browser: install Debian's package `chromium`");
    let mut walk = Walk::new(Browser::start().await.unwrap());
    let link = rollcall::desk::first_link(site.collector().unwrap(), site.ports().desk).unwrap();
    let (_, secret) = link.rsplit_once('/').unwrap();
    let base = format!("https://localhost:{}", site.ports().desk.port());
    sign_up(&mut walk.browser, &format!("{base}/welcome/{secret}")).await;
    walk.browser.open(&format!("{base}{path}")).await.unwrap();
    walk
}

async fn alerts(site: &TestSite) -> Value {
    site.desk().unwrap().found(&["alerts"]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_before_first_period_a_lab_that_is_not_ready() {
    let site = school().await;
    let desk = site.desk().unwrap();
    let mut agents = lab(&site, 6).await;
    let baseline = site.place("lab.toml");
    std::fs::write(&baseline, "name = \"Lab software\"\nrooms = [\"Lab 1\"]\n[[required]]\ntitle = \"gimp\"\n").unwrap();
    desk.found(&["baseline", "apply", &baseline.to_string_lossy()]).await.unwrap();
    desk.found(&["sweep", "Lab 1"]).await.unwrap();
    // Over night: seat 2 lost what it needs, seat 3 got what nobody asked for, seat 4 was switched off.
    agents[1].change(|machine| machine.put("software", titles_without("gimp")));
    agents[2].change(|machine| machine.put("software", titles_with("audacity")));
    agents[3].shut_down().await.unwrap();
    site.event_until("alert.raised").await.unwrap();
    tomorrow(&site, civil::time(7, 40, 0, 0), &["LAB1-01", "LAB1-02", "LAB1-03", "LAB1-05", "LAB1-06"]).await;

    let mut walk = at_desk(&site, "/").await;
    walk.begin("a lab not ready");
    walk.sees("period 1 in 2").await.unwrap();
    walk.click_beside("Lab 1 is not ready for period 1", "Open room").await.unwrap();
    walk.sees("LAB1-04").await.unwrap();
    walk.click("Sweep now").await.unwrap();
    walk.browser.until_shown("The sweep of Lab 1 has begun").await.unwrap();
    walk.sees("Finished").await.unwrap();
    let answer = walk.shows("#sweep").await.unwrap();
    for words in ["LAB1-04", "switched off", "LAB1-02", "lacks gimp", "LAB1-03", "audacity"] {
        assert!(answer.contains(words), "the answer does not say {words}:\n{answer}");
    }
    walk.click("LAB1-02").await.unwrap();
    walk.sees("Timeline").await.unwrap();
    walk.click_beside("lacks gimp", "Open a ticket").await.unwrap();
    walk.sees("its facts are filled in").await.unwrap();
    walk.click("Open it").await.unwrap();
    walk.sees("Ticket 1 is open").await.unwrap();
    let took = walk.end().unwrap();
    assert!(took.clicks <= 5 && took.fields == 0, "{took}");
    let alert = &alerts(&site).await[0];
    assert_eq!((&alert["tag"], &alert["state"], &alert["ticket"]), (&json!("LAB1-02"), &json!("acknowledged"), &json!(1)), "{alert:#}");
    walk.browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_during_the_day_a_machine_that_drops_off_and_an_overdue_laptop() {
    let site = school().await;
    let desk = site.desk().unwrap();
    let mut agents = lab(&site, 3).await;
    let lent = laptop(&site, 12, "LT-02").await;
    let overdue = laptop(&site, 17, "LT-07").await;
    desk.json(&["loan", "out", "LT-02", "S1001", "--due", "5d"]).await.unwrap();
    desk.json(&["loan", "out", "LT-07", "S1001", "--due", "2h"]).await.unwrap();
    overdue.kill().await;
    site.presence_until("LT-07", "away").await.unwrap();
    tomorrow(&site, civil::time(10, 5, 0, 0), &["LAB1-01", "LAB1-02", "LAB1-03"]).await;

    let mut walk = at_desk(&site, "/").await;
    walk.browser.value("window.notReloaded = true").await.unwrap();
    walk.begin("a machine falls silent");
    let killed = Instant::now();
    agents.remove(1).kill().await;
    lent.kill().await;
    walk.browser.until_shown("Lab 1: 1 machine fell silent").await.unwrap();
    let silent = killed.elapsed();
    walk.sees("fell silent").await.unwrap();
    site.presence_until("LT-02", "away").await.unwrap();
    // A minute passes: one person is told, once, of the one machine.
    site.advance(SignedDuration::from_secs(61));
    site.event_until("alert.raised").await.unwrap();
    walk.begin("a machine that drops off");
    walk.sees("LAB1-02 fell silent").await.unwrap();
    assert_eq!(walk.browser.value("window.notReloaded").await.unwrap(), true);
    let needs = walk.shows("#needs").await.unwrap();
    assert_eq!((needs.matches("LAB1-02").count(), needs.matches("LT-02").count()), (1, 0), "{needs}");
    walk.click_beside("LAB1-02", "Open device").await.unwrap();
    walk.sees("Timeline").await.unwrap();
    let told = walk.shows("#alerts").await.unwrap();
    assert!(told.contains("Probably: It lost power or network"), "{told}");
    walk.click_beside("LAB1-02", "Acknowledge").await.unwrap();
    walk.sees("You look after this now").await.unwrap();
    let took = walk.end().unwrap();
    tell(&format!("silent on the open page {silent:.1?} after it was killed")).unwrap();
    assert!(took.clicks <= 2, "{took}");
    assert!(silent < Duration::from_secs(5), "{silent:?}");
    let all = alerts(&site).await;
    assert_eq!((all.as_array().unwrap().len(), &all[0]["state"]), (1, &json!("acknowledged")), "{all:#}");

    walk.click("Today").await.unwrap();
    walk.begin("an overdue laptop");
    walk.sees("LT-07 was due back").await.unwrap();
    walk.click_beside("LT-07", "Open loan").await.unwrap();
    walk.sees("It comes back otherwise").await.unwrap();
    walk.click("Renew").await.unwrap();
    walk.sees("LT-07 stays with Ana Ruiz").await.unwrap();
    let took = walk.end().unwrap();
    assert!(took.clicks <= 2 && took.scans == 0 && took.fields == 0, "{took}");
    assert_eq!(desk.found(&["loan", "list", "--overdue"]).await.unwrap(), json!([]));
    walk.browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_at_the_loan_desk_a_missing_module() {
    let site = school().await;
    let desk = site.desk().unwrap();
    let mut agent = laptop(&site, 12, "LT-02").await;
    agent.change(|machine| machine.put("memory", memory(&["AA11", "BB22"])));
    assert_eq!(desk.run(&["device", "rescan", "LT-02"]).await.unwrap().code, 0);
    desk.run(&["asset", "accept", "LT-02"]).await.unwrap();

    let mut walk = at_desk(&site, "/loans").await;
    walk.begin("lend a laptop");
    walk.scan("LT-02").await.unwrap();
    walk.sees("GO").await.unwrap();
    assert!(walk.shows("#verdict").await.unwrap().contains("Scan the borrower’s card"));
    walk.scan("S1001").await.unwrap();
    walk.sees("LT-02 is lent to Ana Ruiz").await.unwrap();
    let took = walk.end().unwrap();
    assert!((took.clicks, took.scans) == (0, 2), "{took}");

    // It leaves, and comes back without a module, switched off.
    agent.shut_down().await.unwrap();
    site.presence_until("LT-02", "away").await.unwrap();
    agent.change(|machine| machine.put("memory", memory(&["AA11"])));
    walk.begin("a missing module");
    walk.scan("LT-02").await.unwrap();
    walk.sees("Ana Ruiz (S1001) has it").await.unwrap();
    assert!(walk.shows("#verdict").await.unwrap().starts_with("OUT"));
    walk.scan("LT-02").await.unwrap();
    walk.sees("LT-02 is back from Ana Ruiz").await.unwrap();
    site.advance(SignedDuration::from_mins(1));
    agent.resume().unwrap();
    walk.sees("serial BB22").await.unwrap();
    walk.click("Open the ticket").await.unwrap();
    walk.sees("Ticket 1 is open").await.unwrap();
    walk.click("Charge it").await.unwrap();
    walk.sees("is due from Ana Ruiz (S1001)").await.unwrap();
    let took = walk.end().unwrap();
    assert!(took.clicks <= 2 && took.scans == 2 && took.fields == 0, "{took}");
    let charges = desk.found(&["charge", "list"]).await.unwrap();
    assert_eq!((&charges[0]["state"], &charges[0]["person"]), (&json!("due"), &json!("S1001")), "{charges:#}");
    assert_eq!(desk.found(&["tickets"]).await.unwrap()[0]["state"], "open");
    walk.browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_a_change_on_a_machine_is_seen_on_its_open_page() {
    let site = school().await;
    let agent = site.enroll("LAB1-01", &Pc::new(1, "lab1-01"), titles()).await.unwrap();
    let mut walk = at_desk(&site, "/devices/LAB1-01").await;
    // The page notes by itself when it first shows each title.
    let watch = "window.shownAt = {}; new MutationObserver(() => {
        for (const [title] of document.getElementById('software').innerText.matchAll(/new-title-\\d+/g)) window.shownAt[title] ??= Date.now();
    }).observe(document.body, { subtree: true, childList: true, characterData: true })";
    walk.browser.value(watch).await.unwrap();
    let (mut whole, mut own) = (Vec::new(), Vec::new());
    for round in 0..TIMED {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let title: &'static str = ["new-title-0", "new-title-1", "new-title-2", "new-title-3", "new-title-4"][round];
        let changed = site.now().as_millisecond();
        agent.change(|machine| machine.put("software", titles_with(title)));
        walk.browser.until(&format!("'{title}' in window.shownAt")).await.unwrap();
        let shown = walk.browser.value(&format!("window.shownAt['{title}']")).await.unwrap().as_i64().unwrap();
        let event = site.event_until("section.changed").await.unwrap();
        assert!(event["text"].as_str().unwrap().contains(title), "{event:#}");
        let known = event["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond();
        whole.push(shown - changed);
        own.push(shown - known);
    }
    whole.sort_unstable();
    own.sort_unstable();
    let say =
        |what: &str, times: &[i64]| tell(&format!("{what}: median {} ms, worst {} ms", times[times.len() / 2], times[times.len() - 1]));
    say("from a change on the machine to the open page", &whole).unwrap();
    say("of these from the collector's record to the open page", &own).unwrap();
    let worst = Duration::from_millis(whole[whole.len() - 1].unsigned_abs());
    assert!(worst < SEEN && whole[0] >= 0, "{whole:?}");
    walk.browser.stop().await;
}
