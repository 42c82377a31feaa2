//! A simulated school: any number of PCs in one process, each a real agent over real TLS, to see a collector under load.

mod fleet;
mod plan;
mod scenario;

use anyhow::ensure;
use clap::{Parser, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Simulates a school of PCs that report to a collector. Each is marked as simulated there.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// The collector's enrolment address, HOST:PORT
    #[arg(long)]
    collector: String,
    /// Enrolment tokens: one for all rooms, or one for each, with commas between
    #[arg(long, value_delimiter = ',', required = true)]
    token: Vec<String>,
    /// The rooms, with commas between; PCs are dealt to them in turn
    #[arg(long, value_delimiter = ',', default_value = "Lab 118,Lab 204")]
    rooms: Vec<String>,
    /// How many PCs
    #[arg(long, default_value_t = 30)]
    count: usize,
    /// What happens
    #[arg(long, value_enum, default_value = "steady")]
    scenario: Scenario,
    /// How long, seconds; 0: until Ctrl-C
    #[arg(long, default_value_t = 0)]
    seconds: u64,
    /// The folder of the PCs' identities; a later run with it goes on with the same PCs
    #[arg(long)]
    state: PathBuf,
    /// remove-package: the title to remove
    #[arg(long, default_value = "gimp")]
    title: String,
    /// remove-package: on how many PCs
    #[arg(long, default_value_t = 1)]
    on: usize,
}

/// What happens in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Everybody is there.
    Steady,
    /// After a third of the time the power fails for everybody; it comes back after 5 s.
    PowerCut,
    /// After a third of the time some PCs lose a title.
    RemovePackage,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let rooms = arguments.rooms.len();
    ensure!(
        arguments.token.len() == 1 || arguments.token.len() == rooms,
        "{} tokens for {rooms} rooms: give one, or one for each",
        arguments.token.len()
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let record = runtime.block_on(scenario::run(&arguments))?;
    // Agents that were cut off may still hold a reading; nobody waits for it.
    runtime.shutdown_timeout(Duration::from_secs(1));
    print(&record)
}

#[expect(clippy::print_stdout, reason = "the one line that a script reads")]
fn print(record: &scenario::Record) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(record)?);
    Ok(())
}
