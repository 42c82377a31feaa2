//! Flags a machine that waits for a restart too long.

use super::machine_silent::was_told;
use super::{Facts, Finding, Limit, Rule, Settle, Severity};
use crate::presence::{Presence, SWITCHED_OFF};
use crate::words;
use rollcall_proto::Section;

pub(super) const RULE: Rule = Rule {
    code: "restart-pending",
    title: "A restart has been needed for too long",
    severity: Severity::Low,
    settle: Settle::AtOnce,
    cause: "Updates are installed, and it only sleeps: without a restart they do not count.",
    remedy: "Restart it after school.",
    limits: &[Limit::new("days", "days", [7, 1, 90], "so long it may wait")],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(since) = facts.profile().and_then(|profile| profile.restart_since).filter(|_| is_running(facts)) else { return Vec::new() };
    let waits = facts.now.duration_since(since);
    if waits.as_hours() < facts.limit(&RULE, "days") * 24 {
        return Vec::new();
    }
    let asked = match facts.section("updates").as_deref() {
        Some(Section::Updates(updates)) if !updates.restart_for.is_empty() => {
            format!(", for {}", words::first(updates.restart_for.clone(), 5).join(", "))
        }
        _ => String::new(),
    };
    let evidence = format!("needed since {} at the latest: {}{asked}", words::utc(since), words::span(waits));
    vec![Finding::of_it("needs a restart", evidence)]
}

/// One that is switched off starts anew when it is switched on; of a silent one nobody knows whether it runs: what people were told of it stays.
fn is_running(facts: &Facts<'_>) -> bool {
    facts.machine().is_some_and(|device| match device.presence {
        Presence::Silent => was_told(facts, &RULE),
        _ => device.note != SWITCHED_OFF,
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use rollcall_proto::v1::Updates;

    #[test]
    fn after_a_week_it_is_told() {
        let waits = |days| Sample::new().profile(|profile, now| profile.restart_since = Some(now)).later(days);
        waits(7).check(&RULE, &["needs a restart"]);
        waits(6).check(&RULE, &[]);
        waits(6).limit(&RULE, "days", 2).check(&RULE, &["needs a restart"]);
        Sample::new().later(99).check(&RULE, &[]);
    }

    #[test]
    fn one_that_is_switched_off_needs_none_and_one_that_sleeps_does() {
        let waits = |presence, note: &str| {
            let gone = Sample::new().device(|device| (device.presence, device.note) = (presence, note.to_owned()));
            gone.profile(|profile, now| profile.restart_since = Some(now)).later(9)
        };
        waits(Presence::Asleep, "asleep").check(&RULE, &["needs a restart"]);
        waits(Presence::Asleep, SWITCHED_OFF).check(&RULE, &[]);
        waits(Presence::Silent, "").check(&RULE, &[]);
    }

    #[test]
    fn the_evidence_says_what_asks_for_it() {
        let updates = Updates { restart_needed: true, restart_for: vec!["linux-image-6.8.0-47-generic".into()], ..Updates::default() };
        let waits = Sample::new().has(Section::Updates(updates)).profile(|profile, now| profile.restart_since = Some(now)).later(9);
        let evidence = &waits.find(&RULE)[0].evidence;
        assert_eq!(evidence, "needed since 2026-11-23 09:00 UTC at the latest: 9 days, for linux-image-6.8.0-47-generic");
    }
}
