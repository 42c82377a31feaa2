//! Flags a delivery of the roster that was not applied by itself. It is of the site as a whole: see [`crate::roster`].

use super::{Facts, Finding, Rule, Settle, Severity};

pub(super) const RULE: Rule = Rule {
    code: "roster-waiting",
    title: "A delivery of the roster waits for a person",
    severity: Severity::Medium,
    settle: Settle::AtOnce,
    cause: "It would let many people go at once, has bad rows, or can't be read: an export that was cut off looks so.",
    remedy: "Look at it with `rollcall roster show`. Is it right, `rollcall roster accept` applies it; else have it exported anew.",
    limits: &[],
    check,
};

/// Nothing is found of a single machine.
fn check(_: &Facts<'_>) -> Vec<Finding> {
    Vec::new()
}
