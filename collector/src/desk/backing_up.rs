//! A backup into the daily folder that somebody at the desk asked for: one at a time, beside the tasks that serve.

use super::{Desk, words};
use crate::Collector;
use crate::backups;
use crate::desk::api::problem::with_causes;
use crate::settings::Backups;
use crate::store::backup::BackupReport;
use jiff::Timestamp;
use rollcall_site::event::Actor;
use std::sync::{Mutex, PoisonError};

/// Where the last one stands.
#[derive(Clone, Debug, Default)]
pub(super) enum Making {
    /// None was asked for since the collector started.
    #[default]
    Never,
    /// One is being made.
    Runs {
        /// Since when.
        since: Timestamp,
    },
    /// It lies in the folder.
    Done {
        /// When it was made.
        at: Timestamp,
        /// Who asked for it.
        by: String,
        /// The file's name.
        name: String,
    },
    /// There is none.
    Failed {
        /// When it failed.
        at: Timestamp,
        /// Why.
        why: String,
    },
}

impl Making {
    /// Whether one is being made: then the page loads itself again.
    pub fn runs(&self) -> bool {
        matches!(self, Self::Runs { .. })
    }
}

/// The last one.
#[derive(Default)]
pub(super) struct BackingUp(Mutex<Making>);

impl BackingUp {
    /// Where it stands.
    pub fn state(&self) -> Making {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, making: Making) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = making;
    }

    /// Takes the one place; whether it was free.
    fn begin(&self, since: Timestamp) -> bool {
        let mut making = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = !making.runs();
        if free {
            *making = Making::Runs { since };
        }
        free
    }
}

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
                self.backing_up.set(Making::Done { at, by: by.words(), name });
                ("backup.made", text)
            }
            Err(why) => {
                tracing::error!(desk.backup = why, "the backup that was asked for failed");
                let text = format!("The backup that was asked for failed: {why}");
                self.backing_up.set(Making::Failed { at, why });
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
