//! Where the collector listens and keeps its data, with every default in one place.

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
        }
    }
}

impl Settings {
    /// The unix socket of the command line.
    pub fn socket(&self) -> PathBuf {
        self.data.join("rollcall.sock")
    }
}
