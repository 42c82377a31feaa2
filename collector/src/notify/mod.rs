//! Tells people elsewhere about alerts: every channel follows the event sequence with a durable cursor of its own.
//!
//! No service knows that a channel exists: what was committed is the outbox, so that a crash between a change and its
//! message loses neither. One slow channel never holds up another.

mod follow;
mod message;
mod webhook;

pub use message::Message;

use crate::Collector;
use crate::secrets::{Secrets, SecretsError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::pin::Pin;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Every kind of channel, alphabetical.
pub const CHANNELS: &[Kind] = &[webhook::KIND];

/// One kind of channel.
pub struct Kind {
    /// Its name, which is the name of its record too.
    pub name: &'static str,
    /// Makes what delivers.
    open: fn() -> Box<dyn Deliver>,
}

/// Where a channel delivers to.
pub struct Address {
    /// The address, https or http on this machine.
    pub url: String,
    /// What the receiver knows it by.
    pub secret: String,
}

/// What a delivery comes to.
pub(crate) type Delivery<'a> = Pin<Box<dyn Future<Output = Result<(), Undelivered>> + Send + 'a>>;

/// Carries one message to one address, within a bounded time.
pub(crate) trait Deliver: Send + Sync {
    /// Carries `message`; `now_s` is the time in seconds since 1970 UTC.
    fn deliver<'a>(&'a self, to: &'a Address, message: &'a Message, now_s: i64) -> Delivery<'a>;
}

/// Why a message did not arrive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// It may arrive later.
    #[error("{0}")]
    Later(String),
    /// The receiver says that it will never take this message.
    #[error("{0}")]
    Never(String),
}

/// The secret that signs a channel's messages; made when there is none yet.
///
/// # Errors
/// The sealed file could not be written, or the system gives no random bytes.
pub fn secret_for(secrets: &Secrets, channel: &str) -> Result<String, SecretsError> {
    let name = format!("channel.{channel}");
    if let Some(secret) = secrets.get(&name).and_then(|secret| String::from_utf8(secret).ok()) {
        return Ok(secret);
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|why| SecretsError { path: name.clone().into(), what: format!("the system gives no random bytes for a secret: {why}") })?;
    let secret = URL_SAFE_NO_PAD.encode(bytes);
    secrets.set(&name, secret.as_bytes())?;
    Ok(secret)
}

/// Runs every channel until `stop`; what is not delivered then goes out after the next start.
pub async fn run(collector: Collector, stop: CancellationToken) {
    let mut channels = JoinSet::new();
    for kind in CHANNELS {
        channels.spawn(follow::run(kind, collector.clone(), stop.clone()));
    }
    while let Some(ended) = channels.join_next().await {
        if let Err(why) = ended {
            tracing::error!(error = %why, "a channel has ended by accident; its messages wait for the next start");
        }
    }
}

/// Sends a message that says that it is a test, once.
///
/// # Errors
/// There is no such channel, it has no address yet, or the message did not arrive: in words for who asked.
pub async fn test(collector: &Collector, channel: &str) -> Result<(), Undelivered> {
    let no_channel = || Undelivered::Never(format!("there is no channel {channel:?} with an address; set it first"));
    let kind = CHANNELS.iter().find(|kind| kind.name == channel).ok_or_else(no_channel)?;
    let site = collector.keeper.view();
    let url = site.channels.get(channel).map(|channel| channel.url.clone()).ok_or_else(no_channel)?;
    let secret = secret_for(&collector.secrets, channel).map_err(|why| Undelivered::Later(why.to_string()))?;
    let now = collector.keeper.clock().now();
    (kind.open)().deliver(&Address { url, secret }, &message::trial(&site, now), now.as_second()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(CHANNELS.is_sorted_by_key(|kind| kind.name));
    }

    #[tokio::test]
    async fn every_channel_says_later_when_nobody_answers_and_never_waits_for_ever() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let to = Address { url: format!("http://{closed}/"), secret: "s".to_owned() };
        let message = Message { id: "here/1".to_owned(), kind: "alert.raised".to_owned(), body: b"{}".to_vec() };
        for kind in CHANNELS {
            let answer = (kind.open)().deliver(&to, &message, 0).await;
            assert!(matches!(answer, Err(Undelivered::Later(_))), "{}: {answer:?}", kind.name);
        }
    }

    fn collector(dir: &std::path::Path) -> Collector {
        let folder = std::sync::Arc::new(crate::store::Folder::open(dir).unwrap());
        let keeper = crate::keeper::Keeper::open(folder.clone(), crate::clock::Clock::system()).unwrap();
        let secrets = std::sync::Arc::new(Secrets::open(dir).unwrap());
        Collector { keeper, folder, roll: Default::default(), secrets, settings: Default::default() }
    }

    async fn happen(collector: &Collector, kind: &'static str) -> u64 {
        let change = collector.keeper.change(rollcall_site::event::Actor::Rollcall, move |w| Ok(w.event(kind, kind).seq));
        change.await.unwrap()
    }

    #[tokio::test]
    async fn a_channel_tells_each_alert_once_in_order_and_goes_on_from_its_cursor() {
        let dir = tempfile::tempdir().unwrap();
        let collector = collector(dir.path());
        let (url, mut heard) = webhook::receiver(axum::http::StatusCode::OK).await;
        happen(&collector, "alert.raised").await;
        collector
            .keeper
            .change(rollcall_site::event::Actor::Rollcall, move |w| rollcall_site::channel::set(w, "webhook", &url))
            .await
            .unwrap();
        for _ in 0..2 {
            let stop = CancellationToken::new();
            let channels = tokio::spawn(run(collector.clone(), stop.clone()));
            let mut last = 0;
            for kind in ["alert.raised", "device.here", "alert.resolved"] {
                last = happen(&collector, kind).await;
            }
            for kind in ["alert.raised", "alert.resolved"] {
                assert_eq!(heard.recv().await.unwrap().0["rollcall-event"], kind);
            }
            while collector.keeper.view().channels["webhook"].delivered < last {
                tokio::task::yield_now().await;
            }
            stop.cancel();
            channels.await.unwrap();
            assert!(heard.try_recv().is_err(), "each alert is told once, and none from before the channel was set");
        }
    }
}
