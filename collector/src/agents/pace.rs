//! How fast one device may speak: a bucket of tokens that fills by the clock.

use jiff::{SignedDuration, Timestamp};

/// Messages a device may say per second in the long run: a healthy one says less than one.
const PER_SECOND: i64 = 20;
/// Messages a device may say at once: a spool after a long absence.
const BURST: i64 = 200;
/// Thousandths of a message that the bucket holds at most.
const FULL: i64 = BURST * 1000;

/// One device's bucket.
#[derive(Debug)]
pub(super) struct Pace {
    thousandths: i64,
    filled: Timestamp,
}

impl Pace {
    /// A full bucket.
    pub(super) fn new(now: Timestamp) -> Self {
        Self { thousandths: FULL, filled: now }
    }

    /// Takes one message out of the bucket; an empty one says how long to wait before the next is read.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<SignedDuration> {
        let elapsed_ms = i64::try_from(now.duration_since(self.filled).as_millis()).unwrap_or(i64::MAX).clamp(0, 60_000);
        self.thousandths = (self.thousandths + elapsed_ms * PER_SECOND).min(FULL);
        self.filled = now;
        if self.thousandths >= 1000 {
            self.thousandths -= 1000;
            return None;
        }
        let wait_ms = (1000 - self.thousandths) / PER_SECOND + 1;
        self.thousandths -= 1000;
        Some(SignedDuration::from_millis(wait_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_twenty_a_second() {
        let start: Timestamp = "2026-09-01T08:00:00Z".parse().unwrap();
        let mut pace = Pace::new(start);
        assert!((0..BURST).all(|_| pace.take(start).is_none()));
        let wait = pace.take(start).unwrap();
        assert!(wait <= SignedDuration::from_millis(60), "{wait:?}");
        // A flood that is read as slowly as asked stays at twenty a second.
        let (mut now, mut said) = (start + wait, 0);
        while now < start + SignedDuration::from_secs(10) {
            now += pace.take(now).unwrap_or(SignedDuration::ZERO);
            said += 1;
        }
        assert!((190..=210).contains(&said), "{said}");
    }

    #[test]
    fn a_clock_turned_back_costs_nothing() {
        let start: Timestamp = "2026-09-01T08:00:00Z".parse().unwrap();
        let mut pace = Pace::new(start);
        assert!(pace.take(start - SignedDuration::from_hours(1)).is_none());
    }
}
