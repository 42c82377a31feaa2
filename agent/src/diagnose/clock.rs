//! How far the machine's clock is from the collector's.

use super::{Finding, Measured, OffSite, Plan, Step, Work};
use rollcall_proto::v1::diagnosis_step::Step as Name;
use std::time::Duration;

pub(super) const STEP: Step =
    Step { name: Name::Clock, off_site: OffSite::Said, limit: Duration::from_secs(5), work: Work::Exchange(PLANS, judge) };

const PLANS: &[Plan] = &[Plan { count: 3, up: 0, down: 0, window: 1 }];
/// Sign-in to most networks fails from five minutes on; who keeps a time service is within a second.
const WRONG_MS: u64 = 30_000;

fn judge(measured: &[Measured]) -> Finding {
    let Some(off_ms) = measured.first().and_then(|measured| measured.clock_off_ms) else {
        return Finding::unreadable("no word came back from the collector in time");
    };
    let told = match (off_ms.unsigned_abs(), off_ms > 0) {
        (0..1000, _) => "within a second of the collector's clock".to_owned(),
        (off, true) => format!("{} s ahead of the collector's clock", off / 1000),
        (off, false) => format!("{} s behind the collector's clock", off / 1000),
    };
    let finding = if off_ms.unsigned_abs() < WRONG_MS { Finding::well(told) } else { Finding::wrong(told) };
    Finding { clock_off_ms: Some(off_ms), ..finding }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_proto::v1::diagnosis_step::Outcome;

    #[test]
    fn half_a_minute_is_wrong_either_way() {
        let of = |clock_off_ms| judge(&[Measured { clock_off_ms, ..Measured::default() }]);
        assert_eq!(of(Some(-999)).found, "within a second of the collector's clock");
        assert_eq!(
            (of(Some(29_999)).outcome, of(Some(30_000)).outcome, of(Some(-30_000)).outcome),
            (Outcome::Well, Outcome::Wrong, Outcome::Wrong)
        );
        assert_eq!(of(Some(-31_000)).found, "31 s behind the collector's clock");
        assert_eq!(of(Some(i64::MIN)).outcome, Outcome::Wrong);
        assert_eq!(of(None).outcome, Outcome::Unreadable);
    }
}
