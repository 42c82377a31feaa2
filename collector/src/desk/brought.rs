//! The delivery of the roster that somebody brought to the desk, and that waits there for a yes.

use jiff::{SignedDuration, Timestamp};
use rollcall_site::UserName;
use rollcall_site::roster::{CardSource, Delivery, Guard, Terms};
use std::sync::{Arc, Mutex, PoisonError};

/// How long it waits: it holds the names of a whole school.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// One delivery at a time, of whoever brought the last one.
#[derive(Default)]
pub(super) struct Brought(Mutex<Option<Arc<Held>>>);

/// A delivery in memory, with how it is to be taken.
pub(super) struct Held {
    /// Who brought it.
    pub by: UserName,
    /// When.
    pub at: Timestamp,
    /// The file's name.
    pub file: String,
    /// What it says.
    pub delivery: Delivery,
    /// What stands on the card; none: as the last time.
    pub card: Option<CardSource>,
    /// Whose people are taken in; none: as the last time.
    pub schools: Option<Vec<String>>,
}

impl Brought {
    /// Keeps a delivery; the one before goes.
    pub(super) fn keep(&self, held: Held) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(held));
    }

    /// What this user brought, while it is kept.
    pub(super) fn of(&self, user: &UserName, now: Timestamp) -> Option<Arc<Held>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|held| held.at + KEPT < now) {
            *held = None;
        }
        held.clone().filter(|held| held.by == *user)
    }

    /// Lets go of this one, if it is still the one that is kept.
    pub(super) fn forget(&self, gone: &Arc<Held>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|held| Arc::ptr_eq(held, gone)) {
            *held = None;
        }
    }
}

impl Held {
    /// The terms of its plan.
    pub(super) fn terms(&self, leaving: Guard, cards: Guard) -> Terms {
        Terms { card: self.card, schools: self.schools.clone(), leaving, cards }
    }
}
