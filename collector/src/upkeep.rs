//! Lets the store do what may wait: every few minutes, beside everything else.

use crate::keeper::Keeper;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// How often: an hour of health samples is on disk five minutes after it ended.
const EVERY: Duration = Duration::from_secs(300);

/// Lets the store tidy up until `stop`.
pub async fn run(keeper: Arc<Keeper>, stop: CancellationToken) {
    let mut tick = tokio::time::interval_at(Instant::now() + EVERY, EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let kept = Arc::clone(&keeper);
        match tokio::task::spawn_blocking(move || kept.store().tidy(kept.clock().now())).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the store could not tidy up; it tries again in five minutes"),
            Err(error) => tracing::error!(%error, "tidying the store broke off; it is tried again in five minutes"),
        }
    }
}
