//! Flags a machine that stays too hot.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};
use crate::words;

pub(super) const RULE: Rule = Rule {
    code: "overheating",
    title: "A machine stays too hot",
    severity: Severity::Medium,
    settle: Settle::Minutes(10),
    cause: "Dust in its fan and cooler, a blocked vent, dried paste, or a program that never rests.",
    remedy: "Look whether its vents are free and its fan turns; clean them. If it goes on, renew the paste of its cooler.",
    limits: &[Limit::new("degrees", "°C", [95, 40, 120], "told when it stays at or above; rounded down to 5")],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(vitals) = facts.here().and(facts.vitals()) else { return Vec::new() };
    let most = facts.limit(&RULE, "degrees") / 5 * 5;
    let Some(hottest) = vitals.reading.hottest.filter(|hottest| i64::from(*hottest) >= most) else { return Vec::new() };
    let evidence = format!("its hottest sensor is at {hottest} °C or more since {}", words::utc(vitals.hot_since));
    vec![Finding::of_it("is too hot", evidence)]
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::presence::Presence;
    use crate::vitals::Reading;

    #[test]
    fn from_95_degrees_on_it_is_told_while_it_runs() {
        let hot = |hottest| Sample::new().reads(Reading { hottest, ..Reading::default() });
        hot(Some(95)).check(&RULE, &["is too hot"]);
        hot(Some(90)).check(&RULE, &[]);
        hot(None).check(&RULE, &[]);
        hot(Some(85)).limit(&RULE, "degrees", 87).check(&RULE, &["is too hot"]);
        hot(Some(100)).device(|device| device.presence = Presence::Asleep).check(&RULE, &[]);
    }
}
