//! Rules: each one kind of malfunction or drift, as data and a pure function.

mod address_conflict;
mod agent_stopped;
mod antivirus_off;
mod battery_worn;
mod camera_missing;
mod certificate_ends;
mod clock_battery_dead;
mod clock_skewed;
mod disk_errors;
mod disk_failing;
mod disk_full;
mod display_missing;
mod dns_failing;
mod facts;
mod fan_stopped;
mod gateway_missing;
mod hardware_errors;
mod identity_cloned;
mod library_behind;
mod library_refused;
mod licence_over;
mod link_flapping;
mod link_slow;
mod lost_seen;
mod machine_silent;
mod memory_missing;
mod microphone_missing;
mod os_too_old;
mod out_of_memory;
mod overdue_seen;
mod overheating;
mod part_missing;
mod probe_failing;
mod restart_loop;
mod restart_pending;
mod rolled_back;
pub(crate) mod room_outage;
mod roster_waiting;
#[cfg(test)]
mod sample;
mod serial_duplicate;
mod service_failed;
mod setting;
mod setting_wrong;
mod software_forbidden;
mod software_not_allowed;
mod software_required;
mod subnet_wrong;
mod support_ends;
mod system_unsupported;
mod throttled;
mod transfer_late;
mod transfer_malformed;
mod transfer_short;

pub use facts::Facts;
pub use setting::{Limit, Setting, Settings, set};
pub(crate) use setting::{holds, limit_of_site, opens_tickets, settle_of_site};

use crate::baseline::{Judged, Kind, Wrong};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Every rule, alphabetical: adding one is a file and a line.
pub const RULES: &[Rule] = &[
    address_conflict::RULE,
    agent_stopped::RULE,
    antivirus_off::RULE,
    battery_worn::RULE,
    camera_missing::RULE,
    certificate_ends::RULE,
    clock_battery_dead::RULE,
    clock_skewed::RULE,
    disk_errors::RULE,
    disk_failing::RULE,
    disk_full::RULE,
    display_missing::RULE,
    dns_failing::RULE,
    fan_stopped::RULE,
    gateway_missing::RULE,
    hardware_errors::RULE,
    identity_cloned::RULE,
    library_behind::RULE,
    library_refused::RULE,
    licence_over::RULE,
    link_flapping::RULE,
    link_slow::RULE,
    lost_seen::RULE,
    machine_silent::RULE,
    memory_missing::RULE,
    microphone_missing::RULE,
    os_too_old::RULE,
    out_of_memory::RULE,
    overdue_seen::RULE,
    overheating::RULE,
    part_missing::RULE,
    probe_failing::RULE,
    restart_loop::RULE,
    restart_pending::RULE,
    rolled_back::RULE,
    room_outage::RULE,
    roster_waiting::RULE,
    serial_duplicate::RULE,
    service_failed::RULE,
    setting_wrong::RULE,
    software_forbidden::RULE,
    software_not_allowed::RULE,
    software_required::RULE,
    subnet_wrong::RULE,
    system_unsupported::RULE,
    throttled::RULE,
    transfer_late::RULE,
    transfer_malformed::RULE,
    transfer_short::RULE,
];

/// One kind of malfunction or drift.
pub struct Rule {
    /// Shown in tickets and baselines; never reused.
    pub code: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How long a finding lasts before a person is told.
    pub settle: Settle,
    /// What it probably is.
    pub cause: &'static str,
    /// What to try first.
    pub remedy: &'static str,
    /// The numbers that a site or a room may set otherwise, alphabetical.
    pub limits: &'static [Limit],
    /// What is found of an asset.
    pub check: fn(&Facts<'_>) -> Vec<Finding>,
}

impl Rule {
    /// The rule with this code.
    pub fn of(code: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.code == code)
    }
}

/// How long a finding lasts before a person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// Told at once.
    AtOnce,
    /// As long as the asset's room says, 60 s where it says nothing.
    AsTheRoom,
    /// So many minutes: what comes and goes by itself is no news.
    Minutes(u32),
}

impl fmt::Display for Settle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtOnce => f.write_str("at once"),
            Self::AsTheRoom => f.write_str("as the room"),
            Self::Minutes(minutes) => f.write_str(&crate::words::span(SignedDuration::from_mins((*minutes).into()))),
        }
    }
}

impl Settle {
    /// The time for an asset where neither site nor room sets another for the rule.
    fn time(self, facts: &Facts<'_>) -> SignedDuration {
        match self {
            Self::AtOnce => SignedDuration::ZERO,
            Self::AsTheRoom => SignedDuration::from_secs(facts.room.map_or(crate::room::SETTLE_S, |room| room.settle_s).into()),
            Self::Minutes(minutes) => SignedDuration::from_mins(minutes.into()),
        }
    }
}

/// What a rule says of an asset now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What of the asset it is about: a package title, a slot; empty: the asset itself.
    pub subject: String,
    /// In one line, without the machine's name.
    pub title: String,
    /// What was seen.
    pub evidence: String,
}

impl Finding {
    /// A finding about the asset itself.
    fn of_it(title: impl Into<String>, evidence: impl Into<String>) -> Self {
        Self::of("", title, evidence)
    }

    /// A finding about a part of it.
    fn of(subject: impl Into<String>, title: impl Into<String>, evidence: impl Into<String>) -> Self {
        Self { subject: subject.into(), title: title.into(), evidence: evidence.into() }
    }
}

/// What baselines say of one kind of thing, each subject once: two baselines may want the same.
fn from_baselines(facts: &Facts<'_>, kind: Kind, evidence: impl Fn(&Judged, &Wrong) -> String) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for judged in facts.baselines() {
        for wrong in judged.wrong.iter().filter(|wrong| wrong.kind == kind) {
            if !found.iter().any(|known| known.subject == wrong.subject) {
                let title = if kind == Kind::Forbidden { format!("has {}, which is forbidden", wrong.subject) } else { wrong.text.clone() };
                found.push(Finding { subject: wrong.subject.clone(), title, evidence: evidence(judged, wrong) });
            }
        }
    }
    found
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Low,
    /// Look at it today.
    Medium,
    /// Look at it now.
    High,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_codes_are_words() {
        assert!(RULES.is_sorted_by_key(|rule| rule.code));
        for rule in RULES {
            assert!(rule.code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", rule.code);
            assert!(!rule.remedy.is_empty() && !rule.title.is_empty() && !rule.cause.is_empty(), "{}", rule.code);
            assert!(rule.limits.is_sorted_by_key(|limit| limit.name), "{}", rule.code);
            assert!(rule.limits.iter().all(|limit| (limit.least..=limit.most).contains(&limit.value)), "{}", rule.code);
        }
    }
}
