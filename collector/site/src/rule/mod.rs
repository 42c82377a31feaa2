//! Rules: each one kind of malfunction or drift, as data and a pure function.

mod agent_stopped;
mod clock_skewed;
mod facts;
mod identity_cloned;
mod machine_silent;
pub(crate) mod room_outage;
mod setting;
mod software_forbidden;
mod software_required;

pub use facts::Facts;
pub use setting::{Limit, Setting, Settings, set};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// Every rule, alphabetical: adding one is a file and a line.
pub const RULES: &[Rule] = &[
    agent_stopped::RULE,
    clock_skewed::RULE,
    identity_cloned::RULE,
    machine_silent::RULE,
    room_outage::RULE,
    software_forbidden::RULE,
    software_required::RULE,
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

impl Settle {
    /// "at once", "as the room says", "after 10 min".
    pub fn words(self) -> String {
        match self {
            Self::AtOnce => "at once".to_owned(),
            Self::AsTheRoom => "as the room says".to_owned(),
            Self::Minutes(minutes) => format!("after {minutes} min"),
        }
    }

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
