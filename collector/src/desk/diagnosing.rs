//! Lets a diagnosis run behind its page, which shows each step as it ends.

use super::Desk;
use super::door::Visitor;
use super::trouble::{Trouble, chain};
use crate::diagnoses;
use rollcall_site::DeviceId;
use rollcall_site::diagnosis::Ended;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

impl Desk {
    /// Begins to diagnose a machine; it goes on by itself.
    pub(super) async fn diagnose(&self, visitor: &Visitor, device: DeviceId) -> Result<(), Trouble> {
        let (begun, answer) = oneshot::channel();
        let (begun, collector, actor) = (Mutex::new(Some(begun)), self.collector.clone(), visitor.who.actor.clone());
        let run = tokio::spawn(async move {
            let told = |_: Option<&Ended>| {
                if let Some(begun) = begun.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    begun.send(()).unwrap_or_default();
                }
            };
            let diagnosed = diagnoses::run(&collector, device, actor, told).await;
            if let Err(error) = &diagnosed {
                tracing::info!(device.id = %device, diagnosis.error = %chain(error), "a diagnosis did not come to its end");
            }
            diagnosed
        });
        match answer.await {
            Ok(()) => Ok(()),
            Err(_) => match run.await {
                Ok(Err(error)) => Err(error.into()),
                _ => Err(Trouble::Broken("a diagnosis ended before it began".to_owned())),
            },
        }
    }
}
