//! Flags a watched file that is short. It is of the site as a whole: see [`crate::transfer`].

use super::{Facts, Finding, Rule, Settle, Severity};

pub(super) const RULE: Rule = Rule {
    code: "transfer-short",
    title: "A file that must come is shorter than it should be",
    severity: Severity::Medium,
    settle: Settle::AtOnce,
    cause: "The export was cut off, ran before its data was there, or was limited to a part.",
    remedy: "Compare it with the last good one; have it exported anew. If it is right so, set what is expected with `rollcall transfer watch`.",
    limits: &[],
    check,
};

/// Nothing is found of a single machine.
fn check(_: &Facts<'_>) -> Vec<Finding> {
    Vec::new()
}
