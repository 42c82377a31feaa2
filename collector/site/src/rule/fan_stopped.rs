//! Flags a fan that stands still though it is warm.

use super::{Facts, Finding, Rule, Settle, Severity};

pub(super) const RULE: Rule = Rule {
    code: "fan-stopped",
    title: "A fan stands still",
    severity: Severity::Medium,
    settle: Settle::Minutes(15),
    cause: "Dust or a cable holds it, its plug came off, or it is worn out.",
    remedy: "Switch the machine off, clean the fan and turn it by hand; replace it if it does not turn freely.",
    limits: &[],
    check,
};

/// Only fans that turned before: boards have plugs without a fan.
fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(vitals) = facts.here().and(facts.vitals()) else { return Vec::new() };
    let still = vitals.reading.still_fans.iter().flatten().filter(|fan| vitals.reading.turned.contains(*fan));
    let hot = vitals.reading.hottest.map_or_else(String::new, |hot| format!(", at {hot} °C or more"));
    still
        .map(|fan| {
            Finding::of(fan, format!("has a fan that stands still: {fan}"), format!("{fan} turned before, and stands still now{hot}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::presence::Presence;
    use crate::vitals::Reading;

    #[test]
    fn a_fan_that_turned_before_is_told_and_an_empty_plug_is_not() {
        let still = |turned: &[&str]| {
            let turned = turned.iter().map(|fan| (*fan).to_owned()).collect();
            Sample::new().reads(Reading { turned, still_fans: Some(vec!["nct6775 fan1".into()]), ..Reading::default() })
        };
        still(&["nct6775 fan1"]).check(&RULE, &["has a fan that stands still: nct6775 fan1"]);
        still(&["nct6775 fan2"]).check(&RULE, &[]);
        still(&["nct6775 fan1"]).device(|device| device.presence = Presence::Asleep).check(&RULE, &[]);
        Sample::new().reads(Reading { turned: ["a".to_owned()].into(), ..Reading::default() }).check(&RULE, &[]);
    }
}
