//! Decides what a channel hears of an alert, and when: pure, so that a week of alerts is a test.

use super::{Quiet, Route, Told, hours};
use crate::alert::Alert;
use crate::event::Event;
use crate::rule::Severity;
use crate::{AlertId, RoomId, Site, words};
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::Serialize;

/// When the digest of a day goes out, in the site's time.
pub const DIGEST: Time = Time::constant(7, 0, 0, 0);

/// What becomes of news for one channel. The most urgent comes first: of several routes it is the one that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// Told at once.
    Now,
    /// Held back until the quiet hours end.
    Hold(Timestamp),
    /// Told with the digest of that time.
    Digest(Timestamp),
    /// Not told here.
    Nothing,
}

/// What a route looks at of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matter {
    /// The alert.
    pub alert: Option<AlertId>,
    /// How bad.
    pub severity: Severity,
    /// Its room.
    pub room: Option<RoomId>,
    /// The rule that found it.
    pub rule: String,
    /// When people were to be told of it first: what follows goes where that went.
    pub raised_at: Timestamp,
    /// The only channel that is meant, when nobody took care of it.
    pub only: Option<String>,
}

impl Matter {
    /// Of an alert that is news at `now`.
    pub fn of(alert: &Alert, now: Timestamp) -> Self {
        Self {
            alert: Some(alert.id),
            severity: alert.severity,
            room: alert.room.clone(),
            rule: alert.rule.clone(),
            raised_at: alert.raised_at.unwrap_or(now),
            only: None,
        }
    }

    /// Of an event about an alert: as the record has it, or as the event says where the record is gone. What says nothing of how bad
    /// it is counts as bad.
    pub fn of_event(site: &Site, event: &Event) -> Self {
        let said = |name: &str| event.data.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        let only = if event.kind == "alert.escalated" { Some(said("to").unwrap_or_default()) } else { None };
        let raised_at = if matches!(event.kind.as_str(), "alert.raised" | "alert.reopened") { Some(event.at) } else { None };
        match event.alert.and_then(|id| site.alerts.get(&id)) {
            Some(alert) => {
                let matter = Self::of(alert, event.at);
                Self { raised_at: raised_at.unwrap_or(matter.raised_at), only, ..matter }
            }
            None => Self {
                alert: event.alert,
                severity: event.data.get("severity").and_then(|it| serde_json::from_value(it.clone()).ok()).unwrap_or(Severity::High),
                room: event.room.clone(),
                rule: said("rule").unwrap_or_default(),
                raised_at: event.at,
                only,
            },
        }
    }
}

/// What becomes of news at `now` for `channel`. Where there are no routes, every channel is told everything at once.
pub fn decide(site: &Site, channel: &str, matter: &Matter, now: Timestamp) -> Decision {
    if let Some(only) = &matter.only {
        return if only == channel { Decision::Now } else { Decision::Nothing };
    }
    if site.routes.is_empty() {
        return Decision::Now;
    }
    let zone = site.zone();
    let routes = site.routes.values().filter(|route| route.to.iter().any(|to| to == channel));
    let told = routes.filter(|route| route.hears(matter, &zone).is_ok()).map(|route| route.when(matter.severity, now, &zone));
    told.min().unwrap_or(Decision::Nothing)
}

impl Route {
    /// Whether it is about this matter.
    ///
    /// # Errors
    /// Why not, in words.
    pub(crate) fn hears(&self, matter: &Matter, zone: &TimeZone) -> Result<(), String> {
        if matter.severity < self.least {
            return Err(format!("it takes {} and worse", severity(self.least)));
        }
        if !self.rooms.is_empty() && !matter.room.as_ref().is_some_and(|room| self.rooms.contains(room)) {
            return Err("it is for other rooms".to_owned());
        }
        if !self.rules.is_empty() && !self.rules.contains(&matter.rule) {
            return Err("it is for other rules".to_owned());
        }
        if let Some(hours) = self.hours.filter(|hours| !hours.contains(matter.raised_at, zone)) {
            return Err(format!("the alert is not of its hours, {hours}"));
        }
        if let Some(days) = self.days.filter(|days| !days.contains(matter.raised_at, self.hours.as_ref(), zone)) {
            return Err(format!("the alert is not of its days, {days}"));
        }
        Ok(())
    }

    /// When a matter that it is about is told.
    pub(crate) fn when(&self, severity: Severity, now: Timestamp, zone: &TimeZone) -> Decision {
        if self.told == Told::Digest {
            return Decision::Digest(hours::next(DIGEST, now, zone));
        }
        match &self.quiet {
            Some(Quiet { hours, high }) if hours.contains(now, zone) && !(severity == Severity::High && *high == Told::AtOnce) => {
                Decision::Hold(hours.end_after(now, zone))
            }
            _ => Decision::Now,
        }
    }
}

/// What a route makes of an alert, for who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The channel.
    pub channel: String,
    /// The route; `None`: there are none.
    pub route: Option<String>,
    /// "at once", "held back", "digest", "nothing".
    pub told: &'static str,
    /// When.
    pub at: Option<Timestamp>,
    /// Why, in words.
    pub why: String,
}

/// Who would hear of an alert if it were raised at `now`, and why: every channel, route by route.
pub fn who_hears(site: &Site, alert: &Alert, now: Timestamp) -> Vec<Answer> {
    let matter = Matter { raised_at: now, ..Matter::of(alert, now) };
    let zone = site.zone();
    let of_channel = |channel: &String| {
        if site.routes.is_empty() {
            let why = "there are no routes: every channel is told everything at once".to_owned();
            return vec![Answer { channel: channel.clone(), route: None, told: "at once", at: Some(now), why }];
        }
        let routes: Vec<Answer> = site
            .routes
            .values()
            .filter(|route| route.to.contains(channel))
            .map(|route| answer(route, channel, &matter, now, &zone))
            .collect();
        if routes.is_empty() {
            let why = "no route leads to it".to_owned();
            return vec![Answer { channel: channel.clone(), route: None, told: "nothing", at: None, why }];
        }
        routes
    };
    site.channels.keys().flat_map(of_channel).collect()
}

fn answer(route: &Route, channel: &str, matter: &Matter, now: Timestamp, zone: &TimeZone) -> Answer {
    let (told, at, why) = match route.hears(matter, zone).map(|()| route.when(matter.severity, now, zone)) {
        Err(why) => ("nothing", None, why),
        Ok(Decision::Now) => ("at once", Some(now), takes(route)),
        Ok(Decision::Hold(until)) => ("held back", Some(until), "quiet hours".to_owned()),
        Ok(Decision::Digest(at)) => ("digest", Some(at), "once a day".to_owned()),
        Ok(Decision::Nothing) => ("nothing", None, String::new()),
    };
    let later = route.escalate.as_ref().filter(|_| told != "nothing" && told != "digest");
    let later = later.map(|escalate| format!("; {} after {} min that nobody acknowledges it", escalate.to, escalate.after_min));
    Answer { channel: channel.to_owned(), route: Some(route.name.clone()), told, at, why: why + &later.unwrap_or_default() }
}

/// "it takes medium severity and worse"
fn takes(route: &Route) -> String {
    match route.least {
        Severity::Low => "it takes every severity".to_owned(),
        least => format!("it takes {} severity and worse", severity(least)),
    }
}

/// A severity in words.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
    }
}

/// How long an alert has waited for somebody, in words.
pub(crate) fn waited(raised_at: Timestamp, now: Timestamp) -> String {
    words::span(now.duration_since(raised_at))
}
