//! Measures what the project promises, on this machine, and prints one table; the machine first.

#![expect(clippy::indexing_slicing, reason = "a document without the field is null, and nothing is measured by it")]

use anyhow::Context;
use clap::Parser;
use rollcall_tests::crash;
use rollcall_tests::this_machine::{PACKAGE, TAG, ThisMachine, dpkg, package};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Measures what the project promises.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// How often the collector is killed
    #[arg(long, default_value_t = 50)]
    rounds: u64,
}

/// One line of the table.
struct Figure {
    what: &'static str,
    measured: String,
    promised: &'static str,
    held: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir()?;
    let mut figures = moments(folder.path()).await?;
    figures.push(crashes(folder.path(), arguments.rounds).await?);
    figures.push(shelf(folder.path()).await?);
    print(&machine(), &figures);
    anyhow::ensure!(figures.iter().all(|figure| figure.held), "not everything that is promised holds here");
    Ok(())
}

fn seconds(what: &'static str, measured: Duration, most: u64, promised: &'static str) -> Figure {
    Figure { what, measured: format!("{:.2} s", measured.as_secs_f64()), promised, held: measured <= Duration::from_secs(most) }
}

/// The moments that a person waits for.
async fn moments(folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let installed = match package(folder) {
        Ok(file) => dpkg(&["--install", &file.to_string_lossy()]).await,
        Err(why) => Err(why),
    };
    let began = Instant::now();
    let this = ThisMachine::enrol(folder).await?;
    this.reported().await?;
    figures.push(seconds("both programs started → machine in the inventory", began.elapsed(), 10, "≤ 10 s"));
    if installed.is_ok() {
        this.until(&format!("/software?title={PACKAGE}"), |rows| rows[0]["version"] == "1.2.3").await?;
        dpkg(&["--purge", PACKAGE]).await?;
        let finished = Instant::now();
        this.told_of_removal().await?;
        figures.push(seconds("dpkg has removed a package → in the timeline", finished.elapsed(), 2, "≤ 2 s"));
    }
    let ThisMachine { agent, collector, rest } = this;
    let began = Instant::now();
    agent.kill().await?;
    while rest.get(&format!("/devices/{TAG}")).await?["presence"] != "silent" {
        sleep(Duration::from_millis(10)).await;
    }
    figures.push(seconds("agent killed → silent", began.elapsed(), 5, "≤ 5 s"));
    collector.stop().await?;
    Ok(figures)
}

async fn crashes(folder: &Path, rounds: u64) -> anyhow::Result<Figure> {
    let tell = |round, changes, reports| {
        eprint(&format!("killed {round} of {rounds} times, {changes} changes and {reports} reports acknowledged"));
    };
    let outcome = crash::rounds(&folder.join("crash"), rounds, tell).await?;
    outcome.wrong.iter().for_each(|wrong| eprint(wrong));
    let (lost, all) = (outcome.lost + outcome.wrong.len(), outcome.acknowledged as u64 + outcome.reports);
    let measured = format!("{lost} of {all} lost in {} rounds", outcome.rounds);
    Ok(Figure { what: "collector killed with kill -9 under load", measured, promised: "0 lost", held: outcome.holds() })
}

/// The state's hash with the shelf and without it, over the data of the crash rounds.
async fn shelf(folder: &Path) -> anyhow::Result<Figure> {
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
    let measured = if held {
        format!("{}… both times", after.get(..12).unwrap_or_default())
    } else {
        format!("{deleted} shelves, {before} and {after}")
    };
    Ok(Figure { what: "shelf deleted → hash of the state", measured, promised: "the same", held })
}

fn state_hash(data: &Path) -> anyhow::Result<String> {
    let folder = rollcall::store::Folder::open(data)?;
    Ok(rollcall::store::Store::load(&folder)?.state_hash())
}

/// The machine in one line.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, key: &str| {
        text.lines().find_map(|line| Some(line.strip_prefix(key)?.trim_start_matches([' ', '\t', ':']).to_owned())).unwrap_or_default()
    };
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let model = after(&read("/proc/cpuinfo"), "model name");
    let system = after(&read("/etc/os-release"), "PRETTY_NAME=");
    let build = if cfg!(debug_assertions) { "development build" } else { "release build" };
    format!("{processors} × {model} · memory {} · {} · {build}", after(&read("/proc/meminfo"), "MemTotal"), system.trim_matches('"'))
}

#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
fn print(machine: &str, figures: &[Figure]) {
    println!("{machine}\n");
    let width = figures.iter().map(|figure| figure.what.chars().count()).max().unwrap_or(0);
    for Figure { what, measured, promised, held } in figures {
        let verdict = if *held { "holds" } else { "DOES NOT HOLD" };
        println!("{what:width$}  {measured:>28}  {promised:>8}  {verdict}");
    }
}

#[expect(clippy::print_stderr, reason = "tells whoever waits how far it is")]
fn eprint(text: &str) {
    eprintln!("bench: {text}");
}
