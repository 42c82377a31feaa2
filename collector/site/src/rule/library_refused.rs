//! Flags an asset whose loan the library system refuses to mirror.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::library;

pub(super) const RULE: Rule = Rule {
    code: "library-refused",
    title: "The library system refuses a loan",
    severity: Severity::Low,
    settle: Settle::AtOnce,
    cause: "It does not know the borrower or the item, or its own rules forbid the loan.",
    remedy: "Correct it there, then `rollcall library retry N`; or `rollcall library drop N` where it need not know. `rollcall library list` has the numbers.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let refused = library::refused(facts.site, facts.asset.id);
    let finding = |owed: &std::sync::Arc<library::Mirroring>| Finding {
        subject: format!("{} of loan {}", owed.step.word(), owed.loan),
        title: format!("the library system refuses its {}", owed.step.word()),
        evidence: if owed.answer.is_empty() { "it gave no reason".to_owned() } else { format!("it says: {}", owed.answer) },
    };
    refused.map(finding).collect()
}
