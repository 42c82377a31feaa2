//! Echoes to the collector and back, timed: pure, like the session that says them.

use crate::session::Now;
use rollcall_proto::MAX_FILLER;
use rollcall_proto::v1::{Echo, Echoed};
use std::collections::VecDeque;
use std::time::Duration;

/// Echoes of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many.
    pub count: u32,
    /// Bytes of filler in each.
    pub up: usize,
    /// Bytes of filler wanted in each answer.
    pub down: usize,
    /// How many may be on their way: this machine's memory bounds it.
    pub window: usize,
}

/// What came of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// How long each took that came back, shortest first.
    pub trips: Vec<Duration>,
    /// Bytes that went up in those.
    pub up: usize,
    /// Bytes that came down in those.
    pub down: usize,
    /// From the first to the last that came back.
    pub took: Duration,
    /// Clock of this machine minus clock of the collector in the shortest trip, milliseconds.
    pub clock_off_ms: Option<i64>,
    /// The collector exchanges nothing now: too many machines measure.
    pub busy: bool,
}

/// An exchange that goes on.
#[derive(Debug)]
pub(crate) struct Exchange {
    command: u64,
    plans: &'static [Plan],
    /// Of the plan that goes on.
    began: Duration,
    sent: u32,
    /// Numbers of those on their way, and when they went.
    away: VecDeque<(u32, Duration)>,
    next: u32,
    measured: Vec<Measured>,
}

impl Exchange {
    /// Begins; gives the first echoes. Their numbers begin with `first`: those of one command are all different.
    pub(crate) fn begin(command: u64, plans: &'static [Plan], first: u32, now: Now) -> (Self, Vec<Echo>) {
        let mut exchange =
            Self { command, plans, began: now.elapsed, sent: 0, away: VecDeque::new(), next: first, measured: vec![Measured::default()] };
        let echoes = exchange.more(now);
        (exchange, echoes)
    }

    /// The number of the next echo.
    pub(crate) fn next(&self) -> u32 {
        self.next
    }

    /// Takes in an answer; gives the echoes that go next. One that nobody waits for counts for nothing.
    pub(crate) fn hear(&mut self, echoed: &Echoed, now: Now) -> Vec<Echo> {
        let awaited = self.away.front().filter(|(number, _)| *number == echoed.number && echoed.command == self.command).copied();
        let (Some((_, sent)), Some(plan), Some(measured)) = (awaited, self.plan(), self.measured.last_mut()) else { return Vec::new() };
        self.away.pop_front();
        if echoed.busy {
            measured.busy = true;
            self.plans = &[];
            return Vec::new();
        }
        let trip = now.elapsed.saturating_sub(sent);
        if measured.trips.first().is_none_or(|shortest| trip < *shortest) && echoed.clock_ms != 0 {
            let half = i64::try_from(trip.as_millis() / 2).unwrap_or(0);
            measured.clock_off_ms = Some(now.clock_ms.saturating_sub(half).saturating_sub(echoed.clock_ms));
        }
        measured.trips.insert(measured.trips.partition_point(|other| *other <= trip), trip);
        measured.up += plan.up;
        measured.down += echoed.filler.len().min(plan.down);
        measured.took = now.elapsed.saturating_sub(self.began);
        if self.sent >= plan.count && self.away.is_empty() {
            self.measured.push(Measured::default());
            (self.began, self.sent) = (now.elapsed, 0);
        }
        self.more(now)
    }

    /// Whether everything that was planned has come back.
    pub(crate) fn is_over(&self) -> bool {
        self.plan().is_none()
    }

    /// What came of each plan; one that was not begun has nothing.
    pub(crate) fn end(mut self) -> Vec<Measured> {
        self.measured.truncate(self.plans.len().max(1));
        self.measured
    }

    fn plan(&self) -> Option<Plan> {
        self.plans.get(self.measured.len().checked_sub(1)?).copied()
    }

    fn more(&mut self, now: Now) -> Vec<Echo> {
        let mut echoes = Vec::new();
        while let Some(plan) = self.plan().filter(|plan| self.sent < plan.count && self.away.len() < plan.window) {
            self.away.push_back((self.next, now.elapsed));
            let filler = filler(plan.up, self.next);
            echoes.push(Echo { command: self.command, number: self.next, filler, wanted: u32::try_from(plan.down).unwrap_or(0) });
            self.next += 1;
            self.sent += 1;
        }
        echoes
    }
}

/// Bytes that nothing on the way can make fewer.
fn filler(bytes: usize, seed: u32) -> Vec<u8> {
    let mut state = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let byte = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(byte).take(bytes.min(MAX_FILLER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLANS: &[Plan] = &[Plan { count: 3, up: 10, down: 0, window: 2 }, Plan { count: 1, up: 0, down: 100, window: 1 }];

    fn now(ms: u64) -> Now {
        Now { elapsed: Duration::from_millis(ms), clock_ms: 1_000_000 + ms as i64 }
    }

    fn answer(echo: &Echo, ms: u64) -> Echoed {
        Echoed { command: 7, number: echo.number, filler: vec![0; echo.wanted as usize], clock_ms: 990_000 + ms as i64, busy: false }
    }

    #[test]
    fn so_many_are_away_at_once_and_one_plan_follows_the_other() {
        let (mut exchange, first) = Exchange::begin(7, PLANS, 5, now(0));
        assert_eq!(first.iter().map(|echo| (echo.number, echo.filler.len())).collect::<Vec<_>>(), [(5, 10), (6, 10)]);
        let third = exchange.hear(&answer(&first[0], 5), now(10));
        assert_eq!(exchange.hear(&answer(&first[1], 5), now(20)), []);
        let last = exchange.hear(&answer(&third[0], 20), now(30));
        assert_eq!((last.len(), last[0].wanted, exchange.is_over()), (1, 100, false));
        assert_eq!(exchange.hear(&answer(&last[0], 40), now(50)), []);
        assert!(exchange.is_over());
        let measured = exchange.end();
        assert_eq!(
            measured.iter().map(|plan| (plan.up, plan.down, plan.took.as_millis())).collect::<Vec<_>>(),
            [(30, 0, 30), (0, 100, 20)]
        );
        assert_eq!(measured[0].trips, [10, 20, 20].map(Duration::from_millis));
        assert_eq!(measured[0].clock_off_ms, Some(10_000), "half of the way is taken off");
    }

    #[test]
    fn what_nobody_waits_for_counts_for_nothing_and_a_busy_collector_ends_it() {
        let (mut exchange, first) = Exchange::begin(7, PLANS, 1, now(0));
        for wrong in [Echoed { command: 8, ..answer(&first[0], 1) }, answer(&first[1], 1), Echoed { number: 99, ..answer(&first[0], 1) }] {
            assert_eq!(exchange.hear(&wrong, now(1)), []);
        }
        assert_eq!(exchange.measured, [Measured::default()]);
        assert_eq!(exchange.hear(&Echoed { busy: true, ..answer(&first[0], 1) }, now(2)), []);
        assert!(exchange.is_over());
        assert_eq!(exchange.end(), [Measured { busy: true, ..Measured::default() }]);
    }

    #[test]
    fn filler_is_bounded_and_does_not_repeat() {
        assert_eq!(filler(usize::MAX, 1).len(), MAX_FILLER);
        assert!(rollcall_proto::pack(&filler(4096, 3)).unwrap().len() > 4000);
        assert_ne!(filler(64, 1), filler(64, 2));
    }
}
