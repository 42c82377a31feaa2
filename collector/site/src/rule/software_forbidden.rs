//! Flags software that a baseline forbids.

use super::{Facts, Finding, Rule, Settle, Severity, from_baselines};
use crate::baseline::Kind;

pub(super) const RULE: Rule = Rule {
    code: "software-forbidden",
    title: "Forbidden software is installed",
    severity: Severity::Medium,
    settle: Settle::AtOnce,
    cause: "Somebody installed it, or the image brought it.",
    remedy: "Remove it, or allow it by changing the baseline.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    from_baselines(facts, Kind::Forbidden, |judged, wrong| {
        let named = wrong.text.trim_start_matches("has ").trim_end_matches(", which is forbidden");
        format!("{named} is installed since {} or before; baseline {} {}", judged.since, judged.baseline.name, wrong.wants)
    })
}
