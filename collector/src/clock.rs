//! The only place of the collector that asks the system for the time.

use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Tells the time: the system's, or one that a test turns by hand.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// The system's clock plus an offset that [`Clock::advance`] raises: what a story turns.
    pub fn turned() -> Self {
        Self(Some(Arc::new(AtomicI64::new(0))))
    }

    /// What time it is, to the millisecond: what a person or a script has a use for.
    #[expect(clippy::disallowed_methods, reason = "the one place that may ask")]
    pub fn now(&self) -> Timestamp {
        let offset = self.0.as_ref().map_or(0, |offset| offset.load(Ordering::SeqCst));
        Timestamp::from_millisecond(Timestamp::now().as_millisecond().saturating_add(offset)).unwrap_or(Timestamp::MAX)
    }

    /// Turns a turned clock on by `by`; the system's clock stays as it is.
    pub fn advance(&self, by: SignedDuration) {
        if let Some(offset) = &self.0 {
            offset.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}
