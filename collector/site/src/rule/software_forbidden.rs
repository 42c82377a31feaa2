//! Flags software that a baseline forbids.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::baseline;

pub(super) const RULE: Rule = Rule {
    code: "software-forbidden",
    title: "Forbidden software is installed",
    severity: Severity::Medium,
    settle: Settle::AtOnce,
    cause: "Somebody installed it, or the image brought it.",
    remedy: "Remove it, or allow it by changing the baseline.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some((software, since)) = baseline::software_of(facts) else { return Vec::new() };
    let since = &since;
    let wrong = baseline::of_room(facts.site, facts.asset.room.as_ref()).flat_map(|baseline| {
        let found = baseline.forbidden.iter().flat_map(|wanted| baseline::found(software, wanted));
        found.map(move |package| Finding {
            subject: package.name.to_owned(),
            title: format!("has {}, which is forbidden", package.name),
            evidence: format!(
                "{} {} is installed since {since} or before; baseline {} forbids it",
                package.name, package.version, baseline.name
            ),
        })
    });
    wrong.collect()
}
