//! Flags an agent whose certificate is near its end, or past it.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};
use crate::words;

pub(super) const RULE: Rule = Rule {
    code: "certificate-ends",
    title: "An agent's certificate is near its end or has lapsed",
    severity: Severity::Medium,
    settle: Settle::Minutes(120),
    cause: "It renews by itself from half its life: the machine was away for long, or its agent can't write its key.",
    remedy: "Switch the machine on where it reaches the collector, and leave it on for two hours. If it stays so, look at its agent's log.",
    limits: &[Limit::new("days", "days", [30, 1, 180], "fewer left than this are told")],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(device) = facts.machine() else { return Vec::new() };
    let left = device.certificate_ends.duration_since(facts.now);
    if left.as_hours() >= facts.limit(&RULE, "days").saturating_mul(24) {
        return Vec::new();
    }
    let ends = words::utc(device.certificate_ends);
    vec![match device.lapsed(facts.now) {
        Some(ago) => Finding::of("lapsed", "has a lapsed certificate", format!("it ended {ends}, {} ago", words::span(ago))),
        None => Finding::of("ends", "has a certificate that ends soon", format!("it ends {ends}, in {}", words::span(left))),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::device::DeviceState;

    #[test]
    fn the_last_30_days_and_the_time_after_are_told() {
        let check = |days: i64, want: &[&str]| Sample::new().later(days).check(&RULE, want);
        check(270, &[]);
        check(271, &["has a certificate that ends soon"]);
        check(301, &["has a lapsed certificate"]);
        Sample::new().later(290).limit(&RULE, "days", 10).check(&RULE, &[]);
        Sample::new().later(999).device(|device| device.state = DeviceState::Retired).check(&RULE, &[]);
    }
}
