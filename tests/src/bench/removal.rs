//! How soon somebody sees and hears that required software is gone, from the end of the package manager's run on this very machine.

use crate::meter::p99;
use crate::table::{Figure, tell};
use anyhow::ensure;
use rollcall_tests::hook::Hook;
use rollcall_tests::page::Visitor;
use rollcall_tests::this_machine::{ThisMachine, dpkg, package_named};
use std::path::Path;
use std::time::{Duration, Instant};

/// Packages, each removed once: an alert that comes again and again is held back.
const ROUNDS: usize = 30;
/// What is not seen in this time will not be.
const PATIENCE: Duration = Duration::from_secs(20);
/// The page that is open.
const PAGE: &str = "/alerts";

/// Measures it, where this user may remove packages.
///
/// # Errors
/// One of the programs does not start, or a removal is never seen.
pub async fn measure(folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let folder = folder.join("removal");
    std::fs::create_dir_all(&folder)?;
    let names: Vec<String> = (1..=ROUNDS).map(|round| format!("rollcall-bench-{round:02}")).collect();
    if let Err(why) = install(&folder, &names).await {
        tell(&format!("no package is removed here: {why:#}"));
        return Ok(Vec::new());
    }
    let measured = rounds(&folder, &names).await;
    // Whatever came of it, nothing stays on the machine.
    let arguments: Vec<&str> = ["--purge"].into_iter().chain(names.iter().map(String::as_str)).collect();
    dpkg(&arguments).await.ok();
    let (page, hook) = measured?;
    let row = |what: &str, times: Vec<Duration>, most: u64| {
        Figure::within(format!("dpkg has removed a package → {what}, p99 of {ROUNDS}"), p99(times), Duration::from_secs(most))
    };
    Ok(vec![row("\"missing\" on an open page", page, 2), row("webhook received, settle 0", hook, 3)])
}

async fn install(folder: &Path, names: &[String]) -> anyhow::Result<()> {
    let files: Vec<String> = names
        .iter()
        .map(|name| package_named(folder, name).map(|file| file.to_string_lossy().into_owned()))
        .collect::<anyhow::Result<_>>()?;
    dpkg(&["--install"].into_iter().chain(files.iter().map(String::as_str)).collect::<Vec<_>>()).await
}

/// Removes one after another; gives how long each took to the page, and to the webhook.
async fn rounds(folder: &Path, names: &[String]) -> anyhow::Result<(Vec<Duration>, Vec<Duration>)> {
    let this = ThisMachine::enrol(folder).await?;
    this.reported().await?;
    let mut hook = Hook::start().await?;
    let desk = this.collector.desk()?;
    desk.json(&["channel", "set", "bench", &hook.url()]).await?;
    desk.json(&["rules", "set", "software-required", "--settle", "0"]).await?;
    let required: String = names.iter().map(|name| format!("[[required]]\ntitle = \"{name}\"\n")).collect();
    let baseline = folder.join("bench.toml");
    std::fs::write(&baseline, format!("name = \"bench\"\nrooms = [\"Workshop\"]\n{required}"))?;
    let applied = desk.run(&["baseline", "apply", &baseline.to_string_lossy()]).await?;
    ensure!(applied.code == 0, "the machine does not meet the baseline at the start: {applied:?}");
    let visitor = Visitor::first(&this.collector).await?;
    let mut open = visitor.open(PAGE).await?;
    let (mut page, mut posted) = (Vec::new(), Vec::new());
    for name in names {
        let lacks = format!("lacks {name}");
        dpkg(&["--purge", name]).await?;
        let finished = Instant::now();
        let seen = async {
            open.until(PATIENCE, |page| page.contains(&lacks)).await?;
            anyhow::Ok(finished.elapsed())
        };
        let heard = async {
            while !hook.next().await?.body.contains(&lacks) {}
            anyhow::Ok(finished.elapsed())
        };
        let (seen, heard) = tokio::try_join!(seen, heard)?;
        page.push(seen);
        posted.push(heard);
    }
    tell(&format!(
        "medians: {:?} to the page, {:?} to the webhook",
        crate::meter::median(page.clone()),
        crate::meter::median(posted.clone())
    ));
    drop(open);
    this.agent.stop().await?;
    this.collector.stop().await?;
    Ok((page, posted))
}
