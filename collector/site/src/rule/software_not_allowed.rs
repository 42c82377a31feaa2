//! Flags programs that a baseline with `only_allowed` does not name: one finding for the machine, however many there are.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::baseline::Kind;
use crate::words;

pub(super) const RULE: Rule = Rule {
    code: "software-not-allowed",
    title: "Software is installed that is not allowed",
    severity: Severity::Low,
    settle: Settle::AtOnce,
    cause: "Somebody installed it, or the image brought it.",
    remedy: "Remove it, or add it to the allowed titles of the baseline.",
    limits: &[],
    check,
};

/// Programs that are named; the others are counted.
const NAMED: usize = 5;

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let judged = facts.baselines().iter();
    let found = judged.filter_map(|judged| {
        let names: Vec<String> =
            judged.wrong.iter().filter(|wrong| wrong.kind == Kind::NotAllowed).map(|wrong| wrong.subject.clone()).collect();
        let count = names.len();
        let title = format!("has {}", words::count(count, "program that is not allowed", "programs that are not allowed"));
        let evidence = format!("{}; baseline {} allows only what it names", words::first(names, NAMED).join(", "), judged.baseline.name);
        (count > 0).then(|| Finding { subject: judged.baseline.name.to_string(), title, evidence })
    });
    found.collect()
}
