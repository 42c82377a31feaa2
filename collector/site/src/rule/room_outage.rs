//! Describes the outage of a room: most of its machines fell silent together. It is found of the room as a whole, see [`crate::outage`].

use super::{Facts, Finding, Limit, Rule, Settle, Severity};

pub(crate) const RULE: Rule = Rule {
    code: "room-outage",
    title: "Most of a room fell silent together",
    severity: Severity::High,
    settle: Settle::AsTheRoom,
    cause: "Something that they share: the room's switch or its uplink, or the room's power.",
    remedy: "Look at the room's switch first: has it power, and are its uplink's lamps on? Then at the room's breaker.",
    limits: &[
        Limit { name: "machines", unit: "machines", value: 3, least: 2, most: 1_000, what: "fewer are told one by one" },
        Limit { name: "percent", unit: "%", value: 50, least: 10, most: 100, what: "of the machines that should be here" },
        Limit { name: "seconds", unit: "s", value: 60, least: 5, most: 3_600, what: "fell silent within this time" },
    ],
    check,
};

/// Nothing is found of a single machine.
fn check(_: &Facts<'_>) -> Vec<Finding> {
    Vec::new()
}
