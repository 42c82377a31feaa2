//! Flags a title that more machines have than seats were bought. It looks at the site as a whole: `baseline::licence` judges it.

use super::{Facts, Finding, Rule, Settle, Severity};

pub(super) const RULE: Rule = Rule {
    code: "licence-over",
    title: "More machines have a title than seats were bought",
    severity: Severity::Medium,
    settle: Settle::AtOnce,
    cause: "It was installed on more machines than it was bought for.",
    remedy: "Remove it where it is not needed, as `rollcall software` shows, or buy more seats and write them into the baseline.",
    limits: &[],
    check,
};

fn check(_: &Facts<'_>) -> Vec<Finding> {
    Vec::new()
}
