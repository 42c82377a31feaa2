//! Lists of assets on their way in: read and tried on a copy of the site, shown, accepted, and taken in as they were shown.
//!
//! What waits is in memory alone. Nothing is written before it is accepted, nothing while a line is wrong, and nothing else than what was
//! shown: where the inventory has changed so that it would be another, it is shown anew.

mod draft;
mod plan;
mod take;
#[cfg(test)]
mod tests;
mod waiting;

pub use plan::{Discrepancy, Outcome, Plan, Shown};
pub use waiting::{Import, Imports, LARGEST, State};

use crate::agents::roll::Roll;
use crate::keeper::Keeper;
use rollcall_site::Refusal;
use rollcall_site::event::Actor;
use std::sync::Arc;

/// What an import works with.
#[derive(Clone)]
pub struct Desk {
    /// The single writer and the view.
    pub keeper: Arc<Keeper>,
    /// When machines were last heard, for loans that are taken over.
    pub roll: Arc<Roll>,
}

/// Reads a list and tries it, away from the tasks that serve; what would come of it is then in its state.
pub fn begin(desk: Desk, import: Arc<Import>, actor: Actor) {
    work(import, move |import| match draft::draft(&desk, import, &actor) {
        Ok(drafted) => State::Planned(Box::new(drafted.plan)),
        Err(wrong) => State::Failed(wrong.to_string()),
    });
}

/// Takes in what was shown; how it goes is in its state.
///
/// # Errors
/// It is not one that may be accepted now: says why.
pub fn accept(desk: Desk, import: Arc<Import>, actor: Actor) -> Result<(), Refusal> {
    let shown = import.begin_taking()?;
    work(import, move |import| take::take(&desk, import, &actor, &shown));
    Ok(())
}

/// Works on a list on a thread of its own. Work that falls over leaves a list that says so, and not one that is busy for ever.
fn work(import: Arc<Import>, work: impl FnOnce(&Import) -> State + Send + 'static) {
    tokio::spawn(async move {
        let own = Arc::clone(&import);
        let state = tokio::task::spawn_blocking(move || work(&own)).await;
        import.become_state(
            state.unwrap_or_else(|_| State::Failed("the work broke off; look at the collector's log, and bring it again".to_owned())),
        );
    });
}
