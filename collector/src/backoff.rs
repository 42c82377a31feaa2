//! How long to wait after something failed: longer each time, and never all at once.

use std::time::Duration;

/// The longest wait after so many tries failed before: doubled each time from a second on, up to `longest`.
pub(crate) fn ceiling(failed: u32, longest: Duration) -> Duration {
    Duration::from_secs(1).saturating_mul(1 << failed.min(16)).min(longest)
}

/// Any time up to `ceiling`, so that a thousand that wait do not knock at once.
pub(crate) fn jitter(ceiling: Duration) -> Duration {
    let share = getrandom::u64().map_or(0.5, |random| (random >> 11) as f64 / (1_u64 << 53) as f64);
    ceiling.mul_f64(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_bounded() {
        let longest = Duration::from_secs(600);
        let waits: Vec<u64> = [0, 1, 2, 9, 10, 4_000_000_000].map(|failed| ceiling(failed, longest).as_secs()).to_vec();
        assert_eq!(waits, [1, 2, 4, 512, 600, 600]);
        for _ in 0..100 {
            assert!(jitter(longest) <= longest);
        }
    }
}
