//! A check of every byte of the ledger that somebody at the desk asked for: one at a time, beside the tasks that serve.

use super::aside::Stands;
use super::{Desk, trouble};
use crate::store::Verified;
use jiff::Timestamp;
use rollcall_site::event::Actor;
use std::sync::Arc;

impl Desk {
    /// Begins a check; `false`: one runs already.
    pub(super) fn begin_check(&self, by: Actor) -> bool {
        let free = self.checking.begin(self.collector.keeper.clock().now());
        if free {
            let desk = self.clone();
            tokio::spawn(async move { desk.check(by).await });
        }
        free
    }

    async fn check(&self, by: Actor) {
        let store = self.collector.keeper.store().clone();
        let verified = tokio::task::spawn_blocking(move || store.verify()).await;
        let at = self.collector.keeper.clock().now();
        let why = match verified {
            Ok(Ok(found)) => return self.checked(by, at, found).await,
            Ok(Err(error)) => trouble::chain(&error),
            Err(error) => error.to_string(),
        };
        tracing::error!(desk.check = why, "the ledger could not be checked");
        self.checking.set(Stands::Failed { at, why });
    }

    async fn checked(&self, by: Actor, at: Timestamp, found: Verified) {
        let damage = match found.damage.len() {
            0 => "every byte is what was written".to_owned(),
            lines => format!("{lines} places are damaged"),
        };
        let text = format!("The ledger was checked, {} entries and {} events: {damage}", found.entries, found.events);
        let (words, head) = (by.words(), found.head.clone());
        let noted = self.collector.keeper.change(by, move |w| {
            w.event("ledger.checked", text).with(serde_json::json!({ "head": head }));
            Ok(())
        });
        if let Err(error) = noted.await {
            tracing::warn!(desk.check = %trouble::chain(&error), "a check of the ledger is not in the audit");
        }
        self.checking.set(Stands::Done { at, by: words, found: Arc::new(found) });
    }
}
