//! A folder of its own for a door that needs one; it goes with what holds it.

use std::path::{Path, PathBuf};

/// A new, empty folder under the system's for temporary files.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes one; should that fail, everything that uses it says so.
    pub(crate) fn new() -> Self {
        // In memory where there is such a place: nothing here need outlive the process.
        let memory = PathBuf::from("/dev/shm");
        let place = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let dir = place.join(format!("rollcall-fuzz-{}", uuid::Uuid::now_v7()));
        drop(std::fs::create_dir_all(&dir));
        Self(dir)
    }

    /// Where it is.
    pub(crate) fn dir(&self) -> &Path {
        &self.0
    }

    /// Writes a file in it.
    pub(crate) fn lay(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        drop(path.parent().map(std::fs::create_dir_all));
        let laid = std::fs::write(&path, bytes);
        assert!(laid.is_ok(), "{}: {laid:?}", path.display());
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
