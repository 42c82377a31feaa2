//! Alerts: a finding's life for people. Raised, acknowledged, resolved; settling before that.

use crate::asset::Asset;
use crate::record::{Record, Rest, Table};
use crate::rule::{Facts, Finding, Rule, Severity};
use crate::{AlertId, AssetId, Refusal, RoomId, Site, Working};
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
            if let AlertState::Settling { until } = old.state {
                site.settling.remove(&(until, old.id));
            }
        }
        if let Some(new) = new {
            if new.holds || new.is_open() {
                site.live_alerts.insert((new.asset, new.id));
            }
            if let AlertState::Settling { until } = new.state {
                site.settling.insert((until, new.id));
            }
        }
    }
}

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
    /// Over.
    Resolved {
        /// By whom; Rollcall when it passed by itself.
        by: String,
        /// Since when.
        at: Timestamp,
    },
}

impl Alert {
    /// Whether people still have something to do with it: settling, raised or acknowledged.
    pub fn is_open(&self) -> bool {
        !matches!(self.state, AlertState::Resolved { .. })
    }

    /// Whether people were told and it is not over.
    pub fn is_told(&self) -> bool {
        matches!(self.state, AlertState::Raised | AlertState::Acknowledged { .. })
    }
}

/// Judges an asset by every rule, and raises, keeps or resolves its alerts accordingly. Every change that touches an asset ends with it.
pub fn judge(w: &mut Working, asset: AssetId) {
    let Some(asset) = w.site.assets.get(&asset).cloned() else { return };
    let facts = Facts::of(&w.site, &asset, w.now);
    let found: Vec<(&Rule, Finding, Timestamp)> =
        facts.findings().map(|(rule, finding)| (rule, finding, w.now + facts.settle(rule))).collect();
    let live: Vec<Arc<Alert>> = w.site.live_alerts(Some(asset.id)).cloned().collect();
    for alert in &live {
        if !found.iter().any(|(rule, finding, _)| rule.code == alert.rule && finding.subject == alert.subject) {
            pass(w, alert);
        }
    }
    for (rule, finding, until) in found {
        if !live.iter().any(|alert| rule.code == alert.rule && finding.subject == alert.subject) {
            find(w, &asset, rule, finding, until);
        }
    }
}

/// A finding is new: it settles first, or people are told at once.
fn find(w: &mut Working, asset: &Asset, rule: &Rule, finding: Finding, until: Timestamp) {
    let alert = Alert {
        id: AlertId(w.site.alerts.get_max().map_or(1, |(id, _)| id.0 + 1)),
        rule: rule.code.to_owned(),
        subject: finding.subject,
        severity: rule.severity,
        asset: Some(asset.id),
        room: asset.room.clone(),
        title: format!("{} {}", asset.tag, finding.title),
        evidence: finding.evidence,
        cause: rule.cause.to_owned(),
        remedy: rule.remedy.replace("TAG", asset.tag.as_str()),
        state: AlertState::Settling { until },
        since: w.now,
        raised_at: None,
        holds: true,
        rest: Rest::new(),
    };
    if until <= w.now {
        raise(w, alert);
    } else {
        w.put(alert);
    }
}

fn raise(w: &mut Working, alert: Alert) {
    let alert = w.put(Alert { state: AlertState::Raised, raised_at: Some(w.now), ..alert });
    tell(w, "alert.raised", &alert, alert.title.clone());
}

/// A finding has passed: what was never told goes without a word, the rest is resolved.
fn pass(w: &mut Working, alert: &Alert) {
    match &alert.state {
        AlertState::Settling { .. } => w.remove::<Alert>(&alert.id),
        AlertState::Resolved { .. } => drop(w.put(Alert { holds: false, ..alert.clone() })),
        AlertState::Raised | AlertState::Acknowledged { .. } => {
            let by = crate::event::Actor::Rollcall.words();
            let alert = w.put(Alert { state: AlertState::Resolved { by, at: w.now }, holds: false, ..alert.clone() });
            tell(w, "alert.resolved", &alert, format!("Over by itself: {}", alert.title));
        }
    }
}

fn tell(w: &mut Working, kind: &'static str, alert: &Alert, text: String) {
    let data = serde_json::json!({
        "id": alert.id, "rule": alert.rule, "severity": alert.severity, "title": alert.title,
        "evidence": alert.evidence, "cause": alert.cause, "remedy": alert.remedy, "since": alert.since,
    });
    let event = w.event(kind, text);
    (event.alert, event.asset) = (Some(alert.id), alert.asset);
    event.room.clone_from(&alert.room);
    event.data = data;
}

/// Raises the alerts whose settle time has passed.
pub fn tick(w: &mut Working) {
    let due: Vec<AlertId> = w.site.settling.iter().take_while(|(until, _)| *until <= w.now).map(|(_, id)| *id).collect();
    for alert in due.iter().filter_map(|id| w.site.alerts.get(id).cloned()).collect::<Vec<_>>() {
        raise(w, (*alert).clone());
    }
}

/// The clock was set back: no finding settles longer than its rule says from now.
pub fn clock_set_back(w: &mut Working) {
    let settling: Vec<Arc<Alert>> = w.site.settling.iter().filter_map(|(_, id)| w.site.alerts.get(id)).cloned().collect();
    for alert in settling {
        let Some(asset) = alert.asset.and_then(|id| w.site.assets.get(&id)).cloned() else { continue };
        let facts = Facts::of(&w.site, &asset, w.now);
        let latest = w.now + Rule::of(&alert.rule).map_or(jiff::SignedDuration::ZERO, |rule| facts.settle(rule));
        if matches!(alert.state, AlertState::Settling { until } if until > latest) {
            w.put(Alert { state: AlertState::Settling { until: latest }, ..(*alert).clone() });
        }
    }
}

/// When [`tick`] next has something to do.
pub fn next_due(site: &Site) -> Option<Timestamp> {
    site.settling.get_min().map(|(until, _)| *until)
}

/// Somebody takes care of it.
///
/// # Errors
/// No such alert, or it is over.
pub fn acknowledge(w: &mut Working, id: AlertId) -> Result<Arc<Alert>, Refusal> {
    let alert = open(&w.site, id)?;
    let by = w.actor.words();
    let alert =
        w.put(Alert { state: AlertState::Acknowledged { by: by.clone(), at: w.now }, raised_at: alert.raised_at.or(Some(w.now)), ..alert });
    tell(w, "alert.acknowledged", &alert, format!("{by} takes care of it: {}", alert.title));
    Ok(alert)
}

/// Somebody says that it is over. If the finding still holds, it stays quiet until it has passed once.
///
/// # Errors
/// No such alert, or it is over.
pub fn resolve(w: &mut Working, id: AlertId) -> Result<Arc<Alert>, Refusal> {
    let alert = open(&w.site, id)?;
    let by = w.actor.words();
    let alert = w.put(Alert { state: AlertState::Resolved { by: by.clone(), at: w.now }, ..alert });
    tell(w, "alert.resolved", &alert, format!("{by} resolved it: {}", alert.title));
    Ok(alert)
}

fn open(site: &Site, id: AlertId) -> Result<Alert, Refusal> {
    let alert = site.alerts.get(&id).ok_or_else(|| Refusal::not_found(format!("there is no alert {id}; `rollcall alerts` lists them")))?;
    if alert.is_open() { Ok((**alert).clone()) } else { Err(Refusal::conflict(format!("alert {id} is over already: {}", alert.title))) }
}
