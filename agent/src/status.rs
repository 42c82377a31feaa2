//! How a running agent stands, kept in its state folder for `rollcall-agent status`.

use crate::session::Standing;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a running agent stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// How the session stands.
    pub standing: Standing,
    /// Since when.
    pub since: Timestamp,
    /// The address it is connected to, or was last.
    pub address: Option<String>,
    /// What went wrong last, in words; empty after a welcome.
    pub trouble: Option<String>,
    /// Entries in the spool that are not acknowledged.
    pub unacknowledged: usize,
    /// Entries that were lost since the agent began.
    pub lost_entries: u64,
    /// When the collector last acknowledged something.
    pub acknowledged_at: Option<Timestamp>,
    /// The agent's version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
}
