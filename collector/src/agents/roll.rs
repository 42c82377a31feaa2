//! The live streams: who is connected, when each was last heard, and how to ask one to rescan.

mod ask;
mod detail;
mod steps;

pub use ask::NotAsked;

use crate::agents::pauses::Pauses;
use detail::Detail;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::fingerprint::Fingerprint;
use rollcall_site::presence::Heard;
use rollcall_site::{DeviceId, diagnosis};
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

/// A device whose stream broke has this long to come back before it is silent.
const COME_BACK: SignedDuration = SignedDuration::from_secs(3);
/// Words that were on their way when a newer stream said hello prove nothing; what is heard later than this does.
const ON_THE_WAY: SignedDuration = SignedDuration::from_secs(1);
/// A device is asked to report anew once in this time at most: a page asks each time that it is shown.
const ASK_AGAIN: SignedDuration = SignedDuration::from_secs(60);
/// Orders that may wait for one stream.
const ORDERS: usize = 16;

/// The live streams of one site.
#[derive(Default)]
pub struct Roll {
    book: Mutex<Book>,
    streams: AtomicU64,
    steps: steps::Steps,
}

/// What a stream is told to do. When there is no more to come, it is dismissed: it looks up why, and parts.
pub(super) enum Order {
    /// Diagnose itself; each step is told as it ends.
    Diagnose { steps: mpsc::Sender<diagnosis::Ended>, done: oneshot::Sender<Result<(), String>> },
    /// Re-read sections and say when the report is durable.
    Rescan { sections: Vec<String>, done: oneshot::Sender<Result<(), String>> },
    /// The heartbeat of its room has changed, milliseconds.
    Heartbeat(u32),
    /// Its certificate should be renewed.
    Renew,
    /// Ask on its own link whether the machine with this MAC answers under this address.
    Resolve { address: Ipv4Addr, mac: String, done: oneshot::Sender<Result<bool, String>> },
}

/// What a word on a stream means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is the device's stream.
    Live,
    /// A newer stream has said hello, and this word was on its way.
    Superseded,
    /// A newer stream has said hello, and this one still speaks: two machines.
    Overlap,
    /// It no longer counts.
    Dismissed,
}

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Without a word.
    Broken,
    /// With a goodbye or a refusal: nobody need watch for its return.
    Told,
}

#[derive(Default)]
struct Book {
    heard: Heard,
    live: HashMap<DeviceId, Line>,
    suspects: Vec<Suspect>,
    arriving: HashMap<DeviceId, usize>,
    gone: HashMap<DeviceId, Gone>,
}

/// A device's stream.
struct Line {
    stream: u64,
    orders: mpsc::Sender<Order>,
    heartbeat: SignedDuration,
    heard: Timestamp,
    /// The collector works on what it said and reads nothing meanwhile.
    busy: bool,
    fingerprint: Arc<Fingerprint>,
    /// When it was last asked to report anew without anybody waiting for it.
    asked: Option<Timestamp>,
    detail: Option<Detail>,
}

/// An older stream of a device that has a newer one: half-open, or another machine.
struct Suspect {
    device: DeviceId,
    stream: u64,
    since: Timestamp,
    until: Timestamp,
    _orders: mpsc::Sender<Order>,
}

/// A device whose stream broke, or that was here before the collector started.
struct Gone {
    heard: Timestamp,
    since: Timestamp,
    due: Timestamp,
}

/// A device between its connection and its place on the roll: it is not silent.
pub(super) struct Arriving<'a> {
    roll: &'a Roll,
    device: DeviceId,
}

impl Roll {
    /// Who is connected, with when each was last heard: one cheap clone.
    pub fn heard(&self) -> Arc<Heard> {
        Arc::new(self.book().heard.clone())
    }

    /// Closes a device's live stream with a refusal: after it was revoked or retired.
    pub fn close(&self, device: DeviceId) {
        let mut book = self.book();
        book.live.remove(&device);
        book.heard.remove(&device);
        book.gone.remove(&device);
        book.suspects.retain(|suspect| suspect.device != device);
    }

    /// Gives a device's stream an order.
    pub(super) fn order(&self, device: DeviceId, order: Order) -> Result<(), NotAsked> {
        let book = self.book();
        let line = book.live.get(&device).ok_or(NotAsked::NotConnected)?;
        line.orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => NotAsked::Failed("it still works on what it was asked before".to_owned()),
            TrySendError::Closed(_) => NotAsked::NotConnected,
        })
    }

    /// Notes that a device is asked to report anew; not so if it has no stream, or was asked so lately.
    fn may_ask_anew(&self, device: DeviceId, now: Timestamp) -> bool {
        let mut book = self.book();
        let Some(line) = book.live.get_mut(&device) else { return false };
        let lately = line.asked.is_some_and(|asked| now.duration_since(asked).abs() < ASK_AGAIN);
        line.asked = if lately { line.asked } else { Some(now) };
        !lately
    }

    /// A device is about to say hello: from here to [`Roll::join`] it is not silent.
    pub(super) fn arrive(&self, device: DeviceId) -> Arriving<'_> {
        *self.book().arriving.entry(device).or_default() += 1;
        Arriving { roll: self, device }
    }

    /// A device's hello was taken: its stream's number and its orders. An older stream of it becomes a suspect.
    pub(super) fn join(
        &self,
        device: DeviceId,
        heartbeat: SignedDuration,
        fingerprint: Fingerprint,
        now: Timestamp,
    ) -> (u64, mpsc::Receiver<Order>) {
        let stream = self.streams.fetch_add(1, Ordering::Relaxed) + 1;
        let (orders, receiver) = mpsc::channel(ORDERS);
        let mut book = self.book();
        book.heard.insert(device, now);
        book.gone.remove(&device);
        let line =
            Line { stream, orders, heartbeat, heard: now, busy: false, fingerprint: Arc::new(fingerprint), asked: None, detail: None };
        if let Some(old) = book.live.insert(device, line) {
            let until = now + old.heartbeat * 5 / 2;
            book.suspects.push(Suspect { device, stream: old.stream, since: now, until, _orders: old.orders });
        }
        (stream, receiver)
    }

    /// Something was heard on a stream.
    pub(super) fn hear(&self, device: DeviceId, stream: u64, now: Timestamp) -> Standing {
        let mut book = self.book();
        if let Some(line) = book.live.get_mut(&device).filter(|line| line.stream == stream) {
            line.heard = now;
            book.heard.insert(device, now);
            return Standing::Live;
        }
        match book.suspects.iter().find(|suspect| suspect.stream == stream) {
            Some(suspect) if now.duration_since(suspect.since) > ON_THE_WAY => Standing::Overlap,
            Some(_) => Standing::Superseded,
            None => Standing::Dismissed,
        }
    }

    /// The collector begins (`true`) or ends to work on what a stream said; meanwhile its silence is the collector's own.
    pub(super) fn works(&self, device: DeviceId, stream: u64, busy: bool, now: Timestamp) {
        if let Some(line) = self.book().live.get_mut(&device).filter(|line| line.stream == stream) {
            line.busy = busy;
            line.heard = now;
        }
    }

    /// A stream has ended.
    pub(super) fn leave(&self, device: DeviceId, stream: u64, how: Ended, now: Timestamp) {
        let mut book = self.book();
        book.suspects.retain(|suspect| suspect.stream != stream);
        if book.live.get(&device).is_some_and(|line| line.stream == stream) {
            book.live.remove(&device);
            let heard = book.heard.remove(&device).unwrap_or(now);
            if how == Ended::Broken {
                book.gone.insert(device, Gone { heard, since: now, due: now + COME_BACK });
            }
        }
    }

    /// Devices that were here when the collector stopped have until `due` to come back.
    pub(super) fn expect(&self, devices: impl Iterator<Item = (DeviceId, Timestamp)>, now: Timestamp, due: Timestamp) {
        self.book().gone.extend(devices.map(|(device, heard)| (device, Gone { heard, since: now, due })));
    }

    /// Takes off the roll who is silent by now, with when each was last heard, and dismisses older streams that stayed quiet.
    pub(super) fn silent(&self, now: Timestamp, pauses: &Pauses) -> Vec<(DeviceId, Timestamp)> {
        let mut book = self.book();
        book.suspects.retain(|suspect| now < suspect.until + pauses.since(suspect.since));
        let overdue =
            |line: &Line| !line.busy && now > line.heard + line.heartbeat * 2 + SignedDuration::from_secs(1) + pauses.since(line.heard);
        let quiet: Vec<DeviceId> = book.live.iter().filter(|(_, line)| overdue(line)).map(|(device, _)| *device).collect();
        let late = |gone: &Gone| now >= gone.due + pauses.since(gone.since);
        let lost: Vec<DeviceId> = book.gone.iter().filter(|(_, gone)| late(gone)).map(|(device, _)| *device).collect();
        let mut silent = Vec::new();
        for device in quiet {
            book.live.remove(&device);
            silent.extend(book.heard.remove(&device).map(|heard| (device, heard)));
        }
        for device in lost {
            silent.extend(book.gone.remove(&device).map(|gone| (device, gone.heard)));
        }
        silent
    }

    /// Whether a device is on the roll or about to be.
    pub(super) fn present(&self, device: DeviceId) -> bool {
        let book = self.book();
        book.live.contains_key(&device) || book.arriving.contains_key(&device)
    }

    /// Sets the heartbeat of a device and tells it, if it is another one.
    pub(super) fn beat(&self, device: DeviceId, heartbeat_ms: u32) {
        let heartbeat = SignedDuration::from_millis(i64::from(heartbeat_ms));
        if let Some(line) = self.book().live.get_mut(&device).filter(|line| line.heartbeat != heartbeat)
            && line.orders.try_send(Order::Heartbeat(heartbeat_ms)).is_ok()
        {
            // It may keep the old pace until the order arrives: the longer of the two is fair for one beat.
            line.heard += (line.heartbeat - heartbeat).max(SignedDuration::ZERO);
            line.heartbeat = heartbeat;
        }
    }

    /// The hardware facts that a device's live stream said.
    pub(super) fn fingerprint(&self, device: DeviceId) -> Option<Arc<Fingerprint>> {
        self.book().live.get(&device).map(|line| Arc::clone(&line.fingerprint))
    }

    /// Nobody was heard in the future: the clock was turned back.
    pub(super) fn turned_back(&self, now: Timestamp) {
        let mut book = self.book();
        for line in book.live.values_mut() {
            line.heard = line.heard.min(now);
        }
        for gone in book.gone.values_mut() {
            gone.due = gone.due.min(now + (gone.due.duration_since(gone.since)));
        }
        for suspect in &mut book.suspects {
            suspect.until = suspect.until.min(now + suspect.until.duration_since(suspect.since));
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        let mut book = self.roll.book();
        if let Some(count) = book.arriving.get_mut(&self.device) {
            *count -= 1;
            if *count == 0 {
                book.arriving.remove(&self.device);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: i64) -> SignedDuration {
        SignedDuration::from_secs(seconds)
    }

    fn start() -> (Roll, DeviceId, Timestamp) {
        (Roll::default(), DeviceId(uuid::Uuid::now_v7()), "2026-09-01T08:00:00Z".parse().unwrap())
    }

    fn join(roll: &Roll, device: DeviceId, now: Timestamp) -> (u64, mpsc::Receiver<Order>) {
        roll.join(device, seconds(5), Fingerprint::default(), now)
    }

    #[test]
    fn a_broken_stream_has_three_seconds_and_a_quiet_one_two_beats() {
        let (roll, device, now) = start();
        let (stream, _orders) = join(&roll, device, now);
        let none = Pauses::default();
        assert_eq!(roll.silent(now + seconds(11), &none), []);
        assert_eq!(roll.silent(now + seconds(12), &none), [(device, now)]);
        assert_eq!(roll.hear(device, stream, now + seconds(13)), Standing::Dismissed, "it must say hello again");

        let (stream, _orders) = join(&roll, device, now);
        roll.leave(device, stream, Ended::Broken, now + seconds(1));
        assert_eq!(roll.silent(now + seconds(3), &none), []);
        assert_eq!(roll.silent(now + seconds(4), &none), [(device, now)]);
        assert_eq!(roll.silent(now + seconds(9), &none), [], "once");
    }

    #[test]
    fn who_says_goodbye_or_comes_back_is_not_silent() {
        let (roll, device, now) = start();
        let (stream, _orders) = join(&roll, device, now);
        roll.leave(device, stream, Ended::Told, now);
        assert_eq!(roll.silent(now + seconds(99), &Pauses::default()), []);
        let (stream, _orders) = join(&roll, device, now);
        roll.leave(device, stream, Ended::Broken, now);
        let arriving = roll.arrive(device);
        assert!(roll.present(device));
        let _line = join(&roll, device, now + seconds(2));
        drop(arriving);
        assert_eq!(roll.silent(now + seconds(5), &Pauses::default()), []);
        assert_eq!(roll.heard().get(&device), Some(&(now + seconds(2))));
    }

    #[test]
    fn while_the_collector_works_or_was_paused_nobody_is_silent() {
        let (roll, device, now) = start();
        let (stream, _orders) = join(&roll, device, now);
        roll.works(device, stream, true, now);
        assert_eq!(roll.silent(now + seconds(40), &Pauses::default()), []);
        roll.works(device, stream, false, now + seconds(40));
        let mut pauses = Pauses::default();
        pauses.note(now + seconds(100), seconds(50));
        assert_eq!(roll.silent(now + seconds(100), &pauses), []);
        assert_eq!(roll.silent(now + seconds(102), &pauses).len(), 1);
    }

    #[test]
    fn an_older_stream_that_still_speaks_is_another_machine() {
        let (roll, device, now) = start();
        let (old, mut old_orders) = join(&roll, device, now);
        let (new, _orders) = join(&roll, device, now + seconds(4));
        assert_eq!(roll.hear(device, old, now + seconds(4)), Standing::Superseded);
        assert_eq!(roll.hear(device, old, now + seconds(6)), Standing::Overlap);
        assert_eq!(roll.hear(device, new, now + seconds(6)), Standing::Live);
        assert!(old_orders.try_recv().is_err_and(|e| e == mpsc::error::TryRecvError::Empty));
        roll.hear(device, new, now + seconds(16));
        assert_eq!(roll.silent(now + seconds(17), &Pauses::default()), []);
        assert!(old_orders.try_recv().is_err_and(|e| e == mpsc::error::TryRecvError::Disconnected), "half-open: dismissed");
        assert_eq!(roll.hear(device, old, now + seconds(18)), Standing::Dismissed);
    }

    #[test]
    fn closing_dismisses_the_live_stream_and_the_suspects() {
        let (roll, device, now) = start();
        let (_, mut first) = join(&roll, device, now);
        let (_, mut second) = join(&roll, device, now);
        roll.close(device);
        for orders in [&mut first, &mut second] {
            assert!(orders.try_recv().is_err_and(|e| e == mpsc::error::TryRecvError::Disconnected));
        }
        assert!(roll.heard().is_empty() && !roll.present(device));
    }
}
