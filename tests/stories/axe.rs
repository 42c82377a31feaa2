//! Every page of the desk for everybody: axe-core finds nothing against WCAG 2.1 AA, in light and in dark, and nothing stands beyond the
//! edge of a screen 320 pixels wide. What machines and people say hostile stays text: nothing of it runs, and nothing of it is even tried.

use crate::browser::first_account;
use crate::titles;
use rollcall_tests::agent::TestAgent;
use rollcall_tests::browser::{Browser, Colours, program};
use rollcall_tests::pc::Pc;
use rollcall_tests::process::{CollectorProcess, Ports};
use serde_json::Value;
use std::path::Path;

/// The pages as the desk names them.
const NAMED: &str = include_str!("../../collector/src/desk/pages/mod.rs");
/// What stands for a part of an address: the beginning of the address, and the part.
const PARTS: &[(&str, &str)] = &[
    ("/accounts/", "maria"),
    ("/assets/", "LAB1-01"),
    ("/baselines/", "labs"),
    ("/devices/", "LAB1-01"),
    ("/lab/", "Lab%201"),
    ("/orders/", "1"),
    ("/people/", "S1001"),
    ("/report/", "LAB1-01"),
    ("/reports/", "inventory"),
    ("/rooms/", "Lab%201"),
    ("/tickets/", "1"),
];
/// What the desk answers with something else than a page, or with one that only work which runs has.
const NO_PAGE: &[&str] =
    &["/certificate/ca.crt", "/export/", "/find", "/import/", "/labels.pdf", "/labels.svg", "/live", "/sign-in/oidc", "/welcome/"];
/// Pages as they are with something chosen.
const ALSO: &[&str] = &[
    "/?",
    "/alerts?show=all",
    "/baseline-file?from=LAB1-01&versions=any",
    "/find?scan=la",
    "/loans?person=S1001",
    "/loans?tag=LAB1-01",
    "/loans?tag=LAB1-01&person=S1001",
    "/software?title=gimp",
    "/tickets?view=list",
];

/// What a machine and a person are called who mean harm.
const HOSTILE: &str = "\"><img src=x onerror=window.harm=1><script>window.harm=1</script>";
/// Counts what the policy of a page refuses, from its beginning.
const WATCH: &str = "window.refused = []; document.addEventListener('securitypolicyviolation', \
                     (event) => window.refused.push(event.violatedDirective + ' ' + event.blockedURI))";

/// Every page that can be opened, with something in the place of its parts.
fn pages() -> Vec<String> {
    let routes = NAMED.split(".route(").skip(1).filter_map(|route| route.split('"').nth(1).map(|path| (path, route)));
    let gets = routes.filter(|(_, route)| route.contains(" get(") || route.contains(", get(")).map(|(path, _)| path);
    let pages =
        gets.filter(|path| !path.ends_with(".csv") && !path.ends_with(".pdf") && !NO_PAGE.iter().any(|none| path.starts_with(none)));
    let named = pages.map(|path| match path.split_once('{') {
        None => path.to_owned(),
        Some((before, after)) => {
            let part = PARTS.iter().find(|(begin, _)| *begin == before);
            let (_, part) = part.unwrap_or_else(|| panic!("what stands for the part of {path}? Say it in PARTS"));
            format!("{before}{part}{}", after.split_once('}').unwrap().1)
        }
    });
    named.chain(ALSO.iter().map(|path| (*path).to_owned())).collect()
}

/// What axe finds on the page that is open: what is wrong, and the first element of which it is.
async fn found(browser: &mut Browser, axe: &str) -> Vec<String> {
    browser.value(&format!("{axe}; true")).await.unwrap();
    let run = "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})\
               .then(told => told.violations.map(wrong => wrong.id + ': ' + wrong.nodes[0].html.slice(0, 200)))";
    let told = browser.value(run).await.unwrap();
    told.as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_every_page_is_for_everybody_and_runs_nothing_hostile() {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("axe/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(&axe).unwrap_or_else(|_| panic!("{}: run `npm ci` in tests/axe", axe.display()));
    assert!(program().is_some(), "no browser: install Debian's package `chromium`");
    let folder = tempfile::tempdir().unwrap();
    let process = CollectorProcess::start(&folder.path().join("site"), Ports::free().unwrap()).await.unwrap();
    let desk = process.desk().unwrap();
    desk.json(&["room", "add", "Lab 1", "--seats", "4"]).await.unwrap();
    let people = folder.path().join("people.csv");
    std::fs::write(&people, format!("id,name\nS1001,Ana Ruiz\nS1002,\"{}\"\n", HOSTILE.replace('"', "\"\""))).unwrap();
    desk.json(&["person", "import", &people.to_string_lossy(), "--yes"]).await.unwrap();
    let token = desk.token("Lab 1", 2).await.unwrap();
    let enroll = process.ports.enroll.to_string();
    let mut agents = Vec::new();
    for number in 1..=2 {
        let (name, tag) = (format!("lab1-{number}"), format!("LAB1-0{number}"));
        let host = if number == 1 { HOSTILE } else { name.as_str() };
        let machine = Pc::new(number, host).machine(titles());
        agents.push(TestAgent::enroll(&folder.path().join(&name), &enroll, &token, &tag, machine).await.unwrap());
    }
    let baseline = folder.path().join("labs.toml");
    std::fs::write(&baseline, "name = \"labs\"\nrooms = [\"Lab 1\"]\n[[required]]\ntitle = \"stellarium\"\n").unwrap();
    desk.found(&["baseline", "apply", &baseline.to_string_lossy()]).await.unwrap();
    desk.json(&["ticket", "open", "The projector flickers", "--asset", "LAB1-01"]).await.unwrap();
    desk.json(&["order", "draft", "Laptops"]).await.unwrap();
    desk.json(&["loan", "out", "LAB1-02", "S1001", "--override", "for a test"]).await.unwrap();

    let mut browser = Browser::start().await.unwrap();
    let base = first_account(&mut browser, &process).await;
    browser.at_every_page(WATCH).await.unwrap();
    let (pages, mut wrong) = (pages(), Vec::new());
    assert!(pages.len() > 45, "{pages:?}");
    for colours in [Colours::Light, Colours::Dark] {
        browser.colours(colours).await.unwrap();
        for path in &pages {
            browser.resize(1280, 900).await.unwrap();
            browser.open(&format!("{base}{path}")).await.unwrap();
            browser.value("document.querySelectorAll('details').forEach(part => part.open = true)").await.unwrap();
            let harm = browser.value("window.refused.concat(window.harm ? ['hostile text ran'] : []).join(', ')").await.unwrap();
            wrong.extend(harm.as_str().filter(|harm| !harm.is_empty()).map(|harm| format!("{path}: {harm}")));
            wrong.extend(found(&mut browser, &axe).await.into_iter().map(|told| format!("{path} ({colours:?}) {told}")));
            browser.resize(320, 700).await.unwrap();
            let beyond = browser.value("document.documentElement.scrollWidth - 320").await.unwrap();
            wrong.extend(beyond.as_i64().filter(|beyond| *beyond > 0).map(|beyond| format!("{path}: {beyond} pixels beyond 320")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    browser.stop().await;
    for agent in agents {
        agent.kill().await;
    }
    process.stop().await.unwrap();
}
