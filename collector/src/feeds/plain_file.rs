//! Plain files in folders that others write to: no link is followed, and a pipe or a device is never waited for.

use rustix::fs::OFlags;
use std::fs::File;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What tells that a file is still as it was: whoever writes it changes one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Face {
    /// Where it lies.
    pub(super) path: PathBuf,
    inode: u64,
    /// Bytes.
    pub(super) size: u64,
    /// When it was written.
    pub(super) at: SystemTime,
}

/// The face of a plain file; none: there is nothing of that name.
///
/// # Errors
/// In words: it is no plain file, or can't be looked at.
pub(super) fn face(path: &Path) -> Result<Option<Face>, String> {
    let is = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        is => is.map_err(|error| error.to_string())?,
    };
    if is.is_symlink() {
        return Err("it is a link; watch the file itself".to_owned());
    }
    if !is.is_file() {
        return Err("it is no plain file".to_owned());
    }
    let at = is.modified().map_err(|error| error.to_string())?;
    Ok(Some(Face { path: path.to_owned(), inode: is.ino(), size: is.len(), at }))
}

/// Opens a plain file, even where something else was put in its place this moment.
///
/// # Errors
/// It is no plain file, or can't be opened.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let none = || io::Error::other("it is no plain file");
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or_default();
    let opened = File::options().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(|error| if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) { none() } else { error })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(none()) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A pipe that nobody writes to: whoever opens it as a file waits for ever.
    pub(in crate::feeds) fn pipe(path: &Path) {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn links_pipes_and_folders_are_no_files() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name);
        std::fs::write(place("file"), "text").unwrap();
        std::os::unix::fs::symlink(place("file"), place("link")).unwrap();
        pipe(&place("pipe"));
        for (name, want) in [("link", "it is a link"), ("pipe", "no plain file"), (".", "no plain file")] {
            assert!(face(&place(name)).unwrap_err().contains(want), "{name}");
            assert_eq!(open(&place(name)).unwrap_err().to_string(), "it is no plain file", "{name}");
        }
        assert_eq!(face(&place("nothing")), Ok(None));
        assert_eq!(open(&place("nothing")).unwrap_err().kind(), io::ErrorKind::NotFound);
        let seen = face(&place("file")).unwrap();
        assert!(seen.as_ref().is_some_and(|face| face.size == 4) && seen == face(&place("file")).unwrap() && open(&place("file")).is_ok());
    }
}
