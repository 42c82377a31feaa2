//! The moments that a person waits for, and what a crash and a lost shelf cost.

use crate::table::{Figure, tell};
use anyhow::Context;
use rollcall_tests::cable::{Cable, CablePc};
use rollcall_tests::crash;
use rollcall_tests::this_machine::{PACKAGE, TAG, ThisMachine, dpkg, package};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Both programs on this machine: in the inventory, a removed package, a killed agent.
///
/// # Errors
/// One of them does not start.
pub async fn moments(folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let installed = match package(folder) {
        Ok(file) => dpkg(&["--install", &file.to_string_lossy()]).await,
        Err(why) => Err(why),
    };
    let began = Instant::now();
    let this = ThisMachine::enrol(folder).await?;
    this.reported().await?;
    figures.push(Figure::within("both programs started → machine in the inventory", began.elapsed(), Duration::from_secs(10)));
    match installed {
        Ok(()) => {
            this.until(&format!("/software?title={PACKAGE}"), |found| found["rows"][0]["version"] == "1.2.3").await?;
            dpkg(&["--purge", PACKAGE]).await?;
            let finished = Instant::now();
            this.told_of_removal().await?;
            figures.push(Figure::within("dpkg has removed a package → in the timeline", finished.elapsed(), Duration::from_secs(2)));
        }
        Err(why) => tell(&format!("no package is removed here: {why}")),
    }
    let ThisMachine { agent, collector, rest } = this;
    let began = Instant::now();
    agent.kill().await?;
    while rest.get(&format!("/devices/{TAG}")).await?["presence"] != "silent" {
        sleep(Duration::from_millis(10)).await;
    }
    figures.push(Figure::within("agent killed → silent", began.elapsed(), Duration::from_secs(5)));
    collector.stop().await?;
    Ok(figures)
}

/// A cable is cut, where this user may make one.
///
/// # Errors
/// One of the programs does not start.
pub async fn cable(folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let cable = match Cable::lay().await {
        Ok(cable) => cable,
        Err(why) => {
            tell(&format!("no cable is cut here: {why:#}"));
            return Ok(Vec::new());
        }
    };
    let pc = CablePc::enrol(cable, folder).await?;
    let cut = Figure::within("cable cut → silent, with a heartbeat of 5 s", pc.cut().await?, Duration::from_secs(15));
    pc.mend().await?;
    Ok(vec![cut, Figure::within("connection closed → silent", pc.close().await?, Duration::from_secs(5))])
}

/// The collector is killed again and again under load.
///
/// # Errors
/// It does not start again.
pub async fn crashes(folder: &Path, rounds: u64) -> anyhow::Result<Figure> {
    let told = |round, changes, reports| {
        tell(&format!("killed {round} of {rounds} times, {changes} changes and {reports} reports acknowledged"));
    };
    let outcome = crash::rounds(&folder.join("crash"), rounds, told).await?;
    outcome.wrong.iter().for_each(|wrong| tell(wrong));
    let (lost, all) = (outcome.lost + outcome.wrong.len(), outcome.acknowledged as u64 + outcome.reports);
    let what = format!("acknowledged changes and reports lost in {} × kill -9 under load", outcome.rounds);
    Ok(Figure::words(what, format!("{lost} of {all}"), "0", outcome.holds()))
}

/// The state's hash with the shelf and without it, over the data of the crash rounds.
///
/// # Errors
/// The data can't be read.
pub fn shelf(folder: &Path) -> anyhow::Result<Figure> {
    let data = folder.join("crash");
    let before = state_hash(&data)?;
    let mut deleted = 0;
    for entry in std::fs::read_dir(&data)? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("shelf")) {
            std::fs::remove_dir_all(&path).with_context(|| path.display().to_string())?;
            deleted += 1;
        }
    }
    let after = state_hash(&data)?;
    let held = deleted > 0 && before == after;
    let short = |hash: &str| hash.get(..12).unwrap_or_default().to_owned();
    let measured = if held { short(&after) } else { format!("{deleted} shelves, {} and {}", short(&before), short(&after)) };
    Ok(Figure::words("shelf deleted → hash of the state", measured, "the same", held))
}

fn state_hash(data: &Path) -> anyhow::Result<String> {
    let folder = rollcall::store::Folder::open(data)?;
    Ok(rollcall::store::Store::load(&folder)?.state_hash())
}
