//! Where the collector listens and keeps its data, with every default in one place.

use jiff::SignedDuration;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The settings of `rollcall serve`.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The folder of everything that must not be lost. Default: /var/lib/rollcall
    pub data: PathBuf,
    /// The attendance door (gRPC over mutual TLS).
    pub agents: SocketAddr,
    /// The enrolment door (gRPC over TLS).
    pub enroll: SocketAddr,
    /// The desk (HTTPS).
    pub desk: SocketAddr,
    /// Metrics and health check (HTTP); loopback only.
    pub metrics: SocketAddr,
    /// Names or addresses under which agents reach this machine, best first; empty: found out.
    pub reach: Vec<String>,
    /// How machines that are off site reach this one; none: they don't.
    pub outside: Option<Outside>,
    /// What the store keeps, and where else.
    pub upkeep: Plan,
}

/// The door for machines that are off site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// HOST:PORT that agents are told: what the router forwards, or the world's name of this machine.
    pub address: String,
    /// Where that arrives here: a listener of its own, so that whoever comes by it is off site, whatever its address looks like behind a
    /// router.
    pub listen: SocketAddr,
}

/// What is kept, and where else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How long events are kept. Default: 400 days, a school year and a summer.
    pub keep: SignedDuration,
    /// A second place that everything is copied to as it becomes durable. Default: none.
    pub copy_to: Option<PathBuf>,
    /// Daily backups. Default: none.
    pub backups: Option<Backups>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { keep: SignedDuration::from_hours(24 * 400), copy_to: None, backups: None }
    }
}

/// Where backups go, and how many stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backups {
    /// The folder: on another disk than the data, or it helps little.
    pub dir: PathBuf,
    /// The newest so many are kept.
    pub keep: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("/var/lib/rollcall"),
            agents: SocketAddr::from(([0, 0, 0, 0], 7443)),
            enroll: SocketAddr::from(([0, 0, 0, 0], 7444)),
            desk: SocketAddr::from(([0, 0, 0, 0], 8443)),
            metrics: SocketAddr::from(([127, 0, 0, 1], 9443)),
            reach: Vec::new(),
            outside: None,
            upkeep: Plan::default(),
        }
    }
}

impl Settings {
    /// The unix socket of the command line.
    pub fn socket(&self) -> PathBuf {
        self.data.join("rollcall.sock")
    }
}
