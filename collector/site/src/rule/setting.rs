//! What a site or a room sets of a rule: whether it holds, how long it settles, its limits.

use super::Rule;
use crate::Refusal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A number of a rule that a site or a room may set otherwise.
pub struct Limit {
    /// Its name within the rule.
    pub name: &'static str,
    /// What it counts: "%", "days", "°C".
    pub unit: &'static str,
    /// What it is where nobody sets it.
    pub value: i64,
    /// The least that makes sense.
    pub least: i64,
    /// The most that makes sense.
    pub most: i64,
    /// What it is for, in a few words.
    pub what: &'static str,
}

/// What is set of rules, by code.
pub type Settings = BTreeMap<String, Setting>;

/// What is set of one rule; what is absent is as the site, or the rule itself, has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Setting {
    /// Whether the rule holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
    /// How long a finding lasts before a person is told, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settle_s: Option<u32>,
    /// Its limits by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, i64>,
}

/// Longest time that a finding may settle, seconds: a week.
const MOST_SETTLE_S: u32 = 7 * 86_400;

/// Whether settings name rules and limits that there are, within their bounds.
///
/// # Errors
/// `Invalid`: what does not fit, and what would.
pub fn check_settings(settings: &Settings) -> Result<(), Refusal> {
    settings.iter().try_for_each(|(code, setting)| check(code, setting))
}

fn check(code: &str, setting: &Setting) -> Result<(), Refusal> {
    let rule = Rule::of(code).ok_or_else(|| Refusal::invalid(format!("there is no rule {code:?}; `rollcall rules` lists them")))?;
    if let Some(settle) = setting.settle_s.filter(|settle| *settle > MOST_SETTLE_S) {
        return Err(Refusal::invalid(format!("{code}: settle_s is {settle}: it must be 0 to {MOST_SETTLE_S}")));
    }
    for (name, value) in &setting.limits {
        let limit = rule.limits.iter().find(|limit| limit.name == name).ok_or_else(|| unknown(rule, name))?;
        if !(limit.least..=limit.most).contains(value) {
            let text = format!("{code}: {name} is {value}: it must be {} to {} {}", limit.least, limit.most, limit.unit);
            return Err(Refusal::invalid(text.trim_end().to_owned()));
        }
    }
    Ok(())
}

fn unknown(rule: &Rule, name: &str) -> Refusal {
    let names: Vec<&str> = rule.limits.iter().map(|limit| limit.name).collect();
    let has = if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", names.join(", ")) };
    Refusal::invalid(format!("{}: there is no limit {name:?}; {has}", rule.code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_rules_and_limits_are_refused_by_name() {
        let check = |text: &str, want: &str| {
            let settings: Settings = serde_json::from_str(text).unwrap();
            let got = check_settings(&settings).map_or_else(|refusal| refusal.text, |()| "ok".to_owned());
            assert!(got.contains(want), "{text}: {got}");
        };
        check(r#"{"machine-silent": {"settle_s": 0}, "clock-skewed": {"on": false, "limits": {"seconds": 60}}}"#, "ok");
        check(r#"{"machine-loud": {}}"#, "no rule \"machine-loud\"");
        check(r#"{"clock-skewed": {"limits": {"minutes": 1}}}"#, "it has seconds");
        check(r#"{"machine-silent": {"limits": {"minutes": 1}}}"#, "it has none");
        check(r#"{"clock-skewed": {"limits": {"seconds": 0}}}"#, "it must be 1 to");
        check(r#"{"machine-silent": {"settle_s": 700000}}"#, "it must be 0 to 604800");
    }
}
