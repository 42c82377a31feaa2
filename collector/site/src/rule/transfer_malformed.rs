//! Flags a watched file that is malformed. It is of the site as a whole: see [`crate::transfer`].

use super::{Facts, Finding, Rule, Settle, Severity};

pub(super) const RULE: Rule = Rule {
    code: "transfer-malformed",
    title: "A file that must come is not what it should be",
    severity: Severity::Medium,
    settle: Settle::AtOnce,
    cause: "The system that writes it was changed, or the file was cut off while it was written.",
    remedy: "Open it and look at its first line. Where columns were renamed on purpose, set them with `rollcall transfer watch`.",
    limits: &[],
    check,
};

/// Nothing is found of a single machine.
fn check(_: &Facts<'_>) -> Vec<Finding> {
    Vec::new()
}
