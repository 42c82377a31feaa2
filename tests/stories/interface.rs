//! The REST interface as other systems meet it: lists in parts, its document linted, and requests that a fuzzer makes up from it.

use crate::titles;
use rollcall_tests::agent::TestAgent;
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// How long requests are made up when nobody says otherwise, seconds.
const SHORT: u64 = 45;

/// What is not asked: it never ends, ends the caller's own key, or takes a copy of everything.
const LEFT_OUT: [&str; 3] = ["backup.take", "events.follow", "keys.revoke"];

/// What is looked at: no answer is a 5xx, and each is of a status, kind and form that the document names; who sends no key is refused, and
/// so are a method that there is not and what is not of the form.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,\
    response_headers_conformance,ignored_auth,negative_data_rejection,unsupported_method,allow_header_conformance,use_after_free";

/// A tool of `tests/interface`.
fn tool(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/interface/tools/bin").join(name);
    assert!(path.is_file(), "{} is not there: run `tests/interface tools`", path.display());
    path
}

/// A site with something of everything.
async fn school() -> (TestSite, TestAgent) {
    let site = TestSite::start().await.unwrap();
    let (rest, desk) = (site.rest().unwrap(), site.desk().unwrap());
    let agent = site.enroll("LAB1-001", &Pc::new(1, "LAB1-001"), titles()).await.unwrap();
    let made = [
        ("/rooms", json!({ "name": "Cart A", "kind": "cart" })),
        ("/assets", json!({ "tag": "LAP-1", "kind": "laptop", "room": "Cart A", "price": "700" })),
        ("/assets", json!({ "tag": "LAP-2", "kind": "laptop", "room": "Cart A", "accessories": ["charger"] })),
        ("/persons", json!({ "id": "S1", "name": "Ana Ruiz", "role": "student" })),
        ("/persons", json!({ "id": "T1", "name": "Kim Lee", "role": "staff" })),
        ("/loans", json!({ "tag": "LAP-1", "person": "S1", "due": "5d", "override": "for the test" })),
        ("/tickets", json!({ "title": "No sound", "asset": "LAB1-001" })),
        ("/charges", json!({ "person": "S1", "tag": "LAP-1", "amount": "12.50", "why": "a key is missing" })),
        ("/orders", json!({ "title": "Chargers" })),
        ("/users", json!({ "name": "vera", "role": "viewer" })),
        ("/maintenance", json!({ "room": "Cart A", "until": "2h", "reason": "updates" })),
    ];
    for (path, body) in made {
        rest.post(path, body).await.unwrap_or_else(|why| panic!("{path}: {why:?}"));
    }
    desk.json(&["sweep", "Lab 1"]).await.unwrap();
    (site, agent)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_whole_for_commands_however_many_parts_it_has() {
    let site = TestSite::start().await.unwrap();
    let rest = site.rest().unwrap();
    let rows: Vec<Value> = (0..2_300).map(|number| json!({ "id": format!("S{number:05}"), "name": format!("Student {number}") })).collect();
    rest.post("/persons/import", Value::from(rows)).await.unwrap();
    assert_eq!(rest.get("/persons").await.unwrap().as_array().unwrap().len(), 1_000, "a part");
    let all = site.desk().unwrap().json(&["person", "list", "--all"]).await.unwrap();
    let ids: std::collections::BTreeSet<&str> = all.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2_300);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_a_good_one() {
    let site = TestSite::start().await.unwrap();
    let document = site.rest().unwrap().get("/openapi.json").await.unwrap();
    let file = site.place("openapi.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let linted = Command::new(tool("python")).args(["-m", "openapi_spec_validator"]).arg(&file).output().await.unwrap();
    assert!(linted.status.success(), "{}{}", String::from_utf8_lossy(&linted.stdout), String::from_utf8_lossy(&linted.stderr));
    assert!(document["paths"].as_object().unwrap().len() > 100);
}

/// What the fuzzer is told: real names among those that it makes up, and which answers are right for what.
fn settings() -> String {
    let named = [
        ("which", "\"LAP-1\", \"LAP-2\", \"LAB1-001\", \"1\""),
        ("id", "\"1\", \"S1\", \"T1\", \"2\""),
        ("name", "\"Lab 1\", \"Cart A\", \"vera\", \"webhook\""),
        ("tag", "\"LAP-1\", \"LAP-2\", \"LAB1-001\""),
        ("scope", "\"all\", \"laptop\""),
        ("code", "\"machine-silent\", \"clock-skewed\""),
        ("line", "1"),
        ("person", "\"S1\", \"T1\""),
        ("room", "\"Lab 1\", \"Cart A\""),
    ];
    let mut text = String::new();
    for (name, values) in named {
        let _ = writeln!(text, "[dictionaries.{name}]\nvalues = [{values}]");
    }
    text.push_str("[parameters]\n");
    for (name, _) in named {
        let _ = writeln!(text, "{name} = {{ dictionary = \"{name}\", probability = 0.5 }}");
    }
    for name in LEFT_OUT {
        let _ = write!(text, "[[operations]]\ninclude-operation-id = \"{name}\"\nenabled = false\n");
    }
    text
}

/// Schemathesis with an admin's key.
#[tokio::test(flavor = "multi_thread")]
async fn made_up_requests_are_borne_and_answered_as_the_document_says() {
    let (site, _agent) = school().await;
    let key = site.desk().unwrap().json(&["key", "new", "fuzzer", "--role", "admin"]).await.unwrap();
    let key = key["key"].as_str().unwrap();
    let (file, config) = (site.place("openapi.json"), site.place("schemathesis.toml"));
    std::fs::write(&file, site.rest().unwrap().get("/openapi.json").await.unwrap().to_string()).unwrap();
    std::fs::write(&config, settings()).unwrap();
    let seconds = std::env::var("ROLLCALL_INTERFACE_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SHORT);
    let base = format!("https://127.0.0.1:{}/api/v1", site.ports().desk.port());
    let mut fuzzer = Command::new(tool("schemathesis"));
    fuzzer.arg("--config-file").arg(&config).arg("run").arg(&file).args(["--url", &base, "--tls-verify", "false"]);
    fuzzer.args([
        "--header",
        &format!("Authorization: Bearer {key}"),
        "--phases",
        "coverage,fuzzing,stateful",
        "--max-time",
        &seconds.to_string(),
    ]);
    fuzzer.args(["--checks", CHECKS]);
    fuzzer.args(["--request-timeout", "20", "--workers", "2", "--continue-on-failure", "--suppress-health-check", "all"]);
    fuzzer.current_dir(site.place(".")).stdin(Stdio::null()).kill_on_drop(true);
    let ran = tokio::time::timeout(Duration::from_secs(seconds + 120), fuzzer.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    println!("{}", said.lines().rev().take(40).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n"));
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    assert!(!site.rest().unwrap().get("/status").await.unwrap()["site"].is_null(), "it still answers");
}
