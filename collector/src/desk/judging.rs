//! Baselines put to work: one is applied, restored or removed, and every machine that it holds for is judged.

use crate::Collector;
use crate::keeper::ChangeError;
use jiff::Timestamp;
use rollcall_site::baseline::Baseline;
use rollcall_site::event::Actor;
use rollcall_site::{BaselineId, Site, Working, baseline};
use std::sync::Arc;
use tokio::task::{JoinError, spawn_blocking};

/// Applies a baseline and judges its machines; it replaces the one of the same name.
///
/// # Errors
/// A room of it does not exist, or the store failed.
pub async fn apply(collector: &Collector, actor: &Actor, new: Baseline) -> Result<Arc<Baseline>, ChangeError> {
    let applied = collector.keeper.change(actor.clone(), move |w| baseline::apply(w, new)).await?;
    judge_all(collector, actor, &applied.name).await?;
    Ok(applied)
}

/// Applies an earlier version again and judges its machines.
///
/// # Errors
/// There is no such version, a room of it is gone, or the store failed.
pub async fn restore(collector: &Collector, actor: &Actor, name: BaselineId, version: u32) -> Result<Arc<Baseline>, ChangeError> {
    let applied = collector.keeper.change(actor.clone(), move |w| baseline::restore(w, &name, version)).await?;
    judge_all(collector, actor, &applied.name).await?;
    Ok(applied)
}

/// Removes a baseline; what was found by it is over.
///
/// # Errors
/// There is none of that name, or the store failed.
pub async fn remove(collector: &Collector, actor: &Actor, name: BaselineId) -> Result<(), ChangeError> {
    let gone = name.clone();
    collector.keeper.change(actor.clone(), move |w| baseline::remove(w, &gone)).await?;
    judge_all(collector, actor, &name).await
}

/// Judges the rest of a baseline's devices, a few in each change, so that reports come in between. Were it cut off, the watch goes on.
async fn judge_all(collector: &Collector, actor: &Actor, name: &BaselineId) -> Result<(), ChangeError> {
    while collector.keeper.view().rejudging.contains_key(name) {
        let next = |w: &mut Working| {
            baseline::tick(w);
            Ok(())
        };
        collector.keeper.change(actor.clone(), next).await?;
    }
    Ok(())
}

/// Answers a question to the whole site on a thread of its own: it may take a second, and nobody waits behind it.
///
/// # Errors
/// The thread fell over.
pub async fn apart<T: Send + 'static>(
    collector: &Collector,
    ask: impl FnOnce(&Site, Timestamp) -> T + Send + 'static,
) -> Result<T, JoinError> {
    let (site, now) = (collector.keeper.view(), collector.keeper.clock().now());
    spawn_blocking(move || ask(&site, now)).await
}
