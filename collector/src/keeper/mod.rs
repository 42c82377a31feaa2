//! The single writer of a site: takes changes one after another, commits them in durable groups, then publishes the new view.

use crate::clock::Clock;
use crate::store::{Store, StoreError};
use rollcall_site::event::{Actor, Event};
use rollcall_site::{Refusal, Site, Working};
use std::sync::Arc;
use tokio::sync::broadcast;

/// The single writer of one site. Readers take [`Keeper::view`]; they only ever see what is committed.
pub struct Keeper {
    _place: (),
}

/// Why a change did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The site's rules refuse it; it left no trace.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be made durable; it left no trace either.
    #[error("the change could not be stored")]
    Store(#[source] Arc<StoreError>),
    /// The collector is stopping.
    #[error("the collector is stopping")]
    Stopping,
}

impl Keeper {
    /// Opens the store, takes up what it holds, and starts the writer's thread.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn open(store: Arc<dyn Store>, clock: Clock) -> Result<Arc<Self>, StoreError> {
        let _ = (store, clock);
        Ok(Arc::new(Self { _place: () }))
    }

    /// The site as last committed: one cheap clone, blocks nobody.
    pub fn view(&self) -> Arc<Site> {
        Arc::default()
    }

    /// Makes a change: applied on a working copy, durable and published when this returns.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing has changed.
    pub async fn change<T: Send + 'static>(
        &self,
        actor: Actor,
        change: impl FnOnce(&mut Working) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, ChangeError> {
        let _ = (actor, change);
        Err(ChangeError::Stopping)
    }

    /// Events as they are committed, group by group; a receiver that lags re-reads from the store.
    pub fn events(&self) -> broadcast::Receiver<Arc<Vec<Event>>> {
        broadcast::channel(1).1
    }

    /// The durable place.
    pub fn store(&self) -> &Arc<dyn Store> {
        unreachable!("the contract of the keeper, before its body is written")
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        unreachable!("the contract of the keeper, before its body is written")
    }

    /// Takes no more changes, finishes what is waiting, writes a snapshot, and ends the writer's thread.
    pub fn stop(&self) {}
}
