//! Flags a processor that slows itself down because it is too hot.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};

pub(super) const RULE: Rule = Rule {
    code: "throttled",
    title: "A processor slows down because it is too hot",
    severity: Severity::Low,
    settle: Settle::AtOnce,
    cause: "Dust in its cooler, a blocked vent or dried paste: pupils say that the machine is slow.",
    remedy: "Clean its vents and cooler; if it goes on, renew the paste of its cooler.",
    limits: &[Limit::new("times", "times", [1_000, 100, 1_000_000], "so often in a day is told; each core counts")],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(vitals) = facts.vitals() else { return Vec::new() };
    let times = vitals.risen(vitals.reading.throttled, |today| today.throttled);
    if times < facts.limit(&RULE, "times").unsigned_abs() {
        return Vec::new();
    }
    vec![Finding::of_it("slows down because it is too hot", format!("its processor slowed down at least {times} times today"))]
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::vitals::Reading;

    #[test]
    fn a_thousand_times_a_day_are_told() {
        let times = |throttled| Sample::new().reads(Reading { throttled, ..Reading::default() });
        times(Some(1_000)).check(&RULE, &["slows down because it is too hot"]);
        times(Some(900)).check(&RULE, &[]);
        times(None).check(&RULE, &[]);
    }
}
