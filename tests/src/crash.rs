//! Kills the collector without warning, again and again, while it works, and counts what it acknowledged and lost.

use crate::process::{CollectorProcess, Ports};
use crate::rest::Rest;
use anyhow::ensure;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

/// Writers that work at once.
const WRITERS: usize = 8;

/// What the rounds came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How often it was killed.
    pub rounds: u64,
    /// Changes that it acknowledged.
    pub acknowledged: usize,
    /// Changes that it acknowledged and did not have after the next start.
    pub lost: usize,
}

/// Kills a collector on `data` `rounds` times; `tell` hears after each round how many changes were acknowledged so far.
///
/// # Errors
/// It does not start again, or its ledger is damaged.
pub async fn rounds(data: &Path, rounds: u64, tell: impl Fn(u64, usize)) -> anyhow::Result<Outcome> {
    let ports = Ports::free()?;
    let next = Arc::new(AtomicU64::new(1));
    let mut acknowledged = BTreeSet::new();
    let mut lost = BTreeSet::new();
    for round in 0..rounds {
        let process = CollectorProcess::start(data, ports).await?;
        let rest = process.rest()?;
        if round == 0 {
            rest.post("/rooms", json!({"name": "Lab 1"})).await?;
        }
        lost.extend(acknowledged.difference(&tags(&rest.get("/assets").await?)).cloned().collect::<Vec<String>>());
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            writers.spawn(write(process.rest()?, Arc::clone(&next)));
        }
        // Another moment each time: in the middle of a group, of a snapshot, of the shelf's start.
        tokio::time::sleep(Duration::from_millis(150 + round * 137 % 500)).await;
        process.kill().await?;
        while let Some(written) = writers.join_next().await {
            acknowledged.extend(written?);
        }
        tell(round + 1, acknowledged.len());
    }
    let process = CollectorProcess::start(data, ports).await?;
    lost.extend(acknowledged.difference(&tags(&process.rest()?.get("/assets").await?)).cloned().collect::<Vec<String>>());
    let verified = process.desk()?.json(&["ledger", "verify"]).await?;
    ensure!(verified["damage"] == json!([]), "the ledger is damaged: {verified:#}");
    process.stop().await?;
    Ok(Outcome { rounds, acknowledged: acknowledged.len(), lost: lost.len() })
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
    let assets = assets.as_array().map(Vec::as_slice).unwrap_or_default();
    assets.iter().filter_map(|asset| asset["tag"].as_str()).map(str::to_owned).collect()
}
