//! A backup into the daily folder that somebody at the desk asked for: one at a time, beside the tasks that serve.

use super::aside::Stands;
use super::{Desk, words};
use crate::Collector;
use crate::backups;
use crate::desk::api::problem::with_causes;
use crate::settings::Backups;
use crate::store::backup::BackupReport;
use rollcall_site::event::Actor;

impl Desk {
    /// Begins one; `false`: one is being made already.
    pub(super) fn begin_backup(&self, to: Backups, by: Actor) -> bool {
        let free = self.backing_up.begin(self.collector.keeper.clock().now());
        if free {
            let desk = self.clone();
            tokio::spawn(async move { desk.back_up(to, by).await });
        }
        free
    }

    async fn back_up(&self, to: Backups, by: Actor) {
        let made = made(self.collector.clone(), to).await;
        let at = self.collector.keeper.clock().now();
        // First here, then in the events: a page that hears of it finds it.
        let (kind, text) = match made {
            Ok(report) => {
                let name = report.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                let text = format!("The backup {name} was made, {}, up to event {}", words::disk_size(report.bytes), report.seq);
                self.backing_up.set(Stands::Done { at, by: by.words(), found: name });
                ("backup.made", text)
            }
            Err(why) => {
                tracing::error!(desk.backup = why, "the backup that was asked for failed");
                let text = format!("The backup that was asked for failed: {why}");
                self.backing_up.set(Stands::Failed { at, why });
                ("backup.failed", text)
            }
        };
        backups::record(&self.collector, by, kind, text).await;
    }
}

async fn made(collector: Collector, to: Backups) -> Result<BackupReport, String> {
    let _turn = backups::TURN.acquire().await.map_err(|error| error.to_string())?;
    let now = collector.keeper.clock().now();
    let made = tokio::task::spawn_blocking(move || to.make_by_hand(&collector, now)).await;
    made.map_err(|error| error.to_string())?.map_err(|error| with_causes(error.as_ref()))
}
