//! Records a machine: every source the probes read, copied into a folder as they read it.

use super::manifest::{self, Manifest, Why};
use super::{Host, Unread};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Why a machine could not be recorded, or a recorded one not opened.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The folder to record into holds something already.
    #[error("{}: the folder is not empty; name a new one", .0.display())]
    NotEmpty(PathBuf),
    /// There is no such recorded machine.
    #[error("{}: no such folder; `rollcall-agent record DIR` makes one", .0.display())]
    NoFolder(PathBuf),
    /// The manifest is not what it should be.
    #[error("{}: not the manifest of a recorded machine", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The system refused.
    #[error("{}: could not be read or written", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Its words.
        #[source]
        source: io::Error,
    },
}

/// What was read so far.
#[derive(Default)]
pub(super) struct Tape {
    pub(super) manifest: Manifest,
    files: BTreeMap<String, Vec<u8>>,
}

impl Tape {
    pub(super) fn file(&mut self, path: &str, outcome: &Result<Vec<u8>, Unread>) {
        match outcome {
            Ok(bytes) => {
                self.files.insert(path.to_owned(), bytes.clone());
            }
            Err(unread) => self.refuse(path, unread),
        }
    }

    pub(super) fn names(&mut self, path: &str, outcome: &Result<Vec<String>, Unread>) {
        match outcome {
            Ok(names) => {
                self.manifest.names.insert(path.to_owned(), names.clone());
            }
            Err(unread) => self.refuse(path, unread),
        }
    }

    pub(super) fn answer(&mut self, key: &str, outcome: &Result<String, Unread>) {
        match outcome {
            Ok(answer) => {
                self.manifest.answers.insert(key.to_owned(), answer.clone());
            }
            Err(unread) => self.refuse(key, unread),
        }
    }

    pub(super) fn link(&mut self, path: &str, outcome: &Result<String, Unread>) {
        if let Ok(target) = outcome {
            self.manifest.links.insert(path.to_owned(), target.clone());
        }
    }

    pub(super) fn present(&mut self, path: &str, present: bool) {
        if present {
            self.manifest.present.insert(path.to_owned());
        }
    }

    pub(super) fn modified(&mut self, path: &str, outcome: &Result<i64, Unread>) {
        if let Ok(seconds) = outcome {
            self.manifest.modified.insert(path.to_owned(), *seconds);
        }
    }

    fn refuse(&mut self, path: &str, unread: &Unread) {
        if let Some(why) = Why::of(unread) {
            self.manifest.refused.insert(path.to_owned(), why);
        }
    }
}

/// Records this machine into `dir`: runs `read` (every probe) on it and keeps what was read. Gives the number of files.
///
/// # Errors
/// [`RecordError`], which names the file.
pub fn record(dir: &Path, read: impl FnOnce(&Host)) -> Result<usize, RecordError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| RecordError::Io { path, source }
    };
    super::private_dir(dir).map_err(failed(dir))?;
    if std::fs::read_dir(dir).map_err(failed(dir))?.next().is_some() {
        return Err(RecordError::NotEmpty(dir.to_owned()));
    }
    let host = Host::live_with_tape();
    read(&host);
    let tape = host.0.tape.as_ref().map(Mutex::lock).map(|tape| tape.unwrap_or_else(PoisonError::into_inner));
    let Some(tape) = tape else { return Ok(0) };
    for (path, bytes) in &tape.files {
        let at = dir.join(path.trim_start_matches('/'));
        let parent = at.parent().unwrap_or(dir);
        std::fs::create_dir_all(parent).map_err(failed(parent))?;
        std::fs::write(&at, bytes).map_err(failed(&at))?;
    }
    let path = dir.join(manifest::FILE);
    let text = serde_json::to_vec_pretty(&tape.manifest).map_err(|source| RecordError::Manifest { path: path.clone(), source })?;
    std::fs::write(&path, text).map_err(failed(&path))?;
    Ok(tape.files.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_reads_the_same_from_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("machine");
        let read = |host: &Host| {
            (
                host.value("/proc/sys/kernel/ostype"),
                host.list("/sys/block"),
                host.link("/proc/self/ns/uts"),
                host.exists("/sys/kernel"),
                host.modified("/etc/passwd"),
                host.read("/etc/passwd", 1),
                host.value("/sys/nothing"),
                host.volumes(),
                host.architecture(),
            )
        };
        let mut live = None;
        record(&dir, |host| live = Some(read(host))).unwrap();
        assert_eq!(live, Some(read(&Host::recorded(&dir).unwrap())));
        assert!(matches!(record(&dir, |_| ()), Err(RecordError::NotEmpty(_))));
    }
}
