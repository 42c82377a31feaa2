//! Flags a device whose key is held by two machines.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::device::DeviceState;

pub(super) const RULE: Rule = Rule {
    code: "identity-cloned",
    title: "Two machines hold the same identity",
    severity: Severity::High,
    settle: Settle::AtOnce,
    cause: "A disk was copied with its agent, or moved into another machine.",
    remedy: "The disk was probably copied with the agent's key on it. Run `rollcall device rebind TAG`, then enrol each machine with a token of its own. If only its board was replaced, run `rollcall device accept TAG`.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(DeviceState::Quarantined { why, .. }) = facts.device.map(|device| &device.state) else { return Vec::new() };
    vec![Finding { subject: String::new(), title: "holds an identity that another machine holds too".to_owned(), evidence: why.clone() }]
}
