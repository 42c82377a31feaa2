//! Flags errors of memory and processor that the hardware itself reports.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};

pub(super) const RULE: Rule = Rule {
    code: "hardware-errors",
    title: "The hardware reports errors",
    severity: Severity::High,
    settle: Settle::AtOnce,
    cause: "A memory module or the processor is failing, or it is too hot or badly powered.",
    remedy: "Run a memory test over night, with one module at a time if it fails. Look at heat and power supply; then replace the module or the board.",
    limits: &[Limit::new("errors", "errors", [1, 1, 100_000], "so many since the machine's start are told")],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let errors = facts.vitals().and_then(|vitals| vitals.reading.hardware_errors).unwrap_or(0);
    if errors < facts.limit(&RULE, "errors").unsigned_abs() {
        return Vec::new();
    }
    vec![Finding::of_it("has hardware errors", format!("at least {errors} of memory and processor since its start"))]
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::vitals::Reading;

    #[test]
    fn one_error_is_told_and_none_is_not() {
        let errors = |hardware_errors| Sample::new().reads(Reading { hardware_errors, ..Reading::default() });
        errors(Some(1)).check(&RULE, &["has hardware errors"]);
        errors(Some(0)).check(&RULE, &[]);
        errors(None).check(&RULE, &[]);
    }
}
