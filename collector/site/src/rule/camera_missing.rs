//! Flags a machine whose camera is gone.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::parts;

pub(super) const RULE: Rule = Rule {
    code: "camera-missing",
    title: "A camera is missing",
    severity: Severity::Low,
    settle: Settle::Minutes(15),
    cause: "It was unplugged, a privacy switch turns it off, or its cable came loose.",
    remedy: "Plug it in again or flip its switch. If the machine is to be without it, run `rollcall asset accept TAG`.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let lost = parts::lost(facts, "cameras").into_iter();
    lost.map(|lost| Finding::of(lost.key, "lacks its camera", format!("it was accepted with the {}; now it is not seen", lost.what)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use rollcall_proto::Section;
    use rollcall_proto::v1::{Camera, Cameras};

    #[test]
    fn a_camera_that_was_there_is_missed_and_a_second_one_is_not_asked_for() {
        let cameras = |names: &[&str]| {
            let camera = |name: &&str| Camera { name: (*name).to_owned(), ..Camera::default() };
            Section::Cameras(Cameras { cameras: names.iter().map(camera).collect() })
        };
        let check = |before: &[&str], now: &[&str], want: &[&str]| {
            Sample::new().accepted_with(cameras(before)).has(cameras(now)).check(&RULE, want);
        };
        check(&["Integrated Camera"], &[], &["lacks its camera"]);
        check(&["Integrated Camera"], &["Integrated Camera"], &[]);
        check(&["Integrated Camera"], &["Integrated Camera", "C920"], &[]);
        check(&[], &["C920"], &[]);
        let unread = Sample::new().accepted_with(cameras(&["C920"])).has(cameras(&[])).lacks("cameras", "timed out");
        unread.check(&RULE, &[]);
    }
}
