//! The collector is killed without warning, again and again, while it works: nothing that it acknowledged is lost.

use rollcall_tests::process::{CollectorProcess, Ports};
use rollcall_tests::rest::Rest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

/// Writers that work at once.
const WRITERS: usize = 8;

/// How often it is killed: 5 times, or as the environment says.
fn rounds() -> u64 {
    std::env::var("ROLLCALL_CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(5)
}

/// Adds assets until the collector is gone; gives the tags that were acknowledged.
async fn write(rest: Rest, next: Arc<AtomicU64>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    loop {
        let tag = format!("A-{:07}", next.fetch_add(1, Ordering::Relaxed));
        match rest.post("/assets", json!({"tag": tag, "room": "Lab 1", "kind": "laptop"})).await {
            Ok(_) => acknowledged.push(tag),
            Err(_) => return acknowledged,
        }
    }
}

fn tags(assets: &Value) -> BTreeSet<String> {
    assets.as_array().unwrap().iter().filter_map(|asset| asset["tag"].as_str()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_loses_no_acknowledged_change() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("site");
    let ports = Ports::free().unwrap();
    let next = Arc::new(AtomicU64::new(1));
    let mut acknowledged = BTreeSet::new();
    for round in 0..rounds() {
        let process = CollectorProcess::start(&data, ports).await.unwrap();
        let rest = process.rest().unwrap();
        if round == 0 {
            rest.post("/rooms", json!({"name": "Lab 1"})).await.unwrap();
        }
        let held = tags(&rest.get("/assets").await.unwrap());
        let lost: Vec<&String> = acknowledged.difference(&held).collect();
        assert!(lost.is_empty(), "round {round}: {} of {} acknowledged changes are lost: {lost:?}", lost.len(), acknowledged.len());

        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            writers.spawn(write(process.rest().unwrap(), Arc::clone(&next)));
        }
        // Another moment each time: in the middle of a group, of a snapshot, of the start of the shelf.
        tokio::time::sleep(Duration::from_millis(150 + round * 137 % 500)).await;
        process.kill().await.unwrap();
        while let Some(written) = writers.join_next().await {
            acknowledged.extend(written.unwrap());
        }
    }
    let process = CollectorProcess::start(&data, ports).await.unwrap();
    let held = tags(&process.rest().unwrap().get("/assets").await.unwrap());
    let lost = acknowledged.difference(&held).count();
    println!("{} rounds, {} acknowledged changes, {lost} lost", rounds(), acknowledged.len());
    assert!(!acknowledged.is_empty());
    assert_eq!(lost, 0);
    let verified = process.desk().unwrap().json(&["ledger", "verify"]).await.unwrap();
    assert_eq!(verified["damage"], json!([]), "{verified:#}");
    process.stop().await.unwrap();
}
