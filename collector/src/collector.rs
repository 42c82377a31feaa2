//! One site's running collector: what every door and service is given.

use crate::agents::roll::Roll;
use crate::imports::Imports;
use crate::keeper::Keeper;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::store::folder::Folder;
use rollcall_site::DeviceId;
use rollcall_site::device::DeviceState;
use std::sync::Arc;

/// One site's running collector. Cheap to clone.
#[derive(Clone)]
pub struct Collector {
    /// The single writer and the view.
    pub keeper: Arc<Keeper>,
    /// The embedded store, for backup and verify.
    pub folder: Arc<Folder>,
    /// The live streams.
    pub roll: Arc<Roll>,
    /// The sealed secrets.
    pub secrets: Arc<Secrets>,
    /// Lists that wait to be accepted.
    pub imports: Arc<Imports>,
    /// Where it listens and keeps its data.
    pub settings: Arc<Settings>,
}

impl Collector {
    /// Closes the live stream of a device that may no longer speak: it was retired with its asset, or replaced.
    pub fn close_silenced(&self, device: Option<DeviceId>) {
        let site = self.keeper.view();
        let speaks = |id: &DeviceId| site.devices.get(id).is_some_and(|device| device.state == DeviceState::Active);
        if let Some(id) = device.filter(|id| !speaks(id)) {
            self.roll.close(id);
        }
    }
}
