//! Alerts: a finding's life for people. Raised, acknowledged, resolved; settling before that.

use crate::record::{Record, Rest, Table};
use crate::rule::Severity;
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
    /// What to try first.
    pub remedy: String,
    /// Where it stands.
    pub state: AlertState,
    /// Since when it is so on the machine.
    pub since: Timestamp,
    /// When people were told.
    pub raised_at: Option<Timestamp>,
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
            if !matches!(new.state, AlertState::Resolved { .. }) {
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

/// Judges an asset by every rule, and raises, keeps or resolves its alerts accordingly. Every change that touches an asset ends with it.
pub fn judge(w: &mut Working, asset: AssetId) {
    let _ = (w, asset);
    todo!()
}

/// Raises the alerts whose settle time has passed.
pub fn tick(w: &mut Working) {
    let _ = w;
    todo!()
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
    let _ = (w, id);
    todo!()
}

/// Somebody says that it is over. If the finding still holds, it stays quiet until it has passed once.
///
/// # Errors
/// No such alert, or it is over.
pub fn resolve(w: &mut Working, id: AlertId) -> Result<Arc<Alert>, Refusal> {
    let _ = (w, id);
    todo!()
}
