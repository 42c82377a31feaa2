//! Flags a machine that fell silent and still answers on its network: only its agent stopped.

use super::machine_silent::is_silent;
use super::{Facts, Finding, Rule, Settle, Severity};
use crate::presence::AGENT_STOPPED;

pub(super) const RULE: Rule = Rule {
    code: "agent-stopped",
    title: "A machine's agent stopped",
    severity: Severity::Medium,
    settle: Settle::AsTheRoom,
    cause: "Somebody stopped the agent's service, or it crashed and does not come up again; the machine itself runs.",
    remedy: "Start the service on TAG: `systemctl start rollcall-agent`. If it ends again, `journalctl -u rollcall-agent` says why.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(device) = is_silent(facts, &RULE).filter(|device| device.note == AGENT_STOPPED) else { return Vec::new() };
    let heard = device.last_heard.strftime("%F %T UTC");
    let evidence = format!("last heard {heard}, then nothing; it answers a machine beside it that asked for its address");
    vec![Finding { subject: String::new(), title: "agent stopped, the machine answers on the network".to_owned(), evidence }]
}
