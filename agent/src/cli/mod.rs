//! The command line: what can be asked of the agent on its own machine.

mod inventory;
mod json;
mod output;
mod page;
mod sections;
mod text;

use crate::enroll::{EnrollError, Enrolment, Token, enroll};
use crate::host::{FACTS, Host, Word, record, say, stop_requested, write_privileged};
use crate::identity::{Identity, OtherMachine};
use crate::run::{Agent, Ended, Keeping, run};
use crate::session::Standing;
use crate::source::Source;
use crate::state::{self, State};
use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Reads this PC's hardware, software and health, and answers the roll call of its site.
#[derive(Parser)]
#[command(
    name = "rollcall-agent",
    version,
    after_help = "Exit status: 0 done, 1 problems, 2 usage, 3 refused, 4 the collector could not be reached."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print everything that is collected on this machine, and what could not be measured and why
    Inventory {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Read a recorded machine instead of this one
        #[arg(long, value_name = "DIR")]
        host: Option<PathBuf>,
    },
    /// Trade a token for a certificate, so that this machine belongs to a site
    Enroll(EnrollArguments),
    /// Answer the roll call until stopped
    Run {
        /// Where identity and spool are kept
        #[arg(long, value_name = "DIR", default_value = STATE)]
        state: PathBuf,
        /// Answer for a recorded machine instead of this one
        #[arg(long, value_name = "DIR")]
        host: Option<PathBuf>,
    },
    /// Tell whether this machine is enrolled and connected
    Status {
        /// Where identity and spool are kept
        #[arg(long, value_name = "DIR", default_value = STATE)]
        state: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Copy every source that is read on this machine into a new folder, serial numbers included
    Record {
        /// The folder
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Make this machine fit to be copied: forget key, spool and whatever else makes it one machine
    PrepareImage {
        /// Where identity and spool are kept
        #[arg(long, value_name = "DIR", default_value = STATE)]
        state: PathBuf,
    },
    /// Write down, as root, what only root may read, for the agent that runs as its own user
    PrivilegedFacts {
        /// The file, for root and the group rollcall-agent
        #[arg(long, value_name = "FILE", default_value = FACTS)]
        out: PathBuf,
    },
    /// Tell the agent of this machine that it goes to sleep, or woke up (the service units do this)
    Say {
        /// What happens
        word: Said,
        /// Where identity and spool are kept
        #[arg(long, value_name = "DIR", default_value = STATE)]
        state: PathBuf,
    },
    /// Print the completion script for a shell
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(clap::Args)]
struct EnrollArguments {
    /// The collector's enrolment address; without a port, 7444
    #[arg(long, value_name = "HOST:PORT")]
    collector: String,
    /// The token that `rollcall token new` printed
    #[arg(long, env = "ROLLCALL_TOKEN", hide_env_values = true)]
    token: String,
    /// The asset's tag; otherwise the asset tag in the firmware, or what the collector decides
    #[arg(long, default_value = "")]
    tag: String,
    /// The seat in its room
    #[arg(long, default_value = "")]
    seat: String,
    /// Where identity and spool are kept
    #[arg(long, value_name = "DIR", default_value = STATE)]
    state: PathBuf,
    /// Replace the identity that this machine has
    #[arg(long)]
    again: bool,
    /// Enrol a recorded machine instead of this one
    #[arg(long, value_name = "DIR")]
    host: Option<PathBuf>,
}

/// What can be said to a running agent.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Said {
    /// It goes to sleep.
    Suspend,
    /// It is awake again.
    Resume,
}

const STATE: &str = "/var/lib/rollcall-agent";

const DONE: u8 = 0;
const PROBLEMS: u8 = 1;
const USAGE: u8 = 2;
const REFUSED: u8 = 3;
const UNREACHABLE: u8 = 4;

/// Does what the arguments ask for.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.context("the runtime does not start").and_then(|runtime| {
        let outcome = runtime.block_on(obey(arguments.command));
        // A reading that hangs in a driver must not keep the process.
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(code) => code.into(),
        Err(error) => {
            output::complain(&format!("{error:#}"));
            ExitCode::from(code_of(&error))
        }
    }
}

fn code_of(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<EnrollError>() {
        Some(EnrollError::Refused(_)) => REFUSED,
        Some(EnrollError::Unreachable { .. }) => UNREACHABLE,
        Some(EnrollError::Address(_)) => USAGE,
        _ if error.is::<OtherMachine>() => REFUSED,
        _ if error.is::<crate::enroll::BadToken>() => USAGE,
        _ => PROBLEMS,
    }
}

async fn obey(command: Command) -> anyhow::Result<u8> {
    match command {
        Command::Inventory { json, host } => {
            let host = machine(host.as_deref())?;
            let shown = tokio::task::spawn_blocking(move || inventory::read(&host)).await?;
            output::print(&if json { shown.json()? } else { shown.text() })?;
            Ok(DONE)
        }
        Command::Enroll(arguments) => enrol(arguments).await,
        Command::Run { state, host } => attend(&state, host.as_deref()).await,
        Command::Status { state, json } => status(&state, json),
        Command::Record { dir } => {
            let files = record(&dir, inventory::read_everything)?;
            output::print(&format!("recorded {files} files in {}; it holds serial numbers: keep it private\n", dir.display()))?;
            Ok(DONE)
        }
        Command::PrepareImage { state } => prepare_image(&state),
        Command::PrivilegedFacts { out } => {
            let facts = tokio::task::spawn_blocking(move || write_privileged(&Host::live(), &out)).await?;
            let facts = facts.context("the facts cannot be written; does this run as root?")?;
            output::print(&format!("wrote down {facts} facts\n"))?;
            Ok(DONE)
        }
        Command::Say { word, state } => {
            let word = match word {
                Said::Suspend => Word::Suspend,
                Said::Resume => Word::Resume,
            };
            say(&state, word).await.with_context(|| format!("no agent with the state in {} answers; does it run?", state.display()))?;
            Ok(DONE)
        }
        Command::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "rollcall-agent", &mut script);
            output::print(&String::from_utf8_lossy(&script))?;
            Ok(DONE)
        }
    }
}

fn machine(recorded: Option<&Path>) -> anyhow::Result<Host> {
    Ok(recorded.map_or_else(|| Ok(Host::live()), Host::recorded)?)
}

async fn enrol(arguments: EnrollArguments) -> anyhow::Result<u8> {
    let token = Token::parse(&arguments.token)?;
    let source = Source::Host(machine(arguments.host.as_deref())?);
    let state = State::open(&arguments.state)?;
    if let Ok(identity) = state::identity(&arguments.state)
        && !arguments.again
    {
        anyhow::bail!(
            "this machine is already enrolled in site {} as {}; add --again to replace that identity",
            identity.site,
            identity.tag
        );
    }
    let facts = source.facts().await;
    let (tag, seat, version) = (arguments.tag.as_str(), arguments.seat.as_str(), env!("CARGO_PKG_VERSION"));
    let enrolment = Enrolment { collector: &arguments.collector, token: &token, facts: &facts, tag, seat, version };
    let identity = enroll(&enrolment).await?;
    state.forget()?;
    state.save_identity(&identity)?;
    let seen = if facts.fingerprint.system_serial.is_empty() && facts.fingerprint.system_uuid.is_empty() {
        "\nthe serial number could not be read, so the collector knows this machine by its network addresses and disks"
    } else {
        ""
    };
    let (tag, site) = (&identity.tag, &identity.site);
    output::print(&format!("enrolled in site {site} as {tag}{seen}\nnext: rollcall-agent run --state {}\n", arguments.state.display()))?;
    Ok(DONE)
}

/// The identity, if this is the machine it was given to.
async fn recognised(identity: Identity, source: &Source, state: &State) -> anyhow::Result<Identity> {
    let facts = source.facts().await;
    match identity.recognise(&facts.fingerprint)? {
        Some(renewed) => {
            state.save_identity(&renewed)?;
            Ok(renewed)
        }
        None => Ok(identity),
    }
}

async fn attend(dir: &Path, recorded: Option<&Path>) -> anyhow::Result<u8> {
    output::log_to_standard_error();
    let identity = state::identity(dir)?;
    let state = State::open(dir)?;
    let source = Source::Host(machine(recorded)?);
    let identity = recognised(identity, &source, &state).await?;
    tracing::info!(site = identity.site, device = identity.device, tag = identity.tag, "the agent begins");
    let stop = async {
        match stop_requested().await {
            Ok(reason) => reason,
            Err(error) => {
                tracing::warn!(error = %error, "no signal can be heard; the agent is stopped without a goodbye");
                std::future::pending().await
            }
        }
    };
    let ended = run(Agent { identity, source, keeping: Keeping::State(state) }, stop).await?;
    if ended == Ended::Retired {
        output::complain("the collector retired this device; enrol it again to bring it back");
    }
    Ok(DONE)
}

/// Forgets what makes this machine one machine. What the next boot of a copy makes itself is its own.
fn prepare_image(dir: &Path) -> anyhow::Result<u8> {
    let state = State::open(dir)?;
    state.forget()?;
    drop(state);
    state::remove_rest(dir)?;
    output::print(
        "this machine has no key, no spool and no history of its own any more: it may be copied\n\
         each copy is enrolled at its first start: rollcall-agent enroll --collector HOST --token TOKEN\n\
         empty /etc/machine-id as well, so that each copy gets its own (on systemd: `systemd-firstboot --reset` does it)\n",
    )?;
    Ok(DONE)
}

fn status(dir: &Path, json: bool) -> anyhow::Result<u8> {
    let identity = match state::identity(dir) {
        Ok(identity) => Some(identity),
        Err(state::StateError::NotEnrolled(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let running = state::is_running(dir);
    let status = state::status(dir)?;
    output::print(&if json {
        json::status(identity.as_ref(), running, status.as_ref())?
    } else {
        text::status(identity.as_ref(), running, status.as_ref())
    })?;
    let well = identity.is_some() && running && status.is_some_and(|status| status.standing == Standing::Connected);
    Ok(if well { DONE } else { PROBLEMS })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_that_scripts_rely_on_are_understood() {
        Arguments::command().debug_assert();
        for line in [
            "rollcall-agent enroll --collector 127.0.0.1:7444 --token T --tag LAB2-017 --seat 17 --state /tmp/x",
            "rollcall-agent run --state /tmp/x",
            "rollcall-agent status --state /tmp/x --json",
            "rollcall-agent inventory --json --host /tmp/machine",
            "rollcall-agent record /tmp/machine",
            "rollcall-agent prepare-image --state /tmp/x",
            "rollcall-agent privileged-facts --out /tmp/facts",
            "rollcall-agent say suspend --state /tmp/x",
        ] {
            assert!(Arguments::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
    }

    #[test]
    fn each_failure_has_its_code() {
        let check = |error: anyhow::Error, code| assert_eq!(code_of(&error), code, "{error}");
        check(EnrollError::Refused("no".into()).into(), REFUSED);
        check(EnrollError::Unreachable { address: "x".into(), why: "y".into() }.into(), UNREACHABLE);
        check(EnrollError::WrongPin { address: "x".into() }.into(), PROBLEMS);
        check(crate::enroll::BadToken::Shape.into(), USAGE);
    }
}
