//! The single writer of a site: takes changes one after another, commits them in durable groups, then publishes the new view.
//!
//! Changes of one group see each other's results before those are durable. So nothing of a group is answered before its
//! commit, not even a refusal: it may rest on a change that is then lost. A failed commit answers the whole group with the
//! store's error, drops the working copy, and nothing is accepted from then on.

mod job;
#[cfg(test)]
mod tests;
mod writer;

use crate::clock::Clock;
use crate::store::{Store, StoreError};
use arc_swap::ArcSwap;
use job::Job;
use rollcall_site::event::{Actor, Event};
use rollcall_site::{Refusal, Site, Working};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use writer::Writer;

/// Groups of events that a slow receiver may be behind before it must re-read from the store.
const EVENT_GROUPS: usize = 1024;

/// How the writer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeeperSettings {
    /// Changes that may wait; whoever brings one more waits until there is room. Default: 4,096.
    pub queue: usize,
    /// Changes of one group at most. Default: 256.
    pub group: usize,
    /// A group is closed after this long, so that heavy changes don't keep light ones waiting. Default: 10 ms.
    pub group_time: Duration,
    /// Events between two snapshots. Default: 20,000.
    pub snapshot_every: u64,
}

impl Default for KeeperSettings {
    fn default() -> Self {
        Self { queue: 4096, group: 256, group_time: Duration::from_millis(10), snapshot_every: 20_000 }
    }
}

/// The single writer of one site. Readers take [`Keeper::view`]; they only ever see what is committed.
pub struct Keeper {
    jobs: mpsc::Sender<Job>,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the writer's thread and everybody else share.
struct Shared {
    store: Arc<dyn Store>,
    clock: Clock,
    view: ArcSwap<Site>,
    events: broadcast::Sender<Arc<Vec<Event>>>,
    failure: watch::Sender<Option<Arc<StoreError>>>,
    stopping: AtomicBool,
    snapshot_on_stop: AtomicBool,
}

impl Shared {
    /// Runs the writer; should it ever break off, that counts as a failed store: nothing more is accepted.
    fn watch(&self, run: impl FnOnce()) {
        if catch_unwind(AssertUnwindSafe(run)).is_err() {
            tracing::error!("the writer broke off; no change is accepted until the collector is started anew");
            self.failure.send_replace(Some(Arc::new(StoreError::Stopped("the writer broke off".to_owned()))));
        }
    }

    /// Why the writer takes no change.
    fn gone(&self) -> ChangeError {
        self.failure.borrow().as_ref().map_or(ChangeError::Stopping, |error| ChangeError::Store(Arc::clone(error)))
    }
}

/// Why a change did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The site's rules refuse it; it left no trace.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be made durable, and nothing of it is in the view. When it was the disk that failed, what reached it is not known
    /// before the next start.
    #[error("the change could not be stored")]
    Store(#[source] Arc<StoreError>),
    /// The change itself is broken; it was caught and left no trace.
    #[error("the change broke off ({0}); it left no trace, and this is a fault of Rollcall to report")]
    Broken(String),
    /// The collector is stopping.
    #[error("the collector is stopping")]
    Stopping,
}

impl Keeper {
    /// Opens the store, takes up what it holds, and starts the writer's thread.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn open(store: Arc<dyn Store>, clock: Clock) -> Result<Arc<Self>, StoreError> {
        Self::start(store, clock, KeeperSettings::default())
    }

    /// As [`Keeper::open`], with other settings.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn start(store: Arc<dyn Store>, clock: Clock, settings: KeeperSettings) -> Result<Arc<Self>, StoreError> {
        let site = Arc::new(store.load()?);
        let shared = Arc::new(Shared {
            store,
            clock,
            view: ArcSwap::new(Arc::clone(&site)),
            events: broadcast::channel(EVENT_GROUPS).0,
            failure: watch::channel(None).0,
            stopping: AtomicBool::new(false),
            snapshot_on_stop: AtomicBool::new(false),
        });
        let (jobs, waiting) = mpsc::channel(settings.queue.max(1));
        let writer = Writer::new(Arc::clone(&shared), waiting, settings, site);
        let watched = Arc::clone(&shared);
        let spawned = std::thread::Builder::new().name("keeper".to_owned()).spawn(move || watched.watch(|| writer.run()));
        let thread = spawned.map_err(|source| StoreError::Io { action: "start the writer's thread", path: PathBuf::new(), source })?;
        Ok(Arc::new(Self { jobs, shared, thread: Mutex::new(Some(thread)) }))
    }

    /// The site as last committed: one cheap clone, blocks nobody.
    pub fn view(&self) -> Arc<Site> {
        self.shared.view.load_full()
    }

    /// Makes a change: applied on a working copy, durable and published when this returns. It runs on the writer's thread,
    /// where everybody else's changes wait for it: keep it short, and never wait in it.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing has changed.
    pub async fn change<T: Send + 'static>(
        &self,
        actor: Actor,
        change: impl FnOnce(&mut Working) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, ChangeError> {
        let (reply, answer) = oneshot::channel();
        if self.shared.stopping.load(Ordering::SeqCst) || self.jobs.send(Job::new(actor, change, reply)).await.is_err() {
            return Err(self.shared.gone());
        }
        answer.await.unwrap_or_else(|_| Err(self.shared.gone()))
    }

    /// Events as they are committed, group by group; a receiver that lags re-reads from the store.
    pub fn events(&self) -> broadcast::Receiver<Arc<Vec<Event>>> {
        self.shared.events.subscribe()
    }

    /// The durable place.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Whether changes can be made: `false` for good once a commit has failed; the collector should then end and be started anew.
    pub fn health(&self) -> bool {
        self.shared.failure.borrow().is_none()
    }

    /// Why no change can be made any more; changes from `None` once, at the first failed commit.
    pub fn failure(&self) -> watch::Receiver<Option<Arc<StoreError>>> {
        self.shared.failure.subscribe()
    }

    /// Takes no more changes, finishes what is waiting, writes a snapshot, and ends the writer's thread. Blocks until then:
    /// call it where blocking is allowed.
    pub fn stop(&self) {
        self.shared.snapshot_on_stop.store(true, Ordering::SeqCst);
        self.end();
    }

    fn end(&self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // A full queue wakes the writer as well.
        self.jobs.try_send(Job::stop()).ok();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A change that held the last keeper ends it on the writer's own thread.
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != std::thread::current().id()) {
            // Had it broken off, it would have said so itself.
            thread.join().ok();
        }
    }
}

impl Drop for Keeper {
    /// As [`Keeper::stop`], without a snapshot.
    fn drop(&mut self) {
        self.end();
    }
}
