//! Tells people elsewhere about alerts: every channel follows the event sequence with a durable cursor of its own.
//!
//! No service knows that a channel exists: what was committed is the outbox, so that a crash between a change and its
//! message loses neither. One slow channel never holds up another. What is held back, owed to a digest, or went to
//! another channel because nobody took care of it, is a record: nothing that counts is in memory alone.

mod borrower;
mod clean;
mod follow;
mod gather;
mod google_chat;
mod mail;
mod message;
mod parcel;
mod secret;
mod slack;
mod syslog;
mod teams;
#[cfg(test)]
mod tests;
mod trust;
mod webhook;

pub use borrower::write_to_borrower;
pub use message::Message;
pub use secret::{forget, keep, secret_for};
pub use trust::check as check_ca;
pub(crate) use trust::client as tls_client;

use crate::Collector;
use follow::Follower;
use message::Speaker;
use rollcall_site::channel::{Channel, Mail};
use rollcall_site::escalation;
use rollcall_site::event::Actor;
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Every kind of channel, alphabetical.
pub const CHANNELS: &[Kind] = &[google_chat::KIND, mail::KIND, slack::KIND, syslog::KIND, teams::KIND, webhook::KIND];

/// How often it is looked whether nobody took care of an alert in time.
const ESCALATIONS: Duration = Duration::from_secs(1);

/// One kind of channel.
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// Makes what delivers.
    open: fn() -> Box<dyn Deliver>,
}

impl Kind {
    /// The kind of this name.
    fn of(name: &str) -> Option<&'static Self> {
        CHANNELS.iter().find(|kind| kind.name == name)
    }
}

/// Where a channel delivers to.
#[derive(Clone, Default)]
pub struct Address {
    /// The whole address: https, http on this machine, smtp, syslog.
    pub url: String,
    /// What signs a webhook's messages.
    pub secret: Option<String>,
    /// The password of a mail server.
    pub password: Option<String>,
    /// From whom and to whom mail goes.
    pub mail: Option<Mail>,
    /// Certificates to trust, PEM; empty: those of the system.
    pub ca: String,
    /// What this machine calls itself; empty: not said.
    pub here: String,
}

/// What a delivery comes to: what the server answered.
pub(crate) type Delivery<'a> = Pin<Box<dyn Future<Output = Result<String, Undelivered>> + Send + 'a>>;

/// Carries one message to one address, within a bounded time.
pub(crate) trait Deliver: Send + Sync {
    /// Carries `message`; `now_s` is the time in seconds since 1970 UTC.
    fn deliver<'a>(&'a self, to: &'a Address, message: &'a Message, now_s: i64) -> Delivery<'a>;
}

/// Why a message did not arrive. Its words hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// It may arrive later.
    #[error("{0}")]
    Later(String),
    /// The receiver says that it will never take this message.
    #[error("{0}")]
    Never(String),
}

/// Runs every channel until `stop`; what is not delivered then goes out after the next start.
pub async fn run(collector: Collector, stop: CancellationToken) {
    tokio::join!(channels(&collector, &stop), escalations(&collector, &stop));
}

/// Keeps a follower for every channel, also for those that are set while the collector runs.
async fn channels(collector: &Collector, stop: &CancellationToken) {
    let (mut followers, mut followed) = (JoinSet::new(), BTreeSet::new());
    let mut events = collector.keeper.events();
    while !stop.is_cancelled() {
        let view = collector.keeper.view();
        for channel in view.channels.values().filter(|channel| !followed.contains(&place(channel))) {
            // A kind of a newer version waits for that version.
            if let Some(kind) = Kind::of(&channel.kind) {
                followers.spawn(Follower::new(kind, channel, collector.clone(), stop.clone()).run());
            }
        }
        followed = view.channels.values().map(|channel| place(channel)).collect();
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = followers.join_next() => accident(ended),
            heard = events.recv() => if matches!(heard, Err(RecvError::Closed)) { stop.cancelled().await },
        }
    }
    while let Some(ended) = followers.join_next().await {
        accident(ended);
    }
}

fn place(channel: &Channel) -> (String, jiff::Timestamp) {
    (channel.name.clone(), channel.set_at)
}

fn accident(ended: Result<(), tokio::task::JoinError>) {
    if let Err(why) = ended {
        tracing::error!(error = %why, "a channel has ended by accident; its messages wait for the next start");
    }
}

/// Sends to another channel what nobody took care of in time.
async fn escalations(collector: &Collector, stop: &CancellationToken) {
    loop {
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(ESCALATIONS) => {} }
        let keeper = &collector.keeper;
        if !escalation::is_due(&keeper.view(), keeper.clock().now()) {
            continue;
        }
        let done = keeper.change(Actor::Rollcall, |w| {
            escalation::tick(w);
            Ok(())
        });
        if let Err(why) = done.await {
            tracing::warn!(error = %why, "an escalation could not be written down; trying again");
        }
    }
}

/// Sends a message that says that it is a test, once, and gives what the server answered.
///
/// # Errors
/// There is no such channel, or the message did not arrive: in words for who asked.
pub async fn test(collector: &Collector, name: &str) -> Result<String, Undelivered> {
    let site = collector.keeper.view();
    let no_channel = || Undelivered::Never(format!("there is no channel {name:?} of a kind that this version knows; set it first"));
    let channel = site.channels.get(name).ok_or_else(no_channel)?;
    let kind = Kind::of(&channel.kind).ok_or_else(no_channel)?;
    let now = collector.keeper.clock().now();
    let desk = desk(collector);
    let message = Speaker::of(&site, desk.as_deref()).trial(now);
    (kind.open)().deliver(&address(collector, channel)?, &message, now.as_second()).await
}

/// Where a channel delivers to, with its secrets.
fn address(collector: &Collector, channel: &Arc<Channel>) -> Result<Address, Undelivered> {
    let secrets = &collector.secrets;
    let secret = if channel.kind == webhook::KIND.name {
        Some(secret_for(secrets, &channel.name).map_err(|why| Undelivered::Later(why.to_string()))?)
    } else {
        None
    };
    Ok(Address {
        url: secret::address(secrets, &channel.name).unwrap_or_else(|| channel.url.clone()),
        secret,
        password: secret::password(secrets, &channel.name),
        mail: channel.mail.clone(),
        ca: channel.ca.clone(),
        here: here(collector).unwrap_or_default(),
    })
}

/// What others call this machine, where the settings know: without a port.
fn here(collector: &Collector) -> Option<String> {
    let reach = collector.settings.reach.first()?;
    let port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let host = match reach.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, _)) => inside,
        None => reach.rsplit_once(':').filter(|(host, after)| port(after) && !host.contains(':')).map_or(reach.as_str(), |(host, _)| host),
    };
    Some(host.to_owned())
}

/// The desk's public address, where the settings know one.
fn desk(collector: &Collector) -> Option<String> {
    let (host, port) = (here(collector)?, collector.settings.desk.port());
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    Some(format!("https://{host}:{port}"))
}
