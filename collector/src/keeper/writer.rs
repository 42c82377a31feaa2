//! The writer's thread: takes what waits, runs it, commits it, publishes it, answers it.

use super::job::{Job, Ran};
use super::{ChangeError, KeeperSettings, Shared};
use crate::store::{Entry, StoreError};
use rollcall_site::event::Event;
use rollcall_site::{Site, Working};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::mpsc;

/// Groups whose old views may wait to be dropped; then the writer drops them itself.
const DROPS: usize = 64;

/// The writer of one site.
pub(super) struct Writer {
    shared: Arc<Shared>,
    jobs: mpsc::Receiver<Job>,
    settings: KeeperSettings,
    /// The site as last committed.
    site: Arc<Site>,
    /// Old views, dropped with those of their group.
    old: Vec<Arc<Site>>,
    dropper: SyncSender<Vec<Arc<Site>>>,
    snapshot: Option<JoinHandle<()>>,
    /// Number of the last event when the last snapshot was begun.
    snapshot_seq: u64,
    /// Something was committed since then.
    is_dirty: bool,
}

/// A group that was run on a working copy and is not durable yet.
struct Group {
    site: Site,
    entries: Vec<Entry>,
    answers: Vec<Ran>,
}

impl Writer {
    /// A writer that goes on from `site`.
    pub(super) fn new(shared: Arc<Shared>, jobs: mpsc::Receiver<Job>, settings: KeeperSettings, site: Arc<Site>) -> Self {
        let snapshot_seq = site.seq;
        Self { shared, jobs, settings, site, old: Vec::new(), dropper: start_dropper(), snapshot: None, snapshot_seq, is_dirty: false }
    }

    /// Works until everybody who could bring a change is gone, or until told to stop and nothing waits any more.
    pub(super) fn run(mut self) {
        while let Some(first) = self.jobs.blocking_recv() {
            let group = self.take(first);
            self.settle(group);
            self.drop_old();
            // Behind the group: the call to stop may have been taken with it, and no other will come.
            if self.shared.stopping.load(Ordering::SeqCst) {
                self.jobs.close();
            }
            self.snapshot_when_due();
        }
        self.finish();
    }

    /// Runs `first` and what waits behind it, each on the result of the one before.
    fn take(&mut self, first: Job) -> Group {
        let began = Instant::now();
        let mut group = Group { site: Site::clone(&self.site), entries: Vec::new(), answers: Vec::new() };
        let mut next = Some(first);
        while let Some(job) = next {
            self.run_one(job, &mut group);
            let is_full = group.answers.len() >= self.settings.group || began.elapsed() >= self.settings.group_time;
            next = if is_full { None } else { self.jobs.try_recv().ok() };
        }
        group
    }

    fn run_one(&mut self, job: Job, group: &mut Group) {
        let Some(change) = job.change() else { return };
        let mut working = Working::begin(group.site.clone(), self.shared.clock.now(), change.actor);
        let ran = (change.run)(&mut working);
        let finished = working.finish();
        if ran.kept {
            let before = std::mem::replace(&mut group.site, finished.site);
            self.let_go(Arc::new(before));
            if !finished.written.is_empty() || !finished.events.is_empty() {
                group.entries.push(Entry { records: finished.written, events: finished.events });
            }
        } else {
            self.let_go(Arc::new(finished.site));
        }
        group.answers.push(ran);
    }

    /// Commits a group, publishes it, answers it. Changes that touched nothing need no commit.
    fn settle(&mut self, group: Group) {
        let committed = self.commit(&group.entries);
        if let Err(error) = committed {
            self.let_go(Arc::new(group.site));
            for ran in group.answers {
                (ran.answer)(Some(ChangeError::Store(Arc::clone(&error))));
            }
            return;
        }
        let is_kept = group.answers.iter().any(|ran| ran.kept);
        let events: Vec<Event> = group.entries.into_iter().flat_map(|entry| entry.events).collect();
        if is_kept {
            self.publish(group.site);
        } else {
            self.let_go(Arc::new(group.site));
        }
        if !events.is_empty() {
            // Nobody listening is no fault.
            self.shared.events.send(Arc::new(events)).ok();
        }
        for ran in group.answers {
            (ran.answer)(None);
        }
    }

    fn commit(&mut self, entries: &[Entry]) -> Result<(), Arc<StoreError>> {
        if let Some(error) = &*self.shared.failure.borrow() {
            return Err(Arc::clone(error));
        }
        if entries.is_empty() {
            return Ok(());
        }
        self.is_dirty = true;
        self.shared.store.commit(entries).map_err(|error| {
            let error = Arc::new(error);
            if !is_refusal(&error) {
                tracing::error!(%error, "a commit failed; no change is accepted until the collector is started anew");
                self.shared.failure.send_replace(Some(Arc::clone(&error)));
            }
            error
        })
    }

    fn publish(&mut self, site: Site) {
        let site = Arc::new(site);
        let before = self.shared.view.swap(Arc::clone(&site));
        let mine = std::mem::replace(&mut self.site, site);
        self.let_go(before);
        self.let_go(mine);
    }

    fn let_go(&mut self, site: Arc<Site>) {
        self.old.push(site);
    }

    /// Lets the background drop a group's old views: after many changes that takes long.
    fn drop_old(&mut self) {
        // When it has too much to do, they are dropped here.
        drop(self.dropper.try_send(std::mem::take(&mut self.old)));
    }

    /// Begins a snapshot from the view, on another thread, when enough has happened since the last one.
    fn snapshot_when_due(&mut self) {
        let is_due = self.site.seq >= self.snapshot_seq.saturating_add(self.settings.snapshot_every.max(1));
        if !is_due || self.snapshot.as_ref().is_some_and(|thread| !thread.is_finished()) || self.shared.failure.borrow().is_some() {
            return;
        }
        self.snapshot_seq = self.site.seq;
        let (shared, view) = (Arc::clone(&self.shared), Arc::clone(&self.site));
        let spawned = std::thread::Builder::new().name("snapshot".to_owned()).spawn(move || write_snapshot(&shared, &view));
        match spawned {
            Ok(thread) => self.snapshot = Some(thread),
            Err(error) => tracing::warn!(%error, "no thread for a snapshot; the ledger grows until the next one"),
        }
    }

    /// Waits for a snapshot that is being written, and writes the last one when asked to and anything has happened.
    fn finish(&mut self) {
        if self.snapshot.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the snapshot's thread broke off");
        }
        let is_wanted = self.shared.snapshot_on_stop.load(Ordering::SeqCst) && self.shared.failure.borrow().is_none();
        if is_wanted && self.is_dirty {
            write_snapshot(&self.shared, &self.site);
        }
    }
}

/// An error of the store that wrote nothing: the group is lost, and the next may well succeed.
fn is_refusal(error: &StoreError) -> bool {
    matches!(error, StoreError::TooLarge { .. } | StoreError::Full { .. })
}

fn write_snapshot(shared: &Shared, view: &Site) {
    if let Err(error) = shared.store.snapshot(view) {
        tracing::warn!(%error, "the snapshot was not written; the one before it and the ledger serve");
    }
}

/// Starts the thread that drops old views.
fn start_dropper() -> SyncSender<Vec<Arc<Site>>> {
    let (dropper, dropped) = sync_channel::<Vec<Arc<Site>>>(DROPS);
    let spawned = std::thread::Builder::new().name("drops".to_owned()).spawn(move || dropped.iter().for_each(drop));
    if let Err(error) = spawned {
        // The channel is closed then, and the writer drops old views itself.
        tracing::warn!(%error, "no thread to drop old views");
    }
    dropper
}
