//! Follows the committed events: whoever may no longer speak is closed at once, and a room's new heartbeat is told. Whoever
//! made the change need not know that there are streams.

use crate::agents::door::Door;
use rollcall_site::device::DeviceState;
use rollcall_site::event::Event;
use std::sync::Arc;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// Events after which a device may no longer speak.
const ENDING: &[&str] =
    &["asset.changed", "device.cloned", "device.rebind-allowed", "device.rebound", "device.retired", "device.revoked", "site.restored"];
/// Events after which a device may have another heartbeat.
const MOVING: &[&str] = &["asset.changed", "asset.moved", "room.added", "room.changed"];

/// Follows `events` until the door stops.
pub async fn run(door: Arc<Door>, mut events: Receiver<Arc<Vec<Event>>>) {
    loop {
        let group = tokio::select! {
            () = door.stop.cancelled() => return,
            group = events.recv() => group,
        };
        let about = |kinds: &[&str]| match &group {
            Ok(group) => group.iter().any(|event| kinds.contains(&event.kind.as_str())),
            Err(_) => true, // some were missed: look at everyone
        };
        if about(ENDING) {
            close_unwelcome(&door);
        }
        if about(MOVING) {
            tell_heartbeats(&door);
        }
        if matches!(group, Err(RecvError::Closed)) {
            return;
        }
    }
}

fn close_unwelcome(door: &Door) {
    let (view, heard) = (door.view(), door.roll().heard());
    for device in heard.keys().filter(|&device| view.devices.get(device).is_none_or(|record| record.state != DeviceState::Active)) {
        door.roll().close(*device);
    }
}

fn tell_heartbeats(door: &Door) {
    let (view, heard) = (door.view(), door.roll().heard());
    for device in heard.keys() {
        if let Some(asset) = view.devices.get(device).and_then(|record| view.assets.get(&record.asset)) {
            door.roll().beat(*device, rollcall_site::room::heartbeat_of(&view, asset));
        }
    }
}
