//! Asks a device something over its stream, and waits for the answer.

use super::{Order, Roll};
use jiff::Timestamp;
use rollcall_site::DeviceId;
use rollcall_site::diagnosis::Ended;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Why a device could not be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAsked {
    /// It has no stream now.
    #[error("it is not connected")]
    NotConnected,
    /// It did not answer in time.
    #[error("it did not answer within {} s", .0.as_secs())]
    Slow(Duration),
    /// It answered that it could not.
    #[error("it could not: {0}")]
    Failed(String),
}

impl Roll {
    /// Asks a device to re-read sections (none named: all), and waits until its report is durable.
    ///
    /// # Errors
    /// [`NotAsked`].
    pub async fn rescan(&self, device: DeviceId, sections: Vec<String>, patience: Duration) -> Result<(), NotAsked> {
        let (done, answer) = oneshot::channel();
        self.order(device, Order::Rescan { sections, done })?;
        answered(answer, patience).await
    }

    /// Asks a device to diagnose itself, and waits until it has; `steps` hears of each step as it ends, and of nothing after that.
    ///
    /// # Errors
    /// [`NotAsked`].
    pub async fn diagnose(&self, device: DeviceId, steps: mpsc::Sender<Ended>, patience: Duration) -> Result<(), NotAsked> {
        let (done, answer) = oneshot::channel();
        self.order(device, Order::Diagnose { steps, done })?;
        answered(answer, patience).await
    }

    /// Asks a device to re-read everything, and waits for nothing. One that was asked so lately is not asked again.
    pub fn ask_anew(&self, device: DeviceId, now: Timestamp) {
        if !self.may_ask_anew(device, now) {
            return;
        }
        let (done, _) = oneshot::channel();
        if let Err(error) = self.order(device, Order::Rescan { sections: Vec::new(), done }) {
            tracing::debug!(device.id = %device, %error, "a device was not asked to report anew");
        }
    }

    /// Asks a device whether the machine with this MAC answers on its link under this address.
    ///
    /// # Errors
    /// [`NotAsked`].
    pub(crate) async fn resolve(&self, device: DeviceId, address: Ipv4Addr, mac: String, patience: Duration) -> Result<bool, NotAsked> {
        let (done, answer) = oneshot::channel();
        self.order(device, Order::Resolve { address, mac, done })?;
        answered(answer, patience).await
    }
}

async fn answered<T>(answer: oneshot::Receiver<Result<T, String>>, patience: Duration) -> Result<T, NotAsked> {
    match tokio::time::timeout(patience, answer).await {
        Err(_) => Err(NotAsked::Slow(patience)),
        Ok(Err(_)) => Err(NotAsked::NotConnected),
        Ok(Ok(answer)) => answer.map_err(NotAsked::Failed),
    }
}
