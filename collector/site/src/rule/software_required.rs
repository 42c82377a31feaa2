//! Flags required software that is missing or has the wrong version. A list that could not be read says nothing: absent and unreadable are two things.

use super::{Facts, Finding, Rule, Settle, Severity, from_baselines};
use crate::baseline::Kind;

pub(super) const RULE: Rule = Rule {
    code: "software-required",
    title: "Required software is missing",
    severity: Severity::High,
    settle: Settle::AtOnce,
    cause: "It was removed, an update failed, or the machine was set up without it.",
    remedy: "Install it, or take it out of the baseline.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    from_baselines(facts, Kind::Required, |judged, wrong| {
        format!("software list of {}; baseline {} {}", judged.since, judged.baseline.name, wrong.wants)
    })
}
