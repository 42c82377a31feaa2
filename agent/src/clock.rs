//! The only place of the agent that asks the system for the time.

use jiff::Timestamp;

/// What time it is, by this machine's clock.
#[expect(clippy::disallowed_methods, reason = "the one place that may ask")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
