//! The only place of the collector that asks the system for the time.

use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Tells the time: the system's, or one that a test turns by hand.
#[derive(Clone, Debug, Default)]
pub struct Clock(Kind);

#[derive(Clone, Debug, Default)]
enum Kind {
    #[default]
    System,
    /// Ahead of the system by so many milliseconds.
    Turned(Arc<AtomicI64>),
    /// Milliseconds since 1970 UTC, and never a moment more by itself.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// The system's clock plus an offset that [`Clock::advance`] raises: what a story turns.
    pub fn turned() -> Self {
        Self(Kind::Turned(Arc::default()))
    }

    /// A clock that stands at `at` until [`Clock::advance`] turns it: the same in every run.
    pub fn manual(at: Timestamp) -> Self {
        Self(Kind::Manual(Arc::new(AtomicI64::new(at.as_millisecond()))))
    }

    /// What time it is, to the millisecond: what a person or a script has a use for.
    #[expect(clippy::disallowed_methods, reason = "the one place that may ask")]
    pub fn now(&self) -> Timestamp {
        let ms = match &self.0 {
            Kind::System => Timestamp::now().as_millisecond(),
            Kind::Turned(offset) => Timestamp::now().as_millisecond().saturating_add(offset.load(Ordering::SeqCst)),
            Kind::Manual(at) => at.load(Ordering::SeqCst),
        };
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
    }

    /// Turns a clock on by `by`; the system's clock stays as it is.
    pub fn advance(&self, by: SignedDuration) {
        if let Kind::Turned(ms) | Kind::Manual(ms) = &self.0 {
            ms.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}
