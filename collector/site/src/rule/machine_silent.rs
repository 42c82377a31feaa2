//! Flags a machine that fell silent without saying goodbye.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::asset::AssetStatus;
use crate::device::DeviceState;
use crate::presence::Presence;
use crate::room::RoomKind;

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

/// Not for a cart (never expected to be on), a loan, or an asset that is out of service.
fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(device) = facts.device else { return Vec::new() };
    let expected = facts.asset.status == AssetStatus::InService
        && facts.room.is_none_or(|room| room.kind != RoomKind::Cart)
        && facts.site.open_loan(facts.asset.id).is_none();
    if !expected || device.state != DeviceState::Active || device.presence != Presence::Silent {
        return Vec::new();
    }
    let evidence = format!("last heard {}, then nothing: no shutdown, no sleep was announced", device.last_heard.strftime("%F %T UTC"));
    vec![Finding { subject: String::new(), title: "fell silent".to_owned(), evidence }]
}
