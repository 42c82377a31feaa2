//! How much the connection to the collector carries: one MiB each way at most, over the connection that stands.

use super::{Finding, Measured, OffSite, Plan, Step, Work};
use rollcall_proto::v1::diagnosis_step::Step as Name;
use std::time::Duration;

pub(super) const STEP: Step =
    Step { name: Name::Throughput, off_site: OffSite::Said, limit: Duration::from_secs(10), work: Work::Exchange(PLANS, judge) };

const PIECE: usize = 64 * 1024;
const PLANS: &[Plan] = &[Plan { count: 16, up: PIECE, down: 0, window: 4 }, Plan { count: 16, up: 0, down: PIECE, window: 4 }];
/// Less is not enough for a video of a lesson, bits a second.
const SLOW: u64 = 5_000_000;

fn judge(measured: &[Measured]) -> Finding {
    if measured.iter().any(|measured| measured.busy) {
        return Finding::unreadable("the collector measures other machines just now; ask again in a minute");
    }
    let speed = |at: usize, bytes: fn(&Measured) -> usize| {
        let measured = measured.get(at)?;
        let micros = measured.took.as_micros().max(1);
        (bytes(measured) > 0).then(|| u64::try_from(bytes(measured) as u128 * 8_000_000 / micros).unwrap_or(u64::MAX))
    };
    let (up, down) = (speed(0, |measured| measured.up), speed(1, |measured| measured.down));
    let words = |at: usize, speed: Option<u64>| match (speed, measured.get(at)) {
        (Some(speed), _) => megabits(speed),
        (None, Some(_)) => "next to nothing".to_owned(),
        // The way up took all the time that there is.
        (None, None) => "not measured in time".to_owned(),
    };
    let told = format!("{} to the collector, {} from it", words(0, up), words(1, down));
    let slow = [up, down].iter().any(|speed| speed.is_none_or(|speed| speed < SLOW));
    let finding = if slow { Finding::wrong(told) } else { Finding::well(told) };
    Finding { up_bps: up, down_bps: down, ..finding }
}

fn megabits(speed: u64) -> String {
    if speed < 10_000_000 {
        format!("{}.{} Mbit/s", speed / 1_000_000, speed / 100_000 % 10)
    } else {
        format!("{} Mbit/s", speed / 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_proto::v1::diagnosis_step::Outcome;

    fn one(up: usize, down: usize, ms: u64) -> Measured {
        Measured { up, down, took: Duration::from_millis(ms), ..Measured::default() }
    }

    #[test]
    fn no_more_than_two_mebibytes_travel() {
        assert_eq!(PLANS.iter().map(|plan| plan.count as usize * (plan.up + plan.down)).sum::<usize>(), 2 * 1024 * 1024);
        assert!(PLANS.iter().all(|plan| plan.window * (plan.up + plan.down) <= 256 * 1024), "memory");
    }

    #[test]
    fn each_way_has_its_speed() {
        let fast = judge(&[one(1_000_000, 0, 80), one(0, 1_000_000, 1000)]);
        assert_eq!((fast.outcome, fast.up_bps, fast.down_bps), (Outcome::Well, Some(100_000_000), Some(8_000_000)));
        assert_eq!(fast.found, "100 Mbit/s to the collector, 8.0 Mbit/s from it");
        assert_eq!(judge(&[one(1_000_000, 0, 80), one(0, 100_000, 1000)]).outcome, Outcome::Wrong);
        assert_eq!(judge(&[one(1_000_000, 0, 80)]).outcome, Outcome::Wrong, "nothing came down in time");
        assert_eq!(judge(&[]).outcome, Outcome::Wrong);
        let up_alone = judge(&[one(875_000, 0, 10_000)]).found;
        assert_eq!(up_alone, "0.7 Mbit/s to the collector, not measured in time from it");
        assert_eq!(judge(&[one(0, 0, 1_000), one(0, 1_000_000, 1_000)]).found, "next to nothing to the collector, 8.0 Mbit/s from it");
    }

    #[test]
    fn a_busy_collector_is_no_fault_of_the_line() {
        assert_eq!(judge(&[Measured { busy: true, ..Measured::default() }]).outcome, Outcome::Unreadable);
    }
}
