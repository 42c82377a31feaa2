//! `rollcall serve`: runs the collector until it is told to stop.

use crate::agents::listen::Caps;
use crate::cli::Globals;
use crate::cli::exit::{Exit, Failure};
use crate::serve::Options;
use crate::settings::{Backups, Outside, Plan, Settings};
use clap::Args;
use jiff::SignedDuration;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// Run the collector.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall serve                                        everything in /var/lib/rollcall, on the usual ports
  rollcall serve --data ./try --desk 127.0.0.1:8443     a folder of its own, the desk for this machine alone
  rollcall serve --outside rollcall.school.example:7443 --outside-listen 0.0.0.0:7445
                                                        laptops on loan report from home: the router forwards its 7443 to our 7445

The first start prints a link to make the desk's first account, and the recovery key of backups: keep it.
Agents come in on two ports: 7444 to enrol, 7443 to report. People use the desk on 8443.")]
pub struct Serve {
    /// Where agents report
    #[arg(long, value_name = "ADDR", default_value_t = Settings::default().agents)]
    agents: SocketAddr,
    /// Where machines enrol
    #[arg(long, value_name = "ADDR", default_value_t = Settings::default().enroll)]
    enroll: SocketAddr,
    /// Where people use the desk
    #[arg(long, value_name = "ADDR", default_value_t = Settings::default().desk)]
    desk: SocketAddr,
    /// Where metrics and the health check are read; loopback only
    #[arg(long, value_name = "ADDR", default_value_t = Settings::default().metrics)]
    metrics: SocketAddr,
    /// A name or address under which agents reach this machine, best first; default: found out
    #[arg(long, value_name = "HOST")]
    reach: Vec<String>,
    /// The address by which machines that are off site reach this one, HOST:PORT: what the router forwards to --outside-listen
    #[arg(long, value_name = "HOST:PORT", value_parser = outside_address, requires = "outside_listen")]
    outside: Option<String>,
    /// Where that arrives here: whoever comes by it is off site, and says its health and the agreed sections only
    #[arg(long, value_name = "ADDR", requires = "outside")]
    outside_listen: Option<SocketAddr>,
    /// The school's name for people; counts at the first start only
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Agents that may be connected at once; each costs about 60 KB of memory, with its inventory
    #[arg(long, value_name = "COUNT", default_value_t = Caps::attendance().connections, value_parser = at_least_one)]
    max_connections: usize,
    /// Agents that may be connected at once from one address: of a building behind one router
    #[arg(long, value_name = "COUNT", default_value_t = Caps::attendance().per_address, value_parser = at_least_one)]
    max_per_address: usize,
    /// Machines that may be enrolling at once
    #[arg(long, value_name = "COUNT", default_value_t = Caps::enrolment().connections, value_parser = at_least_one)]
    max_enrolling: usize,
    /// How long after its certificate lapsed a machine may renew it by itself
    #[arg(long, value_name = "DAYS", default_value_t = Options::default().renew_within.as_hours() / 24, value_parser = clap::value_parser!(i64).range(0..=3650))]
    renew_lapsed: i64,
    /// A second place, better on another disk: everything is copied there as it becomes durable
    #[arg(long, value_name = "DIR")]
    copy_to: Option<PathBuf>,
    /// A folder for a backup every day, encrypted to the recovery key; the newest 14 are kept
    #[arg(long, value_name = "DIR")]
    backup_to: Option<PathBuf>,
    /// Days that events are kept; the records always are
    #[arg(long, value_name = "DAYS", default_value_t = 400, value_parser = clap::value_parser!(u32).range(30..))]
    keep_days: u32,
}

/// A host with its port, as an agent can call it.
fn outside_address(text: &str) -> Result<String, String> {
    let (host, port) = text.rsplit_once(':').unwrap_or(("", ""));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':');
    let fits = !host.is_empty() && host.len() <= 253 && host.chars().all(plain) && port.parse::<u16>().is_ok_and(|port| port > 0);
    if fits { Ok(text.to_owned()) } else { Err("write it as rollcall.school.example:7443".to_owned()) }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err("give a number from 1 to 1000000".to_owned()),
    }
}

/// Backups that are kept.
const BACKUPS: usize = 14;

impl Serve {
    /// Runs the collector until a signal ends it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        log();
        let options = self.options();
        let settings = self.settings(globals);
        let stop = CancellationToken::new();
        let signals = tokio::spawn(stop_on_signal(stop.clone()));
        let served = crate::serve::serve(settings, options, stop.cancelled_owned()).await;
        signals.abort();
        served.map(|()| Exit::Done).map_err(|error| Failure::here("serve", error.as_ref()))
    }

    fn options(&self) -> Options {
        let usual = Options::default();
        Options {
            site_name: self.name.clone().unwrap_or(usual.site_name),
            attendance: Caps { connections: self.max_connections, per_address: self.max_per_address, ..usual.attendance },
            enrolment: Caps { connections: self.max_enrolling, ..usual.enrolment },
            renew_within: SignedDuration::from_hours(24 * self.renew_lapsed),
            ..usual
        }
    }

    fn settings(self, globals: &Globals) -> Settings {
        let Self { agents, enroll, desk, metrics, reach, outside, outside_listen, keep_days, copy_to, backup_to, .. } = self;
        let outside = outside.zip(outside_listen).map(|(address, listen)| Outside { address, listen });
        let upkeep = Plan {
            keep: SignedDuration::from_hours(24 * i64::from(keep_days)),
            copy_to,
            backups: backup_to.map(|dir| Backups { dir, keep: BACKUPS }),
        };
        Settings { data: globals.data.clone(), agents, enroll, desk, metrics, reach, outside, upkeep }
    }
}

/// Logs to standard error; `RUST_LOG` says how much.
fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    // A second subscriber in one process is refused; the first one stays.
    drop(lines.try_init());
}

/// Cancels `stop` on Ctrl-C and on the service manager's word.
async fn stop_on_signal(stop: CancellationToken) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
        tracing::error!("the system gives no signals; stop the collector with kill -9, it loses nothing");
        return;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping");
    stop.cancel();
}
