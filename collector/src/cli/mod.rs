//! The command line of `rollcall`: the collector itself, and what people and scripts ask of it. One file per group.

mod alert;
mod asset;
mod backup;
mod baseline;
mod calendar;
mod channel;
mod check;
pub mod client;
mod csv_file;
mod device;
mod device_health;
mod device_page;
mod device_section;
mod event;
pub mod exit;
pub(crate) mod fuzz;
mod key;
mod ledger;
mod loan;
mod maintenance;
pub mod output;
mod person;
pub mod pin;
mod room;
mod route;
mod rule;
mod serve;
mod software;
mod status;
mod sweep;
pub mod table;
mod token;
mod user;
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
  rollcall serve --data /var/lib/rollcall      start the collector
  rollcall room add \"Lab 1\" --seats 30         name a room
  rollcall token new --room \"Lab 1\" --count 30 let its machines in: prints the line to paste on each

Before first period:
  rollcall sweep \"Lab 1\"                       who is present, what changed
During the day:
  rollcall alerts                              what needs a person
  rollcall device LAB1-017                     everything about one machine
At the loan desk:
  rollcall check LAP-042 --for 100231          GO, CHECK or STOP, with the reasons
  rollcall loan out LAP-042 100231 --due 5d

Scripts: every command takes --json; tables appear on a terminal only, elsewhere tab-separated lines.
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
    /// May it be lent? GO, CHECK or STOP for a scanned tag
    Check(Asking<check::Check>),
    /// Lend and take back
    Loan(Asking<loan::Loan>),
    /// The rooms, with who is here
    Rooms(Asking<room::Rooms>),
    /// Add and change rooms
    Room(Asking<room::Room>),
    /// Anything with a tag, with or without an agent
    Asset(Asking<asset::Asset>),
    /// Who may borrow
    Person(Asking<person::Person>),
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
    /// What happened, and what happens
    Events(Asking<event::Events>),
    /// Write everything to one encrypted file
    Backup(Asking<backup::Backup>),
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
    let json = arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json");
    let out = Out::new(if json { Wanted::Json } else { Wanted::Words }, Clock::system().now());
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
        Command::Software(asking) => asking.run(globals, out).await,
        Command::Sweep(asking) => asking.run(globals, out).await,
        Command::Alerts(asking) => asking.run(globals, out).await,
        Command::Alert(asking) => asking.run(globals, out).await,
        Command::Rules(asking) => asking.run(globals, out).await,
        Command::Maintenance(asking) => asking.run(globals, out).await,
        Command::Check(asking) => asking.run(globals, out).await,
        Command::Loan(asking) => asking.run(globals, out).await,
        Command::Rooms(asking) => asking.run(globals, out).await,
        Command::Room(asking) => asking.run(globals, out).await,
        Command::Asset(asking) => asking.run(globals, out).await,
        Command::Person(asking) => asking.run(globals, out).await,
        Command::Baseline(asking) => asking.run(globals, out).await,
        Command::Calendar(asking) => asking.run(globals, out).await,
        Command::Token(asking) => asking.run(globals, out).await,
        Command::Channel(asking) => asking.run(globals, out).await,
        Command::Route(asking) => asking.run(globals, out).await,
        Command::Key(asking) => asking.run(globals, out).await,
        Command::User(asking) => asking.run(globals, out).await,
        Command::Events(asking) => asking.run(globals, out).await,
        Command::Backup(asking) => asking.run(globals, out).await,
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::error::ErrorKind;

    fn parses(line: &[&str]) -> bool {
        Cli::try_parse_from(std::iter::once("rollcall").chain(line.iter().copied())).is_ok()
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_scripts_rely_on_parses() {
        let good: &[&[&str]] = &[
            &["serve", "--data", "/d", "--agents", "127.0.0.1:1", "--enroll", "127.0.0.1:2", "--desk", "127.0.0.1:3"],
            &["--data", "/d", "devices", "--json"],
            &["devices", "--data", "/d", "--room", "Lab 1", "--presence", "here", "--search", "dell"],
            &["device", "LAB1-017", "--section", "memory"],
            &["device", "LAB1-017", "--history"],
            &["device", "LAB1-017", "--history", "5", "--json"],
            &["device", "LAB1-017", "--health"],
            &["device", "LAB1-017", "--health", "year"],
            &["device", "rescan", "LAB1-017", "--data", "/d"],
            &["device", "--", "rescan"],
            &["device", "revoke", "LAB1-017", "--desk", "https://desk:8443"],
            &["software", "vlc", "--version", ">= 3"],
            &["sweep", "Lab 1", "--json"],
            &["sweep", "--list"],
            &["sweep", "--show", "3"],
            &["check", "LAP-1", "--for", "100231", "--json"],
            &["loan", "out", "LAP-1", "100231", "--due", "5d", "--override", "the principal asked"],
            &["loan", "in", "LAP-1"],
            &["person", "import", "roster.csv", "--yes"],
            &["person", "forget", "100231", "--yes"],
            &["token", "new", "--json", "--room", "Lab 1", "--count", "30", "--expires", "7d"],
            &["alert", "ack", "3"],
            &["channel", "set", "chat", "-", "--kind", "slack"],
            &["channel", "set", "mail-office", "smtps://mail", "--from", "a@b", "--to", "c@d,e@f", "--user", "u", "--password-file", "-"],
            &["route", "add", "nights", "--to", "mail-office", "--quiet", "17:00-07:00", "--high-at-once"],
            &["route", "add", "boss", "--to", "mail-office", "--escalate", "15", "--escalate-to", "chat"],
            &["route", "test", "3"],
            &["alert", "resolve", "3", "4", "5"],
            &["alert", "snooze", "3", "--for", "2h"],
            &["alert", "snooze", "3", "--until", "2026-12-01"],
            &["alert", "reopen", "3"],
            &["rules"],
            &["rules", "set", "machine-silent", "--room", "Lab 1", "--settle", "0", "--limit", "a=1"],
            &["maintenance", "start", "--room", "Lab 1", "--for", "2h", "--reason", "new switch"],
            &["maintenance", "end", "3"],
            &["device", "move", "LAB1-017", "--nowhere"],
            &["baseline", "remove", "Exam lab"],
            &["room", "remove", "Lab 1"],
            &["loan", "out", "LAP-1", "100231", "--due", "never"],
            &["baseline", "apply", "lab.toml"],
            &["calendar", "hours", "Mon-Fri 07:30-16:00"],
            &["calendar", "close", "2026-12-21", "2027-01-01", "--name", "Winter break"],
            &["calendar", "import", "district.ics", "--only", "holiday", "--yes"],
            &["room", "set", "Lab 1", "--hours", "always"],
            &["baseline", "apply", "lab.toml", "--dry-run"],
            &["baseline", "capture", "--from", "LAB1-017", "--versions", "exactly"],
            &["baseline", "show", "Exam lab", "--version", "2"],
            &["baseline", "waive", "LAB1-017", "steam*", "--until", "30d", "--reason", "club"],
            &["baseline", "waive", "--room", "Lab 1", "firewall", "--until", "2026-12-18", "--reason", "exam"],
            &["baseline", "drift", "LAB1-017"],
            &["key", "new", "report", "--role", "viewer"],
            &["restore", "b.age", "--key", "recovery.key", "--data", "/d"],
            &["ledger", "verify"],
        ];
        for line in good {
            assert!(parses(line), "{line:?}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let bad: &[&[&str]] = &[
            &[],
            &["device"],
            &["sweep"],
            &["sweep", "Lab 1", "--list"],
            &["alert", "ack", "x"],
            &["alert", "ack"],
            &["alert", "snooze", "3"],
            &["rules", "set", "x", "--on", "--off"],
            &["maintenance", "start", "--for", "2h"],
            &["route", "add", "nights"],
            &["route", "add", "nights", "--to", "a", "--high-at-once"],
            &["route", "add", "nights", "--to", "a", "--escalate", "15"],
            &["channel", "set", "chat", "https://a", "--kind", "pager"],
            &["loan", "out", "LAP-1"],
            &["device", "move", "LAB1-017"],
            &["calendar"],
            &["calendar", "close", "2026-12-21"],
            &["baseline", "waive", "LAB1-017", "vlc", "--until", "1d"],
            &["baseline", "drift", "LAB1-017", "--room", "Lab 1"],
            &["baseline", "capture"],
        ];
        for line in bad {
            assert!(!parses(line), "{line:?}");
        }
    }

    #[test]
    fn help_is_a_word_too_but_not_the_name_of_a_machine() {
        let kind = |line: &[&str]| Cli::try_parse_from(line).err().map(|told| told.kind());
        assert_eq!(kind(&["rollcall", "help", "sweep"]), Some(ErrorKind::DisplayHelp));
        assert_eq!(kind(&["rollcall", "device", "help"]), None);
    }

    #[test]
    fn a_newcomer_finds_the_first_steps() {
        let help = Cli::command().render_help().to_string();
        for wanted in ["rollcall serve", "rollcall token new", "rollcall sweep", "rollcall check", "Exit codes"] {
            assert!(help.contains(wanted), "{wanted}");
        }
    }
}
