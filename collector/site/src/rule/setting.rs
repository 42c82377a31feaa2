//! What a site or a room sets of a rule: whether it holds, how long it settles, its limits.

use super::Rule;
use crate::room::{self, Room};
use crate::{About, AssetId, Refusal, RoomId, Site, Working};
use jiff::SignedDuration;
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

impl Limit {
    /// A limit with its value, and the least and the most that make sense.
    pub(crate) const fn new(name: &'static str, unit: &'static str, [value, least, most]: [i64; 3], what: &'static str) -> Self {
        Self { name, unit, value, least, most, what }
    }
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
    /// Whether an alert of it opens a ticket by itself, and closes one on which nobody has worked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<bool>,
    /// Its limits by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, i64>,
}

/// What a room says of a rule, then what the site does.
pub(super) fn of<'a>(site: &'a Site, room: Option<&'a Room>, code: &str) -> impl Iterator<Item = &'a Setting> {
    let room = room.and_then(|room| room.rules.get(code));
    let site = site.about().and_then(|about| about.rules.get(code));
    room.into_iter().chain(site)
}

/// Whether a rule holds in a room, or for the site as a whole.
pub(crate) fn holds(site: &Site, room: Option<&Room>, rule: &Rule) -> bool {
    of(site, room, rule.code).find_map(|setting| setting.on).unwrap_or(true)
}

/// Whether an alert of a rule opens a ticket by itself; it does not where nobody sets it.
pub(crate) fn opens_tickets(site: &Site, room: Option<&Room>, rule: &Rule) -> bool {
    of(site, room, rule.code).find_map(|setting| setting.ticket).unwrap_or(false)
}

/// How long a finding of the site as a whole settles: people are told at once where nobody sets it.
pub(crate) fn settle_of_site(site: &Site, rule: &Rule) -> SignedDuration {
    let seconds = of(site, None, rule.code).find_map(|setting| setting.settle_s);
    SignedDuration::from_secs(seconds.unwrap_or(0).into())
}

/// A limit of a rule for the site as a whole.
pub(crate) fn limit_of_site(site: &Site, rule: &Rule, name: &str) -> i64 {
    let set = of(site, None, rule.code).find_map(|setting| setting.limits.get(name).copied());
    set.or_else(|| rule.limits.iter().find(|limit| limit.name == name).map(|limit| limit.value)).unwrap_or_default()
}

/// Longest time that a finding may settle, seconds: a week.
const MOST_SETTLE_S: u32 = 7 * 86_400;

/// Whether a setting names a rule and limits that there are, within their bounds.
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

/// Sets a rule for a room, or for the whole site, and judges what it concerns anew. What is absent in `setting` is as the site, or the rule
/// itself, has it: an empty setting takes back what was set.
///
/// # Errors
/// No such rule, limit or room, or a number out of its bounds.
pub fn set(w: &mut Working, of: Option<&RoomId>, code: &str, setting: Setting) -> Result<(), Refusal> {
    check(code, &setting)?;
    let place = match of {
        Some(id) => {
            let room = room::get(&w.site, id)?;
            let rules = with(&room.rules, code, &setting);
            w.put(Room { rules, ..(**room).clone() });
            id.to_string()
        }
        None => {
            let about = w.site.about().ok_or_else(|| Refusal::conflict("the site is not founded yet"))?;
            let rules = with(&about.rules, code, &setting);
            w.put(About { rules, ..about.clone() });
            "the whole site".to_owned()
        }
    };
    let event = w.event("rule.set", format!("Rule {code} for {place}: {}", setting.words()));
    if let Some(id) = of {
        event.in_room(id);
    }
    event.with(serde_json::json!({ "rule": code, "setting": setting }));
    let concerned: Vec<AssetId> = match of {
        Some(room) => w.site.assets_in(room).map(|asset| asset.id).collect(),
        None => w.site.assets.keys().copied().collect(),
    };
    concerned.into_iter().for_each(|asset| crate::alert::judge(w, asset));
    Ok(())
}

fn with(settings: &Settings, code: &str, setting: &Setting) -> Settings {
    let mut settings = settings.clone();
    if *setting == Setting::default() {
        settings.remove(code);
    } else {
        settings.insert(code.to_owned(), setting.clone());
    }
    settings
}

impl Setting {
    /// What it says, in words.
    pub fn words(&self) -> String {
        let on = self.on.map(|on| if on { "holds" } else { "is off" }.to_owned());
        let settle = self.settle_s.map(|seconds| format!("told after {seconds} s"));
        let ticket = self.ticket.map(|opens| if opens { "opens a ticket" } else { "opens no ticket" }.to_owned());
        let limits = self.limits.iter().map(|(name, value)| format!("{name} {value}"));
        let said: Vec<String> = on.into_iter().chain(settle).chain(ticket).chain(limits).collect();
        if said.is_empty() { "as it comes".to_owned() } else { said.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_rules_and_limits_are_refused_by_name() {
        let refuses = |text: &str, want: &str| {
            let settings: Settings = serde_json::from_str(text).unwrap();
            let got = settings.iter().try_for_each(|(code, setting)| check(code, setting));
            let got = got.map_or_else(|refusal| refusal.text, |()| "ok".to_owned());
            assert!(got.contains(want), "{text}: {got}");
        };
        refuses(r#"{"machine-silent": {"settle_s": 0}, "clock-skewed": {"on": false, "limits": {"seconds": 60}}}"#, "ok");
        refuses(r#"{"machine-loud": {}}"#, "no rule \"machine-loud\"");
        refuses(r#"{"clock-skewed": {"limits": {"minutes": 1}}}"#, "it has seconds");
        refuses(r#"{"machine-silent": {"limits": {"minutes": 1}}}"#, "it has none");
        refuses(r#"{"clock-skewed": {"limits": {"seconds": 0}}}"#, "it must be 1 to");
        refuses(r#"{"machine-silent": {"settle_s": 700000}}"#, "it must be 0 to 604800");
    }
}
