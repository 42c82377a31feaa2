//! Flags a network link that comes and goes.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};

pub(super) const RULE: Rule = Rule {
    code: "link-flapping",
    title: "A network link comes and goes",
    severity: Severity::Medium,
    settle: Settle::AtOnce,
    cause: "A loose plug, a worn cable, or a failing port of the switch.",
    remedy: "Replace the cable; then try another port of the switch.",
    limits: &[Limit::new("changes", "changes", [40, 10, 10_000], "so many in a day are told; each sleep makes two")],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(vitals) = facts.vitals() else { return Vec::new() };
    let changes = vitals.risen(vitals.reading.link_changes, |today| today.link_changes);
    if changes < facts.limit(&RULE, "changes").unsigned_abs() {
        return Vec::new();
    }
    vec![Finding::of_it("has a network link that comes and goes", format!("a link went up or down at least {changes} times today"))]
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::vitals::Reading;

    #[test]
    fn forty_changes_in_a_day_are_told() {
        let changes = |link_changes| Sample::new().reads(Reading { link_changes, ..Reading::default() });
        changes(Some(40)).check(&RULE, &["has a network link that comes and goes"]);
        changes(Some(30)).check(&RULE, &[]);
        changes(Some(30)).limit(&RULE, "changes", 20).check(&RULE, &["has a network link that comes and goes"]);
        changes(None).check(&RULE, &[]);
    }
}
