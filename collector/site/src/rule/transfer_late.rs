//! Flags a watched file that is late. It is of the site as a whole: see [`crate::transfer`].

use super::{Facts, Finding, Rule, Settle, Severity};

pub(super) const RULE: Rule = Rule {
    code: "transfer-late",
    title: "A file that must come is late",
    severity: Severity::Medium,
    settle: Settle::AtOnce,
    cause: "The export did not run, or it could not be put here.",
    remedy: "Look whether the job that exports it ran, and whether its account can still write into the folder.",
    limits: &[],
    check,
};

/// Nothing is found of a single machine.
fn check(_: &Facts<'_>) -> Vec<Finding> {
    Vec::new()
}
