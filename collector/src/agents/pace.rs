//! How fast one device may speak, greet and upload: buckets that fill by the clock and outlast its streams.

use jiff::{SignedDuration, Timestamp};
use rollcall_site::DeviceId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Messages a device may say per minute in the long run: a healthy one says less than sixty.
const WORDS: Rate = Rate { per_minute: 1_200, burst: 200 };
/// Hellos: each is a durable change. A flapping link says some in a row.
const HELLOS: Rate = Rate { per_minute: 6, burst: 20 };
/// Bytes of new contents, unpacked: a first report has some 2 MiB, and a spool after a summer some 30.
const BYTES: Rate = Rate { per_minute: 8 * 1024 * 1024, burst: 32 * 1024 * 1024 };
/// How often full buckets are dropped: a device that is quiet for so long has full ones.
const TIDY: SignedDuration = SignedDuration::from_mins(10);
/// What one piece weighs in a bucket, which gains its rate every millisecond.
const PIECE: i64 = 60_000;

/// How many pieces there may be.
#[derive(Clone, Copy, Debug)]
struct Rate {
    /// In the long run.
    per_minute: i64,
    /// At once.
    burst: i64,
}

/// The buckets of every device that spoke lately.
#[derive(Debug, Default)]
pub(super) struct Paces(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    paces: HashMap<DeviceId, Pace>,
    /// When full buckets were dropped last.
    tidied: Timestamp,
}

/// One device's buckets.
#[derive(Debug)]
struct Pace {
    words: Bucket,
    hellos: Bucket,
    bytes: Bucket,
}

impl Paces {
    /// A device said something: how long to wait before the next word is read, if it speaks too fast.
    pub(super) fn word(&self, device: DeviceId, now: Timestamp) -> Option<SignedDuration> {
        self.of(device, now, |pace| {
            let wait = pace.words.wait(PIECE, now);
            pace.words.take(1);
            wait
        })
    }

    /// A device says hello: how long it must stay away, if it does so too often.
    pub(super) fn hello(&self, device: DeviceId, now: Timestamp) -> Option<SignedDuration> {
        self.of(device, now, |pace| {
            let wait = pace.hellos.wait(PIECE, now);
            if wait.is_none() {
                pace.hellos.take(1);
            }
            wait
        })
    }

    /// How long a device's next content must wait, because of those that it sent before.
    pub(super) fn contents_wait(&self, device: DeviceId, now: Timestamp) -> Option<SignedDuration> {
        self.of(device, now, |pace| pace.bytes.wait(0, now))
    }

    /// A device sent a content of so many bytes, unpacked.
    pub(super) fn content(&self, device: DeviceId, bytes: usize, now: Timestamp) {
        self.of(device, now, |pace| pace.bytes.take(i64::try_from(bytes).unwrap_or(i64::MAX / PIECE)));
    }

    fn of<T>(&self, device: DeviceId, now: Timestamp, ask: impl FnOnce(&mut Pace) -> T) -> T {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(held.tidied).abs() >= TIDY {
            // A full bucket and none are the same.
            held.paces.retain(|_, pace| !pace.is_full(now));
            held.paces.shrink_to_fit();
            held.tidied = now;
        }
        let full = || Pace { words: Bucket::full(WORDS, now), hellos: Bucket::full(HELLOS, now), bytes: Bucket::full(BYTES, now) };
        ask(held.paces.entry(device).or_insert_with(full))
    }
}

impl Pace {
    fn is_full(&mut self, now: Timestamp) -> bool {
        [&mut self.words, &mut self.hellos, &mut self.bytes].into_iter().all(|bucket| bucket.is_full(now))
    }
}

/// One bucket; it may be in debt.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    /// In [`PIECE`]ths.
    level: i64,
    filled: Timestamp,
}

impl Bucket {
    fn full(rate: Rate, now: Timestamp) -> Self {
        Self { rate, level: rate.burst * PIECE, filled: now }
    }

    /// How long until there is `least` in it; `None`: there is.
    fn wait(&mut self, least: i64, now: Timestamp) -> Option<SignedDuration> {
        let elapsed_ms = i64::try_from(now.duration_since(self.filled).as_millis()).unwrap_or(i64::MAX).clamp(0, 3_600_000);
        self.level = self.level.saturating_add(elapsed_ms * self.rate.per_minute).min(self.rate.burst * PIECE);
        self.filled = now;
        (self.level < least).then(|| SignedDuration::from_millis((least - self.level) / self.rate.per_minute + 1))
    }

    fn is_full(&mut self, now: Timestamp) -> bool {
        self.wait(self.rate.burst * PIECE, now).is_none()
    }

    fn take(&mut self, pieces: i64) {
        self.level = self.level.saturating_sub(pieces * PIECE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> (Paces, DeviceId, Timestamp) {
        (Paces::default(), DeviceId(uuid::Uuid::now_v7()), "2026-09-01T08:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_burst_passes_and_then_twenty_a_second() {
        let (paces, device, start) = start();
        assert!((0..WORDS.burst).all(|_| paces.word(device, start).is_none()));
        let wait = paces.word(device, start).unwrap();
        assert!(wait <= SignedDuration::from_millis(60), "{wait:?}");
        // A flood that is read as slowly as asked stays at twenty a second.
        let (mut now, mut said) = (start + wait, 0);
        while now < start + SignedDuration::from_secs(10) {
            now += paces.word(device, now).unwrap_or(SignedDuration::ZERO);
            said += 1;
        }
        assert!((190..=210).contains(&said), "{said}");
    }

    #[test]
    fn a_clock_turned_back_costs_nothing() {
        let (paces, device, start) = start();
        assert!(paces.word(device, start).is_none());
        assert!(paces.word(device, start - SignedDuration::from_hours(1)).is_none());
    }

    #[test]
    fn only_buckets_that_are_not_full_are_kept() {
        let (paces, patient, start) = start();
        let eager = DeviceId(uuid::Uuid::now_v7());
        let kept = |paces: &Paces| paces.0.lock().unwrap().paces.len();
        for n in 0..1000 {
            paces.word(DeviceId(uuid::Uuid::from_u128(n)), start);
        }
        // So much that it is in debt for longer than the pause.
        (0..20).for_each(|_| paces.content(eager, 8 * 1024 * 1024, start));
        let later = start + TIDY;
        paces.word(patient, later);
        assert_eq!(kept(&paces), 2);
        assert!(paces.contents_wait(eager, later).is_some());
        paces.word(patient, later + TIDY + TIDY);
        assert_eq!(kept(&paces), 1, "the debt is paid");
    }

    #[test]
    fn hellos_are_few_and_another_device_has_its_own() {
        let (paces, device, start) = start();
        assert!((0..HELLOS.burst).all(|_| paces.hello(device, start).is_none()));
        assert!((0..1000).all(|_| paces.hello(device, start).is_some()), "a refused one makes the wait no longer");
        assert!(paces.hello(device, start + SignedDuration::from_secs(11)).is_none());
        assert!(paces.hello(device, start + SignedDuration::from_secs(11)).is_some());
        assert!(paces.hello(DeviceId(uuid::Uuid::now_v7()), start).is_none());
    }

    #[test]
    fn contents_wait_for_those_before_them() {
        let (paces, device, start) = start();
        let mut sent = 0;
        while paces.contents_wait(device, start).is_none() {
            paces.content(device, 8 * 1024 * 1024, start);
            sent += 1;
        }
        assert_eq!(sent, 5, "32 MiB at once, and one more that goes into debt");
        let wait = paces.contents_wait(device, start).unwrap();
        assert!((60..=61).contains(&wait.as_secs()), "{wait:?}");
        assert!(paces.contents_wait(device, start + wait).is_none());
    }
}
