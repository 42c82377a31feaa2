//! Flags a battery that holds too little.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};
use rollcall_proto::Section;

pub(super) const RULE: Rule = Rule {
    code: "battery-worn",
    title: "A battery is worn",
    severity: Severity::Low,
    settle: Settle::Minutes(10),
    cause: "Batteries lose a little with every charge, and faster when they stand full and warm in a cart.",
    remedy: "Order a new battery; until it is there, lend the machine with its charger.",
    limits: &[Limit::new("percent", "%", [60, 1, 99], "less of its design capacity than this is worn")],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(section) = facts.section("battery") else { return Vec::new() };
    let Section::Batteries(section) = &*section else { return Vec::new() };
    let least = facts.limit(&RULE, "percent").unsigned_abs();
    let measured = section.batteries.iter().filter(|battery| battery.design_mwh > 0 && battery.full_mwh > 0);
    let worn = measured.filter_map(|battery| {
        let percent = battery.full_mwh.saturating_mul(100) / battery.design_mwh;
        let evidence = format!(
            "{}: holds {percent} % of what it was built for, {} of {} mWh, after {} charges",
            battery.name, battery.full_mwh, battery.design_mwh, battery.cycles
        );
        (percent < least).then(|| Finding::of(&battery.name, "has a worn battery", evidence))
    });
    worn.collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use rollcall_proto::v1::{Batteries, Battery};

    #[test]
    fn under_60_percent_is_worn_unless_the_room_says_otherwise() {
        let holds = |full_mwh, design_mwh| {
            let battery = Battery { name: "BAT0".into(), full_mwh, design_mwh, cycles: 280, ..Battery::default() };
            Sample::new().has(Section::Batteries(Batteries { batteries: vec![battery] }))
        };
        holds(14_189, 24_050).check(&RULE, &["has a worn battery"]);
        holds(17_316, 24_050).check(&RULE, &[]); // the recorded laptop: 72 %
        holds(17_316, 24_050).limit(&RULE, "percent", 80).check(&RULE, &["has a worn battery"]);
        holds(0, 24_050).check(&RULE, &[]);
        holds(24_050, 0).check(&RULE, &[]);
        Sample::new().check(&RULE, &[]);
    }
}
