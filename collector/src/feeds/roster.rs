//! Plans and applies a delivery of the roster. It goes through the keeper some people at a time, so that no report waits long for it.

use crate::Collector;
use crate::feeds::oneroster::{self, Unreadable};
use crate::keeper::ChangeError;
use crate::store::StoreError;
use rollcall_site::event::Actor;
use rollcall_site::roster::{self, Delivery, Origin, Plan, StepKind, Terms};
use rollcall_site::{PersonId, Refusal};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};

/// People of one change: some milliseconds of the writer's time, and so long a report waits at most.
const BATCH: usize = 250;

/// Why a delivery was not applied, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum NotApplied {
    /// The site refuses it, or nothing can be stored. What was done before is done; applying it again does the rest.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The keys of new people could not be written; nothing was done.
    #[error("the keys for new people could not be written")]
    Keys(#[source] StoreError),
}

/// Held by whoever plans a delivery and applies it: two at once would mix what they say, batch by batch, from plans that are old by then.
static APPLYING: Mutex<()> = Mutex::const_new(());

/// The right to plan a delivery and to apply it.
pub struct Turn {
    _held: MutexGuard<'static, ()>,
}

/// Waits until nobody else plans and applies a delivery.
pub async fn turn() -> Turn {
    Turn { _held: APPLYING.lock().await }
}

/// A delivery that is to be applied as it was planned.
pub struct Accepted {
    /// The plan.
    pub plan: Plan,
    /// Where it came from.
    pub origin: Origin,
}

/// Reads a delivery: a zip in memory.
///
/// # Errors
/// Something is wrong with the whole of it.
pub fn read(zip: &[u8]) -> Result<Delivery, Unreadable> {
    oneroster::of_zip(zip).and_then(|files| oneroster::read(&files))
}

/// Plans a delivery against the roster as it is now.
///
/// # Errors
/// A school is not known.
pub fn plan(collector: &Collector, delivery: &Delivery, terms: &Terms) -> Result<Plan, Refusal> {
    let site = collector.keeper.view();
    let today = collector.keeper.clock().now().to_zoned_datetime(site.zone()).date();
    roster::plan(&site, delivery, terms, today)
}

/// Applies a plan that was made in this turn; `told` hears how many steps are done. A crash in between leaves some of it done, and the same delivery does the rest.
///
/// # Errors
/// [`NotApplied`].
pub async fn apply(
    collector: &Collector,
    _turn: &Turn,
    actor: &Actor,
    accepted: Accepted,
    mut told: impl FnMut(usize, usize),
) -> Result<Plan, NotApplied> {
    let plan = Arc::new(accepted.plan);
    let of = plan.steps.len();
    let is_new = |kind: &StepKind| matches!(kind, StepKind::Added | StepKind::Renumbered { .. });
    let new: Vec<PersonId> = plan.steps.iter().filter(|step| is_new(&step.kind)).map(|step| step.entry.id.clone()).collect();
    let folder = Arc::clone(&collector.folder);
    let keys = tokio::task::spawn_blocking(move || folder.expect_people(new.into_iter())).await;
    keys.map_err(|_| ChangeError::Broken("the keys for new people".to_owned()))?.map_err(NotApplied::Keys)?;
    let classes = Arc::clone(&plan);
    collector
        .keeper
        .change(actor.clone(), move |w| {
            roster::apply_classes(w, &classes.classes);
            Ok(())
        })
        .await?;
    let mut gone = BTreeSet::new();
    for first in (0..of).step_by(BATCH) {
        let part = Arc::clone(&plan);
        let change =
            move |w: &mut rollcall_site::Working| Ok(roster::apply(w, part.steps.get(first..of.min(first + BATCH)).unwrap_or_default()));
        gone.extend(collector.keeper.change(actor.clone(), change).await?.gone);
        told(of.min(first + BATCH), of);
    }
    if !gone.is_empty() {
        crate::erasure::destroy(collector, actor, gone).await?;
    }
    let (done, origin) = (Arc::clone(&plan), accepted.origin);
    collector.keeper.change(actor.clone(), move |w| Ok(roster::finish(w, &done, origin))).await?;
    Ok(Arc::unwrap_or_clone(plan))
}

/// The last part of a path, for people.
pub fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
