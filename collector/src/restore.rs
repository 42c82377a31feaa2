//! Makes a collector's folder of a backup, and raises the site's epoch, so that every agent announces everything again.

use crate::clock::Clock;
use crate::keeper::Keeper;
use crate::store::Folder;
use crate::store::backup::{self, RestoreReport};
use anyhow::Context;
use rollcall_site::event::Actor;
use rollcall_site::{Refusal, Working};
use std::path::Path;
use std::sync::Arc;

/// Restores the backup `from` into the new or empty folder `into`.
///
/// # Errors
/// The backup can't be opened or is damaged, or the folder is not empty.
pub async fn restore(from: &Path, identity: &str, into: &Path) -> anyhow::Result<RestoreReport> {
    let report = backup::restore(from, identity, into)?;
    let folder = Folder::open(into).context("the restored folder can't be opened")?;
    let keeper = Keeper::open(Arc::new(folder), Clock::system()).context("the restored folder can't be read")?;
    let raised = keeper.change(Actor::Rollcall, raise_epoch).await.context("the site's epoch could not be raised");
    keeper.stop();
    raised.map(|()| report)
}

fn raise_epoch(w: &mut Working) -> Result<(), Refusal> {
    let about = w.site.about().cloned();
    let mut about = about.ok_or_else(|| Refusal::invalid("the backup holds no site: take another backup"))?;
    about.epoch += 1;
    w.event("site.restored", format!("Restored from a backup: every agent announces everything again, in epoch {}", about.epoch));
    w.put(about);
    Ok(())
}
