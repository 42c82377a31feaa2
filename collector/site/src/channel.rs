//! Where alerts go. The signing secret lives in the sealed file.

use crate::record::{Record, Rest, Table};
use crate::{Refusal, Site, Working};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One place that alerts go to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// Its name: "webhook".
    pub name: String,
    /// The address, https or http on this machine.
    pub url: String,
    /// Number of the last event delivered or passed over: the durable cursor of the outbox.
    pub delivered: u64,
    /// Since when.
    pub set_at: Timestamp,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Channel {
    type Key = String;
    const KIND: &'static str = "channel";
    fn key(&self) -> String {
        self.name.clone()
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.channels
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.channels
    }
}

/// Sets or replaces a channel; it starts with what happens from now on.
///
/// # Errors
/// The address is not http or https.
pub fn set(w: &mut Working, name: &str, url: &str) -> Result<(), Refusal> {
    let _ = (w, name, url);
    todo!()
}

/// Removes a channel.
///
/// # Errors
/// No such channel.
pub fn remove(w: &mut Working, name: &str) -> Result<(), Refusal> {
    let _ = (w, name);
    todo!()
}

/// Events up to `seq` are delivered or passed over. Makes no event.
pub fn delivered(w: &mut Working, name: &str, seq: u64) {
    let _ = (w, name, seq);
    todo!()
}
