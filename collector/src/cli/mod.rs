//! The command line of `rollcall`: the collector itself, and what people and scripts ask of it. One file per group.

mod alert;
mod asset;
mod backup;
mod baseline;
mod calendar;
mod channel;
mod charge;
mod check;
pub mod client;
mod csv_file;
mod device;
mod device_health;
mod device_page;
mod device_section;
mod diagnose;
mod event;
pub mod exit;
pub(crate) mod fuzz;
mod key;
mod label;
mod ledger;
mod library;
mod loan;
mod maintenance;
mod oidc;
mod order;
pub mod output;
mod person;
mod person_file;
pub mod pin;
mod progress;
mod replacement;
mod report;
mod reserve;
mod room;
mod roster;
mod roster_words;
mod route;
mod rule;
mod scans;
mod secret_file;
mod serve;
mod several;
mod software;
mod status;
mod sweep;
pub mod table;
#[cfg(test)]
mod tests;
mod ticket;
mod token;
mod transfer;
mod user;
mod verdict;
mod way;
pub mod words;

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Out, Wanted};
use crate::cli::way::Asking;
use crate::clock::Clock;
use clap::{CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// What a newcomer wants to read.
const EXAMPLES: &str = "\
Begin:
  rollcall serve --data /var/lib/rollcall       start the collector
  rollcall room add \"Lab 1\" --seats 30          name a room
  rollcall token new --room \"Lab 1\" --count 30  let its machines in: prints the line to paste on each

Before first period:
  rollcall sweep \"Lab 1\"                       who is present, what changed
During the day:
  rollcall alerts                              what needs a person
  rollcall device LAB1-017                     everything about one machine
  rollcall diagnose LAB1-017                   what is wrong with its network, disk, camera …
At the loan desk:
  rollcall check LAP-042 --for 100231          GO, CHECK or STOP, with the reasons
  rollcall loan out LAP-042 100231 --due 5d

Scripts: every command takes --json, every list --csv; tables appear on a terminal only, elsewhere tab-separated lines.
Exit codes: 0 done (GO) · 1 found problems (CHECK) or nothing · 2 usage · 3 refused (STOP) · 4 no collector reached";

/// Keeps the technology inventory of a school site: who is here, what changed, what may be lent.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version, after_help = EXAMPLES, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Globals {
    /// The collector's folder: where its socket is found
    #[arg(long, global = true, value_name = "DIR", env = "ROLLCALL_DATA", default_value = "/var/lib/rollcall")]
    pub data: PathBuf,
    /// The site that is meant; default: the only one
    #[arg(long, global = true, value_name = "SITE", env = "ROLLCALL_SITE")]
    pub site: Option<String>,
    /// Answer in JSON, errors too
    #[arg(long, global = true)]
    pub json: bool,
    /// Lists as CSV, for spreadsheets: with a heading, every column, and no formulas
    #[arg(long, global = true, conflicts_with = "json")]
    pub csv: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the collector
    Serve(serve::Serve),
    /// How the site, its doors and its store are
    Status(Asking<status::Status>),
    /// The enrolled machines
    Devices(Asking<device::Devices>),
    /// One machine: hardware, software, alerts, timeline; or ask something of it
    Device(Asking<device::Device>),
    /// Have a machine look at its network, disks, camera, microphone and clock
    Diagnose(Asking<diagnose::Diagnose>),
    /// Which machines have a title
    Software(Asking<software::Software>),
    /// Call the roll of a room: who is present, who is missing, what changed
    Sweep(Asking<sweep::Sweep>),
    /// What needs a person
    Alerts(Asking<alert::Alerts>),
    /// Take care of alerts
    Alert(Asking<alert::Alert>),
    /// What is looked for, and what is set of it
    Rules(Asking<rule::Rules>),
    /// Times in which nobody is told
    Maintenance(Asking<maintenance::Maintenance>),
    /// Work that somebody has to do
    Tickets(Asking<ticket::Tickets>),
    /// Open tickets, work on them, close them
    Ticket(Asking<ticket::Ticket>),
    /// May it be lent? GO, CHECK or STOP for a scanned tag
    Check(Asking<check::Check>),
    /// Lend and take back
    Loan(Asking<loan::Loan>),
    /// Keep an asset, or so many of a kind, for somebody
    Reserve(Asking<reserve::Reserve>),
    /// What people are asked to pay
    Charge(Asking<charge::Charge>),
    /// What makes an asset GO, CHECK or STOP
    Verdict(Asking<verdict::Verdict>),
    /// The rooms, with who is here
    Rooms(Asking<room::Rooms>),
    /// Add and change rooms
    Room(Asking<room::Room>),
    /// Anything with a tag, with or without an agent
    Asset(Box<Asking<asset::Asset>>),
    /// Print labels with the tag as bars and as a square code
    Label(Asking<label::Labels>),
    /// Mirror loans into the school's library system
    Library(Asking<library::Library>),
    /// Requisitions, orders, and receiving what comes
    Order(Asking<order::Order>),
    /// What should be replaced
    Replacement(Asking<replacement::Replacement>),
    /// What is asked once a term: inventory, ages, loans, losses, alerts, charges
    Report(Asking<report::Report>),
    /// Who may borrow
    Person(Asking<person::Person>),
    /// The people of the school, from its student information system
    Roster(Asking<roster::Roster>),
    /// Files that must come, and how they stand
    Transfers(Asking<transfer::Transfers>),
    /// Watch a file that must come
    Transfer(Asking<transfer::Transfer>),
    /// What software the machines of a room must and must not have
    Baseline(Asking<baseline::Baseline>),
    /// When machines are expected: hours, bells, closed and special days
    Calendar(Asking<calendar::Calendar>),
    /// Let machines in
    Token(Asking<token::Token>),
    /// Where alerts go
    Channel(Asking<channel::Channel>),
    /// Who hears of which alert, and when
    Route(Asking<route::Route>),
    /// API keys, for scripts and for this command from other machines
    Key(Asking<key::Key>),
    /// Who may use the desk
    User(Asking<user::User>),
    /// Let people sign in with the school's own accounts
    Oidc(Asking<oidc::Oidc>),
    /// What happened, and what happens
    Events(Asking<event::Events>),
    /// Write everything to one encrypted file, or see whether such a file is whole
    Backup(backup::Backup),
    /// Make a collector's folder of a backup, while no collector runs there
    Restore(backup::Restore),
    /// The tamper-evident record of everything
    Ledger(ledger::Ledger),
    /// Print the completion script of a shell
    Completion(Completion),
}

/// Print the completion script of a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  rollcall completion bash > /etc/bash_completion.d/rollcall
  rollcall completion zsh > \"${fpath[1]}/_rollcall\"
  rollcall completion fish > ~/.config/fish/completions/rollcall.fish")]
struct Completion {
    /// The shell
    shell: clap_complete::Shell,
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.len() < 2 {
        // Who says nothing wants to know what there is to say.
        arguments = vec!["rollcall".into(), "--help".into()];
    }
    let asks = |form: &str| arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == form);
    let form = if asks("--json") {
        Wanted::Json
    } else if asks("--csv") {
        Wanted::Csv
    } else {
        Wanted::Words
    };
    let out = Out::new(form, Clock::system().now());
    let done = match Cli::try_parse_from(arguments) {
        Ok(Cli { globals, command }) => run(command, &globals, &out),
        Err(told) => not_a_command(&told, &out),
    };
    let exit = done.and_then(|exit| out.finish(exit)).unwrap_or_else(|failure| {
        out.failed(&failure);
        failure.exit()
    });
    exit.into()
}

/// Help, the version, or what is wrong with the command line: for scripts that want JSON as every other error.
fn not_a_command(told: &clap::Error, out: &Out) -> Result<Exit, Failure> {
    if out.is_json() && told.use_stderr() {
        let text = told.render().to_string();
        return Err(Failure::Usage(text.trim_start_matches("error: ").trim_end().to_owned()));
    }
    // A reader that went away (`| head`) has what it wanted.
    let broken = told.print().err().filter(|error| error.kind() != std::io::ErrorKind::BrokenPipe);
    if let Some(error) = broken {
        return Err(Failure::here("standard output", &error));
    }
    Ok(if told.use_stderr() { Exit::Usage } else { Exit::Done })
}

fn run(command: Command, globals: &Globals, out: &Out) -> Result<Exit, Failure> {
    let mut runtime = match command {
        Command::Serve(_) => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = runtime.enable_all().build().map_err(|error| Failure::here("starting", &error))?;
    let exit = runtime.block_on(perform(command, globals, out));
    runtime.shutdown_background();
    exit
}

async fn perform(command: Command, globals: &Globals, out: &Out) -> Result<Exit, Failure> {
    match command {
        Command::Serve(serve) => serve.run(globals).await,
        Command::Status(asking) => asking.run(globals, out).await,
        Command::Devices(asking) => asking.run(globals, out).await,
        Command::Device(asking) => asking.run(globals, out).await,
        Command::Diagnose(asking) => asking.run(globals, out).await,
        Command::Software(asking) => asking.run(globals, out).await,
        Command::Sweep(asking) => asking.run(globals, out).await,
        Command::Alerts(asking) => asking.run(globals, out).await,
        Command::Alert(asking) => asking.run(globals, out).await,
        Command::Rules(asking) => asking.run(globals, out).await,
        Command::Maintenance(asking) => asking.run(globals, out).await,
        Command::Tickets(asking) => asking.run(globals, out).await,
        Command::Ticket(asking) => asking.run(globals, out).await,
        Command::Check(asking) => asking.run(globals, out).await,
        Command::Loan(asking) => asking.run(globals, out).await,
        Command::Reserve(asking) => asking.run(globals, out).await,
        Command::Charge(asking) => asking.run(globals, out).await,
        Command::Verdict(asking) => asking.run(globals, out).await,
        Command::Rooms(asking) => asking.run(globals, out).await,
        Command::Room(asking) => asking.run(globals, out).await,
        Command::Asset(asking) => asking.run(globals, out).await,
        Command::Label(asking) => asking.run(globals, out).await,
        Command::Library(asking) => asking.run(globals, out).await,
        Command::Order(asking) => asking.run(globals, out).await,
        Command::Replacement(asking) => asking.run(globals, out).await,
        Command::Report(asking) => asking.run(globals, out).await,
        Command::Person(asking) => asking.run(globals, out).await,
        Command::Roster(asking) => asking.run(globals, out).await,
        Command::Transfers(asking) => asking.run(globals, out).await,
        Command::Transfer(asking) => asking.run(globals, out).await,
        Command::Baseline(asking) => asking.run(globals, out).await,
        Command::Calendar(asking) => asking.run(globals, out).await,
        Command::Token(asking) => asking.run(globals, out).await,
        Command::Channel(asking) => asking.run(globals, out).await,
        Command::Route(asking) => asking.run(globals, out).await,
        Command::Key(asking) => asking.run(globals, out).await,
        Command::User(asking) => asking.run(globals, out).await,
        Command::Oidc(asking) => asking.run(globals, out).await,
        Command::Events(asking) => asking.run(globals, out).await,
        Command::Backup(backup) => backup.run(globals, out).await,
        Command::Restore(restore) => restore.run(globals, out).await,
        Command::Ledger(ledger) => ledger.run(globals, out).await,
        Command::Completion(Completion { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "rollcall", &mut script);
            out.print(&String::from_utf8_lossy(&script));
            Ok(Exit::Done)
        }
    }
}
