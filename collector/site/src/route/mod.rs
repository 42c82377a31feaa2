//! Routes: who hears of which alert, and when. Without any, every channel is told everything at once.

mod decide;
mod hours;
#[cfg(test)]
mod tests;

pub(crate) use decide::waited;
pub use decide::{Answer, DIGEST, Decision, Matter, decide, severity, who_hears};
pub use hours::{Days, Hours, next};

use crate::record::{Record, Rest, Table};
use crate::rule::{Rule, Severity};
use crate::{Refusal, RoomId, Site, Working, channel, notice};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Who hears of which alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// Its name: "nights".
    pub name: String,
    /// The channels that it leads to.
    pub to: Vec<String>,
    /// The least severity.
    #[serde(default = "any")]
    pub least: Severity,
    /// The rooms; empty: all, and what is in none.
    #[serde(default)]
    pub rooms: Vec<RoomId>,
    /// The rules; empty: all.
    #[serde(default)]
    pub rules: Vec<String>,
    /// The hours in which an alert is raised that it is about; `None`: all.
    #[serde(default)]
    pub hours: Option<Hours>,
    /// The days of the week; `None`: all.
    #[serde(default)]
    pub days: Option<Days>,
    /// At once, or once a day.
    #[serde(default)]
    pub told: Told,
    /// When it is held back.
    #[serde(default)]
    pub quiet: Option<Quiet>,
    /// What follows when nobody takes care of it.
    #[serde(default)]
    pub escalate: Option<Escalate>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

fn any() -> Severity {
    Severity::Low
}

/// When a channel is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// At once.
    #[default]
    AtOnce,
    /// With others, in one message a day.
    Digest,
    /// When the quiet hours end.
    Held,
}

/// Hours in which alerts are held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// From when to when, every day.
    pub hours: Hours,
    /// What becomes of those of high severity: held like the others, or told at once.
    #[serde(default = "held")]
    pub high: Told,
}

fn held() -> Told {
    Told::Held
}

/// Another channel, when nobody takes care of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalate {
    /// How long an alert waits for somebody, minutes.
    pub after_min: u32,
    /// The channel that is told then, once.
    pub to: String,
}

impl Record for Route {
    type Key = String;
    const KIND: &'static str = "route";
    fn key(&self) -> String {
        self.name.clone()
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.routes
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.routes
    }
}

/// What is said of a route.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RouteFacts {
    /// The channels that it leads to.
    pub to: Vec<String>,
    /// The least severity; absent: any.
    pub least: Option<Severity>,
    /// The rooms; empty: all.
    pub rooms: Vec<RoomId>,
    /// The rules; empty: all.
    pub rules: Vec<String>,
    /// "07:30-16:00".
    pub hours: Option<Hours>,
    /// "mon-fri".
    pub days: Option<Days>,
    /// At once, or once a day.
    pub told: Told,
    /// When it is held back.
    pub quiet: Option<Quiet>,
    /// What follows when nobody takes care of it.
    pub escalate: Option<Escalate>,
}

/// Routes of one site: more would be a mistake of a script.
const MOST: usize = 100;
/// Rooms, rules or channels of one route.
const MOST_NAMES: usize = 200;
/// Longest that an alert may wait before it goes to another channel, minutes: a week.
const MOST_WAIT_MIN: u32 = 7 * 24 * 60;

/// Sets or replaces a route.
///
/// # Errors
/// It names a channel, room or rule that there is not, or what it says does not go together.
pub fn set(w: &mut Working, name: &str, facts: RouteFacts) -> Result<Arc<Route>, Refusal> {
    channel::check_name("route", name)?;
    check(&w.site, &facts)?;
    if !w.site.routes.contains_key(name) && w.site.routes.len() >= MOST {
        return Err(Refusal::conflict(format!("there are {MOST} routes already: remove one with `rollcall route remove`")));
    }
    if facts.told == Told::Digest {
        begin_digests(w, &facts.to);
    }
    let RouteFacts { to, least, rooms, rules, hours, days, told, quiet, escalate } = facts;
    let least = least.unwrap_or(Severity::Low);
    let route = Route { name: name.to_owned(), to, least, rooms, rules, hours, days, told, quiet, escalate, rest: Rest::new() };
    let route = w.put(route);
    let text = format!("Route {name}: {} and worse to {}", severity(route.least), route.to.join(", "));
    w.event("route.set", text);
    Ok(route)
}

/// A channel that gets its first digest gets it on the next morning, and not at once.
fn begin_digests(w: &mut Working, to: &[String]) {
    let begins = |channel: &&Arc<channel::Channel>| notice::digest_due(&w.site, &channel.name).is_none();
    let first: Vec<_> = to.iter().filter_map(|name| w.site.channels.get(name)).filter(begins).cloned().collect();
    for channel in first {
        channel::digested(w, &channel.setting(), w.now);
    }
}

/// Removes a route.
///
/// # Errors
/// There is none of that name.
pub fn remove(w: &mut Working, name: &str) -> Result<(), Refusal> {
    if !w.site.routes.contains_key(name) {
        return Err(Refusal::not_found(format!("there is no route {:?}; `rollcall route list` shows them", channel::shortened(name))));
    }
    w.remove::<Route>(&name.to_owned());
    w.event("route.removed", format!("Route {name} removed"));
    Ok(())
}

/// The first route that leads to a channel, at once or when nobody takes care.
pub fn to_channel<'a>(site: &'a Site, channel: &str) -> Option<&'a Route> {
    let leads = |route: &Route| route.to.iter().chain(route.escalate.iter().map(|escalate| &escalate.to)).any(|to| to == channel);
    site.routes.values().find(|route| leads(route)).map(|route| &**route)
}

fn check(site: &Site, facts: &RouteFacts) -> Result<(), Refusal> {
    if facts.to.is_empty() {
        return Err(Refusal::invalid("a route leads to a channel: name one, as in `--to mail-office`; `rollcall channel list` shows them"));
    }
    if [facts.to.len(), facts.rooms.len(), facts.rules.len()].into_iter().any(|names| names > MOST_NAMES) {
        return Err(Refusal::invalid(format!("a route names at most {MOST_NAMES} channels, rooms or rules: leave them out to mean all")));
    }
    for channel in facts.to.iter().chain(facts.escalate.iter().map(|escalate| &escalate.to)) {
        channel::get(site, channel)?;
    }
    for room in &facts.rooms {
        crate::room::get(site, room)?;
    }
    if let Some(rule) = facts.rules.iter().find(|rule| Rule::of(rule).is_none()) {
        return Err(Refusal::invalid(format!("there is no rule {:?}; `rollcall rules` lists them", channel::shortened(rule))));
    }
    goes_together(facts)
}

fn goes_together(facts: &RouteFacts) -> Result<(), Refusal> {
    if facts.told == Told::Held || facts.quiet.as_ref().is_some_and(|quiet| quiet.high == Told::Digest) {
        return Err(Refusal::invalid("a route tells at once or in a digest; what is held back is said by its quiet hours"));
    }
    if facts.told == Told::Digest && (facts.quiet.is_some() || facts.escalate.is_some()) {
        return Err(Refusal::invalid(
            "a digest comes once a day: it has no quiet hours and does not escalate; make a second route for that",
        ));
    }
    match &facts.escalate {
        Some(escalate) if !(1..=MOST_WAIT_MIN).contains(&escalate.after_min) => {
            Err(Refusal::invalid(format!("after_min is {}: it must be 1 to {MOST_WAIT_MIN}", escalate.after_min)))
        }
        Some(escalate) if facts.to.contains(&escalate.to) => {
            Err(Refusal::invalid(format!("{} is told already: escalate to another channel", escalate.to)))
        }
        _ => Ok(()),
    }
}
