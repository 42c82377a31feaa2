//! Follows the event sequence for one channel: in order, each message until it arrives or a day has passed.

use super::{Address, Deliver, Kind, Message, Undelivered, message, secret_for};
use crate::Collector;
use crate::store::StoreError;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::channel::{self, Channel};
use rollcall_site::event::{Actor, Event};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Events read from the store at once.
const BATCH: usize = 256;
/// A quiet channel writes its cursor down after this many events: a restart reads no more of them again.
const CHECKPOINT: u64 = 1000;
/// A message older than this is passed over: nobody acts on yesterday's alert, and those behind it wait.
const GIVE_UP: SignedDuration = SignedDuration::from_hours(24);
/// The longest wait between two tries; the shortest possible is none (full jitter).
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// How long a delivery under way may take when the collector stops; what is cut off is sent again after the next start.
const FAREWELL: Duration = Duration::from_secs(3);
/// How long to wait after the store could not be read.
const STORE_WAIT: Duration = Duration::from_secs(5);

/// What one channel is at.
struct Follower {
    kind: &'static Kind,
    deliver: Box<dyn Deliver>,
    collector: Collector,
    stop: CancellationToken,
    events: broadcast::Receiver<Arc<Vec<Event>>>,
    place: Option<Place>,
}

/// Where a channel stands in the sequence. It holds for one setting of the channel only.
struct Place {
    set_at: Timestamp,
    /// Delivered or passed over, up to here.
    seq: u64,
    /// The same, as the site's record has it.
    durable: u64,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Delivered, or passed over for good.
    Done,
    /// The channel was set anew or removed meanwhile.
    Replaced,
    /// The collector stops.
    Stopping,
}

/// Follows the events for `kind` until `stop`.
pub(super) async fn run(kind: &'static Kind, collector: Collector, stop: CancellationToken) {
    let events = collector.keeper.events();
    let mut follower = Follower { kind, deliver: (kind.open)(), collector, stop, events, place: None };
    while !follower.stop.is_cancelled() {
        follower.round().await;
    }
}

impl Follower {
    /// Delivers what there is, or waits until there is something.
    async fn round(&mut self) {
        let Some(channel) = self.channel() else { return self.wait().await };
        let (seq, durable) = match &self.place {
            Some(place) if place.set_at == channel.set_at => (place.seq, place.durable),
            _ => (channel.delivered, channel.delivered),
        };
        self.place = Some(Place { set_at: channel.set_at, seq, durable });
        match self.read(seq).await {
            Ok(events) if events.is_empty() => self.wait().await,
            Ok(events) => self.batch(&channel, events).await,
            Err(why) => {
                tracing::error!(channel = self.kind.name, error = %why, "the events could not be read; trying again soon");
                tokio::select! { () = self.stop.cancelled() => {} () = tokio::time::sleep(STORE_WAIT) => {} }
            }
        }
    }

    /// The channel's record, if it is set.
    fn channel(&self) -> Option<Arc<Channel>> {
        self.collector.keeper.view().channels.get(self.kind.name).cloned()
    }

    async fn read(&self, after: u64) -> Result<Vec<Event>, StoreError> {
        let store = Arc::clone(self.collector.keeper.store());
        match tokio::task::spawn_blocking(move || store.events(after, BATCH)).await {
            Ok(read) => read,
            Err(why) => Err(StoreError::Stopped(why.to_string())),
        }
    }

    /// Waits for new events.
    async fn wait(&mut self) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            heard = self.events.recv() => if matches!(heard, Err(RecvError::Closed)) { self.stop.cancelled().await },
        }
    }

    /// Takes events one after another and moves the cursor past each that is done.
    async fn batch(&mut self, channel: &Channel, events: Vec<Event>) {
        for event in events {
            let told = message::of(&self.collector.keeper.view(), &event);
            if let Some(message) = &told
                && self.until_done(channel, message, event.at).await != Outcome::Done
            {
                return;
            }
            let Some(place) = &mut self.place else { return };
            place.seq = event.seq;
            if told.is_some() || place.seq - place.durable >= CHECKPOINT {
                self.checkpoint().await;
            }
        }
    }

    /// Writes the cursor down, unless the channel was set anew meanwhile.
    async fn checkpoint(&mut self) {
        let (Some(place), name) = (&mut self.place, self.kind.name) else { return };
        let (set_at, seq) = (place.set_at, place.seq);
        let change = self.collector.keeper.change(Actor::Rollcall, move |w| {
            if w.site.channels.get(name).is_some_and(|channel| channel.set_at == set_at && channel.delivered < seq) {
                channel::delivered(w, name, seq);
            }
            Ok(())
        });
        match change.await {
            Ok(()) => place.durable = seq,
            Err(why) => tracing::warn!(channel = name, error = %why, "the cursor could not be kept; a restart may send a message twice"),
        }
    }

    /// Tries one message until it is done with.
    async fn until_done(&mut self, channel: &Channel, message: &Message, since: Timestamp) -> Outcome {
        for attempt in 0.. {
            match self.try_once(channel, message).await {
                Ok(()) => {
                    tracing::info!(channel = self.kind.name, message.id, message.kind, tries = attempt + 1, "delivered");
                    return Outcome::Done;
                }
                Err(Undelivered::Never(why)) => {
                    tracing::error!(channel = self.kind.name, message.id, error = why, "the receiver refuses the message; passed over");
                    return Outcome::Done;
                }
                Err(Undelivered::Later(why)) if self.collector.keeper.clock().now().duration_since(since) >= GIVE_UP => {
                    tracing::error!(channel = self.kind.name, message.id, error = why, "not delivered within a day; passed over");
                    return Outcome::Done;
                }
                Err(Undelivered::Later(why)) if attempt == 0 => {
                    tracing::warn!(channel = self.kind.name, message.id, error = why, "not delivered; trying again for up to a day");
                }
                Err(Undelivered::Later(why)) => {
                    tracing::debug!(channel = self.kind.name, message.id, attempt, error = why, "not delivered")
                }
            }
            let outcome = self.pause(channel, jitter(ceiling(attempt))).await;
            if outcome != Outcome::Done {
                return outcome;
            }
        }
        Outcome::Done
    }

    async fn try_once(&self, channel: &Channel, message: &Message) -> Result<(), Undelivered> {
        let secret = secret_for(&self.collector.secrets, self.kind.name).map_err(|why| Undelivered::Later(why.to_string()))?;
        let to = Address { url: channel.url.clone(), secret };
        let now_s = self.collector.keeper.clock().now().as_second();
        let delivery = self.deliver.deliver(&to, message, now_s);
        tokio::select! {
            answer = delivery => answer,
            () = self.farewell() => Err(Undelivered::Later("the collector is stopping".to_owned())),
        }
    }

    /// Comes some time after the collector began to stop: an answer that is under way is worth waiting for.
    async fn farewell(&self) {
        self.stop.cancelled().await;
        tokio::time::sleep(FAREWELL).await;
    }

    /// Waits between two tries; a channel that is set anew meanwhile is tried at once.
    async fn pause(&mut self, channel: &Channel, wait: Duration) -> Outcome {
        let until = Instant::now() + wait;
        loop {
            let heard = tokio::select! {
                () = self.stop.cancelled() => return Outcome::Stopping,
                () = tokio::time::sleep_until(until) => return Outcome::Done,
                heard = self.events.recv() => heard,
            };
            if matches!(heard, Err(RecvError::Closed)) {
                self.stop.cancelled().await;
                return Outcome::Stopping;
            }
            if self.channel().is_none_or(|now| now.set_at != channel.set_at) {
                return Outcome::Replaced;
            }
        }
    }
}

/// The longest wait after the `attempt`th try, from 0: doubled each time, up to [`LONGEST_WAIT`].
fn ceiling(attempt: u32) -> Duration {
    Duration::from_secs(1).saturating_mul(1 << attempt.min(16)).min(LONGEST_WAIT)
}

/// Any time up to `ceiling`, so that a thousand waiting messages do not knock at once.
fn jitter(ceiling: Duration) -> Duration {
    let share = getrandom::u64().map_or(0.5, |random| (random >> 11) as f64 / (1_u64 << 53) as f64);
    ceiling.mul_f64(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_bounded() {
        let waits: Vec<u64> = [0, 1, 2, 9, 10, 4_000_000_000].map(|attempt| ceiling(attempt).as_secs()).to_vec();
        assert_eq!(waits, [1, 2, 4, 512, 600, 600]);
        for _ in 0..100 {
            assert!(jitter(LONGEST_WAIT) <= LONGEST_WAIT);
        }
    }
}
