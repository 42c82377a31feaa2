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
/// The address is not https, nor http on this machine.
pub fn set(w: &mut Working, name: &str, url: &str) -> Result<(), Refusal> {
    let here = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let local = here.iter().any(|host| url.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])));
    let plain = url.len() <= 2_000 && !url.contains(|c: char| c.is_whitespace() || c.is_control()) && !url.contains('@');
    if !plain || !(local || url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty())) {
        return Err(Refusal::invalid(format!(
            "{url:?} can't be a channel's address: it begins with https:// (or http:// on this machine) and carries no password"
        )));
    }
    let delivered = w.site.seq;
    w.put(Channel { name: name.to_owned(), url: url.to_owned(), delivered, set_at: w.now, rest: Rest::new() });
    w.event("channel.set", format!("Alerts go to {name} {url}"));
    Ok(())
}

/// Removes a channel.
///
/// # Errors
/// No such channel.
pub fn remove(w: &mut Working, name: &str) -> Result<(), Refusal> {
    if !w.site.channels.contains_key(name) {
        return Err(Refusal::not_found(format!("there is no channel {name:?}")));
    }
    w.remove::<Channel>(&name.to_owned());
    w.event("channel.removed", format!("Alerts no longer go to {name}"));
    Ok(())
}

/// Events up to `seq` are delivered or passed over. Makes no event.
pub fn delivered(w: &mut Working, name: &str, seq: u64) {
    if let Some(channel) = w.site.channels.get(name).filter(|channel| channel.delivered < seq).cloned() {
        w.put(Channel { delivered: seq, ..(*channel).clone() });
    }
}
