//! Rules: each one kind of malfunction or drift, as data and a pure function.

mod clock_skewed;
mod identity_cloned;
mod machine_silent;
mod software_forbidden;
mod software_required;

use crate::Site;
use crate::asset::Asset;
use crate::device::Device;
use crate::room::Room;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Every rule, alphabetical: adding one is a file and a line.
pub const RULES: &[Rule] =
    &[clock_skewed::RULE, identity_cloned::RULE, machine_silent::RULE, software_forbidden::RULE, software_required::RULE];

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
    /// What to try first.
    pub remedy: &'static str,
    /// What is found of an asset.
    pub check: fn(&Facts<'_>) -> Vec<Finding>,
}

/// How long a finding lasts before a person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// Told at once.
    AtOnce,
    /// As long as the asset's room says, 60 s where it says nothing.
    AsTheRoom,
}

impl Settle {
    /// The time for an asset.
    pub fn time(self, facts: &Facts<'_>) -> SignedDuration {
        match self {
            Self::AtOnce => SignedDuration::ZERO,
            Self::AsTheRoom => SignedDuration::from_secs(facts.room.map_or(crate::room::SETTLE_S, |room| room.settle_s).into()),
        }
    }
}

/// What a rule may look at.
pub struct Facts<'a> {
    /// The site, for its baselines and contents.
    pub site: &'a Site,
    /// The asset.
    pub asset: &'a Asset,
    /// The agent on it.
    pub device: Option<&'a Device>,
    /// Its room.
    pub room: Option<&'a Room>,
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

impl<'a> Facts<'a> {
    /// The facts of an asset.
    pub fn of(site: &'a Site, asset: &'a Arc<Asset>) -> Self {
        let device = site.device_of(asset).map(|device| &**device);
        let room = asset.room.as_ref().and_then(|room| site.rooms.get(room)).map(|room| &**room);
        Self { site, asset, device, room }
    }

    /// What every rule finds.
    pub fn findings(&self) -> impl Iterator<Item = (&'static Rule, Finding)> {
        RULES.iter().flat_map(|rule| (rule.check)(self).into_iter().map(move |finding| (rule, finding)))
    }
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
            assert!(!rule.remedy.is_empty() && !rule.title.is_empty(), "{}", rule.code);
        }
    }
}
