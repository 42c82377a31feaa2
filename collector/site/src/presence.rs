//! Presence: where a machine is for the roll call.

use serde::{Deserialize, Serialize};

/// Where a machine is. Judged by the site; "late" is seen only live, at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Connected and heard.
    Here,
    /// Connected, and a heartbeat is overdue.
    Late,
    /// Gone without a word.
    Silent,
    /// It said that it sleeps or shuts down.
    Asleep,
    /// On loan.
    Away,
    /// Outside its expected hours.
    Resting,
    /// Out of the inventory.
    Retired,
}

/// The devices that are connected now, with when each was last heard: the live half of presence, kept by the agents' door.
pub type Heard = imbl::HashMap<crate::DeviceId, jiff::Timestamp>;
