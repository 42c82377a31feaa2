//! Times when the collector itself did not tick: a late tick extends every deadline, so that nobody is silent by the collector's own fault.

use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Pauses that are remembered; older ones concern nobody who still has a deadline.
const REMEMBERED: usize = 32;

/// The collector's latest pauses.
#[derive(Debug, Default)]
pub(super) struct Pauses(VecDeque<(Timestamp, SignedDuration)>);

impl Pauses {
    /// Notes a pause of length `gap` that ended at `at`.
    pub(super) fn note(&mut self, at: Timestamp, gap: SignedDuration) {
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((at, gap));
    }

    /// By how much a deadline that began at `began` is extended.
    pub(super) fn since(&self, began: Timestamp) -> SignedDuration {
        self.0.iter().filter(|(at, _)| *at > began).map(|(_, gap)| *gap).fold(SignedDuration::ZERO, |sum, gap| sum.saturating_add(gap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_extended_by_the_pauses_after_its_beginning() {
        let start: Timestamp = "2026-09-01T08:00:00Z".parse().unwrap();
        let at = |seconds| start + SignedDuration::from_secs(seconds);
        let mut pauses = Pauses::default();
        pauses.note(at(10), SignedDuration::from_secs(4));
        pauses.note(at(20), SignedDuration::from_secs(3));
        assert_eq!(pauses.since(at(5)).as_secs(), 7);
        assert_eq!(pauses.since(at(15)).as_secs(), 3);
        assert_eq!(pauses.since(at(25)).as_secs(), 0);
    }
}
