//! "Boot it now": the page waits for the machine's report and turns by itself.

use super::card::Card;
use crate::desk::look::{Look, Moment};
use jiff::Timestamp;
use rollcall_site::verdict::Awaits;

/// A page that was left open waits no longer than this, seconds: a machine that takes longer does not start.
const LONGEST: i64 = 1_800;

/// Somebody waits at the desk for a machine.
pub(super) struct Boot {
    /// Since when, counting on.
    pub since: Moment,
    /// What for; none: it has reported.
    pub awaits: Option<Awaits>,
    /// Whether it was waited for long enough.
    pub over: bool,
}

impl Boot {
    /// Who waits since `begun`, seconds since 1970 as the address has it; none: nobody waits.
    pub fn of(look: &Look, card: Option<&Card>, begun: &str) -> Option<Self> {
        let (card, begun) = (card?, Timestamp::from_second(begun.parse().ok()?).ok()?);
        let waited = look.now.duration_since(begun).as_secs();
        // A time of the future, or of long ago, is nobody's who stands here now.
        if !(-60..86_400).contains(&waited) || card.loan.is_some() {
            return None;
        }
        Some(Self { since: look.ago(begun), awaits: card.check.awaits, over: waited > LONGEST })
    }

    /// Whether the page looks again by itself.
    pub fn waits(&self) -> bool {
        self.awaits.is_some() && !self.over
    }

    pub fn words(&self) -> &'static str {
        self.awaits.map_or("", Awaits::words)
    }
}
