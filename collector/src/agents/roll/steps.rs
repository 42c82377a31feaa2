//! Tells open pages that a step of a diagnosis has ended: it makes no event, and a second would be long.

use super::Roll;
use rollcall_site::DeviceId;
use tokio::sync::broadcast;

/// Steps that a slow page may miss before it refreshes as a whole.
const WAITING: usize = 64;

/// The way to whoever follows.
pub(super) struct Steps(broadcast::Sender<DeviceId>);

impl Default for Steps {
    fn default() -> Self {
        Self(broadcast::channel(WAITING).0)
    }
}

impl Roll {
    /// A diagnosis of the device has begun, or a step of it has ended and is kept.
    pub fn stepped(&self, device: DeviceId) {
        // Where no page is open nobody hears it.
        self.steps.0.send(device).unwrap_or_default();
    }

    /// The devices of which a step ends from now on.
    pub fn steps(&self) -> broadcast::Receiver<DeviceId> {
        self.steps.0.subscribe()
    }
}
