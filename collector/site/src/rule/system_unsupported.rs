//! Flags an operating system that gets no security updates any more, or soon will not.

use super::{Facts, Finding, Limit, Rule, Settle, Severity, support_ends};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use rollcall_proto::Section;

pub(super) const RULE: Rule = Rule {
    code: "system-unsupported",
    title: "An operating system is past its end of support",
    severity: Severity::Medium,
    settle: Settle::AtOnce,
    cause: "Its maker gives no security updates for this version any more.",
    remedy: "Plan its upgrade. If the site pays for longer support, switch this rule off for the room.",
    limits: &[Limit::new("days_before", "days", [0, 0, 365], "told so long before the end")],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(section) = facts.section("os") else { return Vec::new() };
    let Section::OperatingSystem(os) = &*section else { return Vec::new() };
    let Some(ends) = support_ends::of(os) else { return Vec::new() };
    let before = SignedDuration::from_hours(24 * facts.limit(&RULE, "days_before"));
    if (facts.now + before).to_zoned_datetime(TimeZone::UTC).date() <= ends {
        return Vec::new();
    }
    let name = if os.pretty.is_empty() { &os.name } else { &os.pretty };
    vec![Finding::of_it("has an operating system past its end of support", format!("{name} ({}): last updates {ends}", os.kernel))]
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use rollcall_proto::v1::OperatingSystem;

    #[test]
    fn the_day_after_the_last_updates_it_is_told() {
        let windows = |name: &str, kernel: &str| {
            let os = OperatingSystem { id: "windows".into(), name: name.into(), kernel: kernel.into(), ..OperatingSystem::default() };
            Sample::new().has(Section::OperatingSystem(os))
        };
        let told = ["has an operating system past its end of support"];
        // It is 23 November 2026; Windows 11 Education 23H2 ended on the 10th, 25H2 ends in 2028.
        windows("Windows 11 Education", "10.0.22631.3593").check(&RULE, &told);
        windows("Windows 11 Education", "10.0.26200.1").check(&RULE, &[]);
        let at = |day: &str| {
            let mut sample = windows("Windows 11 Education", "10.0.22631.3593");
            sample.now = day.parse().unwrap();
            sample
        };
        at("2026-11-10T23:00:00Z").check(&RULE, &[]);
        at("2026-11-11T00:00:00Z").check(&RULE, &told);
        at("2026-11-01T00:00:00Z").limit(&RULE, "days_before", 10).check(&RULE, &told);
        windows("Windows 12", "10.0.99999").check(&RULE, &[]);
    }
}
