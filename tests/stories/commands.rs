//! What scripts rely on: exit codes and shapes.

use rollcall_tests::command::{Desk, program, run};
use rollcall_tests::site::TestSite;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_are_those_that_scripts_rely_on() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    for (arguments, code) in [
        (&["devices", "--json"][..], 1),
        (&["device", "NOBODY"], 1),
        (&["alerts", "--json"], 1),
        (&["software", "gimp", "--json"], 1),
        (&["software", "gimp", "--version", "garbage"], 2),
        (&["software", ""], 2),
        (&["token", "new", "--expires", "2020-01-01"], 2),
        (&["rooms", "--json"], 0),
        (&["status", "--json"], 0),
        (&["ledger", "verify", "--json"], 0),
        (&["no-such-command"], 2),
        (&["check"], 2),
        (&["room", "add", "Lab 1"], 3),
        (&["baseline", "apply", "/no/such/file.toml"], 2),
    ] {
        let ran = desk.run(arguments).await.unwrap();
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
    }
    let nobody = Desk::new(&site.place("nobody")).unwrap().run(&["devices"]).await.unwrap();
    assert_eq!(nobody.code, 4, "{nobody:?}");
    assert!(nobody.err.contains("nobody"), "the message names the place: {}", nobody.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_on_the_command_line_is_json_for_scripts() {
    let site = TestSite::start().await.unwrap();
    let ran = site.desk().unwrap().run(&["no-such-command", "--json"]).await.unwrap();
    let told: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
    assert!(ran.code == 2 && told["error"].as_str().unwrap().contains("no-such-command"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_documents_even_when_there_is_nothing() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    for list in [&["devices"][..], &["alerts"], &["loan", "list"], &["baseline", "list"]] {
        assert_eq!(desk.found(list).await.unwrap(), json!([]), "{list:?}");
    }
    assert_eq!(desk.found(&["software", "gimp"]).await.unwrap()["rows"], json!([]));
    let verified = desk.json(&["ledger", "verify"]).await.unwrap();
    assert_eq!(verified["damage"], json!([]));
    let token = desk.json(&["token", "new", "--room", "Lab 1"]).await.unwrap();
    assert!(token["token"].as_str().unwrap().starts_with("rc1."), "{token}");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_programs_say_what_they_are_for() {
    for name in ["rollcall", "rollcall-agent"] {
        let program = program(name).unwrap();
        let help = run(&program, &["--help"]).await.unwrap();
        assert_eq!(help.code, 0);
        assert!(help.out.contains("Usage"), "{}", help.out);
        assert_eq!(run(&program, &["--no-such-flag"]).await.unwrap().code, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_health_are_for_this_machine() {
    let site = TestSite::start().await.unwrap();
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
    let get = |path: &str| client.get(format!("http://{}{path}", site.ports().metrics)).send();
    let health = get("/healthz").await.unwrap();
    assert_eq!(health.status(), 200);
    let text = get("/metrics").await.unwrap().text().await.unwrap();
    for name in [
        "rollcall_devices_connected 0",
        "rollcall_ledger_bytes",
        "rollcall_events",
        "rollcall_resident_memory_bytes",
        "rollcall_build_info",
    ] {
        assert!(text.contains(name), "{name} is missing in\n{text}");
    }
}
