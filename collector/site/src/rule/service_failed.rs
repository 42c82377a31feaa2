//! Flags a service of the machine that failed.

use super::{Facts, Finding, Rule, Settle, Severity};
use rollcall_proto::Section;

pub(super) const RULE: Rule = Rule {
    code: "service-failed",
    title: "A service has failed",
    severity: Severity::Low,
    settle: Settle::Minutes(30),
    cause: "It could not start or it crashed: often an update, a full disk or a wrong setting.",
    remedy: "Read its log on the machine with `journalctl -u` and its name, mend what it says, and start it again.",
    limits: &[],
    check,
};

/// Services told of one machine: beyond that it has another trouble.
const MOST: usize = 5;

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(section) = facts.section("services") else { return Vec::new() };
    let Section::FailedServices(section) = &*section else { return Vec::new() };
    let failed = section.failed.iter().take(MOST);
    let told = failed.map(|service| {
        let evidence = format!("{} failed: {}", service.unit, if service.what.is_empty() { "no description" } else { &service.what });
        Finding::of(&service.unit, format!("has a failed service: {}", service.unit), evidence)
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use rollcall_proto::v1::{FailedService, FailedServices};

    #[test]
    fn each_failed_service_is_told_to_a_limit() {
        let failed = |count: usize| {
            let service = |n| FailedService { unit: format!("unit{n}.service"), what: "A unit".into() };
            Sample::new().has(Section::FailedServices(FailedServices { failed: (0..count).map(service).collect() }))
        };
        failed(1).check(&RULE, &["has a failed service: unit0.service"]);
        failed(0).check(&RULE, &[]);
        assert_eq!(failed(99).find(&RULE).len(), MOST);
        failed(1).lacks("services", "timed out").check(&RULE, &[]);
    }
}
