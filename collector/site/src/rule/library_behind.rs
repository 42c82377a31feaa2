//! Flags loans that wait long to be mirrored. It looks at the site as a whole: `library` judges it.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};

pub(super) const RULE: Rule = Rule {
    code: "library-behind",
    title: "Loans wait to be mirrored into the library system",
    severity: Severity::Medium,
    settle: Settle::AtOnce,
    cause: "The library system is down, can't be reached, or does not take the login.",
    remedy: "Try `rollcall library test`; it says what is wrong. Nothing is lost: what waits is told when the library system is back.",
    limits: &[Limit::new("minutes", "min", [30, 1, 10_080], "something may wait so long")],
    check,
};

fn check(_: &Facts<'_>) -> Vec<Finding> {
    Vec::new()
}
