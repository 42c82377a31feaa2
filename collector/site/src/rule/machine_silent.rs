//! Flags a machine that fell silent without saying goodbye.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::device::Device;
use crate::presence::{AGENT_STOPPED, OFF_THE_NETWORK, Presence};
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

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    // One that answers on its network is a matter of its own.
    let Some(device) = is_silent(facts, &RULE).filter(|device| device.note != AGENT_STOPPED) else { return Vec::new() };
    let heard = device.last_heard.strftime("%F %T UTC");
    let mut evidence = format!("last heard {heard}, then nothing: no shutdown, no sleep was announced");
    if device.note == OFF_THE_NETWORK {
        evidence.push_str("; a machine beside it asked for its address, and it did not answer");
    }
    vec![Finding { subject: String::new(), title: "fell silent".to_owned(), evidence }]
}

/// The asset's device, if it is silent and should not be: nothing where the machine is not expected now, and nothing that belongs to an outage
/// of its room. What people were told of by this rule stays so when the hours end: it is not over by that.
pub(super) fn is_silent<'a>(facts: &Facts<'a>, rule: &Rule) -> Option<&'a Device> {
    let silent = facts.machine().filter(|device| device.presence == Presence::Silent);
    let was_told = was_told(facts, rule);
    // What people were told of stays so while an outage settles: it may be none.
    let outage = outage::of(facts.site, facts.asset).filter(|outage| !was_told || outage::is_told(facts.site, outage));
    let device = silent.filter(|_| outage.is_none())?;
    let told = was_told || calendar::expected(facts.site, facts.asset, facts.now).expected;
    (told && facts.site.open_loan(facts.asset.id).is_none() && !in_a_cart(facts)).then_some(device)
}

fn in_a_cart(facts: &Facts<'_>) -> bool {
    facts.room.is_some_and(|room| room.kind == RoomKind::Cart)
}

/// Whether people were told by a rule, and it holds still.
pub(super) fn was_told(facts: &Facts<'_>, rule: &Rule) -> bool {
    let mut own = facts.site.live_alerts(Some(facts.asset.id)).filter(|alert| alert.rule == rule.code && alert.holds);
    own.any(|alert| alert.raised_at.is_some())
}
