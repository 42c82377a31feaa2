//! Flags required software that is missing or has the wrong version.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::baseline;

pub(super) const RULE: Rule = Rule {
    code: "software-required",
    title: "Required software is missing",
    severity: Severity::High,
    settle: Settle::AtOnce,
    cause: "It was removed, an update failed, or the machine was set up without it.",
    remedy: "Install it, or take it out of the baseline.",
    limits: &[],
    check,
};

/// A list that could not be read says nothing: absent and unreadable are two things.
fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some((software, since)) = baseline::software_of(facts) else { return Vec::new() };
    let since = &since;
    let wrong = baseline::of_room(facts.site, facts.asset.room.as_ref()).flat_map(|baseline| {
        let missing = baseline.required.iter().filter_map(|wanted| Some((wanted, baseline::lacks(software, wanted)?)));
        missing.map(move |(wanted, lack)| Finding {
            subject: wanted.title.clone(),
            title: lack,
            evidence: format!("software list of {since}; baseline {} requires {wanted}", baseline.name),
        })
    });
    wrong.collect()
}
