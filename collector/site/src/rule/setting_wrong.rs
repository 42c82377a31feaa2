//! Flags a setting that is not as a baseline wants it.

use super::{Facts, Finding, Rule, Settle, Severity, from_baselines};
use crate::baseline::Kind;

pub(super) const RULE: Rule = Rule {
    code: "setting-wrong",
    title: "A setting is not as a baseline wants it",
    severity: Severity::High,
    settle: Settle::AtOnce,
    cause: "Somebody changed it, or it was never set.",
    remedy: "Set it as named; where a policy sets it, look why the policy does not reach this machine.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    from_baselines(facts, Kind::Setting, |judged, wrong| format!("baseline {} {}", judged.baseline.name, wrong.wants))
}
