//! Flags a machine that forgets the time while it is without power.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};
use crate::words;
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::Section;
use rollcall_proto::v1::Restart;

pub(super) const RULE: Rule = Rule {
    code: "clock-battery-dead",
    title: "The battery of a machine's clock is probably dead",
    severity: Severity::Low,
    settle: Settle::Minutes(10),
    cause: "The coin battery on its board is empty: without power the clock begins anew, years ago.",
    remedy: "Replace the coin battery on its board (mostly a CR2032), and set the time in its firmware.",
    limits: &[Limit::new("days", "days", [180, 30, 3_650], "a clock that jumps back by more was without power")],
    check,
};

/// Starts that are looked at, the last ones: after a new battery the finding passes with so many starts.
const LAST: usize = 4;

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(device) = facts.machine() else { return Vec::new() };
    let most = SignedDuration::from_hours(24 * facts.limit(&RULE, "days"));
    let off = SignedDuration::from_millis(device.clock_off_ms);
    let back = if off < -most {
        Some(format!("when it was last here its clock was {} slow", words::span(off.abs())))
    } else {
        facts.section("restarts").and_then(|section| match &*section {
            Section::Restarts(section) => jump(&section.restarts, most),
            _ => None,
        })
    };
    back.map(|evidence| Finding::of_it("forgets the time when it has no power", evidence)).into_iter().collect()
}

/// A start that stands long before the one that came before it.
fn jump(restarts: &[Restart], most: SignedDuration) -> Option<String> {
    let first = restarts.len().saturating_sub(LAST + 1);
    let time = |restart: &Restart| Timestamp::from_second(restart.at_s).ok();
    let pairs = restarts.get(first..)?.iter().zip(restarts.get(first + 1..)?);
    let mut jumps = pairs.filter_map(|(before, after)| Some((time(before)?, time(after)?)));
    let (before, after) = jumps.find(|(before, after)| before.duration_since(*after) > most)?;
    Some(format!("after its start of {} it started at {} by its own clock", words::utc(before), words::utc(after)))
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use rollcall_proto::v1::Restarts;

    #[test]
    fn a_clock_that_begins_anew_is_told_and_another_time_zone_is_not() {
        let starts = |times: &[&str]| {
            let restart = |time: &&str| Restart { at_s: time.parse::<Timestamp>().unwrap().as_second(), ..Restart::default() };
            Sample::new().has(Section::Restarts(Restarts { restarts: times.iter().map(restart).collect() }))
        };
        let told = ["forgets the time when it has no power"];
        starts(&["2026-11-20T07:00:00Z", "2015-01-01T00:00:10Z", "2026-11-21T07:00:00Z"]).check(&RULE, &told);
        starts(&["2026-11-20T15:00:00Z", "2026-11-20T07:05:00Z"]).check(&RULE, &[]);
        let times = ["2026-11-20T07:00:00Z", "2015-01-01T00:00:10Z"];
        let healed: Vec<&str> = times.into_iter().chain(["2026-11-21T07:00:00Z"; 4]).collect();
        starts(&healed).check(&RULE, &[]);
    }

    #[test]
    fn years_behind_are_told_and_years_ahead_are_another_trouble() {
        let off = |days: i64| Sample::new().device(|device| device.clock_off_ms = days * 86_400_000);
        off(-3_650).check(&RULE, &["forgets the time when it has no power"]);
        off(-180).check(&RULE, &[]);
        off(3_650).check(&RULE, &[]);
    }
}
