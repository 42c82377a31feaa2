//! The live streams: who is connected, when each was last heard, and how to ask one to rescan.

use rollcall_site::DeviceId;
use rollcall_site::presence::Heard;
use std::sync::Arc;
use std::time::Duration;

/// The live streams of one site.
#[derive(Default)]
pub struct Roll {
    _place: (),
}

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
    /// Who is connected, with when each was last heard: one cheap clone.
    pub fn heard(&self) -> Arc<Heard> {
        Arc::default()
    }

    /// Closes a device's live stream with a refusal: after it was revoked or retired.
    pub fn close(&self, device: DeviceId) {
        let _ = device;
    }

    /// Asks a device to re-read sections (none named: all), and waits until its report is durable.
    ///
    /// # Errors
    /// [`NotAsked`].
    pub async fn rescan(&self, device: DeviceId, sections: Vec<String>, patience: Duration) -> Result<(), NotAsked> {
        let _ = (device, sections, patience);
        Err(NotAsked::NotConnected)
    }
}
