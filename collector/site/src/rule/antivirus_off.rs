//! Flags a machine whose antivirus is off, old, or missing where there must be one.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};
use crate::words;
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::Section;
use rollcall_proto::v1::Antivirus;

pub(super) const RULE: Rule = Rule {
    code: "antivirus-off",
    title: "An antivirus is off, old or missing",
    severity: Severity::Medium,
    settle: Settle::Minutes(60),
    cause: "Its service was stopped, its licence ended, or it can't reach the server of its definitions.",
    remedy: "Start its service and let it fetch its definitions; look whether its licence is valid.",
    limits: &[
        Limit::new("days", "days", [14, 1, 365], "older definitions are told"),
        Limit::new("required", "", [0, 0, 1], "1: a machine without one is told"),
    ],
    check,
};

/// One that is at work is enough, whatever else is installed.
fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(section) = facts.section("settings") else { return Vec::new() };
    let Section::Settings(settings) = &*section else { return Vec::new() };
    let all = &settings.antivirus;
    let mut at_work = all.iter().filter(|program| program.state == "on").peekable();
    if at_work.peek().is_some() {
        let most = SignedDuration::from_hours(24 * facts.limit(&RULE, "days"));
        return at_work.filter_map(|program| old(program, facts.now, most)).collect();
    }
    let off: Vec<&str> = all.iter().filter(|program| program.state == "off").map(|program| program.name.as_str()).collect();
    if !off.is_empty() {
        return vec![Finding::of("off", "has an antivirus that is off", format!("{}: installed, and not at work", off.join(", ")))];
    }
    if all.is_empty() && facts.limit(&RULE, "required") == 1 {
        return vec![Finding::of("missing", "has no antivirus", "none of those that its agent knows is installed")];
    }
    Vec::new()
}

fn old(program: &Antivirus, now: Timestamp, most: SignedDuration) -> Option<Finding> {
    let renewed = Timestamp::from_second(program.definitions_s).ok().filter(|_| program.definitions_s > 0)?;
    let age = now.duration_since(renewed);
    let evidence = format!("{}: its definitions were renewed {} ago", program.name, words::span(age));
    (age > most).then(|| Finding::of(&program.name, format!("has old antivirus definitions: {}", program.name), evidence))
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use rollcall_proto::v1::Settings;

    /// A machine with these, each with the age of its definitions in days.
    fn programs(rows: &[(&str, i64)]) -> Sample {
        let sample = Sample::new();
        let program = |(state, days): &(&str, i64)| Antivirus {
            name: "ClamAV".to_owned(),
            state: (*state).to_owned(),
            definitions_s: sample.now.as_second() - days * 86_400,
        };
        let antivirus = rows.iter().map(program).collect();
        sample.has(Section::Settings(Settings { antivirus, ..Settings::default() }))
    }

    #[test]
    fn one_at_work_with_fresh_definitions_is_enough() {
        programs(&[("on", 14)]).check(&RULE, &[]);
        programs(&[("on", 15)]).check(&RULE, &["has old antivirus definitions: ClamAV"]);
        programs(&[("on", 15)]).limit(&RULE, "days", 30).check(&RULE, &[]);
        programs(&[("off", 1)]).check(&RULE, &["has an antivirus that is off"]);
        programs(&[("off", 1), ("on", 1)]).check(&RULE, &[]);
        programs(&[("", 1)]).check(&RULE, &[]);
    }

    #[test]
    fn none_is_told_only_where_there_must_be_one() {
        programs(&[]).check(&RULE, &[]);
        programs(&[]).limit(&RULE, "required", 1).check(&RULE, &["has no antivirus"]);
        Sample::new().limit(&RULE, "required", 1).check(&RULE, &[]);
    }
}
