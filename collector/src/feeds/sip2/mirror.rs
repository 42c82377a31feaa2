//! Mirrors loans into the library system: follows the events with a durable cursor, owes what they change, and tells it as soon as the
//! library system listens.
//!
//! Every record that counts is the site's; nothing is in memory alone but how long to wait. What was owed before this start may have been
//! told: the library system is asked first.

use super::connect::connect;
use super::request::Terms;
use super::session::{Failure, Manner, Session};
use super::tell::{Before, Listener};
use crate::Collector;
use crate::backoff::{ceiling, jitter};
use crate::keeper::ChangeError;
use crate::store::StoreError;
use jiff::Timestamp;
use rollcall_site::event::{Actor, Event};
use rollcall_site::library::{self, Library, Mirroring, Outcome};
use rollcall_site::{AssetId, MirroringId, Site, Working};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Events read from the store at once.
const BATCH: usize = 256;
/// With nothing to owe, the cursor is written down after this many events: a restart reads no more of them again.
const CHECKPOINT: u64 = 1000;
/// The longest wait between two calls; half of it is the shortest.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// How often it is judged whether something waits too long.
const JUDGED: Duration = Duration::from_secs(10);
/// How long to wait after the store could not be read or written.
const STORE_WAIT: Duration = Duration::from_secs(5);
/// How long an answer may take when the collector stops.
const FAREWELL: Duration = Duration::from_secs(3);
/// A change whose outcome stays unknown so often is shown to people as refused.
const MOST_UNKNOWN: u32 = 5;

/// The mirror of one site.
struct Mirror {
    collector: Collector,
    stop: CancellationToken,
    events: broadcast::Receiver<Arc<Vec<Event>>>,
    /// The setting that is followed.
    set_at: Option<Timestamp>,
    /// Events up to here were looked at.
    seq: u64,
    /// What has a number up to this was owed before this start.
    doubtful: MirroringId,
    /// Calls that failed since the last one that did not.
    failed: u32,
    call_at: Instant,
}

/// Mirrors until `stop`; what is not told then is told after the next start.
pub(crate) async fn run(collector: Collector, stop: CancellationToken) {
    let events = collector.keeper.events();
    let last = library::of(&collector.keeper.view()).map_or(0, |library| library.numbered);
    let doubtful = MirroringId(last);
    let mut mirror = Mirror { collector, stop, events, set_at: None, seq: 0, doubtful, failed: 0, call_at: Instant::now() };
    while !mirror.stop.is_cancelled() {
        if let Err(why) = mirror.round().await {
            tracing::error!(error = %why, "loans could not be mirrored into the library system; trying again soon");
            mirror.pause(STORE_WAIT).await;
        }
    }
}

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
enum Stuck {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl Mirror {
    async fn round(&mut self) -> Result<(), Stuck> {
        let Some(library) = library::of(&self.view()).cloned() else {
            self.set_at = None;
            self.wait(JUDGED).await;
            return Ok(());
        };
        if self.set_at != Some(library.set_at) {
            (self.set_at, self.seq, self.failed, self.call_at) = (Some(library.set_at), library.seq, 0, Instant::now());
        }
        self.follow(&library).await?;
        self.judge().await?;
        if library::next(&self.view()).is_none() {
            self.wait(JUDGED).await;
        } else if self.call_at > Instant::now() {
            self.wait(JUDGED.min(self.call_at - Instant::now())).await;
        } else {
            self.call(&library).await?;
        }
        Ok(())
    }

    fn view(&self) -> Arc<Site> {
        self.collector.keeper.view()
    }

    fn now(&self) -> Timestamp {
        self.collector.keeper.clock().now()
    }

    /// Owes what the events since the last look have changed.
    async fn follow(&mut self, library: &Library) -> Result<(), Stuck> {
        loop {
            let view = self.view();
            if view.seq <= self.seq {
                return Ok(());
            }
            let events = self.read().await?;
            let Some(last) = events.last().map(|event| event.seq) else { return Ok(()) };
            let assets = concerned(&view, &events);
            let set_at = library.set_at;
            if !assets.is_empty() || last.saturating_sub(library.seq) >= CHECKPOINT {
                self.change(move |w| library::follow(w, set_at, last, &assets)).await?;
            }
            self.seq = last;
        }
    }

    async fn read(&self) -> Result<Vec<Event>, StoreError> {
        let (store, after) = (Arc::clone(self.collector.keeper.store()), self.seq);
        match tokio::task::spawn_blocking(move || store.events(after, BATCH)).await {
            Ok(read) => read,
            Err(why) => Err(StoreError::Stopped(why.to_string())),
        }
    }

    async fn judge(&self) -> Result<(), Stuck> {
        if library::is_news(&self.view(), self.now()) {
            self.change(library::judge).await?;
        }
        Ok(())
    }

    async fn change(&self, change: impl FnOnce(&mut Working) + Send + 'static) -> Result<(), Stuck> {
        let done = self.collector.keeper.change(Actor::Rollcall, move |w| {
            change(w);
            Ok(())
        });
        Ok(done.await?)
    }

    /// Calls the library system and tells it everything that it is owed.
    async fn call(&mut self, library: &Arc<Library>) -> Result<(), Stuck> {
        let stop = self.stop.clone();
        let opened = tokio::select! {
            opened = open(&self.collector, library) => opened,
            () = farewell(&stop) => return Ok(()),
        };
        let mut listener = match opened {
            Ok(listener) => listener,
            Err(why) => return self.later(library, &why).await,
        };
        while let (Some(owed), false) = (library::next(&self.view()).cloned(), stop.is_cancelled()) {
            let before = if owed.tries > 0 || owed.id <= self.doubtful { Before::Doubtful } else { Before::Untold };
            // Should what it comes to not reach the store, nobody knows whether it was told.
            self.doubtful = self.doubtful.max(owed.id);
            let told = tokio::select! {
                told = listener.tell(&owed, before, self.now()) => told,
                () = farewell(&stop) => Err(Failure::Unknown("the collector is stopping".to_owned())),
            };
            match told {
                Ok(outcome) => self.settle(library, &owed, outcome).await?,
                Err(Failure::Nothing(why)) => return self.later(library, &why).await,
                Err(Failure::Unknown(why)) => {
                    self.unknown(library, &owed, &why).await?;
                    return self.later(library, &why).await;
                }
            }
            self.failed = 0;
        }
        Ok(())
    }

    async fn settle(&self, library: &Library, owed: &Mirroring, outcome: Outcome) -> Result<(), Stuck> {
        let (set_at, id) = (library.set_at, owed.id);
        let outcome = match outcome {
            Outcome::Refused(said) => {
                tracing::warn!(mirroring = %id, step = owed.step.word(), item = owed.item, "the library system refuses it");
                Outcome::Refused(self.without_names(owed, said).await)
            }
            outcome => outcome,
        };
        self.change(move |w| library::settle(w, set_at, id, outcome)).await
    }

    /// What it said, without the names of people; on a thread of its own, for there are many people.
    async fn without_names(&self, owed: &Mirroring, said: String) -> String {
        let (view, person) = (self.view(), owed.person.clone());
        let named = tokio::task::spawn_blocking(move || library::without_names(&view, &person, &said));
        named.await.unwrap_or_else(|_| "it refuses it".to_owned())
    }

    async fn unknown(&self, library: &Library, owed: &Mirroring, why: &str) -> Result<(), Stuck> {
        let outcome = if owed.tries + 1 < MOST_UNKNOWN {
            Outcome::Unknown(why.to_owned())
        } else {
            Outcome::Refused(format!("nobody knows whether it took it, after {MOST_UNKNOWN} tries: {why}"))
        };
        self.settle(library, owed, outcome).await
    }

    /// It can't be told now: says so once where people see it, and waits.
    async fn later(&mut self, library: &Library, why: &str) -> Result<(), Stuck> {
        if self.failed == 0 {
            tracing::warn!(library = library.url, error = why, "the library system can't be told; trying again until it listens");
        } else {
            tracing::debug!(library = library.url, attempt = self.failed, error = why, "the library system can't be told");
        }
        let half = ceiling(self.failed, LONGEST_WAIT) / 2;
        self.call_at = Instant::now() + half + jitter(half);
        self.failed = self.failed.saturating_add(1);
        let (set_at, why) = (library.set_at, why.to_owned());
        self.change(move |w| library::troubled(w, set_at, &why)).await
    }

    /// Waits for something to happen, at most so long.
    async fn wait(&mut self, most: Duration) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = tokio::time::sleep(most) => {}
            heard = self.events.recv() => if matches!(heard, Err(RecvError::Closed)) { self.stop.cancelled().await },
        }
    }

    async fn pause(&self, wait: Duration) {
        tokio::select! { () = self.stop.cancelled() => {} () = tokio::time::sleep(wait) => {} }
    }
}

/// The assets whose loans some events are about: by name, or because the borrower is known by another id now.
fn concerned(site: &Site, events: &[Event]) -> BTreeSet<AssetId> {
    let mut assets: BTreeSet<AssetId> =
        events.iter().filter(|event| event.kind.starts_with("loan.")).filter_map(|event| event.asset).collect();
    for person in events.iter().filter(|event| event.kind.starts_with("person.")).filter_map(|event| event.person.as_ref()) {
        assets.extend(site.held_by(person).map(|loan| loan.asset));
    }
    // What was lost and answered for is lent there until somebody says at its page that it is in service again.
    let changed = events.iter().filter(|event| event.kind.starts_with("asset.")).filter_map(|event| event.asset);
    assets.extend(changed.filter(|asset| library::is_lent_there(site, *asset)));
    // A roster gives many people new cards at once, and names none of them.
    if events.iter().any(|event| event.kind == "roster.imported") {
        assets.extend(library::renumbered(site));
    }
    assets
}

/// Reaches the library system and signs in.
pub(super) async fn open(collector: &Collector, library: &Library) -> Result<Listener, String> {
    let (view, now) = (collector.keeper.view(), collector.keeper.clock().now());
    let password = super::password(&collector.secrets).unwrap_or_default();
    let login = (!library.user.is_empty()).then_some((library.user.as_str(), password.as_str()));
    let Library { institution, location, may, letters, .. } = library.clone();
    let manner = Manner { terms: Terms { institution, location, may }, letters, zone: view.zone() };
    let wire = connect(library).await?;
    let (session, status) = Session::open(wire, manner, login, now).await.map_err(|failure| failure.to_string())?;
    Ok(Listener { session, status, zone: view.zone() })
}

/// Comes some time after the collector began to stop: an answer that is under way is worth waiting for.
async fn farewell(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(FAREWELL).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use rollcall_site::asset::{self, AssetFacts, AssetStatus};
    use rollcall_site::event::Actor;
    use rollcall_site::library::Mirrored;
    use rollcall_site::{LoanId, PersonId, Tag, Working};

    #[test]
    fn what_is_found_at_its_own_page_is_told_while_it_is_lent_there() {
        let id = AssetId(uuid::Uuid::from_u128(1));
        let told = |back: bool| {
            let mut w = Working::begin(Site::default(), Timestamp::UNIX_EPOCH, Actor::Rollcall);
            asset::add(&mut w, id, Tag::parse("LT-1").unwrap(), AssetFacts::default()).unwrap();
            let (loan, person, item) = (LoanId(1), PersonId::parse("S1").unwrap(), "LT-1".to_owned());
            w.put(Mirrored { asset: id, loan, out_at: w.now, person, item, due: None, back, rest: rollcall_site::record::Rest::new() });
            let facts = AssetFacts { status: Some(AssetStatus::InRepair), ..AssetFacts::default() };
            asset::set(&mut w, id, facts).unwrap();
            let finished = w.finish();
            concerned(&finished.site, &finished.events)
        };
        assert_eq!((told(false), told(true)), ([id].into(), BTreeSet::new()));
    }
}
