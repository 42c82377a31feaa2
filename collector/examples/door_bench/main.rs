//! Measures the agents' doors: memory of a connection, processor time of an enrolment, a first inventory and an unchanged report.
//!
//! `cargo run --release -p rollcall --example door_bench -- [CONNECTIONS] [REPORTS]`; the collector runs in a process of its own, so
//! that only its time and memory count.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

mod agent;
mod collector;

use agent::Agent;
use anyhow::Context;
use collector::Collector;
use futures_util::stream::{StreamExt, iter};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Agents that do something at once: more would only wait for each other.
const AT_ONCE: usize = 64;
/// How long the collector rests before its memory is read: what is freed late is not a connection's.
const REST: Duration = Duration::from_secs(4);

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match arguments.as_slice() {
        [serve, dir] if serve == "serve" => runtime.block_on(collector::serve(dir.as_ref())),
        numbers => {
            let number = |at: usize, usual| numbers.get(at).map_or(Ok(usual), |text: &String| text.parse::<usize>());
            runtime.block_on(measure(number(0, 2_000)?, number(1, 10)?))
        }
    }
}

async fn measure(connections: usize, reports: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let collector = Collector::start(folder.path()).await?;
    println!("{}\n", machine());
    let began = Meter::read(&collector)?;
    let enrolled = iter(0..connections).map(|number| Agent::enroll(&collector, number)).buffer_unordered(AT_ONCE);
    let enrolled: Vec<Agent> = enrolled.collect::<Vec<_>>().await.into_iter().collect::<anyhow::Result<_>>()?;
    began.told(&collector, "enrolment, with its handshake", connections)?;

    sleep(REST).await;
    let before = collector.rss_kb()?;
    let began = Meter::read(&collector)?;
    let connected = iter(enrolled).map(|agent| agent.connect(&collector)).buffer_unordered(AT_ONCE);
    let mut agents: Vec<Agent> = connected.collect::<Vec<_>>().await.into_iter().collect::<anyhow::Result<_>>()?;
    began.told(&collector, "call, with handshake, hello and welcome", connections)?;
    sleep(REST).await;
    let connected = collector.rss_kb()?;

    let began = Meter::read(&collector)?;
    agents = each(agents, |mut agent| async move { agent.report(1).await.map(|()| agent) }).await?;
    began.told(&collector, "first full inventory", connections)?;
    sleep(REST).await;
    let full = collector.rss_kb()?;

    let began = Meter::read(&collector)?;
    for round in 0..reports {
        agents = each(agents, |mut agent| async move { agent.report(round as u64 + 2).await.map(|()| agent) }).await?;
    }
    began.told(&collector, "unchanged report", connections * reports)?;
    let began = Meter::read(&collector)?;
    for _ in 0..reports {
        agents = each(agents, |mut agent| async move { agent.beat().await.map(|()| agent) }).await?;
    }
    began.told(&collector, "heartbeat with health", connections * reports)?;
    sleep(REST).await;
    let later = collector.rss_kb()?;
    let per = |kb: u64| kb as f64 / connections as f64;
    println!("\nmemory before the calls {before} KB");
    println!("{:<44}{:>10.1} KB", "a connected agent, idle after its welcome", per(connected.saturating_sub(before)));
    println!("{:<44}{:>10.1} KB", "and its inventory in memory", per(full.saturating_sub(connected)));
    println!("{:<44}{:>10.1} KB", "and after its reports", per(later.saturating_sub(full)));
    drop(agents);
    collector.stop().await
}

/// Lets every agent do something, some at once.
async fn each<F: Future<Output = anyhow::Result<Agent>>>(agents: Vec<Agent>, act: impl Fn(Agent) -> F) -> anyhow::Result<Vec<Agent>> {
    iter(agents).map(act).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await.into_iter().collect()
}

/// The collector's processor time and the clock at a moment.
struct Meter {
    cpu: Duration,
    at: Instant,
}

impl Meter {
    fn read(collector: &Collector) -> anyhow::Result<Self> {
        Ok(Self { cpu: collector.cpu()?, at: Instant::now() })
    }

    /// Prints what one of `count` cost since this moment.
    fn told(self, collector: &Collector, what: &str, count: usize) -> anyhow::Result<()> {
        let now = Self::read(collector)?;
        let (cpu, wall) = ((now.cpu - self.cpu).as_secs_f64(), (now.at - self.at).as_secs_f64());
        println!(
            "{what:<44}{:>10.0} µs CPU{:>10.0} per CPU second{:>10.0} per second",
            cpu * 1e6 / count as f64,
            count as f64 / cpu.max(1e-6),
            count as f64 / wall
        );
        Ok(())
    }
}

/// The machine in one line.
fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let build = if cfg!(debug_assertions) { "development build" } else { "release build" };
    format!("{processors} × {} · {build} · load {}", model.trim_matches([' ', '\t', ':']), load.trim())
}

/// Reads a number of the system's files.
fn number(text: &str) -> anyhow::Result<u64> {
    text.trim().parse().with_context(|| format!("{text:?} is not a number"))
}
