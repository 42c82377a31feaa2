//! Hardware facts weighed together: is this the machine that it was?

use serde::{Deserialize, Serialize};

/// The hardware facts of a machine; an empty one counts for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fingerprint {
    /// SMBIOS system UUID.
    pub system_uuid: String,
    /// System serial.
    pub system_serial: String,
    /// Board serial.
    pub board_serial: String,
    /// Chassis serial.
    pub chassis_serial: String,
    /// Permanent addresses, sorted.
    pub macs: Vec<String>,
    /// Disk serials, sorted.
    pub disk_serials: Vec<String>,
    /// The operating system's id: weak.
    pub machine_id: String,
}
