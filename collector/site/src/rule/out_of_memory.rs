//! Flags a machine that ends programs because its memory runs out.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};

pub(super) const RULE: Rule = Rule {
    code: "out-of-memory",
    title: "Programs are ended because memory runs out",
    severity: Severity::Medium,
    settle: Settle::AtOnce,
    cause: "It has too little memory for what it is used for, or a program takes ever more.",
    remedy: "Ask what was open. If it happens to many machines of the kind, they need more memory; if to one, look for the program that grows.",
    limits: &[Limit::new("programs", "programs", [3, 1, 1_000], "so many since the machine's start are told")],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let ended = facts.vitals().and_then(|vitals| vitals.reading.oom_kills).unwrap_or(0);
    if ended < facts.limit(&RULE, "programs").unsigned_abs() {
        return Vec::new();
    }
    vec![Finding::of_it("runs out of memory", format!("at least {ended} programs were ended since its start because memory ran out"))]
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::vitals::Reading;

    #[test]
    fn one_program_may_be_ended_and_three_are_told() {
        let ended = |oom_kills| Sample::new().reads(Reading { oom_kills, ..Reading::default() });
        ended(Some(3)).check(&RULE, &["runs out of memory"]);
        ended(Some(2)).check(&RULE, &[]);
        ended(Some(1)).limit(&RULE, "programs", 1).check(&RULE, &["runs out of memory"]);
        ended(None).check(&RULE, &[]);
    }
}
