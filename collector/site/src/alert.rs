//! Alerts: a finding's life for people. Raised, acknowledged, snoozed, resolved, reopened; settling before that.
//!
//! What comes again soon is the same alert, and one that comes and goes all the time stays open until it has been quiet for a while:
//! see `alert/damping.rs`. What people do to alerts is in `alert/hands.rs`.

mod clock;
mod damping;
mod forget;
mod hands;

pub use clock::{clock_set_back, hold};
pub use hands::{acknowledge, reopen, resolve, snooze};

use crate::asset::Asset;
use crate::record::{Record, Rest, Table};
use crate::rule::{Facts, Finding, Rule, Severity, settle_of_site};
use crate::{AlertId, AssetId, RoomId, Site, Working, calendar, maintenance, outage, ticket};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A finding's life for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its number.
    pub id: AlertId,
    /// The rule that found it.
    pub rule: String,
    /// What of the asset it is about: a package title, a slot; empty: the asset itself.
    pub subject: String,
    /// How bad.
    pub severity: Severity,
    /// The asset.
    pub asset: Option<AssetId>,
    /// Its room then.
    pub room: Option<RoomId>,
    /// In one line.
    pub title: String,
    /// What was seen.
    pub evidence: String,
    /// What it probably is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cause: String,
    /// What to try first.
    pub remedy: String,
    /// Where it stands.
    pub state: AlertState,
    /// Since when it is so on the machine.
    pub since: Timestamp,
    /// When people were told.
    pub raised_at: Option<Timestamp>,
    /// The finding holds now. One that somebody resolved while it held stays quiet until it has passed once.
    pub holds: bool,
    /// How often people were told of it, where that is more than once.
    #[serde(default, skip_serializing_if = "damping::is_few")]
    pub times: u32,
    /// When people were told the last times, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Timestamp>,
    /// It came and went so often that it is over only then, if it stays away until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_until: Option<Timestamp>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Alert {
    type Key = AlertId;
    const KIND: &'static str = "alert";
    fn key(&self) -> AlertId {
        self.id
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.alerts
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.alerts
    }
    fn index(site: &mut Site, old: Option<&Self>, new: Option<&Self>) {
        if let Some(old) = old {
            site.live_alerts.remove(&(old.asset, old.id));
            old.due().map(|due| site.timed_alerts.remove(&(due, old.id)));
            forget::index(site, old, new);
        }
        if let Some(new) = new {
            if new.holds || new.is_open() {
                site.live_alerts.insert((new.asset, new.id));
            }
            new.due().map(|due| site.timed_alerts.insert((due, new.id)));
            if !matches!(new.state, AlertState::Settling { .. }) {
                site.last_alert.insert(new.matter(), new.id);
            }
            new.over_since().map(|at| site.past_alerts.insert((at, new.id)));
        }
    }
}

/// What alerts are about, the same matter again and again: asset, room (of alerts without an asset), rule and subject.
pub(crate) type Matter = (Option<AssetId>, Option<RoomId>, String, String);

/// Where an alert stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum AlertState {
    /// Found, and not yet told: it may pass by itself.
    Settling {
        /// People are told then.
        until: Timestamp,
    },
    /// People were told.
    Raised,
    /// Somebody takes care of it.
    Acknowledged {
        /// Who.
        by: String,
        /// Since when.
        at: Timestamp,
    },
    /// Nobody wants to hear of it until then.
    Snoozed {
        /// Who said so.
        by: String,
        /// When.
        at: Timestamp,
        /// It is raised again then, if it still holds.
        until: Timestamp,
    },
    /// Over.
    Resolved {
        /// By whom; Rollcall when it passed by itself.
        by: String,
        /// Since when.
        at: Timestamp,
    },
}

impl Alert {
    /// Whether people still have something to do with it: settling, raised, acknowledged or snoozed.
    pub fn is_open(&self) -> bool {
        !matches!(self.state, AlertState::Resolved { .. })
    }

    /// Whether people were told and it is not over.
    pub fn is_told(&self) -> bool {
        matches!(self.state, AlertState::Raised | AlertState::Acknowledged { .. } | AlertState::Snoozed { .. })
    }

    /// Whether it needs a person now: told, not over, and nobody put it off.
    pub fn is_pressing(&self) -> bool {
        matches!(self.state, AlertState::Raised | AlertState::Acknowledged { .. })
    }

    /// When something happens to it by itself.
    fn due(&self) -> Option<Timestamp> {
        match self.state {
            AlertState::Settling { until } => Some(until),
            AlertState::Snoozed { until, .. } => Some(self.quiet_until.map_or(until, |quiet| quiet.min(until))),
            AlertState::Raised | AlertState::Acknowledged { .. } => self.quiet_until,
            AlertState::Resolved { .. } => None,
        }
    }

    /// Whether it is about the same matter as another.
    pub(crate) fn is_of_matter(&self, other: &Self) -> bool {
        self.matter() == other.matter()
    }

    fn matter(&self) -> Matter {
        let room = self.room.clone().filter(|_| self.asset.is_none());
        (self.asset, room, self.rule.clone(), self.subject.clone())
    }
}

/// Judges an asset by every rule, and raises, keeps or resolves its alerts accordingly. Every change that touches an asset ends with it.
pub fn judge(w: &mut Working, asset: AssetId) {
    outage::touched(w, asset);
    let Some(asset) = w.site.assets.get(&asset).cloned() else { return };
    let facts = Facts::of(&w.site, &asset, w.now);
    let found: Vec<(&Rule, Finding, Timestamp)> =
        facts.findings().map(|(rule, finding)| (rule, finding, w.now + facts.settle(rule))).collect();
    let live: Vec<Arc<Alert>> = w.site.live_alerts(Some(asset.id)).cloned().collect();
    for alert in &live {
        match found.iter().find(|(rule, finding, _)| rule.code == alert.rule && finding.subject == alert.subject) {
            Some((_, finding, _)) => go_on(w, alert, Some(&asset), finding),
            None => pass(w, alert, format!("Over by itself: {}", alert.title)),
        }
    }
    for (rule, finding, until) in found {
        if !live.iter().any(|alert| rule.code == alert.rule && finding.subject == alert.subject) {
            find(w, Some(&asset), rule, finding, until);
        }
    }
}

/// Raises, keeps or resolves the alerts of a rule that looks at the site as a whole.
pub(crate) fn judge_site(w: &mut Working, rule: &Rule, found: Vec<Finding>) {
    let until = w.now + settle_of_site(&w.site, rule);
    let live: Vec<Arc<Alert>> = w.site.live_alerts(None).filter(|alert| alert.rule == rule.code).cloned().collect();
    for alert in &live {
        match found.iter().find(|finding| finding.subject == alert.subject) {
            Some(finding) => go_on(w, alert, None, finding),
            None => pass(w, alert, format!("Over by itself: {}", alert.title)),
        }
    }
    for finding in found {
        if !live.iter().any(|alert| finding.subject == alert.subject) {
            find(w, None, rule, finding, until);
        }
    }
}

/// A finding still holds, or holds again before its alert was over: what was seen is kept true, and nobody is told anew.
fn go_on(w: &mut Working, alert: &Alert, asset: Option<&Asset>, finding: &Finding) {
    let title = titled(asset, finding);
    let still = Alert { title, evidence: finding.evidence.clone(), holds: true, quiet_until: None, ..alert.clone() };
    // One that somebody resolved stays as it was then.
    if still != *alert && alert.is_open() {
        w.put(still);
    }
}

/// A finding is new: it settles first, or people are told at once.
fn find(w: &mut Working, asset: Option<&Asset>, rule: &Rule, finding: Finding, until: Timestamp) {
    let alert = Alert {
        id: next_id(&w.site),
        rule: rule.code.to_owned(),
        subject: finding.subject.clone(),
        severity: rule.severity,
        asset: asset.map(|asset| asset.id),
        room: asset.and_then(|asset| asset.room.clone()),
        title: titled(asset, &finding),
        evidence: finding.evidence.clone(),
        cause: rule.cause.to_owned(),
        remedy: asset.map_or_else(|| rule.remedy.to_owned(), |asset| rule.remedy.replace("TAG", asset.tag.as_str())),
        state: AlertState::Settling { until },
        since: w.now,
        raised_at: None,
        holds: true,
        times: 0,
        told: Vec::new(),
        quiet_until: None,
        rest: Rest::new(),
    };
    begin(w, alert, until);
}

/// What a finding says, with the tag of the asset that it is about.
fn titled(asset: Option<&Asset>, finding: &Finding) -> String {
    asset.map_or_else(|| finding.title.clone(), |asset| format!("{} {}", asset.tag, finding.title))
}

/// The number of the next alert.
pub(crate) fn next_id(site: &Site) -> AlertId {
    AlertId(site.alerts.get_max().map_or(1, |(id, _)| id.0 + 1))
}

/// An alert that settles until then begins, or people are told at once.
pub(crate) fn begin(w: &mut Working, alert: Alert, until: Timestamp) {
    forget::past(w);
    let until = until.max(maintenance::end(&w.site, &alert, w.now).unwrap_or(until));
    let alert = Alert { state: AlertState::Settling { until }, ..alert };
    if until <= w.now {
        raise(w, alert);
    } else {
        w.put(alert);
    }
}

/// People are told: of a new alert, or of one that was over not long ago and comes again. Of one that is open still, as it flaps, they are not.
fn raise(w: &mut Working, alert: Alert) {
    let Some(before) = damping::earlier(&w.site, &alert, w.now) else {
        let alert = w.put(damping::told(alert, w.now));
        tell(w, "alert.raised", &alert, alert.title.clone());
        return ticket::raised(w, &alert);
    };
    w.remove::<Alert>(&alert.id);
    outage::renumber(w, alert.id, before.id);
    if before.is_open() {
        let (state, told, rest) = (before.state.clone(), before.told.clone(), before.rest.clone());
        w.put(Alert { id: before.id, state, told, rest, times: before.times, raised_at: before.raised_at, ..alert });
        return;
    }
    let again = Alert { id: before.id, times: before.times.max(1), told: before.told.clone(), rest: before.rest.clone(), ..alert };
    let alert = w.put(damping::told(again, w.now));
    tell(w, "alert.reopened", &alert, format!("Again, for the {} time: {}", damping::nth(alert.times), alert.title));
    ticket::raised(w, &alert);
}

/// A finding has passed: what was never told goes without a word, the rest is resolved with these words, at once or when it has been quiet
/// for a while.
pub(crate) fn pass(w: &mut Working, alert: &Alert, said: String) {
    match &alert.state {
        AlertState::Settling { .. } => w.remove::<Alert>(&alert.id),
        AlertState::Resolved { .. } => drop(w.put(Alert { holds: false, ..alert.clone() })),
        _ if !alert.holds => {}
        _ => match damping::quiet_until(alert, w.now) {
            Some(until) => drop(w.put(Alert { holds: false, quiet_until: Some(until), ..alert.clone() })),
            None => over(w, alert, said),
        },
    }
}

/// It is over by itself.
fn over(w: &mut Working, alert: &Alert, said: String) {
    let by = crate::event::Actor::Rollcall.words();
    let alert = w.put(Alert { state: AlertState::Resolved { by, at: w.now }, holds: false, quiet_until: None, ..alert.clone() });
    tell(w, "alert.resolved", &alert, said.clone());
    ticket::over(w, &alert, &said);
}

pub(crate) fn tell(w: &mut Working, kind: &'static str, alert: &Alert, text: String) {
    let data = serde_json::json!({
        "id": alert.id, "rule": alert.rule, "subject": alert.subject, "severity": alert.severity, "title": alert.title,
        "evidence": alert.evidence, "cause": alert.cause, "remedy": alert.remedy, "since": alert.since,
    });
    let event = w.event(kind, text);
    (event.alert, event.asset) = (Some(alert.id), alert.asset);
    event.room.clone_from(&alert.room);
    event.data = data;
}

/// Does what is due: raises what has settled and what was snoozed, ends what has been quiet long enough, judges at the edges of expected
/// hours, and ends outages of which stragglers are left.
pub fn tick(w: &mut Working) {
    // What settled before an edge is told; what had not, is judged by what holds after it.
    raise_due(w, calendar::passed(&w.site, w.now).unwrap_or(w.now));
    calendar::turn(w);
    outage::tick(w);
    if calendar::passed(&w.site, w.now).is_none() {
        raise_due(w, w.now);
    }
}

fn raise_due(w: &mut Working, now: Timestamp) {
    let due: Vec<AlertId> = w.site.timed_alerts.iter().take_while(|(until, _)| *until <= now).map(|(_, id)| *id).collect();
    for alert in due.iter().filter_map(|id| w.site.alerts.get(id).cloned()).collect::<Vec<_>>() {
        come_due(w, &alert);
    }
}

fn come_due(w: &mut Working, alert: &Alert) {
    if alert.quiet_until.is_some_and(|until| until <= w.now) {
        return over(w, alert, format!("Over by itself: {}", alert.title));
    }
    match (&alert.state, maintenance::end(&w.site, alert, w.now)) {
        (AlertState::Settling { .. }, Some(until)) => drop(w.put(Alert { state: AlertState::Settling { until }, ..alert.clone() })),
        (AlertState::Settling { .. }, None) => raise(w, alert.clone()),
        (AlertState::Snoozed { by, at, .. }, Some(until)) => {
            w.put(Alert { state: AlertState::Snoozed { by: by.clone(), at: *at, until }, ..alert.clone() });
        }
        (AlertState::Snoozed { .. }, None) => hands::wake(w, alert),
        _ => {}
    }
}

/// How long a finding such as this settles now; `None`: what it is about is gone.
pub(crate) fn settle(site: &Site, alert: &Alert, now: Timestamp) -> Option<jiff::SignedDuration> {
    let Some(asset) = alert.asset else {
        let outage = site.outages.values().find(|outage| outage.alert == alert.id);
        let of_site = || Rule::of(&alert.rule).map(|rule| settle_of_site(site, rule));
        return outage.map(|outage| outage::settle(site, outage, now)).or_else(of_site);
    };
    let facts = Facts::of(site, site.assets.get(&asset)?, now);
    Some(Rule::of(&alert.rule).map_or(jiff::SignedDuration::ZERO, |rule| facts.settle(rule)))
}

/// When [`tick`] next has something to do.
pub fn next_due(site: &Site) -> Option<Timestamp> {
    let timed = site.timed_alerts.get_min().map(|(until, _)| *until);
    [timed, calendar::next_due(site), outage::next_due(site)].into_iter().flatten().min()
}
