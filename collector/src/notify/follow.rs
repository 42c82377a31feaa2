//! Follows the event sequence for one channel: in order, each message until it arrives or the receiver refuses it.

use super::message::Speaker;
use super::parcel::{self, Next, Parcel, Summary};
use super::{Deliver, Kind, Message, Undelivered};
use crate::Collector;
use crate::backoff::{ceiling, jitter};
use crate::store::StoreError;
use jiff::Timestamp;
use rollcall_site::channel::{self, Channel, Outcome, Setting, Trouble};
use rollcall_site::event::{Actor, Event};
use rollcall_site::{Site, notice};
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
/// The longest wait between two tries; the shortest possible is none (full jitter).
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// How often it is looked whether what is owed is due: the clock may be set meanwhile.
const LOOK: Duration = Duration::from_secs(1);
/// How long a delivery under way may take when the collector stops; what is cut off is sent again after the next start.
const FAREWELL: Duration = Duration::from_secs(3);
/// How long to wait after the store could not be read.
const STORE_WAIT: Duration = Duration::from_secs(5);

/// What follows the events for one setting of a channel.
pub(super) struct Follower {
    setting: Setting,
    deliver: Box<dyn Deliver>,
    collector: Collector,
    stop: CancellationToken,
    events: broadcast::Receiver<Arc<Vec<Event>>>,
    desk: Option<String>,
    /// Delivered or passed over, up to here.
    seq: u64,
    /// The same, as the site's record has it.
    durable: u64,
    /// Tries of what comes next that failed.
    failed: u32,
}

impl Follower {
    /// Takes up a channel where its record stands.
    pub fn new(kind: &Kind, channel: &Channel, collector: Collector, stop: CancellationToken) -> Self {
        let (events, desk) = (collector.keeper.events(), super::desk(&collector));
        let (setting, seq) = (channel.setting(), channel.delivered);
        Self { setting, deliver: (kind.open)(), collector, stop, events, desk, seq, durable: seq, failed: 0 }
    }

    /// Follows until `stop`, or until the channel is removed or set anew.
    pub async fn run(mut self) {
        while let (Some(channel), false) = (self.channel(), self.stop.is_cancelled()) {
            self.round(&channel).await;
        }
    }

    /// Delivers what comes next, or waits until something does.
    async fn round(&mut self, channel: &Arc<Channel>) {
        match self.next(channel).await {
            Ok(Some(parcel)) => self.give(channel, parcel).await,
            Ok(None) => self.wait().await,
            Err(why) => {
                tracing::error!(channel = self.setting.name, error = %why, "the events could not be read; trying again soon");
                tokio::select! { () = self.stop.cancelled() => {} () = tokio::time::sleep(STORE_WAIT) => {} }
            }
        }
    }

    /// The channel's record, as long as it is the setting that is followed.
    fn channel(&self) -> Option<Arc<Channel>> {
        let channel = self.collector.keeper.view().channels.get(&self.setting.name).cloned();
        channel.filter(|channel| channel.set_at == self.setting.set_at)
    }

    /// What comes next, from the events and the records alone: a restart comes to the same.
    async fn next(&self, channel: &Channel) -> Result<Option<Parcel>, StoreError> {
        let now = self.collector.keeper.clock().now();
        let before = self.collector.keeper.view();
        let events = if before.seq > self.seq { self.read(self.seq).await? } else { Vec::new() };
        if events.is_empty() {
            // That view holds nothing that is still to be read, so that nothing is told twice.
            return Ok(parcel::due(&self.speaker(&before), channel, self.seq, now));
        }
        // This one holds everything that was read.
        let view = self.collector.keeper.view();
        match parcel::next(&self.speaker(&view), channel, &events, now) {
            Next::Parcel(parcel) => Ok(Some(*parcel)),
            Next::Summary => self.summary(&view, channel, events, now).await.map(Some),
        }
    }

    async fn summary(&self, view: &Site, channel: &Channel, mut events: Vec<Event>, now: Timestamp) -> Result<Parcel, StoreError> {
        let speaker = self.speaker(view);
        let mut summary = Summary::over(&speaker, channel, now);
        while let Some(last) = events.last().map(|event| event.seq).filter(|last| *last <= view.seq) {
            summary.add(&speaker, channel, &events, now);
            events = self.read(last).await?;
        }
        Ok(summary.parcel(&speaker, now))
    }

    fn speaker<'a>(&'a self, site: &'a Site) -> Speaker<'a> {
        Speaker::of(site, self.desk.as_deref()).signed(self.collector.folder.last_checkpoint())
    }

    async fn read(&self, after: u64) -> Result<Vec<Event>, StoreError> {
        let store = Arc::clone(self.collector.keeper.store());
        match tokio::task::spawn_blocking(move || store.events(after, BATCH)).await {
            Ok(read) => read,
            Err(why) => Err(StoreError::Stopped(why.to_string())),
        }
    }

    /// Delivers a parcel, once, and writes down what became of it.
    async fn give(&mut self, channel: &Arc<Channel>, parcel: Parcel) {
        let Some(message) = &parcel.message else { return self.pass(parcel).await };
        let since = parcel.since.unwrap_or(message.at);
        match self.try_once(channel, message).await {
            Ok(answer) => {
                let tries = self.failed + 1;
                tracing::info!(channel = self.setting.name, message.id, message.kind, tries, answer, "delivered");
                self.keep(parcel, Outcome::Arrived).await;
            }
            Err(Undelivered::Never(why)) => {
                tracing::error!(channel = self.setting.name, message.id, error = why, "the receiver refuses the message; passed over");
                self.keep(parcel, Outcome::Refused(Trouble { since, text: why })).await;
            }
            Err(Undelivered::Later(why)) => self.later(channel, message, Trouble { since, text: why }).await,
        }
    }

    /// Nothing to tell: the cursor moves on, in memory alone where that is enough.
    async fn pass(&mut self, parcel: Parcel) {
        if parcel.is_to_be_kept() || parcel.seq.saturating_sub(self.durable) >= CHECKPOINT {
            self.keep(parcel, Outcome::Passed).await;
        } else {
            self.seq = parcel.seq;
        }
    }

    /// Writes down that a parcel is done with, unless the channel was set anew meanwhile.
    async fn keep(&mut self, parcel: Parcel, outcome: Outcome) {
        let (setting, seq) = (self.setting.clone(), parcel.seq);
        let change = self.collector.keeper.change(Actor::Rollcall, move |w| {
            parcel.keep(w, &setting, outcome);
            Ok(())
        });
        match change.await {
            Ok(()) => (self.seq, self.durable, self.failed) = (seq, seq, 0),
            Err(why) => {
                tracing::warn!(channel = self.setting.name, error = %why, "the cursor could not be kept; a message may be sent twice");
                tokio::select! { () = self.stop.cancelled() => {} () = tokio::time::sleep(STORE_WAIT) => {} }
            }
        }
    }

    /// It did not arrive: says so once where people see it, and waits.
    async fn later(&mut self, channel: &Channel, message: &Message, trouble: Trouble) {
        if self.failed == 0 {
            tracing::warn!(channel = self.setting.name, message.id, error = trouble.text, "not delivered; trying again until it arrives");
        } else {
            tracing::debug!(channel = self.setting.name, message.id, attempt = self.failed, error = trouble.text, "not delivered");
        }
        let since = channel.trouble.as_ref().filter(|_| self.failed > 0).map_or(trouble.since, |before| before.since.min(trouble.since));
        let trouble = Trouble { since, ..trouble };
        if channel.trouble.as_ref() != Some(&trouble) && !self.stop.is_cancelled() {
            let setting = self.setting.clone();
            let change = self.collector.keeper.change(Actor::Rollcall, move |w| {
                channel::troubled(w, &setting, trouble);
                Ok(())
            });
            if let Err(why) = change.await {
                tracing::warn!(channel = self.setting.name, error = %why, "it could not be written down that messages wait");
            }
        }
        self.failed = self.failed.saturating_add(1);
        self.pause(jitter(ceiling(self.failed - 1, LONGEST_WAIT))).await;
    }

    async fn try_once(&self, channel: &Arc<Channel>, message: &Message) -> Result<String, Undelivered> {
        let to = super::address(&self.collector, channel)?;
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

    /// Waits for new events, or for what is owed to be due.
    async fn wait(&mut self) {
        let owes = notice::next_due(&self.collector.keeper.view(), &self.setting.name).is_some();
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = tokio::time::sleep(LOOK), if owes => {}
            heard = self.events.recv() => if matches!(heard, Err(RecvError::Closed)) { self.stop.cancelled().await },
        }
    }

    /// Waits between two tries; a channel that is set anew or removed meanwhile ends it.
    async fn pause(&mut self, wait: Duration) {
        let until = Instant::now() + wait;
        loop {
            let heard = tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep_until(until) => return,
                heard = self.events.recv() => heard,
            };
            if matches!(heard, Err(RecvError::Closed)) {
                return self.stop.cancelled().await;
            }
            if self.channel().is_none() {
                return;
            }
        }
    }
}
