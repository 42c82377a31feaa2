//! Kills the collector without warning, again and again, while people change things and PCs report, and counts what was acknowledged and
//! lost.

use crate::process::{CollectorProcess, Ports};
use crate::rest::Rest;
use crate::school::account::Wanted;
use crate::school::fleet::{self, Seated};
use crate::school::judge::Judge;
use crate::school::plan::{Lists, members};
use crate::school::scenario::{STEADY, storm};
use crate::school::{Options, TITLE};
use anyhow::ensure;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Writers that work at once.
const WRITERS: usize = 8;
/// PCs that report meanwhile.
const PCS: usize = 24;
/// One in so many is restarted with each round: who was cut off again and again calls ever more seldom.
const RESTARTED: u64 = 2;
/// After so many rounds the collector's whole record is judged: what is lost stays lost.
const JUDGED: u64 = 20;
/// How long those are waited for before the next kill.
const COME_BACK: Duration = Duration::from_millis(1_500);

/// What the rounds came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How often it was killed.
    pub rounds: u64,
    /// Changes that it acknowledged.
    pub acknowledged: usize,
    /// Changes that it acknowledged and did not have after the next start.
    pub lost: usize,
    /// Reports of PCs that it acknowledged.
    pub reports: u64,
    /// What is otherwise in its record than in the simulator's, in words.
    pub wrong: Vec<String>,
}

impl Outcome {
    /// Whether something was acknowledged and nothing of it lost.
    pub fn holds(&self) -> bool {
        self.acknowledged > 0 && self.reports > 0 && self.lost == 0 && self.wrong.is_empty()
    }
}

/// Kills a collector on `data` `rounds` times, or until something is found wrong; `tell` hears after each round how many changes and reports
/// were acknowledged so far.
///
/// # Errors
/// It does not start again, or its ledger is damaged.
pub async fn rounds(data: &Path, rounds: u64, tell: impl Fn(u64, usize, u64)) -> anyhow::Result<Outcome> {
    let ports = Ports::free()?;
    let next = Arc::new(AtomicU64::new(1));
    let mut outcome = Outcome::default();
    let mut acknowledged = BTreeSet::new();
    let process = CollectorProcess::start(data, ports).await?;
    process.rest()?.post("/rooms", json!({"name": "Lab 1"})).await?;
    let mut school = School::begin(data, &process).await?;
    process.stop().await?;
    while outcome.rounds < rounds && outcome.lost == 0 && outcome.wrong.is_empty() {
        let process = CollectorProcess::start(data, ports).await?;
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            writers.spawn(write(process.rest()?, Arc::clone(&next)));
        }
        school.restart(outcome.rounds).await?;
        // Another moment each time: in the middle of a group, of a snapshot, of the shelf's start.
        outcome.reports += school.report(sleep(Duration::from_millis(150 + outcome.rounds * 137 % 500))).await;
        process.kill().await?;
        while let Some(written) = writers.join_next().await {
            acknowledged.extend(written?);
        }
        outcome.rounds += 1;
        outcome.acknowledged = acknowledged.len();
        tell(outcome.rounds, outcome.acknowledged, outcome.reports);
        if outcome.rounds.is_multiple_of(JUDGED) || outcome.rounds == rounds {
            let process = CollectorProcess::start(data, ports).await?;
            outcome.lost = acknowledged.difference(&tags(&process.rest()?.list("/assets").await?)).count();
            outcome.wrong = school.judge().await?;
            let verified = process.desk()?.json(&["ledger", "verify"]).await?;
            ensure!(verified["damage"] == json!([]), "the ledger is damaged: {verified:#}");
            process.stop().await?;
        }
    }
    Ok(outcome)
}

/// The PCs that report while the collector is killed.
struct School {
    fleet: Vec<Seated>,
    lists: Lists,
    judge: Judge,
}

impl School {
    async fn begin(data: &Path, process: &CollectorProcess) -> anyhow::Result<Self> {
        let token = process.desk()?.token("Lab 1", PCS).await?;
        let enroll = process.ports.enroll.to_string();
        let options = Options::small(enroll, vec![("Lab 1", token)], PCS, data.with_extension("school"));
        let judge = Judge::new(&data.to_string_lossy(), None).await?;
        let mut lists = Lists::new(options.packages);
        let (mut fleet, _) = fleet::start(&options, members(PCS, &options.rooms), &mut lists, STEADY.by_road).await?;
        let patience = fleet::patience(&fleet);
        ensure!(fleet::settled(&mut fleet, patience).await == PCS, "the PCs' first reports were not acknowledged");
        for Seated { account, .. } in &mut fleet {
            // A collector that is killed leaves everybody to wonder: who stays away long falls silent. One whose last two welcomes were
            // lost on their way shows an older nonce, as a rolled-back disk does.
            (account.silent, account.rolled_back) = (Wanted::Either, Wanted::Either);
        }
        Ok(Self { fleet, lists, judge })
    }

    /// Restarts some, and waits until they have told everything; in one of four rounds it does not wait.
    async fn restart(&mut self, round: u64) -> anyhow::Result<()> {
        let (mut called, _): (Vec<&mut Seated>, Vec<&mut Seated>) =
            self.fleet.iter_mut().partition(|seated| (seated.member.pc.number + round).is_multiple_of(RESTARTED));
        for seated in &mut called {
            seated.agent.cut().await;
            seated.resume()?;
        }
        if !round.is_multiple_of(4) {
            fleet::settled(called, COME_BACK).await;
        }
        Ok(())
    }

    /// Everybody reports until `end`; gives how many reports were acknowledged.
    async fn report(&mut self, end: impl Future<Output = ()>) -> u64 {
        storm::drive(&mut self.fleet, &mut self.lists, TITLE, end).await.reports
    }

    /// Everybody comes back and tells what is left to tell; gives what is wrong in the collector's record.
    async fn judge(&mut self) -> anyhow::Result<Vec<String>> {
        let patience = fleet::patience(&self.fleet);
        for seated in &mut self.fleet {
            seated.agent.cut().await;
            seated.resume()?;
        }
        fleet::settled(&mut self.fleet, patience).await;
        Ok(self.judge.verdict(&mut self.fleet).await?.wrong)
    }
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

fn tags(assets: &[Value]) -> BTreeSet<String> {
    assets.iter().filter_map(|asset| asset["tag"].as_str()).map(str::to_owned).collect()
}
