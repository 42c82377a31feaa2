//! A machine is asked what is wrong with it: it says each step as it ends, over the real wire.

use crate::titles;
use rollcall_agent::diagnose::Finding;
use rollcall_tests::cable::{Cable, CablePc};
use rollcall_tests::page::Visitor;
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;
use rollcall_tests::this_machine::{TAG, ThisMachine};
use serde_json::Value;
use std::time::Duration;

fn step<'a>(page: &'a Value, name: &str) -> &'a Value {
    page["steps"].as_array().unwrap().iter().find(|step| step["step"] == name).unwrap()
}

fn outcomes(page: &Value) -> Vec<(&str, &str)> {
    let steps = page["steps"].as_array().unwrap().iter();
    steps.map(|step| (step["step"].as_str().unwrap(), step["outcome"].as_str().unwrap_or("waiting"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn this_machine_measures_its_line_to_the_collector_and_looks_at_itself() {
    let folder = tempfile::tempdir().unwrap();
    let this = ThisMachine::enrol(folder.path()).await.unwrap();
    this.reported().await.unwrap();
    let desk = this.collector.desk().unwrap();
    let words = desk.run(&["diagnose", TAG]).await.unwrap();
    assert!(words.code <= 1 && words.out.contains("throughput"), "{words:?}");
    println!("{}", words.out);
    let page = desk.run(&["diagnose", TAG, "--last", "--json"]).await.unwrap().json().unwrap();
    assert!(outcomes(&page).iter().all(|(_, outcome)| *outcome != "waiting") && page["problem"] == "", "{page:#}");
    for name in ["path", "latency", "throughput", "disk", "clock"] {
        assert_ne!(step(&page, name)["found"], "", "{page:#}");
    }
    for name in ["path", "latency", "clock"] {
        assert_eq!(step(&page, name)["outcome"], "well", "{page:#}");
    }
    assert!(step(&page, "throughput")["down_bps"].as_u64().unwrap() > 1_000_000, "{page:#}");
    assert!(step(&page, "latency")["round_trip_us"].as_u64().unwrap() < 1_000_000, "{page:#}");
    let history = this.rest.get(&format!("/devices/{TAG}/history")).await.unwrap();
    assert_eq!(history.as_array().unwrap().iter().filter(|event| event["kind"] == "device.diagnosed").count(), 1, "{history:#}");

    let visitor = Visitor::first(&this.collector).await.unwrap();
    let (path, is_shown) =
        (format!("/devices/{TAG}"), |page: &str| page.contains("looks at itself now") && page.contains("id=\"diagnosis\""));
    let mut open = visitor.open(&path).await.unwrap();
    assert!(is_shown(&visitor.post(&format!("{path}/diagnose"), "").await.unwrap()));
    // The first was asked for on the collector; the second by whoever is signed in, and the page that was open all along shows it.
    let is_over = |page: &str| page.contains("by maria.") && (page.contains("All is well") || page.contains("a look</span>"));
    open.until(Duration::from_secs(60), is_over).await.unwrap();
    this.agent.stop().await.unwrap();
    this.collector.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_of_a_bare_cable_there_is_no_gateway_and_no_name_server_and_the_rest_is_told() {
    let cable = match Cable::lay().await {
        Ok(cable) => cable,
        Err(why) => return println!("SKIPPED, because only root with iproute2 may make network namespaces: {why:#}"),
    };
    let folder = tempfile::tempdir().unwrap();
    let pc = CablePc::enrol(cable, folder.path()).await.unwrap();
    let page = pc.diagnose().await.unwrap();
    assert_eq!(
        (step(&page, "gateway")["outcome"].as_str(), step(&page, "gateway")["needs_look"].as_bool()),
        (Some("absent"), Some(true)),
        "{page:#}"
    );
    assert!(step(&page, "gateway")["remedy"].as_str().unwrap().contains("cable"), "{page:#}");
    // The list of name servers is this machine's own; from there none of them is reached.
    assert!(["wrong", "absent"].contains(&step(&page, "name-servers")["outcome"].as_str().unwrap()), "{page:#}");
    let path = step(&page, "path");
    assert!(path["outcome"] == "well" && path["found"].as_str().unwrap().contains("10.98.0.2 on eth0"), "{page:#}");
    assert!(path["found"].as_str().unwrap().contains("on the same network"), "{page:#}");
    assert_eq!(step(&page, "latency")["outcome"], "well", "{page:#}");
    assert!(step(&page, "throughput")["up_bps"].is_u64(), "{page:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_step_found_is_kept_with_what_to_do_and_asked_for_again_when_it_is_over() {
    let site = TestSite::start().await.unwrap();
    let desk = site.desk().unwrap();
    let agent = site.enroll("LAB1-01", &Pc::new(1, "one"), titles()).await.unwrap();
    let none = desk.run(&["diagnose", "LAB1-01", "--last"]).await.unwrap();
    assert!(none.code == 1 && none.err.contains("never diagnosed"), "{none:?}");
    agent.change(|machine| {
        machine.findings.insert("STEP_GATEWAY", Finding::well("10.20.3.1 answers"));
        machine.findings.insert("STEP_NAME_SERVERS", Finding::wrong("10.20.0.2 does not answer"));
        machine.findings.insert("STEP_PATH", Finding::well("from 10.20.3.17"));
        machine.findings.insert("STEP_DISK", Finding::unreadable("/proc/mounts: no answer"));
    });
    let said = desk.run(&["diagnose", "LAB1-01"]).await.unwrap();
    assert_eq!(said.code, 1, "two steps need a look: {said:?}");
    for words in ["name servers", "10.20.0.2 does not answer", "Where none answers", "not measured", "2 of 9 steps need a look"] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    let page = site.collector().unwrap();
    let page = page.keeper.view().diagnoses.values().next().cloned().unwrap();
    assert_eq!((page.ended.len(), page.problem.as_str()), (9, ""));

    agent.kill().await;
    site.presence_until("LAB1-01", "silent").await.unwrap();
    let refused = desk.run(&["diagnose", "LAB1-01"]).await.unwrap();
    assert!(refused.code != 0 && refused.err.contains("not connected"), "{refused:?}");
    let last = desk.run(&["diagnose", "LAB1-01", "--last"]).await.unwrap();
    assert!(last.out.contains("10.20.0.2 does not answer"), "{last:?}");
}
