//! Flags a machine that fell silent without saying goodbye.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::presence::Presence;
use crate::room::RoomKind;
use crate::{calendar, outage};

pub(super) const RULE: Rule = Rule {
    code: "machine-silent",
    title: "A machine fell silent",
    severity: Severity::Medium,
    settle: Settle::AsTheRoom,
    cause: "It lost power or network, or it crashed; less likely, its agent was stopped.",
    remedy: "Look whether it has power and its network cable; if it runs, look whether the rollcall-agent service runs.",
    limits: &[],
    check,
};

/// Nothing where the machine is not expected now, and nothing that belongs to an outage of its room. What people were told of stays so when
/// the hours end: it is not over by that.
fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let silent = facts.machine().filter(|device| device.presence == Presence::Silent);
    let Some(device) = silent.filter(|_| outage::of(facts.site, facts.asset).is_none()) else { return Vec::new() };
    let expected = || calendar::expected(facts.site, facts.asset, facts.now);
    if !was_told(facts) && !expected().expected || facts.site.open_loan(facts.asset.id).is_some() || in_a_cart(facts) {
        return Vec::new();
    }
    let evidence = format!("last heard {}, then nothing: no shutdown, no sleep was announced", device.last_heard.strftime("%F %T UTC"));
    vec![Finding { subject: String::new(), title: "fell silent".to_owned(), evidence }]
}

fn in_a_cart(facts: &Facts<'_>) -> bool {
    facts.room.is_some_and(|room| room.kind == RoomKind::Cart)
}

/// Whether people were told of this silence.
fn was_told(facts: &Facts<'_>) -> bool {
    let mut own = facts.site.live_alerts(Some(facts.asset.id)).filter(|alert| alert.rule == RULE.code && alert.holds);
    own.any(|alert| alert.raised_at.is_some())
}
