//! The end of an alert's record: what is over for long, or one of very many, is forgotten. Its events stay in the ledger.

use super::{Alert, AlertState};
use crate::{AlertId, Site, Working};
use jiff::{SignedDuration, Timestamp};

/// What is over is kept for so long: a school year, and the summer after it.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);
/// So many that are over are kept at most: no machine fills the memory with what it says.
const MOST: usize = 100_000;
/// Forgotten in one go, whenever an alert begins: more than come.
const AT_ONCE: usize = 2;

impl Alert {
    /// Since when nothing is left of it; `None`: it is open, or its finding holds.
    pub(super) fn over_since(&self) -> Option<Timestamp> {
        match self.state {
            AlertState::Resolved { at, .. } if !self.holds => Some(at),
            _ => None,
        }
    }
}

/// Takes what was out of the indexes of the past.
pub(super) fn index(site: &mut Site, old: &Alert, new: Option<&Alert>) {
    old.over_since().map(|at| site.past_alerts.remove(&(at, old.id)));
    if new.is_none() && site.last_alert.get(&old.matter()) == Some(&old.id) {
        site.last_alert.remove(&old.matter());
    }
}

/// Forgets the oldest of what is over, where it is time. The last number is never forgotten, so that none is given twice.
pub(super) fn past(w: &mut Working) {
    let last = w.site.alerts.get_max().map(|(id, _)| *id);
    let many = w.site.past_alerts.len().saturating_sub(MOST);
    let oldest = w.site.past_alerts.iter().take(AT_ONCE).enumerate();
    let old = oldest.filter(|(place, (at, id))| Some(*id) != last && (*place < many || w.now.duration_since(*at) > KEPT));
    let old: Vec<AlertId> = old.map(|(_, (_, id))| *id).collect();
    old.iter().for_each(|id| w.remove::<Alert>(id));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Actor;
    use crate::record::{self, Rest};
    use crate::rule::Severity;

    fn over(id: u64, at: Timestamp) -> Alert {
        Alert {
            id: AlertId(id),
            rule: "disk-failing".into(),
            subject: id.to_string(),
            severity: Severity::Low,
            asset: None,
            room: None,
            title: String::new(),
            evidence: String::new(),
            cause: String::new(),
            remedy: String::new(),
            state: AlertState::Resolved { by: "Rollcall".into(), at },
            since: at,
            raised_at: Some(at),
            holds: false,
            times: 0,
            told: Vec::new(),
            quiet_until: None,
            rest: Rest::new(),
        }
    }

    fn after(site: Site, now: Timestamp) -> Site {
        let mut w = Working::begin(site, now, Actor::Rollcall);
        past(&mut w);
        w.finish().site
    }

    #[test]
    fn what_is_over_for_long_goes_and_the_last_number_stays() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let days = |days| start + SignedDuration::from_hours(24 * days);
        let mut site = Site::default();
        for id in 1..=4 {
            record::put(&mut site, over(id, days(id.cast_signed())));
        }
        record::put(&mut site, Alert { holds: true, ..over(2, days(2)) });
        let ids = |site: &Site| site.alerts.keys().map(|id| id.0).collect::<Vec<_>>();
        assert_eq!(ids(&after(site.clone(), days(401))), [1, 2, 3, 4]);
        site = after(site, days(403) + SignedDuration::from_secs(1));
        assert_eq!((ids(&site), site.last_alert.len(), site.past_alerts.len()), (vec![2, 4], 2, 1));
        assert_eq!(ids(&after(site, days(1000))), [2, 4]);
    }

    #[test]
    fn of_very_many_the_oldest_go() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut site = Site::default();
        (1..=MOST as u64 + 1).for_each(|id| drop(record::put(&mut site, over(id, start))));
        site = after(site, start);
        assert_eq!((site.alerts.len(), site.alerts.get_min().map(|(id, _)| id.0)), (MOST, Some(2)));
        assert_eq!(after(site, start).alerts.len(), MOST);
    }
}
