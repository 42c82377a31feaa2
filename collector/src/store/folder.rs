//! The embedded engine: ledger, snapshot, blobs, health and shelf in one folder.

use std::path::{Path, PathBuf};

/// The embedded engine over one folder.
pub struct Folder {
    dir: PathBuf,
}

impl Folder {
    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}
