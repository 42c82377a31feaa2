//! Escalations: an alert that nobody takes care of goes to another channel, once.

use crate::alert::{Alert, AlertState};
use crate::record::{Record, Rest, Table};
use crate::route::{self, Decision, Matter, Route};
use crate::{AlertId, Site, Working, maintenance};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// By which routes an open alert went to another channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Escalation {
    /// The alert.
    pub alert: AlertId,
    /// When the alert was raised: one that is raised anew may escalate anew.
    pub raised_at: Timestamp,
    /// The routes.
    pub routes: Vec<String>,
    /// Fields of newer versions.
    #[serde(flatten)]
    pub rest: Rest,
}

impl Record for Escalation {
    type Key = AlertId;
    const KIND: &'static str = "escalation";
    fn key(&self) -> AlertId {
        self.alert
    }
    fn table(site: &Site) -> &Table<Self> {
        &site.escalations
    }
    fn table_mut(site: &mut Site) -> &mut Table<Self> {
        &mut site.escalations
    }
}

/// Whether [`tick`] has something to do at `now`.
pub fn is_due(site: &Site, now: Timestamp) -> bool {
    over(site).next().is_some() || due(site, now).next().is_some()
}

/// Escalates what nobody took care of in time, and forgets what is over.
pub fn tick(w: &mut Working) {
    for alert in over(&w.site).collect::<Vec<_>>() {
        w.remove::<Escalation>(&alert);
    }
    let due: Vec<(Arc<Alert>, Arc<Route>)> = due(&w.site, w.now).map(|(alert, route)| (Arc::clone(alert), Arc::clone(route))).collect();
    for (alert, route) in due {
        escalate(w, &alert, &route);
    }
}

/// The escalations of alerts that are over.
fn over(site: &Site) -> impl Iterator<Item = AlertId> {
    site.escalations.keys().filter(|id| !site.alerts.get(*id).is_some_and(|alert| alert.is_told())).copied()
}

fn due(site: &Site, now: Timestamp) -> impl Iterator<Item = (&Arc<Alert>, &Arc<Route>)> {
    let zone = site.zone();
    let routes: Vec<&Arc<Route>> = site.routes.values().filter(|route| route.escalate.is_some()).collect();
    let waiting = site.open_alerts().filter(move |alert| !routes.is_empty() && alert.state == AlertState::Raised);
    let pairs = waiting.flat_map(|alert| site.routes.values().map(move |route| (alert, route)));
    let in_time = pairs.filter(move |(alert, route)| at(alert, route, &zone).is_some_and(|at| at <= now) && !is_done(site, alert, route));
    in_time.filter(move |(alert, _)| maintenance::end(site, alert, now).is_none())
}

/// When a route escalates an alert: so long after people were to be told by it.
fn at(alert: &Alert, route: &Route, zone: &jiff::tz::TimeZone) -> Option<Timestamp> {
    let (escalate, raised_at) = (route.escalate.as_ref()?, alert.raised_at?);
    route.hears(&Matter::of(alert, raised_at), zone).ok()?;
    let told = match route.when(alert.severity, raised_at, zone) {
        Decision::Now => raised_at,
        Decision::Hold(until) => until,
        Decision::Digest(_) | Decision::Nothing => return None,
    };
    told.checked_add(SignedDuration::from_mins(escalate.after_min.into())).ok()
}

fn is_done(site: &Site, alert: &Alert, route: &Route) -> bool {
    let done = |done: &Arc<Escalation>| Some(done.raised_at) == alert.raised_at && done.routes.contains(&route.name);
    site.escalations.get(&alert.id).is_some_and(done)
}

fn escalate(w: &mut Working, alert: &Alert, route: &Route) {
    let (Some(escalate), Some(raised_at)) = (&route.escalate, alert.raised_at) else { return };
    let before = w.site.escalations.get(&alert.id).filter(|before| before.raised_at == raised_at);
    let mut routes = before.map(|before| before.routes.clone()).unwrap_or_default();
    routes.push(route.name.clone());
    w.put(Escalation { alert: alert.id, raised_at, routes, rest: Rest::new() });
    let waited = route::waited(raised_at, w.now);
    let event = w.event("alert.escalated", format!("Nobody has taken care of it for {waited}: {}", alert.title));
    (event.alert, event.asset) = (Some(alert.id), alert.asset);
    event.room.clone_from(&alert.room);
    event.data =
        serde_json::json!({ "to": escalate.to, "route": route.name, "waited": waited, "severity": alert.severity, "rule": alert.rule });
}
