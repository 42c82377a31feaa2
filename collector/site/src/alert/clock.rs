//! Alerts when the collector's own time is not to be trusted: it was away, or its clock was set back.

use super::{Alert, AlertState, damping, settle};
use crate::{Working, calendar, outage};
use jiff::Timestamp;
use std::sync::Arc;

/// The collector was down or paused: whoever is silent by its own fault has until `least` to come back before anybody is told.
pub fn hold(w: &mut Working, least: Timestamp) {
    let early: Vec<Arc<Alert>> =
        w.site.timed_alerts.iter().take_while(|(due, _)| *due < least).filter_map(|(_, id)| w.site.alerts.get(id)).cloned().collect();
    for alert in early {
        if let AlertState::Settling { .. } = alert.state {
            w.put(Alert { state: AlertState::Settling { until: least }, ..(*alert).clone() });
        }
    }
}

/// The clock was set back: no finding settles longer than its rule says from now, and nothing is put off for longer than somebody said.
pub fn clock_set_back(w: &mut Working) {
    let timed: Vec<Arc<Alert>> = w.site.timed_alerts.iter().filter_map(|(_, id)| w.site.alerts.get(id)).cloned().collect();
    for alert in timed {
        let quiet = damping::latest_quiet(&alert, w.now);
        if quiet != alert.quiet_until {
            w.put(Alert { quiet_until: quiet, ..(*alert).clone() });
        }
        match &alert.state {
            AlertState::Settling { until } => {
                let latest = w.now + settle(&w.site, &alert, w.now).unwrap_or_default();
                if *until > latest {
                    w.put(Alert { state: AlertState::Settling { until: latest }, quiet_until: quiet, ..(*alert).clone() });
                }
            }
            AlertState::Snoozed { by, at, until } if *at > w.now => {
                // It was put off for so long, by the clock of then.
                let until = w.now + until.duration_since(*at);
                let state = AlertState::Snoozed { by: by.clone(), at: w.now, until };
                w.put(Alert { state, quiet_until: quiet, ..(*alert).clone() });
            }
            _ => {}
        }
    }
    if w.site.calendar().is_some_and(|calendar| calendar.turned_at.is_some_and(|at| at > w.now)) {
        calendar::retime(w);
    }
    outage::clock_set_back(w);
}
