//! One change on its way to the writer: what to run, and how to answer once its group is durable.

use super::ChangeError;
use rollcall_site::event::Actor;
use rollcall_site::{Refusal, Working};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::oneshot;

/// A change that waits; without one, only a call to stop.
pub(super) struct Job(Option<Change>);

/// A change.
pub(super) struct Change {
    /// By whom.
    pub(super) actor: Actor,
    /// Runs it on a working copy.
    pub(super) run: Box<dyn FnOnce(&mut Working) -> Ran + Send>,
}

/// A change that was run.
pub(super) struct Ran {
    /// Whether the working copy is to be kept; a refused or broken change leaves no trace.
    pub(super) kept: bool,
    /// Gives the answer, or what went wrong with the group.
    pub(super) answer: Box<dyn FnOnce(Option<ChangeError>) + Send>,
}

impl Job {
    /// A change, with where its answer goes.
    pub(super) fn new<T: Send + 'static>(
        actor: Actor,
        change: impl FnOnce(&mut Working) -> Result<T, Refusal> + Send + 'static,
        reply: oneshot::Sender<Result<T, ChangeError>>,
    ) -> Self {
        let run = Box::new(move |working: &mut Working| {
            // The working copy of a change that broke off is dropped, whatever state it is in.
            let outcome = match catch_unwind(AssertUnwindSafe(|| change(working))) {
                Ok(outcome) => outcome.map_err(ChangeError::Refused),
                Err(panic) => Err(ChangeError::Broken(words(&*panic))),
            };
            let kept = outcome.is_ok();
            // Whoever asked may be gone; the change stands all the same.
            let answer = Box::new(move |failed: Option<ChangeError>| drop(reply.send(failed.map_or(outcome, Err))));
            Ran { kept, answer }
        });
        Self(Some(Change { actor, run }))
    }

    /// Only wakes the writer, to see that it is to stop.
    pub(super) fn stop() -> Self {
        Self(None)
    }

    /// The change.
    pub(super) fn change(self) -> Option<Change> {
        self.0
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no reason given").chars().take(200).collect()
}
