//! Flags a file system that is nearly full, or will be in a few days.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};
use crate::words;

pub(super) const RULE: Rule = Rule {
    code: "disk-full",
    title: "A file system is nearly full",
    severity: Severity::Medium,
    settle: Settle::Minutes(30),
    cause: "Downloads and profiles of former pupils, old updates, or a log that grows.",
    remedy: "Remove profiles and downloads that nobody needs, and old updates; if it fills again within days, look for the log that grows.",
    limits: &[
        Limit::new("days", "days", [10, 1, 90], "told when it is full within so many, as it fills now"),
        Limit::new("percent", "%", [92, 50, 100], "told from here on, however slowly it fills"),
        Limit::new("trend_percent", "%", [75, 50, 100], "the days left are asked from here on"),
    ],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(vitals) = facts.vitals() else { return Vec::new() };
    let [days, percent, trend] = ["days", "percent", "trend_percent"].map(|name| facts.limit(&RULE, name));
    let full = vitals.reading.disks.iter().filter(|(_, used)| i64::from(**used) >= trend.min(percent)).filter_map(|(mount, used)| {
        let left = vitals.days_left(mount);
        let soon = left.is_some_and(|left| i64::from(left) <= days);
        let nearly = i64::from(*used) >= percent;
        let title = if nearly {
            format!("has a file system that is nearly full: {mount}")
        } else {
            format!("will soon have a full file system: {mount}")
        };
        let trend = left.map_or_else(String::new, |left| format!("; as it fills now it is full in {}", words::count(left, "day", "days")));
        (nearly || soon).then(|| Finding::of(mount, title, format!("{mount} is {used} % full{trend}")))
    });
    full.collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::record;
    use crate::vitals::Reading;
    use jiff::civil::Date;

    /// A file system by its use on the days before, and now.
    fn days(before: &[(&str, u32)], now: u32) -> Sample {
        let mut sample = Sample::new().reads(Reading { disks: [("/".to_owned(), now)].into(), ..Reading::default() });
        let mut vitals = (**sample.site.vitals.values().next().unwrap()).clone();
        let points = before.iter().map(|(day, used)| (day.parse::<Date>().unwrap(), *used));
        vitals.trends.insert("/".to_owned(), points.collect());
        record::put(&mut sample.site, vitals);
        sample
    }

    #[test]
    fn what_is_nearly_full_or_fills_fast_is_told() {
        let nearly = ["has a file system that is nearly full: /"];
        let soon = ["will soon have a full file system: /"];
        days(&[], 92).check(&RULE, &nearly);
        days(&[], 91).check(&RULE, &[]);
        days(&[("2026-11-19", 70)], 80).check(&RULE, &soon);
        days(&[("2026-11-19", 76)], 80).check(&RULE, &[]);
        days(&[("2026-11-19", 60)], 74).check(&RULE, &[]);
        days(&[("2026-11-22", 10)], 80).check(&RULE, &[]);
        days(&[], 85).limit(&RULE, "percent", 85).check(&RULE, &nearly);
        days(&[("2026-11-19", 76)], 80).limit(&RULE, "days", 20).check(&RULE, &soon);
    }

    #[test]
    fn the_days_left_are_in_the_evidence() {
        assert_eq!(days(&[("2026-11-19", 84)], 92).find(&RULE)[0].evidence, "/ is 92 % full; as it fills now it is full in 4 days");
    }
}
