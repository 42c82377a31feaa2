//! What the agent costs the machine that it runs on: this very machine, with the build that is shipped.

use crate::meter::{Process, children_cpu};
use crate::table::{Figure, tell};
use anyhow::{Context, ensure};
use rollcall_tests::command::run;
use rollcall_tests::process::{AgentProcess, CollectorProcess, Ports};
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long the agent is left alone before it is measured: its first survey is then over.
const SETTLE: Duration = Duration::from_secs(20);
/// How long it is watched at rest.
const WATCH: Duration = Duration::from_secs(120);
/// How many surveys are made: one takes less than the system's clock counts.
const SURVEYS: u32 = 20;
/// How often the agent reads everything again before its memory is read: what a survey leaves behind belongs to it.
const RESCANS: usize = 5;

/// Measures the agent `program`, whose build is the one for machines, with data in `folder`.
///
/// # Errors
/// It is not there, or does not report.
pub async fn measure(folder: &Path, program: &Path) -> anyhow::Result<Vec<Figure>> {
    let size = program.metadata().with_context(|| format!("{}: the agent is not built", program.display()))?.len();
    let mut figures = vec![Figure::at_most("agent: release binary", size as f64 / 1e6, 5.0, "MB")];

    let before = children_cpu()?;
    let mut packages = 0;
    for _ in 0..SURVEYS {
        let ran = run(program, &["inventory", "--json"]).await?;
        ensure!(ran.code == 0, "{ran:?}");
        packages = ran.out.matches("\"version\"").count();
    }
    let survey = (children_cpu()? - before) / SURVEYS;
    figures.push(Figure::at_most(format!("agent: full survey, CPU ({packages} packages and parts)"), survey.as_secs_f64(), 0.05, "s"));

    let collector = CollectorProcess::start(&folder.join("agent-site"), Ports::free()?).await?;
    let desk = collector.desk()?;
    desk.json(&["room", "add", "Workshop"]).await?;
    let token = desk.token("Workshop", 1).await?;
    let state = folder.join("agent-state");
    let (place, enroll) = (state.to_string_lossy(), collector.ports.enroll.to_string());
    let ran = run(program, &["enroll", "--collector", &enroll, "--token", &token, "--tag", "BENCH", "--state", &place]).await?;
    ensure!(ran.code == 0, "this machine could not be enrolled: {ran:?}");
    let agent = AgentProcess::start_program(program, &state)?;
    let (process, port, rest) = (Process(agent.id()?), collector.ports.agents.port(), collector.rest()?);
    let began = Instant::now();
    while rest.get("/devices/BENCH").await?["last_report"].is_null() {
        ensure!(began.elapsed() < Duration::from_secs(30), "the agent does not report");
        sleep(Duration::from_millis(20)).await;
    }
    figures.push(Figure::at_most("agent: first inventory, with TLS handshake, on the wire", process.bytes(port)? / 1000.0, 20.0, "KB"));
    tell(&format!("the agent is watched at rest for {} s", WATCH.as_secs()));
    sleep(SETTLE).await;
    let events = || rest.get("/events?limit=1");
    let (before, cpu, bytes) = (events().await?, process.fine_cpu()?, process.bytes(port)?);
    sleep(WATCH).await;
    let (cpu, bytes) = (process.fine_cpu()? - cpu, process.bytes(port)? - bytes);
    if events().await? != before {
        tell("something changed on this machine meanwhile, so that it was not at rest: measure it again");
    }
    figures.push(Figure::at_most(
        "agent: idle, heartbeat of 5 s, CPU",
        cpu.as_secs_f64() / WATCH.as_secs_f64() * 100.0,
        0.02,
        "% of a core",
    ));
    figures.push(Figure::at_most("agent: at rest, on the wire", bytes / 1000.0 / (WATCH.as_secs_f64() / 60.0), 3.0, "KB/min"));
    for _ in 0..RESCANS {
        desk.json(&["device", "rescan", "BENCH"]).await?;
    }
    sleep(SETTLE).await;
    figures.push(Figure::at_most(format!("agent: idle, memory (PSS) after {RESCANS} surveys"), process.pss_kb()? / 1000.0, 8.0, "MB"));
    agent.stop().await?;
    collector.stop().await?;
    Ok(figures)
}
