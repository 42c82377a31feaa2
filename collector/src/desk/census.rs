//! The census: where every device is and how every room stands, taken once for all pages that ask at the same time.
//!
//! Walking over every device is the dearest thing that a page does, and every open page would do it at every change. So a census is
//! kept for a second. Somebody who asks after a change waits a tenth of a second at most, so that they see what they just did; a page
//! that refreshes itself waits for the second to pass.

use super::Desk;
use super::live::{of_asset, of_room};
use super::look::Look;
use super::readiness::{Roster, Tally};
use super::session::Use;
use super::trouble::Trouble;
use super::words::Chip;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::presence::Presence;
use rollcall_site::room::Room;
use rollcall_site::sweep::{Answer, Sweep};
use rollcall_site::view::{self, AlertRow, AlertsShown, Ended, LoanRow};
use rollcall_site::{RoomId, SweepId};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// How long a census serves.
const GOOD: SignedDuration = SignedDuration::from_secs(1);
/// How long one serves after which something was changed, for somebody who asks.
const FRESH: SignedDuration = SignedDuration::from_millis(100);
/// Sweeps that may still run, among the latest.
const LATEST_SWEEPS: usize = 20;
/// Censuses whose differences are remembered; a page that missed more refreshes as a whole.
const REMEMBERED: usize = 16;

/// Where every device is and how every room stands.
pub(super) struct Census {
    /// The look that it was taken of.
    pub look: Look,
    /// The devices.
    pub roster: Roster,
    /// The open alerts, worst first.
    pub alerts: Vec<AlertRow>,
    /// The open loans, newest first.
    pub loans: Vec<LoanRow>,
    /// The rooms, by name.
    pub rooms: Vec<RoomLine>,
    /// How many have answered each sweep that runs.
    sweeps: BTreeMap<SweepId, (RoomId, usize)>,
    number: u64,
    /// What changed without an event, by the number of the census that saw it.
    differences: VecDeque<(u64, Arc<BTreeSet<String>>)>,
}

/// How a room stands.
pub(super) struct RoomLine {
    /// The room.
    pub room: Arc<Room>,
    /// Its seats counted.
    pub tally: Tally,
    /// Its state.
    pub chip: Chip,
    /// Its open alerts.
    pub alerts: usize,
    /// When its last sweep was finished.
    pub last_sweep: Option<Timestamp>,
}

/// The last census.
#[derive(Default)]
pub(super) struct Censuses {
    last: Mutex<Option<Arc<Census>>>,
    /// Held while one is taken.
    turn: tokio::sync::Mutex<()>,
}

/// Whether the last census serves.
enum Fit {
    Serves(Arc<Census>),
    Wait(SignedDuration),
    Take(Option<Arc<Census>>),
}

impl Desk {
    /// A census that knows every change before now.
    pub(super) async fn census(&self, how: Use) -> Result<Arc<Census>, Trouble> {
        let asked = self.collector.keeper.clock().now();
        if let Fit::Wait(wait) = self.fit(asked, how) {
            tokio::time::sleep(wait.unsigned_abs()).await;
        }
        let _turn = self.censuses.turn.lock().await;
        let before = match self.fit(asked, how) {
            Fit::Serves(census) => return Ok(census),
            Fit::Take(before) => before,
            Fit::Wait(_) => self.last_census(),
        };
        // The old one is dropped there, too: it may be the last that holds an old view.
        self.apart(move |desk| {
            let census = Arc::new(Census::take(desk.look(), before.as_deref()));
            *desk.censuses.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&census));
            Ok(census)
        })
        .await
    }

    /// The last census, while it is good: for who only wants to know what changed.
    pub(super) async fn recent_census(&self) -> Result<Arc<Census>, Trouble> {
        let now = self.collector.keeper.clock().now();
        match self.last_census().filter(|census| now.duration_since(census.look.now).abs() < GOOD) {
            Some(census) => Ok(census),
            None => self.census(Use::Passive).await,
        }
    }

    fn last_census(&self) -> Option<Arc<Census>> {
        self.censuses.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fit(&self, asked: Timestamp, how: Use) -> Fit {
        let Some(last) = self.last_census() else { return Fit::Take(None) };
        let age = self.collector.keeper.clock().now().duration_since(last.look.now);
        let unchanged = Arc::ptr_eq(&last.look.site, &self.collector.keeper.view());
        let patience = if how == Use::Active { FRESH } else { GOOD };
        match age {
            _ if last.look.now > asked && age.abs() < GOOD => Fit::Serves(last),
            age if age.abs() >= GOOD => Fit::Take(Some(last)),
            _ if unchanged => Fit::Serves(last),
            age if age < patience => Fit::Wait(patience - age),
            _ => Fit::Take(Some(last)),
        }
    }
}

impl Census {
    /// Takes a census; `before` is the one before.
    pub(super) fn take(look: Look, before: Option<&Self>) -> Self {
        let alerts = view::alerts(&look.site, AlertsShown::Open);
        let roster = Roster::take(&look, None, &alerts);
        let mut by_room = HashMap::<&RoomId, usize>::new();
        alerts.iter().filter_map(|alert| alert.room.as_ref()).for_each(|room| *by_room.entry(room).or_default() += 1);
        let mut swept = HashMap::<&RoomId, Timestamp>::new();
        for sweep in look.site.sweeps.values() {
            swept.extend(sweep.finished_at.map(|at| (&sweep.room, at)));
        }
        let line = |room: &Arc<Room>| {
            let tally = roster.tally(&look, &room.id);
            RoomLine {
                chip: tally.chip(room.kind),
                tally,
                alerts: by_room.get(&room.id).copied().unwrap_or_default(),
                last_sweep: swept.get(&room.id).copied(),
                room: Arc::clone(room),
            }
        };
        let answered = |sweep: &Sweep| sweep.lines.iter().filter(|line| line.answer == Answer::Present).count();
        let running = look.site.sweeps.values().rev().take(LATEST_SWEEPS).filter(|sweep| sweep.finished_at.is_none());
        let mut census = Self {
            rooms: look.site.rooms.values().map(line).collect(),
            sweeps: running.map(|sweep| (sweep.id, (sweep.room.clone(), answered(sweep)))).collect(),
            loans: view::loans(&look.site, Ended::Hidden, look.now),
            number: before.map_or(1, |before| before.number + 1),
            differences: before.map(|before| before.differences.clone()).unwrap_or_default(),
            roster,
            alerts,
            look,
        };
        if let Some(before) = before {
            census.differences.push_back((census.number, Arc::new(census.differences_to(before))));
            let old = census.differences.len().saturating_sub(REMEMBERED);
            census.differences.drain(..old);
        }
        census
    }

    /// The number of this census: they count up.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The topics of what changed without an event after the census with this number; `None` when that is too long ago.
    pub(super) fn changed_since(&self, number: u64) -> Option<BTreeSet<String>> {
        let after = self.differences.iter().filter(|(known, _)| *known > number);
        let missed = self.number.saturating_sub(number);
        (after.clone().count() as u64 >= missed).then(|| after.flat_map(|(_, topics)| topics.iter().cloned()).collect())
    }

    fn differences_to(&self, before: &Self) -> BTreeSet<String> {
        let presence = |census: &Self, asset| census.roster.devices.get(asset).map(|at| (at.device, at.seen.presence));
        let mut topics = BTreeSet::new();
        for (asset, at) in &self.roster.devices {
            if presence(before, asset) != Some((at.device, at.seen.presence)) {
                topics.extend(["device".to_owned(), of_asset(*asset)]);
                topics.extend(at.room.as_ref().map(of_room));
            }
        }
        let answered = self.sweeps.iter().filter(|(sweep, state)| before.sweeps.get(sweep).is_some_and(|then| then != *state));
        topics.extend(answered.flat_map(|(_, (room, _))| ["sweep".to_owned(), of_room(room)]));
        topics
    }

    /// The devices that are here.
    pub(super) fn here(&self) -> usize {
        self.roster.devices.values().filter(|at| matches!(at.seen.presence, Presence::Here | Presence::Late)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::readiness::Standing;
    use jiff::tz::TimeZone;
    use rollcall_site::presence::Whereabouts;
    use rollcall_site::{AssetId, DeviceId, Tag};

    fn census(before: Option<&Census>, presence: Presence, answered: usize) -> Census {
        let (heard, now) = (Arc::default(), Timestamp::UNIX_EPOCH);
        let mut census = Census::take(Look { site: Arc::default(), heard, now, zone: TimeZone::UTC }, before);
        let room = RoomId::parse("Lab 1").unwrap();
        let seen = Whereabouts { presence, since: now, note: String::new() };
        let device = DeviceId(uuid::Uuid::nil());
        let at = Standing { device, tag: Tag::parse("PC-1").unwrap(), room: Some(room.clone()), seen };
        census.roster.devices.insert(AssetId(uuid::Uuid::nil()), at);
        census.sweeps.insert(SweepId(1), (room, answered));
        census
    }

    #[test]
    fn what_changes_without_an_event_names_the_machine_and_its_room() {
        let (asset, room) = (of_asset(AssetId(uuid::Uuid::nil())), of_room(&RoomId::parse("Lab 1").unwrap()));
        let before = census(None, Presence::Here, 0);
        assert!(census(None, Presence::Here, 0).differences_to(&before).is_empty());
        assert_eq!(census(None, Presence::Here, 1).differences_to(&before), BTreeSet::from(["sweep".to_owned(), room.clone()]));
        assert_eq!(census(None, Presence::Late, 0).differences_to(&before), BTreeSet::from(["device".to_owned(), asset, room]));
    }

    #[test]
    fn a_page_that_missed_too_much_refreshes_as_a_whole() {
        let first = census(None, Presence::Here, 0);
        assert_eq!(first.changed_since(1), Some(BTreeSet::new()));
        let second = census(Some(&first), Presence::Here, 0);
        assert!(second.changed_since(1).is_some());
        let last = (0..REMEMBERED + 1).fold(second, |before, _| census(Some(&before), Presence::Here, 0));
        assert_eq!(last.changed_since(1), None);
        assert!(last.changed_since(last.number() - 1).is_some());
    }
}
