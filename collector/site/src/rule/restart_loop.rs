//! Flags a machine that starts again and again, or goes down without a shutdown too often.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::Section;
use rollcall_proto::v1::Restart;

pub(super) const RULE: Rule = Rule {
    code: "restart-loop",
    title: "A machine restarts again and again",
    severity: Severity::High,
    settle: Settle::AtOnce,
    cause: "An update that fails and tries again, a failing power supply or memory, or heat.",
    remedy: "Watch one start on its screen. If it goes down at random, test memory and power supply; if always at the same point, undo the last update.",
    limits: &[
        Limit::new("crashes", "crashes", [3, 2, 12], "so many within a day are told"),
        Limit::new("minutes", "min", [60, 5, 1_440], "in which the starts are counted"),
        Limit::new("starts", "starts", [5, 3, 12], "so many within the minutes are told"),
    ],
    check,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(section) = facts.section("restarts") else { return Vec::new() };
    let Section::Restarts(section) = &*section else { return Vec::new() };
    // Its own clock told the times.
    let off = SignedDuration::from_millis(facts.machine().map_or(0, |device| device.clock_off_ms));
    let Ok(now) = facts.now.checked_add(off) else { return Vec::new() };
    let latest = now.saturating_add(SignedDuration::from_mins(5)).unwrap_or(now);
    let [crashes, minutes, starts] = ["crashes", "minutes", "starts"].map(|name| facts.limit(&RULE, name));
    let within = |restart: &&Restart, time: SignedDuration| {
        Timestamp::from_second(restart.at_s).is_ok_and(|at| at <= latest && now.duration_since(at) <= time)
    };
    let window = SignedDuration::from_mins(minutes);
    let started = section.restarts.iter().filter(|restart| within(restart, window)).count();
    let crashed = section.restarts.iter().filter(|restart| restart.before == "crash" && within(restart, DAY)).count();
    if i64::try_from(started).is_ok_and(|started| started >= starts) {
        return vec![Finding::of_it("restarts again and again", format!("it started {started} times within {minutes} min"))];
    }
    if i64::try_from(crashed).is_ok_and(|crashed| crashed >= crashes) {
        return vec![Finding::of_it("crashes again and again", format!("it went down without a shutdown {crashed} times within a day"))];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use rollcall_proto::v1::Restarts;

    /// A machine that started so many minutes ago, each time after this.
    fn starts(minutes_ago: &[i64], before: &str) -> Sample {
        let sample = Sample::new();
        let at = |minutes: &i64| sample.now.as_second() - minutes * 60;
        let restart = |minutes: &i64| Restart { at_s: at(minutes), before: before.to_owned(), ..Restart::default() };
        let restarts = minutes_ago.iter().map(restart).collect();
        sample.has(Section::Restarts(Restarts { restarts }))
    }

    #[test]
    fn five_starts_in_an_hour_are_told_and_pass() {
        let five = [50, 40, 30, 20, 10];
        starts(&five, "clean").check(&RULE, &["restarts again and again"]);
        starts(&five[1..], "clean").check(&RULE, &[]);
        starts(&[290, 240, 180, 120, 60], "clean").check(&RULE, &[]);
        starts(&five, "clean").later(1).check(&RULE, &[]);
        starts(&five[1..], "clean").limit(&RULE, "starts", 4).check(&RULE, &["restarts again and again"]);
    }

    #[test]
    fn three_crashes_in_a_day_are_told_and_a_switch_at_the_wall_each_night_is_not() {
        starts(&[1_400, 600, 10], "crash").check(&RULE, &["crashes again and again"]);
        starts(&[4_330, 2_890, 1_450, 10], "crash").check(&RULE, &[]);
        starts(&[1_400, 600, 10], "clean").check(&RULE, &[]);
    }

    #[test]
    fn a_wrong_clock_counts_by_itself() {
        let fast = starts(&[-550, -560, -570, -580, -590], "clean");
        fast.device(|device| device.clock_off_ms = 600 * 60_000).check(&RULE, &["restarts again and again"]);
        starts(&[-550, -560, -570, -580, -590], "clean").check(&RULE, &[]);
    }

    #[test]
    fn a_clock_at_the_end_of_time_is_no_accident() {
        let now = Sample::new().now.as_millisecond();
        for end in [Timestamp::MAX, Timestamp::MIN] {
            let off = end.as_millisecond() - now;
            starts(&[1, 2, 3], "clean").device(|device| device.clock_off_ms = off).check(&RULE, &[]);
        }
        starts(&[1, 2, 3], "clean").device(|device| device.clock_off_ms = i64::MIN).check(&RULE, &[]);
    }
}
