//! One switch with thirty seats fails: how many messages somebody gets of it.

use crate::table::Figure;
use anyhow::ensure;
use rollcall_tests::hook::Hook;
use rollcall_tests::process::{CollectorProcess, Ports};
use rollcall_tests::school::Options;
use rollcall_tests::school::fleet::{self, Seated};
use rollcall_tests::school::plan::{Lists, members};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The seats of the switch.
const SEATS: usize = 30;
/// The room.
const ROOM: &str = "Lab 118";
/// How long a finding lasts before somebody is told; a minute otherwise.
const SETTLE: &str = "5";
/// How long nothing more must come: thrice two heartbeats and the time to settle, and time for a channel's second try.
const QUIET: Duration = Duration::from_secs(45);
/// How long one waits for everybody to fall silent, or to be back.
const PATIENCE: Duration = Duration::from_secs(120);

/// Measures it.
///
/// # Errors
/// One of the programs does not start, or somebody does not come back.
pub async fn measure(folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let folder = folder.join("outage");
    let collector = CollectorProcess::start(&folder.join("site"), Ports::free()?).await?;
    let desk = collector.desk()?;
    desk.json(&["room", "add", ROOM]).await?;
    for rule in ["machine-silent", "room-outage"] {
        desk.json(&["rules", "set", rule, "--settle", SETTLE]).await?;
    }
    let mut hook = Hook::start().await?;
    desk.json(&["channel", "set", "bench", &hook.url()]).await?;
    let rooms = vec![(ROOM, desk.token(ROOM, SEATS).await?)];
    let options = Options::small(collector.ports.enroll.to_string(), rooms, SEATS, folder.join("school"));
    let mut lists = Lists::new(options.packages);
    let (mut fleet, _) = fleet::start(&options, members(SEATS, &options.rooms), &mut lists, |_| true).await?;
    fleet::settled(&mut fleet, PATIENCE).await;
    let roads = |fleet: &[Seated], act: fn(&rollcall_tests::wire::Line)| {
        fleet.iter().filter_map(|seated| seated.agent.road()).for_each(|road| act(road.line()));
    };
    presence(&collector, "here").await?;

    roads(&fleet, rollcall_tests::wire::Line::cut);
    let cut = Instant::now();
    presence(&collector, "silent").await?;
    let silent = cut.elapsed();
    sleep(QUIET).await;
    let gone = told(&mut hook)?;
    roads(&fleet, rollcall_tests::wire::Line::mend);
    presence(&collector, "here").await?;
    sleep(QUIET).await;
    let back = told(&mut hook)?;
    fleet::farewell(&mut fleet).await?;
    collector.stop().await?;

    let row = |what: &str, told: &[String], wanted: &str| {
        Figure::words(format!("{SEATS} seats of one switch {what} → messages"), told.join(", "), format!("1 {wanted}"), told == [wanted])
    };
    Ok(vec![
        Figure::within(format!("line of {SEATS} seats cut → all silent"), silent, Duration::from_secs(15)),
        row("lost", &gone, "alert.raised"),
        row("back", &back, "alert.resolved"),
    ])
}

/// The kinds of what was posted since the last time.
fn told(hook: &mut Hook) -> anyhow::Result<Vec<String>> {
    let kind = |body: &str| Ok(serde_json::from_str::<Value>(body)?["event"].as_str().unwrap_or_default().to_owned());
    hook.waiting().iter().map(|posted| kind(&posted.body)).collect()
}

async fn presence(collector: &CollectorProcess, wanted: &str) -> anyhow::Result<()> {
    let (rest, end) = (collector.rest()?, Instant::now() + PATIENCE);
    loop {
        let status = rest.get("/status").await?;
        if status["presence"][wanted].as_u64() == Some(SEATS as u64) {
            return Ok(());
        }
        ensure!(Instant::now() < end, "not all are {wanted}: {}", status["presence"]);
        sleep(Duration::from_millis(20)).await;
    }
}
