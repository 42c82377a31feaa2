//! One site's running collector: what every door and service is given.

use crate::agents::roll::Roll;
use crate::keeper::Keeper;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::store::folder::Folder;
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
    /// Where it listens and keeps its data.
    pub settings: Arc<Settings>,
}
