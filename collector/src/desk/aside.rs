//! Long work that somebody at the desk asked for, beside the tasks that serve: one at a time, and how the last one ended.

use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};

/// Where the last one stands; `T` is what came of it.
#[derive(Clone, Debug, Default)]
pub(super) enum Stands<T> {
    /// None was asked for since the collector started.
    #[default]
    Never,
    /// One runs.
    Runs {
        /// Since when.
        since: Timestamp,
    },
    /// It was done.
    Done {
        /// When it ended.
        at: Timestamp,
        /// Who asked for it.
        by: String,
        /// What came of it.
        found: T,
    },
    /// Nothing came of it.
    Failed {
        /// When it ended.
        at: Timestamp,
        /// Why.
        why: String,
    },
}

impl<T> Stands<T> {
    /// Whether one runs: then the page loads itself again.
    pub fn runs(&self) -> bool {
        matches!(self, Self::Runs { .. })
    }
}

/// The place for one.
pub(super) struct Aside<T>(Mutex<Stands<T>>);

impl<T> Default for Aside<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Aside<T> {
    /// Where the last one stands.
    pub fn state(&self) -> Stands<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says how it ended.
    pub fn set(&self, stands: Stands<T>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stands;
    }

    /// Takes the one place; whether it was free.
    pub fn begin(&self, since: Timestamp) -> bool {
        let mut stands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = !stands.runs();
        if free {
            *stands = Stands::Runs { since };
        }
        free
    }
}
