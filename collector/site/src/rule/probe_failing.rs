//! Flags a section that could be measured before and can't be any more.

use super::{Facts, Finding, Rule, Settle, Severity};

pub(super) const RULE: Rule = Rule {
    code: "probe-failing",
    title: "Something can't be measured any more",
    severity: Severity::Low,
    settle: Settle::Minutes(90),
    cause: "The agent lost a right or a tool that it needs, or what it asks hangs.",
    remedy: "Run `rollcall-agent inventory` on the machine: it says what could not be measured and why.",
    limits: &[],
    check,
};

/// What never could be measured is no malfunction.
fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let held = facts.profile().into_iter().flat_map(|profile| &profile.sections).filter(|(_, held)| held.digest.is_some());
    let failing = held.filter_map(|(name, held)| Some((name, held.not_measured.as_ref()?)));
    failing.map(|(name, why)| Finding::of(name, format!("can't measure its {name} any more"), format!("{name}: {why}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use rollcall_proto::Section;
    use rollcall_proto::v1::Memory;

    #[test]
    fn what_was_measured_before_is_missed_and_what_never_was_is_not() {
        let memory = || Sample::new().has(Section::Memory(Memory::default()));
        memory().lacks("memory", "only root may read it").check(&RULE, &["can't measure its memory any more"]);
        memory().check(&RULE, &[]);
        memory().lacks("disk-health", "smartctl is not installed").check(&RULE, &[]);
    }
}
