//! Flags disk commands that failed and damage that file systems found.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};

pub(super) const RULE: Rule = Rule {
    code: "disk-errors",
    title: "Disk or file system errors",
    severity: Severity::High,
    settle: Settle::AtOnce,
    cause: "A disk that begins to fail, its cable, or a file system that was damaged when the power went.",
    remedy: "Save what is on it first. Then check its cable, run a file system check at the next start, and replace the disk if errors come again.",
    limits: &[Limit::new("errors", "errors", [1, 1, 100_000], "so many since the machine's start are told")],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let errors = facts.vitals().and_then(|vitals| vitals.reading.io_errors).unwrap_or(0);
    if errors < facts.limit(&RULE, "errors").unsigned_abs() {
        return Vec::new();
    }
    vec![Finding::of_it(
        "has disk or file system errors",
        format!("at least {errors} since its start: failed commands, or damage that was found"),
    )]
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::vitals::Reading;

    #[test]
    fn one_error_is_told_and_none_is_not() {
        let errors = |io_errors| Sample::new().reads(Reading { io_errors, ..Reading::default() });
        errors(Some(1)).check(&RULE, &["has disk or file system errors"]);
        errors(Some(0)).check(&RULE, &[]);
        errors(None).check(&RULE, &[]);
        errors(Some(9)).limit(&RULE, "errors", 10).check(&RULE, &[]);
    }
}
