//! Flags an operating system of a version that a baseline does not want.

use super::{Facts, Finding, Rule, Settle, Severity, from_baselines};
use crate::baseline::Kind;

pub(super) const RULE: Rule = Rule {
    code: "os-too-old",
    title: "The operating system is not of the version that a baseline wants",
    severity: Severity::Medium,
    settle: Settle::AtOnce,
    cause: "It was not upgraded with the others, or was set up from an old image.",
    remedy: "Upgrade it, or set it up anew from the present image.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    from_baselines(facts, Kind::Os, |judged, wrong| format!("baseline {} {}", judged.baseline.name, wrong.wants))
}
