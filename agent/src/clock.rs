//! The wall clock, asked at the rim alone: whatever decides something is given the time.

use jiff::Timestamp;

/// Now.
#[expect(clippy::disallowed_methods, reason = "the one place that may ask")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
