//! How long to wait before the next call: full jitter, so that a district that comes back does not come at once.

use rollcall_proto::v1::refusal::Why;
use std::time::Duration;

/// A start is spread over this: after a power cut all machines boot together.
const FIRST: Duration = Duration::from_secs(1);
/// The first call after a working connection broke: mostly a cable or a restart of a second.
const AT_ONCE: Duration = Duration::from_secs(2);
/// The second call.
const SOON: Duration = Duration::from_secs(8);
/// While a restart of the collector is likely: everybody is back this long after it listens again.
const RESTART: Duration = Duration::from_secs(20);
/// How long a restart is likely.
const GRACE: Duration = Duration::from_secs(60);
/// After that.
const LONGEST: Duration = Duration::from_secs(60);

/// Counts failures and draws pauses.
#[derive(Debug)]
pub(super) struct Backoff {
    seed: u64,
    lost_at: Option<Duration>,
    calls: u32,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, lost_at: None, calls: 0 }
    }

    /// Before the very first call.
    pub(super) fn first(&mut self) -> Duration {
        self.up_to(FIRST)
    }

    /// The machine wakes up: whatever failed before it slept says nothing of now.
    pub(super) fn begin_anew(&mut self) {
        (self.lost_at, self.calls) = (None, 0);
    }

    /// After a connection broke (`worked`: it had been welcomed) or could not be made.
    pub(super) fn after_loss(&mut self, worked: bool, elapsed: Duration) -> Duration {
        if worked {
            self.lost_at = None;
            self.calls = 0;
        }
        self.calls = self.calls.saturating_add(1);
        let lost_at = *self.lost_at.get_or_insert(elapsed);
        let bound = match self.calls {
            1 => AT_ONCE,
            2 => SOON,
            _ if elapsed.saturating_sub(lost_at) < GRACE => RESTART,
            _ => LONGEST,
        };
        self.up_to(bound)
    }

    /// After the collector refused.
    pub(super) fn after_refusal(&mut self, why: Why) -> Duration {
        let slowest = match why {
            Why::Revoked | Why::Retired => Duration::from_secs(3600),
            Why::Clone | Why::Lapsed => Duration::from_secs(120),
            Why::Protocol | Why::Unspecified => Duration::from_secs(120),
            Why::Busy => return AT_ONCE + self.up_to(RESTART - AT_ONCE),
        };
        slowest / 2 + self.up_to(slowest / 2)
    }

    /// After the collector asked for `pause`.
    pub(super) fn as_asked(&mut self, pause: Duration) -> Duration {
        pause + self.up_to(pause / 5)
    }

    /// A number from 0 to 1: SplitMix64, for spreading only.
    pub(super) fn random(&mut self) -> f64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn up_to(&mut self, bound: Duration) -> Duration {
        bound.mul_f64(self.random())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When an agent is back whose collector went away at 0 and listens again at `up`.
    fn back(seed: u64, up: Duration) -> Duration {
        let mut backoff = Backoff::new(seed);
        let mut now = Duration::ZERO;
        let mut worked = true;
        loop {
            now += backoff.after_loss(worked, now);
            worked = false;
            if now >= up {
                return now;
            }
        }
    }

    #[test]
    fn everybody_is_back_within_thirty_seconds_of_a_restart() {
        for up in [0, 3, 10].map(Duration::from_secs) {
            let times: Vec<_> = (0..3000).map(|seed| back(seed * 7919, up)).collect();
            assert!(times.iter().all(|time| *time < Duration::from_secs(30)), "{up:?}");
        }
    }

    #[test]
    fn who_wakes_up_calls_as_after_a_connection_that_worked() {
        let mut backoff = Backoff::new(7);
        for minute in 0..20 {
            backoff.after_loss(false, Duration::from_secs(minute * 60));
        }
        backoff.begin_anew();
        let woken = Duration::from_secs(9000);
        assert!(backoff.after_loss(false, woken) <= AT_ONCE && backoff.after_loss(false, woken) <= SOON);
        assert!(backoff.after_loss(false, woken) <= RESTART, "the network of a laptop takes seconds to come up");
    }

    #[test]
    fn they_do_not_come_at_once() {
        let up = Duration::from_secs(10);
        let times: Vec<_> = (0..3000).map(|seed| back(seed, up)).collect();
        let busiest = (10..31).map(|s| times.iter().filter(|time| time.as_secs() == s).count()).max();
        assert!(busiest < Some(450), "{busiest:?} of 3000 in one second");
    }

    #[test]
    fn refusals_are_tried_again_slowly() {
        let mut backoff = Backoff::new(1);
        assert!(backoff.after_refusal(Why::Revoked) >= Duration::from_secs(1800));
        assert!(backoff.after_refusal(Why::Clone) >= Duration::from_secs(60));
        assert!((AT_ONCE..=RESTART).contains(&backoff.after_refusal(Why::Busy)));
        assert!(backoff.as_asked(Duration::from_secs(100)) >= Duration::from_secs(100));
    }
}
