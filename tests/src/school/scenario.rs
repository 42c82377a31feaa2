//! What happens to the school in one run, and the record of it.

use crate::fleet::{self, Seated};
use crate::plan::{Lists, members};
use crate::{Arguments, Scenario};
use clap::ValueEnum;
use rollcall_proto::v1::Reason;
use serde::Serialize;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep};

/// How long the power is gone.
const DARK: Duration = Duration::from_secs(5);
/// Everybody is back within this, or is counted as missing: back-off reaches a minute.
const RETURN: Duration = Duration::from_secs(90);

/// What a run came to: one line of JSON.
#[derive(Debug, Default, Serialize)]
pub struct Record {
    scenario: String,
    pcs: usize,
    /// Enrolled in this run; the others were known.
    new: usize,
    /// Different software lists.
    lists: usize,
    /// Connected when everybody should have been.
    connected: usize,
    /// From the start until then, milliseconds.
    connected_ms: u128,
    /// power-cut: connected again after the power came back.
    returned: Option<usize>,
    /// power-cut: from the power's return until then, milliseconds.
    returned_ms: Option<u128>,
    /// remove-package: the tags of the PCs that lost the title.
    removed_on: Vec<String>,
    /// The whole run, seconds.
    seconds: u64,
}

/// Runs the school.
///
/// # Errors
/// The collector refuses a PC, or the state can't be kept.
pub async fn run(arguments: &Arguments) -> anyhow::Result<Record> {
    let began = Instant::now();
    let mut lists = Lists::default();
    let (mut fleet, new) = fleet::start(arguments, members(arguments.count, &arguments.rooms), &mut lists).await?;
    let scenario = arguments.scenario.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let mut record = Record { scenario, pcs: fleet.len(), new, ..Record::default() };
    record.connected = fleet::connected(&fleet, RETURN).await;
    record.connected_ms = began.elapsed().as_millis();
    let whole = Duration::from_secs(arguments.seconds);
    let steady = |fleet: &Vec<Seated>| eprint(&format!("{} PCs are connected", fleet.len()));
    steady(&fleet);
    if !stopped_within(whole / 3).await {
        match arguments.scenario {
            Scenario::Steady => {}
            Scenario::PowerCut => power_cut(&mut fleet, &mut record).await?,
            Scenario::RemovePackage => remove_package(&fleet, &mut lists, arguments, &mut record),
        }
        stopped_within(if arguments.seconds == 0 { Duration::MAX } else { whole * 2 / 3 }).await;
    }
    record.lists = lists.count();
    record.seconds = began.elapsed().as_secs();
    farewell(fleet).await;
    Ok(record)
}

async fn power_cut(fleet: &mut [Seated], record: &mut Record) -> anyhow::Result<()> {
    for seated in fleet.iter_mut() {
        seated.agent.cut().await;
    }
    eprint("the power is gone");
    sleep(DARK).await;
    let back = Instant::now();
    for seated in fleet.iter_mut() {
        seated.agent.resume()?;
    }
    record.returned = Some(fleet::connected(fleet, RETURN).await);
    record.returned_ms = Some(back.elapsed().as_millis());
    eprint("the power is back");
    Ok(())
}

fn remove_package(fleet: &[Seated], lists: &mut Lists, arguments: &Arguments, record: &mut Record) {
    for seated in fleet.iter().take(arguments.on) {
        let list = lists.of(&seated.member, Some(&arguments.title));
        seated.agent.change(|machine| machine.put("software", list));
        record.removed_on.push(seated.member.tag.clone());
    }
    eprint(&format!("{} is gone on {} PCs", arguments.title, record.removed_on.len()));
}

/// Everybody shuts down in order, so that nobody is alarmed.
async fn farewell(fleet: Vec<Seated>) {
    let goodbyes: Vec<_> = fleet.into_iter().map(|seated| tokio::spawn(async move { seated.agent.stop(Reason::Shutdown).await })).collect();
    for goodbye in goodbyes {
        // Whoever can't say it is found silent.
        goodbye.await.ok();
    }
}

/// Waits; true when somebody stops the run before.
async fn stopped_within(time: Duration) -> bool {
    let (Ok(mut terminated), Ok(mut interrupted)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else { return true };
    // A sleep has a longest time; it is as good as for ever.
    let time = time.min(Duration::from_secs(10 * 365 * 24 * 3600));
    tokio::select! {
        () = sleep(time) => false,
        _ = terminated.recv() => true,
        _ = interrupted.recv() => true,
    }
}

#[expect(clippy::print_stderr, reason = "tells whoever watches what happens")]
fn eprint(text: &str) {
    eprintln!("school: {text}");
}
