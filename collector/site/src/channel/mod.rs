//! Where alerts go. Passwords, signing secrets and addresses that are secrets themselves live in the sealed file, never here.

mod follows;
mod read;

pub use follows::names;
pub use read::{ChannelFacts, Checked, check, check_name};
pub(crate) use read::{host_and_port, is_here, shortened};

use crate::notice::{self, Notice};
use crate::record::{Record, Rest, Table};
use crate::{Refusal, Site, Working, route};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One place that alerts go to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// Its name: "mail-office".
    pub name: String,
    /// What kind it is: "mail". Those of the first version are named as their kind.
    #[serde(default = "webhook", skip_serializing_if = "is_webhook")]
    pub kind: String,
    /// Its address, as everybody may see it: "smtp://smtp.school.example:587", "https://hooks.chat.example/…".
    pub url: String,
    /// What belongs to mail alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Mail>,
    /// Certificates of the authorities that its server is trusted by, PEM; empty: those of the system.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ca: String,
    /// A webhook: the events that it follows beside alerts, "loan.*"; each is told at once and in order, however late.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follows: Vec<String>,
    /// Number of the last event delivered or passed over: the durable cursor of the outbox.
    pub delivered: u64,
    /// Since when.
    pub set_at: Timestamp,
    /// When a message last arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived_at: Option<Timestamp>,
    /// Why messages wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// When its last digest went out, or digests began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digested: Option<Timestamp>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

fn webhook() -> String {
    "webhook".to_owned()
}

fn is_webhook(kind: &str) -> bool {
    kind == "webhook"
}

/// From whom and to whom mail goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The sender's address.
    pub from: String,
    /// The receivers' addresses.
    pub to: Vec<String>,
    /// The name that the server knows; empty: it wants none.
    #[serde(default)]
    pub user: String,
}

/// Why messages wait, or one was passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Since when the oldest waits.
    pub since: Timestamp,
    /// What the server answered, or that it did not; no secret.
    pub text: String,
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

/// The channel of this name.
///
/// # Errors
/// There is none.
pub fn get<'a>(site: &'a Site, name: &str) -> Result<&'a Arc<Channel>, Refusal> {
    site.channels.get(name).ok_or_else(|| {
        Refusal::not_found(format!(
            "there is no channel {:?}; `rollcall channel list` shows them, `rollcall channel set` makes one",
            shortened(name)
        ))
    })
}

/// Sets or replaces a channel; it starts with what happens from now on.
///
/// # Errors
/// There are as many channels as there may be.
pub fn set(w: &mut Working, checked: &Checked) -> Result<Arc<Channel>, Refusal> {
    const MOST: usize = 50; // each has a task and a cursor of its own; more would be a mistake of a script
    if !w.site.channels.contains_key(&checked.name) && w.site.channels.len() >= MOST {
        return Err(Refusal::conflict(format!("there are {MOST} channels already: remove one with `rollcall channel remove`")));
    }
    forget_notices(w, &checked.name);
    let channel = w.put(Channel {
        name: checked.name.clone(),
        kind: checked.kind.to_owned(),
        url: checked.shown.clone(),
        mail: checked.mail.clone(),
        ca: checked.ca.clone(),
        follows: checked.follows.clone(),
        delivered: w.site.seq,
        set_at: w.now,
        arrived_at: None,
        trouble: None,
        digested: None,
        rest: Rest::new(),
    });
    w.event("channel.set", format!("Alerts go to {} {}", channel.name, channel.url));
    Ok(channel)
}

/// Removes a channel.
///
/// # Errors
/// No such channel, or a route leads to it.
pub fn remove(w: &mut Working, name: &str) -> Result<(), Refusal> {
    get(&w.site, name)?;
    if let Some(route) = route::to_channel(&w.site, name) {
        return Err(Refusal::conflict(format!("route {} leads to {name}: change or remove the route first", route.name)));
    }
    forget_notices(w, name);
    w.remove::<Channel>(&name.to_owned());
    w.event("channel.removed", format!("Alerts no longer go to {name}"));
    Ok(())
}

fn forget_notices(w: &mut Working, name: &str) {
    let owed: Vec<_> = notice::of(&w.site, name).map(|notice| notice.key()).collect();
    owed.iter().for_each(|key| w.remove::<Notice>(key));
}

/// The setting of a channel that something is said of: one that was set anew meanwhile is another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The channel's name.
    pub name: String,
    /// When it was set.
    pub set_at: Timestamp,
}

impl Channel {
    /// Which setting this is.
    pub fn setting(&self) -> Setting {
        Setting { name: self.name.clone(), set_at: self.set_at }
    }
}

/// What became of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They arrived.
    Arrived,
    /// The receiver will never take one; it is passed over.
    Refused(Trouble),
    /// There was nothing to tell.
    Passed,
}

/// Moves the cursor of a channel on to `seq`, with what became of the messages up to there; one that was set anew stays as it is. Makes
/// no event.
pub fn moved(w: &mut Working, setting: &Setting, seq: u64, outcome: Outcome) {
    let now = w.now;
    change(w, setting, |channel| {
        channel.delivered = channel.delivered.max(seq);
        match outcome {
            Outcome::Arrived => (channel.arrived_at, channel.trouble) = (Some(now), None),
            Outcome::Refused(trouble) => channel.trouble = Some(trouble),
            Outcome::Passed => {}
        }
    });
}

/// Messages wait. Makes no event.
pub fn troubled(w: &mut Working, setting: &Setting, trouble: Trouble) {
    change(w, setting, |channel| channel.trouble = Some(trouble));
}

/// A digest went out, or digests begin: the next comes on the next morning. Makes no event.
pub fn digested(w: &mut Working, setting: &Setting, at: Timestamp) {
    change(w, setting, |channel| channel.digested = Some(at));
}

fn change(w: &mut Working, setting: &Setting, change: impl FnOnce(&mut Channel)) {
    let Some(before) = w.site.channels.get(&setting.name).filter(|channel| channel.set_at == setting.set_at).cloned() else { return };
    let mut after = (*before).clone();
    change(&mut after);
    if after != *before {
        w.put(after);
    }
}
