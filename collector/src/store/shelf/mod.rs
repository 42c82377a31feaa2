//! The shelf: history by asset in sled, made from the ledger and made anew whenever it is missing or in doubt. Deleting it is harmless.
//!
//! `DIR/shelf/N/` holds sled's files, `DIR/shelf/N.whole` says that N was closed in order. A shelf that was not is in doubt, for sled's
//! flush does not
//! reach the disk: the next number is filled from the ledger while the ledger answers. So is one that answers late, wrongly or
//! not at all; its thread can't be ended, so it is left alone.

pub(super) mod rows;
mod worker;

use super::StoreError;
use super::disk::{at, entries};
use super::ledger::Ledger;
use super::out::{make_dir, sync_dir};
use rollcall_site::AssetId;
use rollcall_site::event::Event;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use worker::{Ask, Condition, State, Worker, whole_mark};

/// How long a question waits before the shelf is suspect.
const DEADLINE: Duration = Duration::from_secs(2);
/// How long closing in order may take.
const CLOSING: Duration = Duration::from_secs(10);
/// Questions that may wait; then the ledger answers.
const WAITING: usize = 64;
/// Times that the shelf is made anew while the collector runs: each may leave a thread behind.
const TRIES: u32 = 3;

/// The shelf of one site.
pub(super) struct Shelf {
    dir: PathBuf,
    ledger: Arc<Ledger>,
    current: Mutex<Current>,
}

/// The thread that is asked now.
struct Current {
    number: u64,
    made: u32,
    asks: SyncSender<Ask>,
    condition: Arc<Condition>,
    thread: Option<JoinHandle<()>>,
}

impl Shelf {
    /// Opens the shelf in `dir`; fills it from the ledger by and by when it is missing or in doubt.
    pub(super) fn open(dir: &Path, ledger: Arc<Ledger>) -> Result<Self, StoreError> {
        make_dir(dir)?;
        let number = choose(dir)?;
        let current = Mutex::new(start(dir, number, 0, &ledger)?);
        Ok(Self { dir: dir.to_owned(), ledger, current })
    }

    /// Says that the ledger has grown. Waits for nothing: a shelf with much to do sees it by itself.
    pub(super) fn grown(&self) {
        let current = self.lock();
        if !current.condition.set_told(true) && current.asks.try_send(Ask::Grown).is_err() {
            current.condition.set_told(false);
        }
    }

    /// The last `limit` events of an asset, newest first; `None`: ask the ledger.
    pub(super) fn history(&self, asset: AssetId, limit: usize) -> Option<Vec<Event>> {
        let (reply, answer) = sync_channel(1);
        let (asks, condition) = {
            let mut current = self.lock();
            self.make_anew_if_suspect(&mut current);
            (current.asks.clone(), Arc::clone(&current.condition))
        };
        if condition.get() != State::Ready {
            return None;
        }
        let upto = self.ledger.place().seq;
        match asks.try_send(Ask::History { asset, limit, upto, reply }) {
            Ok(()) => {}
            // So many questions can only wait behind one that hangs; the deadline of the first of them tells.
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => return None,
        }
        let answer = answer.recv_timeout(DEADLINE);
        if let Ok(answer) = answer {
            return answer;
        }
        condition.set(State::Suspect(format!("no answer within {} s", DEADLINE.as_secs())));
        self.make_anew_if_suspect(&mut self.lock());
        None
    }

    /// "ok", "rebuilding" or why it is suspect.
    pub(super) fn state(&self) -> String {
        let mut current = self.lock();
        self.make_anew_if_suspect(&mut current);
        match current.condition.get() {
            State::Ready => "ok".to_owned(),
            State::Filling => "rebuilding".to_owned(),
            State::Suspect(why) => format!("suspect: {why}; history is read from the ledger"),
        }
    }

    /// Makes the shelf anew: the ledger has let go of what it began with.
    pub(super) fn make_anew(&self) {
        let mut current = self.lock();
        match start(&self.dir, current.number + 1, current.made, &self.ledger) {
            Ok(anew) => {
                // The one before closes by itself: nobody can ask it any more.
                *current = anew;
            }
            Err(error) => tracing::warn!(%error, "the shelf can't be made anew; it goes on with what it holds"),
        }
    }

    fn make_anew_if_suspect(&self, current: &mut Current) {
        let State::Suspect(why) = current.condition.get() else { return };
        if current.made >= TRIES {
            return;
        }
        tracing::warn!(shelf.number = current.number, shelf.why = %why, "the shelf is suspect; it is made anew from the ledger");
        match start(&self.dir, current.number + 1, current.made + 1, &self.ledger) {
            Ok(anew) => *current = anew,
            Err(error) => {
                tracing::warn!(%error, "the shelf can't be made anew; history is read from the ledger");
                current.made = TRIES;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the shelf's thread hang, as sled may on a damaged page.
    #[cfg(test)]
    pub(super) fn hang(&self, time: Duration) {
        self.lock().asks.send(Ask::Hang(time)).unwrap();
    }
}

impl Drop for Shelf {
    /// Closes in order, and leaves a thread that hangs alone.
    fn drop(&mut self) {
        let mut current = self.lock();
        let deadline = Instant::now() + CLOSING;
        while matches!(current.asks.try_send(Ask::Close), Err(TrySendError::Full(_))) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        let Some(thread) = current.thread.take() else { return };
        while !thread.is_finished() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// The number to open: the one closed in order, or the one after every other. Everything else is removed.
fn choose(dir: &Path) -> Result<u64, StoreError> {
    let number = |path: &Path| path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u64>().ok());
    let found = entries(dir)?;
    let whole = found.iter().filter(|path| path.is_dir() && whole_mark(path).is_file()).filter_map(|path| number(path)).max();
    let next = found.iter().filter_map(|path| number(path)).max().unwrap_or(0) + 1;
    let mut is_clear = true;
    for path in found.iter().filter(|path| whole.is_none() || number(path) != whole) {
        let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        if let Err(error) = removed {
            // No reason to refuse a start: a number above all others meets nothing that is left.
            tracing::warn!(path = %path.display(), %error, "an old shelf could not be removed");
            is_clear = false;
        }
    }
    Ok(whole.filter(|_| is_clear).unwrap_or(next))
}

/// Starts the thread over shelf `number`. Its mark of being whole goes first: from here on it is in doubt until it is closed in order.
fn start(dir: &Path, number: u64, made: u32, ledger: &Arc<Ledger>) -> Result<Current, StoreError> {
    let (asks, asked) = sync_channel(WAITING);
    let condition = Arc::new(Condition::default());
    let home = dir.join(number.to_string());
    let mark = whole_mark(&home);
    if mark.exists() {
        std::fs::remove_file(&mark).map_err(at("open the shelf", &mark))?;
        sync_dir(dir)?;
    }
    let worker = Worker { dir: home, ledger: Arc::clone(ledger), asks: asked, condition: Arc::clone(&condition) };
    let thread =
        std::thread::Builder::new().name("shelf".to_owned()).spawn(move || worker.run()).map_err(at("start the shelf's thread", dir))?;
    Ok(Current { number, made, asks, condition, thread: Some(thread) })
}
