//! How long a word takes to the collector and back.

use super::{Finding, Measured, OffSite, Plan, Step, Work, milliseconds};
use rollcall_proto::v1::diagnosis_step::Step as Name;
use std::time::Duration;

pub(super) const STEP: Step =
    Step { name: Name::Latency, off_site: OffSite::Said, limit: Duration::from_secs(10), work: Work::Exchange(PLANS, judge) };

const PLANS: &[Plan] = &[Plan { count: 5, up: 0, down: 0, window: 1 }];
/// More is felt by whoever sits there.
const SLOW: Duration = Duration::from_millis(250);

fn judge(measured: &[Measured]) -> Finding {
    let trips = measured.first().map(|measured| measured.trips.as_slice()).unwrap_or_default();
    let (Some(first), Some(middle), Some(last)) = (trips.first(), trips.get(trips.len() / 2), trips.last()) else {
        return Finding::wrong(format!("no word came back from the collector within {} s", STEP.limit.as_secs()));
    };
    let told = format!("{} to the collector and back, from {} to {}", milliseconds(*middle), milliseconds(*first), milliseconds(*last));
    let finding = match PLANS.first().map_or(0, |plan| plan.count as usize) - trips.len() {
        0 if *middle <= SLOW => Finding::well(told),
        0 => Finding::wrong(told),
        lost => Finding::wrong(format!("{told}; {lost} did not come back in time")),
    };
    Finding { round_trip: Some(*middle), ..finding }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_proto::v1::diagnosis_step::Outcome;

    #[test]
    fn quick_slow_and_lost_are_told_apart() {
        let of = |trips: &[u64]| {
            judge(&[Measured { trips: trips.iter().map(|ms| Duration::from_millis(*ms)).collect(), ..Measured::default() }])
        };
        let quick = of(&[1, 2, 3, 4, 60]);
        assert_eq!((quick.outcome, quick.round_trip), (Outcome::Well, Some(Duration::from_millis(3))));
        assert_eq!(quick.found, "3.0 ms to the collector and back, from 1.0 ms to 60 ms");
        assert_eq!(of(&[1, 2, 300, 400, 500]).outcome, Outcome::Wrong);
        assert!(of(&[1, 2]).found.ends_with("3 did not come back in time"));
        assert!(of(&[]).found.contains("no word came back"));
        assert_eq!(judge(&[]).outcome, Outcome::Wrong);
    }
}
