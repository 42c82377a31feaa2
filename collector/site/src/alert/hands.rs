//! What people do to alerts: acknowledge, snooze, resolve, reopen.

use super::{Alert, AlertState, tell};
use crate::{AlertId, Refusal, Site, Working, ticket, words};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// The longest time that an alert may be snoozed: what is to be quiet for longer is a waiver or a setting of the rule.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 60);

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

/// Nobody wants to hear of it until then; it is raised again if it still holds.
///
/// # Errors
/// No such alert, it is over, or the time is over or more than 60 days away.
pub fn snooze(w: &mut Working, id: AlertId, until: Timestamp) -> Result<Arc<Alert>, Refusal> {
    let alert = open(&w.site, id)?;
    if until <= w.now || until.duration_since(w.now) > LONGEST {
        let text = format!("an alert is snoozed for at most 60 days from now; {} is not within them", words::utc(until));
        return Err(Refusal::invalid(text));
    }
    let by = w.actor.words();
    let state = AlertState::Snoozed { by: by.clone(), at: w.now, until };
    let alert = w.put(Alert { state, raised_at: alert.raised_at.or(Some(w.now)), ..alert });
    let text = format!("{by} put it off for {}: {}", words::span(until.duration_since(w.now)), alert.title);
    tell(w, "alert.snoozed", &alert, text);
    Ok(alert)
}

/// The time of a snoozed alert has come: it is raised again. Of one that is away just now nobody is told: it is over soon, or holds again.
pub(super) fn wake(w: &mut Working, alert: &Alert) {
    if !alert.holds {
        w.put(Alert { state: AlertState::Raised, ..alert.clone() });
        return;
    }
    let alert = w.put(opened(alert, w.now));
    tell(w, "alert.reopened", &alert, format!("It was put off until now: {}", alert.title));
}

/// Somebody says that it is over. If the finding still holds, it stays quiet until it has passed once.
///
/// # Errors
/// No such alert, or it is over.
pub fn resolve(w: &mut Working, id: AlertId) -> Result<Arc<Alert>, Refusal> {
    let alert = open(&w.site, id)?;
    let by = w.actor.words();
    let alert = w.put(Alert { state: AlertState::Resolved { by: by.clone(), at: w.now }, quiet_until: None, ..alert });
    let said = format!("{by} resolved it: {}", alert.title);
    tell(w, "alert.resolved", &alert, said.clone());
    ticket::over(w, &alert, &said);
    Ok(alert)
}

/// Somebody takes back that it is over, or that it was put off or taken care of: it is open again.
///
/// # Errors
/// No such alert, it is open, or nothing is found any more.
pub fn reopen(w: &mut Working, id: AlertId) -> Result<Arc<Alert>, Refusal> {
    let alert = get(&w.site, id)?;
    let refused = match alert.state {
        AlertState::Settling { .. } | AlertState::Raised => Some("is open"),
        AlertState::Resolved { .. } if !alert.holds => Some("is over, and nothing is found any more: it opens by itself if that changes"),
        _ => None,
    };
    if let Some(why) = refused {
        return Err(Refusal::conflict(format!("alert {id} {why}: {}", alert.title)));
    }
    let by = w.actor.words();
    let alert = w.put(opened(&alert, w.now));
    tell(w, "alert.reopened", &alert, format!("{by} opened it again: {}", alert.title));
    ticket::raised(w, &alert);
    Ok(alert)
}

/// The alert, open again by somebody's word: that is no flapping, so it does not count as such. One that is away just now is still over
/// when it has been quiet for a while.
fn opened(alert: &Alert, now: Timestamp) -> Alert {
    let (state, times) = (AlertState::Raised, alert.times.max(1) + 1);
    Alert { state, times, raised_at: Some(now), ..alert.clone() }
}

fn get(site: &Site, id: AlertId) -> Result<Arc<Alert>, Refusal> {
    let alert = site.alerts.get(&id);
    alert.cloned().ok_or_else(|| Refusal::not_found(format!("there is no alert {id}; `rollcall alerts` lists them")))
}

fn open(site: &Site, id: AlertId) -> Result<Alert, Refusal> {
    let alert = get(site, id)?;
    if alert.is_open() { Ok((*alert).clone()) } else { Err(Refusal::conflict(format!("alert {id} is over already: {}", alert.title))) }
}
