//! The simulator's command: runs a school, prints what came of it as one line of JSON, and fails when the judge found something wrong.

use clap::Parser;
use rollcall_tests::roster::{Kind, Roster};
use rollcall_tests::school::record::Record;
use rollcall_tests::school::{Options, run};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Simulates a school of PCs that report to a collector. Each is a real agent, and is marked as simulated there.
///
/// Prints one line of JSON at the end. With --judge the simulator's own record is compared with the collector's: where every PC is, what
/// was acknowledged of its sections and changes, clones, false silence, alerts; what differs is listed under `judged`, and the exit code is 1.
///
/// `school roster DIR` writes its people instead, in OneRoster files.
#[derive(Parser)]
#[command(name = "school", version)]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

/// Writes a made-up school's people as its student information system exports them: `school roster DIR --students N`.
#[derive(Parser)]
#[command(name = "school roster")]
struct WriteRoster {
    /// The folder
    folder: PathBuf,
    /// How many students
    #[arg(long, default_value_t = 120)]
    students: usize,
}

fn main() -> anyhow::Result<ExitCode> {
    if std::env::args_os().nth(1).is_some_and(|word| word == "roster") {
        let WriteRoster { folder, students } = WriteRoster::parse_from(std::env::args_os().skip(1));
        Roster::of(students).write(&folder, Kind::Bulk)?;
        return Ok(ExitCode::SUCCESS);
    }
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let record = runtime.block_on(run(&arguments.options))?;
    // Agents that were cut off may still hold a reading; nobody waits for it.
    runtime.shutdown_timeout(Duration::from_secs(1));
    print(&record)?;
    Ok(if record.holds() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

#[expect(clippy::print_stdout, reason = "the one line that a script reads")]
fn print(record: &Record) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(record)?);
    Ok(())
}
