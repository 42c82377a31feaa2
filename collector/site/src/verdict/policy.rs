//! The policies of the verdict: which reason is which colour, how old a report may be, what a part costs; for all assets and by kind.

use super::Verdict;
use super::reasons::{Concern, REASONS};
use crate::asset::AssetKind;
use crate::money::Money;
use crate::record::{Record, Rest, Table};
use crate::return_diff::PARTS;
use crate::rule::Limit;
use crate::{Refusal, Site, Working};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The numbers of the policy, by name.
pub const LIMITS: &[Limit] = &[
    Limit::new("battery_percent", "%", [70, 0, 100], "a battery that holds less of its design capacity is worth a look"),
    Limit::new("charge_percent", "%", [30, 0, 100], "a battery that is charged less is worth a look"),
    Limit::new("disk_free_percent", "%", [10, 0, 90], "a disk with less free space is worth a look"),
    Limit::new("report_hours", "h", [24, 1, 8_760], "an older report is worth a look"),
    Limit::new("restart_days", "days", [3, 0, 365], "a restart that was needed for longer is worth a look"),
    Limit::new("return_days", "days", [3, 0, 365], "so much older than a clean return may the last report of one on its shelf be"),
    Limit::new("shelf_days", "days", [90, 0, 3_650], "so long may one lie switched off on its shelf after a clean return; 0: not at all"),
    Limit::new("wear_percent", "%", [8, 1, 100], "a battery may lose so much of its design capacity in a loan, and 2 % more each month"),
];

/// What a reason that is not well comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// It is not looked at.
    Off,
    /// It is told, and keeps nothing from leaving.
    Go,
    /// Look first.
    Check,
    /// It stays.
    Stop,
}

impl Colour {
    /// Every colour, the mildest first.
    pub const ALL: [Self; 4] = [Self::Off, Self::Go, Self::Check, Self::Stop];

    /// What it comes to; nothing, where it is not looked at.
    pub(super) fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Off => None,
            Self::Go => Some(Verdict::Go),
            Self::Check => Some(Verdict::Check),
            Self::Stop => Some(Verdict::Stop),
        }
    }

    /// As it stands in files and on pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Go => "go",
            Self::Check => "check",
            Self::Stop => "stop",
        }
    }
}

impl FromStr for Colour {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.into_iter().find(|colour| colour.word().eq_ignore_ascii_case(text.trim()));
        found.ok_or_else(|| Refusal::invalid(format!("{:?} is no colour: it is off, go, check or stop", short(text))))
    }
}

/// What a policy holds for: all assets, or those of one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(String);

impl Scope {
    /// All assets of which nothing else is said.
    pub fn all() -> Self {
        Self("all".to_owned())
    }

    /// The assets of a kind.
    pub fn kind(kind: AssetKind) -> Self {
        Self(kind.word().to_owned())
    }

    /// Its word: "all", or the kind's.
    pub fn word(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Scope {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let word = text.trim().to_lowercase();
        if word.is_empty() || word == "all" {
            return Ok(Self::all());
        }
        word.parse::<AssetKind>().map(Self::kind).map_err(|bad| Refusal::invalid(bad.to_string()))
    }
}

/// What is set of the verdict for all assets or for a kind; what is absent is as for all, or as it comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerdictPolicy {
    /// For what.
    pub scope: Scope,
    /// What a reason that is not well comes to, by its code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub colours: BTreeMap<String, Colour>,
    /// The numbers, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, i64>,
    /// What is asked for a part that is missing, by its word.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, Money>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for VerdictPolicy {
    type Key = Scope;
    const KIND: &'static str = "verdict-policy";
    fn key(&self) -> Scope {
        self.scope.clone()
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.verdict_policies
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.verdict_policies
    }
}

/// The policy that holds for one kind of asset.
#[derive(Clone, Debug, Default)]
pub struct Policy<'a> {
    own: Option<&'a Arc<VerdictPolicy>>,
    all: Option<&'a Arc<VerdictPolicy>>,
}

impl<'a> Policy<'a> {
    /// The policy for a kind.
    pub fn of(site: &'a Site, kind: AssetKind) -> Self {
        Self::within(site, &Scope::kind(kind))
    }

    /// What holds within a scope.
    pub fn within(site: &'a Site, scope: &Scope) -> Self {
        if site.verdict_policies.is_empty() {
            return Self::default();
        }
        Self { own: site.verdict_policies.get(scope), all: site.verdict_policies.get(&Scope::all()) }
    }

    /// What a concern that is not well comes to: as the kind has it, as the site does, or as it comes; never milder than it may be.
    pub fn colour(&self, concern: &Concern) -> Colour {
        let set = self.sets().find_map(|policy| policy.colours.get(concern.code).copied());
        set.unwrap_or(concern.usual).max(concern.least)
    }

    /// One of [`LIMITS`]; 0 for one that there is not.
    pub fn limit(&self, name: &str) -> i64 {
        let set = self.sets().find_map(|policy| policy.limits.get(name).copied());
        set.or_else(|| LIMITS.iter().find(|limit| limit.name == name).map(|limit| limit.value)).unwrap_or_default()
    }

    /// What is asked for a part; none: it is not said.
    pub fn price(&self, part: &str) -> Option<Money> {
        self.sets().find_map(|policy| policy.prices.get(part).copied())
    }

    fn sets(&self) -> impl Iterator<Item = &'a Arc<VerdictPolicy>> {
        self.own.into_iter().chain(self.all)
    }
}

/// What is to be set; an absent value takes back what was set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Change {
    /// By the code of a reason.
    pub colours: BTreeMap<String, Option<Colour>>,
    /// By the name of a limit.
    pub limits: BTreeMap<String, Option<i64>>,
    /// By the word of a part.
    pub prices: BTreeMap<String, Option<Money>>,
}

/// Sets the policy of a scope. What the change does not name stays.
///
/// # Errors
/// No such reason, limit or part; a colour that is milder than the reason may be; a number out of its bounds.
pub fn set(w: &mut Working, scope: &Scope, change: Change) -> Result<(), Refusal> {
    let before = w.site.verdict_policies.get(scope).cloned();
    let empty = || VerdictPolicy {
        scope: scope.clone(),
        colours: BTreeMap::new(),
        limits: BTreeMap::new(),
        prices: BTreeMap::new(),
        rest: Rest::new(),
    };
    let mut after = before.as_deref().cloned().unwrap_or_else(empty);
    change.colours.iter().try_for_each(|(code, colour)| may_be(code, *colour))?;
    change.limits.iter().try_for_each(|(name, value)| is_within(name, *value))?;
    change.prices.keys().try_for_each(|part| is_part(part))?;
    let words = change.words();
    lay(&mut after.colours, change.colours);
    lay(&mut after.limits, change.limits);
    lay(&mut after.prices, change.prices);
    if before.as_deref() == Some(&after) || (before.is_none() && after == empty()) {
        return Ok(());
    }
    if after == empty() {
        w.remove::<VerdictPolicy>(scope);
    } else {
        w.put(after);
    }
    w.event("verdict.set", format!("Policy of the verdict for {scope}: {words}"));
    Ok(())
}

fn lay<V>(set: &mut BTreeMap<String, V>, change: BTreeMap<String, Option<V>>) {
    for (name, value) in change {
        match value {
            Some(value) => drop(set.insert(name, value)),
            None => drop(set.remove(&name)),
        }
    }
}

fn may_be(code: &str, colour: Option<Colour>) -> Result<(), Refusal> {
    let Some(concern) = REASONS.iter().find(|concern| concern.code == code) else {
        let codes: Vec<&str> = REASONS.iter().map(|concern| concern.code).collect();
        return Err(Refusal::invalid(format!("there is no reason {:?}; there are {}", short(code), codes.join(", "))));
    };
    match colour.filter(|colour| *colour < concern.least) {
        Some(colour) => {
            let (asked, least) = (colour.word(), concern.least.word());
            Err(Refusal::invalid(format!("{code} can't be {asked}: {}; it is {least} at least", concern.title)))
        }
        None => Ok(()),
    }
}

fn is_within(name: &str, value: Option<i64>) -> Result<(), Refusal> {
    let Some(limit) = LIMITS.iter().find(|limit| limit.name == name) else {
        let names: Vec<&str> = LIMITS.iter().map(|limit| limit.name).collect();
        return Err(Refusal::invalid(format!("there is no limit {:?}; there are {}", short(name), names.join(", "))));
    };
    match value.filter(|value| !(limit.least..=limit.most).contains(value)) {
        Some(value) => {
            let text = format!("{name} is {value}: it must be {} to {} {}", limit.least, limit.most, limit.unit);
            Err(Refusal::invalid(text))
        }
        None => Ok(()),
    }
}

fn is_part(word: &str) -> Result<(), Refusal> {
    if PARTS.iter().any(|part| part.word == word) {
        return Ok(());
    }
    let words: Vec<&str> = PARTS.iter().map(|part| part.word).collect();
    Err(Refusal::invalid(format!("there is no part {:?}; there are {}", short(word), words.join(", "))))
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

impl Change {
    /// What it says, in words.
    pub fn words(&self) -> String {
        let back = || "as it comes".to_owned();
        let colours = self.colours.iter().map(|(code, colour)| format!("{code} {}", colour.map_or_else(back, |c| c.word().to_owned())));
        let limits = self.limits.iter().map(|(name, value)| format!("{name} {}", value.map_or_else(back, |value| value.to_string())));
        let prices = self.prices.iter().map(|(part, price)| format!("{part} {}", price.map_or_else(back, |price| price.to_string())));
        let said: Vec<String> = colours.chain(limits).chain(prices).collect();
        if said.is_empty() { "nothing".to_owned() } else { said.join(", ") }
    }
}
