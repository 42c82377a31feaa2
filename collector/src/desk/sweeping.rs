//! Lets a sweep run behind its page, which shows how far it is.

use super::Desk;
use super::door::Visitor;
use super::trouble::{Trouble, chain};
use crate::sweeps;
use rollcall_site::RoomId;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

impl Desk {
    /// Begins a sweep of a room and says how many machines were asked; the sweep goes on by itself.
    pub(super) async fn sweep(&self, visitor: &Visitor, room: RoomId) -> Result<usize, Trouble> {
        let (begun, answer) = oneshot::channel();
        let (begun, collector, actor) = (Mutex::new(Some(begun)), self.collector.clone(), visitor.who.actor.clone());
        let run = tokio::spawn(async move {
            let progress = |progress: sweeps::SweepProgress| {
                if let Some(begun) = begun.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    begun.send(progress.total).unwrap_or_default();
                }
            };
            let swept = sweeps::run(&collector, room, actor, progress).await;
            if let Err(error) = &swept {
                tracing::warn!(sweep.error = %chain(error), "a sweep did not come to its end");
            }
            swept
        });
        match answer.await {
            Ok(total) => Ok(total),
            Err(_) => match run.await {
                Ok(Err(error)) => Err(error.into()),
                _ => Err(Trouble::Broken("a sweep ended before it began".to_owned())),
            },
        }
    }
}
