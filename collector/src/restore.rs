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
    let folder = Folder::open_restored(into).context("the restored folder can't be opened")?;
    let keeper = Keeper::open(Arc::new(folder), Clock::system()).context("the restored folder can't be read")?;
    let raised = keeper.change(Actor::Rollcall, raise_epoch).await.context("the site's epoch could not be raised");
    keeper.stop();
    drop(keeper);
    raised?;
    // Only now: agents that met a collector of the old epoch would never announce what the backup lacks.
    backup::finish(into)?;
    Ok(report)
}

fn raise_epoch(w: &mut Working) -> Result<(), Refusal> {
    let about = w.site.about().cloned();
    let mut about = about.ok_or_else(|| Refusal::invalid("the backup holds no site: take another backup"))?;
    about.epoch += 1;
    w.event("site.restored", format!("Restored from a backup: every agent announces everything again, in epoch {}", about.epoch));
    w.put(about);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;
    use age::secrecy::ExposeSecret;
    use rollcall_site::{About, SiteId};

    #[tokio::test]
    async fn nobody_opens_a_restored_folder_whose_epoch_was_not_raised() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Arc::new(Folder::open(&dir.path().join("live")).unwrap());
        let keeper = Keeper::open(Arc::clone(&folder) as Arc<_>, Clock::system()).unwrap();
        let key = age::x25519::Identity::generate();
        let (text, recipient) = (key.to_string().expose_secret().to_owned(), key.to_public().to_string());
        let path = |name: &str| dir.path().join(name);

        let note = |w: &mut Working| {
            rollcall_site::access::sign_in_refused(w, "ana", "wrong name or password", "10.0.0.7", 0);
            Ok(())
        };
        keeper.change(Actor::Rollcall, note).await.unwrap();
        backup::back_up(&folder, &[], &recipient, &path("early")).unwrap();
        let error = restore(&path("early"), &text, &path("half")).await.unwrap_err();
        assert!(format!("{error:#}").contains("holds no site"), "{error:#}");
        assert!(matches!(Folder::open(&path("half")), Err(StoreError::HalfRestored { .. })));

        let found = |w: &mut Working| {
            let (id, name, time_zone) = (SiteId::parse("main").unwrap(), "Oak Hill".to_owned(), "America/Los_Angeles".to_owned());
            w.put(About {
                id,
                name,
                time_zone,
                epoch: 1,
                rules: rollcall_site::rule::Settings::new(),
                rest: rollcall_site::record::Rest::new(),
            });
            Ok(())
        };
        keeper.change(Actor::Rollcall, found).await.unwrap();
        backup::back_up(&folder, &[], &recipient, &path("whole")).unwrap();
        restore(&path("whole"), &text, &path("new")).await.unwrap();
        let restored = Keeper::open(Arc::new(Folder::open(&path("new")).unwrap()), Clock::system()).unwrap();
        assert_eq!(restored.view().about().map(|about| about.epoch), Some(2));
    }
}
