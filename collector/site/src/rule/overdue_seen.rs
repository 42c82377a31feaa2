//! Flags a machine that should be back from a loan, and reports in.

use super::lost_seen::{reporting, whereabouts};
use super::{Facts, Finding, Rule, Settle, Severity};
use crate::words;

pub(super) const RULE: Rule = Rule {
    code: "overdue-seen",
    title: "An overdue machine reports in",
    severity: Severity::Low,
    settle: Settle::Minutes(10),
    cause: "Its borrower uses it and has not brought it back.",
    remedy: "Ask its borrower for it; or give it longer with `rollcall loan renew TAG`. If it is on your desk: `rollcall loan in TAG`.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let loan = facts.site.open_loan(facts.asset.id).filter(|loan| loan.is_overdue(facts.now));
    let (Some(loan), Some(device)) = (loan, reporting(facts)) else { return Vec::new() };
    let due = loan.due.map(words::utc).unwrap_or_default();
    let evidence = format!("lent to {}, due {due}; it is connected; {}", loan.person, whereabouts(facts.site, device));
    vec![Finding::of_it("is overdue, and reports in", evidence)]
}
