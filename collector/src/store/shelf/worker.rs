//! The shelf's own thread: it follows the ledger by itself and answers questions in between.

use super::rows::{Doubt, Rows};
use crate::store::StoreError;
use crate::store::disk::{entries, write_whole};
use crate::store::ledger::Ledger;
use crate::store::out::sync_dir;
use rollcall_site::AssetId;
use rollcall_site::event::Event;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Events taken up at once, between two looks at the questions.
const BATCH: usize = 512;
/// A question waits until the shelf has taken up this many events; further behind, the ledger answers.
const NEAR: u64 = 4096;
/// How long the shelf leaves what was just committed, so that it takes up many at once: sled wakes eight threads for each batch. A question
/// is answered at once all the same.
const GATHER: Duration = Duration::from_millis(200);

/// What the thread is asked.
pub(super) enum Ask {
    /// The ledger has grown.
    Grown,
    /// The last `limit` events of an asset; answered with `None` when the ledger had better answer.
    History {
        /// Which asset.
        asset: AssetId,
        /// How many events at most.
        limit: usize,
        /// The answer must know the events up to here.
        upto: u64,
        /// Where the answer goes.
        reply: SyncSender<Option<Vec<Event>>>,
    },
    /// Close in order.
    Close,
    /// Hang, as sled may on a damaged page.
    #[cfg(test)]
    Hang(Duration),
}

/// How the thread is doing, as others see it.
#[derive(Default)]
pub(super) struct Condition {
    state: Mutex<State>,
    /// [`Ask::Grown`] waits already: questions never stand behind more than one of them.
    is_told: AtomicBool,
}

/// Where the shelf stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum State {
    /// It is far behind the ledger and catching up.
    #[default]
    Filling,
    /// It answers.
    Ready,
    /// It can't be relied upon.
    Suspect(String),
}

impl Condition {
    /// Where the shelf stands.
    pub(super) fn get(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says where the shelf stands; a suspect one stays suspect.
    pub(super) fn set(&self, state: State) {
        let mut now = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*now, State::Suspect(_)) {
            *now = state;
        }
    }

    /// Notes that the thread was told, or has heard, that the ledger has grown; whether that was noted before.
    pub(super) fn set_told(&self, told: bool) -> bool {
        self.is_told.swap(told, Ordering::SeqCst)
    }
}

/// What the thread works with.
pub(super) struct Worker {
    /// Where sled keeps its files.
    pub(super) dir: PathBuf,
    /// What it follows.
    pub(super) ledger: Arc<Ledger>,
    /// What it is asked.
    pub(super) asks: Receiver<Ask>,
    /// Where it says how it is doing.
    pub(super) condition: Arc<Condition>,
}

impl Worker {
    /// Works until it is told to close or nobody can ask any more. Sled may panic on damage: that makes the shelf suspect, no more.
    pub(super) fn run(self) {
        let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.work()));
        let why = match worked {
            Ok(Ok(())) => return,
            Ok(Err(doubt)) => doubt.to_string(),
            Err(_) => "sled panicked".to_owned(),
        };
        self.condition.set(State::Suspect(why));
    }

    fn work(&self) -> Result<(), Doubt> {
        let mut rows = Rows::open(&self.dir)?;
        self.hold_to_ledger(&rows)?;
        let mut came: Option<Ask> = None;
        loop {
            let waits = self.follow(&mut rows)?;
            let ask = match came.take() {
                None if waits => self.asks.try_recv().ok(),
                None => Some(self.asks.recv().unwrap_or(Ask::Close)),
                came => came,
            };
            match ask {
                None => {}
                Some(Ask::Grown) => {
                    came = self.asks.recv_timeout(GATHER).ok();
                    self.condition.set_told(false);
                }
                Some(Ask::History { asset, limit, upto, reply }) => {
                    // Nobody waits any more when the deadline has passed.
                    reply.send(self.history(&mut rows, asset, limit, upto)?).ok();
                }
                Some(Ask::Close) => {
                    // What was left to gather is taken up; a shelf that is far behind is made anew at the next start.
                    let is_near = self.condition.get() == State::Ready;
                    while is_near && self.follow(&mut rows)? {}
                    return self.close(rows, waits && !is_near);
                }
                #[cfg(test)]
                Some(Ask::Hang(time)) => std::thread::sleep(time),
            }
        }
    }

    /// An event that the shelf and the ledger both hold must be the same: a shelf of another ledger is no use.
    fn hold_to_ledger(&self, rows: &Rows) -> Result<(), Doubt> {
        let Some(before) = rows.mark().checked_sub(1) else { return Ok(()) };
        let theirs = self.ledger.events(before, 1).map_err(|error| unread(&error))?;
        if theirs.first() == Some(&rows.event(rows.mark())?) { Ok(()) } else { Err(Doubt::Row("it is not of this ledger".to_owned())) }
    }

    /// Takes up the next events of the ledger; whether more wait.
    fn follow(&self, rows: &mut Rows) -> Result<bool, Doubt> {
        let events = self.ledger.events(rows.mark(), BATCH).map_err(|error| unread(&error))?;
        if !events.is_empty() {
            rows.take(&events)?;
        }
        let behind = self.ledger.place().seq.saturating_sub(rows.mark());
        self.condition.set(if behind > NEAR { State::Filling } else { State::Ready });
        Ok(behind > 0)
    }

    fn history(&self, rows: &mut Rows, asset: AssetId, limit: usize, upto: u64) -> Result<Option<Vec<Event>>, Doubt> {
        if rows.mark() + NEAR < upto {
            return Ok(None);
        }
        while rows.mark() < upto && self.follow(rows)? {}
        if rows.mark() < upto { Ok(None) } else { rows.history(asset, limit).map(Some) }
    }

    /// Makes the files durable, for sled's own flush is not, and then says that they are whole.
    fn close(&self, rows: Rows, waits: bool) -> Result<(), Doubt> {
        rows.flush()?;
        drop(rows);
        if waits || matches!(self.condition.get(), State::Suspect(_)) {
            return Ok(());
        }
        sync_files(&self.dir).map_err(|error| unread(&error))?;
        write_whole(&whole_mark(&self.dir), |file| file.write_all(b"whole\n")).map_err(|error| unread(&error))
    }
}

/// The file that says that the shelf in `dir` was closed in order.
pub(super) fn whole_mark(dir: &Path) -> PathBuf {
    dir.with_extension("whole")
}

fn sync_files(dir: &Path) -> Result<(), StoreError> {
    for path in entries(dir)? {
        if path.is_dir() {
            sync_files(&path)?;
        } else {
            File::open(&path).and_then(|file| file.sync_all()).map_err(crate::store::disk::at("make the shelf durable", &path))?;
        }
    }
    sync_dir(dir)
}

fn unread(error: &StoreError) -> Doubt {
    Doubt::Row(error.to_string())
}
