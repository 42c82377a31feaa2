//! The lists that wait to be accepted: a few, for an hour.

use super::plan::{Outcome, Plan};
use crate::asset_file::Options;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::Refusal;
use serde::Serialize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// The largest list, bytes: 200,000 assets with everything that is known of them have two thirds of it.
pub const LARGEST: usize = 64 * 1024 * 1024;
/// All lists that wait together, bytes.
const LARGEST_ALL: usize = 2 * LARGEST;
/// Most lists that wait.
const MOST: usize = 8;
/// How long one waits.
const WAITS: SignedDuration = SignedDuration::from_hours(1);

/// How far a list has come.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It is being read.
    Reading,
    /// What it would do is known.
    Planned(Box<Plan>),
    /// It is being taken in.
    Taking,
    /// It is taken in.
    Done(Outcome),
    /// It was refused, or broke off: says why, and what to do.
    #[serde(serialize_with = "problem")]
    Failed(String),
}

fn problem<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeStruct;
    let mut out = serializer.serialize_struct("Failed", 1)?;
    out.serialize_field("problem", text)?;
    out.end()
}

/// A list on its way in.
#[derive(Debug)]
pub struct Import {
    /// By this it is found.
    pub id: Uuid,
    /// The file's name, for people.
    pub file: String,
    /// How it is taken in.
    pub options: Options,
    pub(super) bytes: Bytes,
    came_at: Timestamp,
    state: Mutex<State>,
    done: AtomicUsize,
    of: usize,
}

impl Import {
    /// A list that has just come.
    pub fn new(id: Uuid, file: &str, bytes: Bytes, options: Options, now: Timestamp) -> Self {
        let of = bytes.iter().filter(|byte| **byte == b'\n').count().max(1);
        let file = file.chars().filter(|c| !c.is_control()).take(120).collect();
        Self { id, file, options, bytes, came_at: now, state: Mutex::new(State::Reading), done: AtomicUsize::new(0), of }
    }

    /// How far it has come.
    pub fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lines done of all lines, about; of reading or of taking in.
    pub fn progress(&self) -> (usize, usize) {
        (self.done.load(Ordering::Relaxed).min(self.of), self.of)
    }

    pub(super) fn has_done(&self, lines: usize) {
        self.done.store(lines, Ordering::Relaxed);
    }

    pub(super) fn become_state(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Goes from being shown to being taken in, once; gives what was shown.
    pub(super) fn begin_taking(&self) -> Result<Plan, Refusal> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = match &*state {
            State::Planned(plan) if plan.wrong_count > 0 => {
                "lines of it are wrong, so nothing is taken in: mend them in the file, then bring it again"
            }
            State::Planned(plan) => {
                let plan = Plan::clone(plan);
                *state = State::Taking;
                self.has_done(0);
                return Ok(plan);
            }
            State::Reading => "it is still being read: look again in a moment",
            State::Taking => "it is being taken in already",
            State::Done(_) => "it is taken in already",
            State::Failed(why) => why,
        };
        Err(Refusal::conflict(format!("{}: {refused}", self.file)))
    }

    fn is_busy(&self) -> bool {
        matches!(self.state(), State::Reading | State::Taking)
    }
}

/// The lists that wait.
#[derive(Default)]
pub struct Imports(Mutex<Vec<Arc<Import>>>);

impl Imports {
    /// Keeps a list until it is accepted or forgotten; others that wait for long make room.
    ///
    /// # Errors
    /// It is too large, or too many are being read.
    pub fn keep(&self, import: Import) -> Result<Arc<Import>, Refusal> {
        if import.bytes.len() > LARGEST {
            return Err(Refusal::invalid(format!("{} is larger than {} MB: split it", import.file, LARGEST / 1024 / 1024)));
        }
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = import.came_at;
        waiting.retain(|other| other.is_busy() || other.came_at + WAITS > now);
        let total = |waiting: &Vec<Arc<Import>>| waiting.iter().map(|other| other.bytes.len()).sum::<usize>() + import.bytes.len();
        while waiting.len() >= MOST || total(&waiting) > LARGEST_ALL {
            let oldest = waiting.iter().position(|other| !other.is_busy());
            let oldest = oldest.ok_or_else(|| Refusal::conflict("other lists are being read: try again in a minute"))?;
            waiting.remove(oldest);
        }
        let import = Arc::new(import);
        waiting.push(Arc::clone(&import));
        Ok(import)
    }

    /// The list with this id.
    ///
    /// # Errors
    /// There is none, or not any more.
    pub fn get(&self, id: Uuid) -> Result<Arc<Import>, Refusal> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = waiting.iter().find(|import| import.id == id).cloned();
        found.ok_or_else(|| {
            Refusal::not_found("this list does not wait any more: it waits for an hour, and not over a restart; bring it again")
        })
    }
}
