//! Flags a machine whose disk goes back to an earlier state, where its room's others do not.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};
use crate::words;
use jiff::SignedDuration;

pub(super) const RULE: Rule = Rule {
    code: "rolled-back",
    title: "A machine is rolled back that should not be",
    severity: Severity::Medium,
    settle: Settle::Minutes(24 * 60),
    cause: "Reboot-to-restore software is left on, somebody put back an old image, or a virtual machine was reset.",
    remedy: "Switch the restore software off on it, or on everywhere. A machine that is meant to be rolled back: switch this rule off for its room.",
    limits: &[Limit::new("days", "days", [7, 1, 90], "so long a roll-back counts")],
    check,
};

/// A room of at least so many machines shows by most of them that it is meant so.
const A_ROOM: usize = 3;

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(at) = facts.machine().and_then(|device| device.rolled_back_at) else { return Vec::new() };
    let days = SignedDuration::from_hours(24 * facts.limit(&RULE, "days"));
    if at < facts.now - days || is_meant_so(facts, days) {
        return Vec::new();
    }
    let evidence = format!("when it started {}, its disk was in the state of an earlier day", words::utc(at));
    vec![Finding::of_it("was rolled back to an earlier state", evidence)]
}

/// Each of the others counts as it was when it was last here: one that is off for the holidays has not changed its ways.
fn is_meant_so(facts: &Facts<'_>, days: SignedDuration) -> bool {
    let room = facts.room.into_iter().flat_map(|room| facts.site.assets_in(&room.id));
    let (mut all, mut rolled_back) = (0, 0);
    for device in room.filter_map(|asset| facts.site.device_of(asset)) {
        all += 1;
        rolled_back += usize::from(device.rolled_back_at.is_some_and(|at| at >= device.last_heard - days));
    }
    all >= A_ROOM && rolled_back * 2 > all
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::device::Device;
    use crate::record;

    fn rolled_back(mut sample: Sample, numbers: &[u128]) -> Sample {
        for number in numbers {
            let id = crate::DeviceId(uuid::Uuid::from_u128(*number));
            let device = (**sample.site.devices.get(&id).unwrap()).clone();
            record::put(&mut sample.site, Device { rolled_back_at: Some(sample.now), last_heard: sample.now, ..device });
        }
        sample
    }

    #[test]
    fn a_lab_that_is_restored_at_every_start_is_known_in_the_holidays_too() {
        let mut sample = Sample::new();
        sample.another(1, "PC2");
        sample.another(2, "PC3");
        let used = |sample: Sample| rolled_back(sample, &[0, 1, 2]);
        // Of all only PC1 is switched on three weeks later.
        rolled_back(used(sample).later(21), &[0]).check(&RULE, &[]);
    }

    #[test]
    fn one_of_a_room_is_told_and_a_room_that_is_meant_so_is_not() {
        let lab = || {
            let mut sample = Sample::new();
            for (number, tag) in [(1, "PC2"), (2, "PC3")] {
                sample.another(number, tag);
            }
            sample
        };
        let told = ["was rolled back to an earlier state"];
        rolled_back(lab(), &[0]).check(&RULE, &told);
        rolled_back(lab(), &[0, 1]).check(&RULE, &[]);
        rolled_back(lab(), &[1, 2]).check(&RULE, &[]);
        rolled_back(lab(), &[0]).later(8).check(&RULE, &[]);
        rolled_back(Sample::new(), &[0]).check(&RULE, &told);
    }
}
