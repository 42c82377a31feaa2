//! The agent's state folder: identity, lineage, spool and status, each written whole or not at all.

use crate::host::{private_dir, write_private, write_private_unsynced};
use crate::identity::Identity;
use crate::session::Lineage;
use crate::status::Status;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Largest file of the folder that is read, bytes.
const FILE_LIMIT: u64 = 256 * 1024;

/// Why the state folder could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another agent runs on it.
    #[error("{}: another agent runs with this state; stop it first (systemctl stop rollcall-agent)", .0.display())]
    Locked(PathBuf),
    /// There is no identity.
    #[error("{}: this machine is not enrolled; run `rollcall-agent enroll --collector HOST:PORT --token TOKEN`", .0.display())]
    NotEnrolled(PathBuf),
    /// The system refused.
    #[error("{}: cannot be read or written{}", path.display(), if source.kind() == io::ErrorKind::PermissionDenied { " by this user; run it as root or name another --state" } else { "" })]
    Io {
        /// The file.
        path: PathBuf,
        /// Its words.
        #[source]
        source: io::Error,
    },
    /// A file is not what was written.
    #[error("{}: the file is damaged; enrol again with --again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// A state folder that this process alone uses, until it is dropped.
#[derive(Debug)]
pub struct State {
    dir: PathBuf,
    _lock: File,
}

impl State {
    /// Opens `dir`, making it if need be, for this process alone.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open(dir: &Path) -> Result<Self, StateError> {
        private_dir(dir).map_err(failed(dir))?;
        let path = dir.join(LOCK);
        let lock = File::options().create(true).append(true).open(&path).map_err(failed(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { dir: dir.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StateError::Locked(dir.to_owned())),
            Err(TryLockError::Error(error)) => Err(failed(&path)(error)),
        }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Keeps the identity.
    ///
    /// # Errors
    /// [`StateError::Io`].
    pub fn save_identity(&self, identity: &Identity) -> Result<(), StateError> {
        save(&self.dir.join(IDENTITY), identity)
    }

    /// What the last welcome gave; nothing when there is none, or it is damaged.
    pub fn lineage(&self) -> Lineage {
        load(&self.dir.join(LINEAGE)).ok().flatten().unwrap_or_default()
    }

    /// Keeps what the last welcome gave.
    ///
    /// # Errors
    /// [`StateError::Io`].
    pub fn save_lineage(&self, lineage: &Lineage) -> Result<(), StateError> {
        save(&self.dir.join(LINEAGE), lineage)
    }

    /// Keeps how the agent stands.
    ///
    /// # Errors
    /// [`StateError::Io`].
    pub fn save_status(&self, status: &Status) -> Result<(), StateError> {
        let path = self.dir.join(STATUS);
        let text = serde_json::to_vec_pretty(status).map_err(|error| failed(&path)(error.into()))?;
        write_private_unsynced(&path, &text).map_err(failed(&path))
    }

    /// Forgets everything that belongs to an identity.
    ///
    /// # Errors
    /// [`StateError::Io`].
    pub fn forget(&self) -> Result<(), StateError> {
        for name in [IDENTITY, LINEAGE, STATUS] {
            let path = self.dir.join(name);
            absent_is_fine(std::fs::remove_file(&path)).map_err(failed(&path))?;
        }
        let spool = self.dir.join(SPOOL);
        absent_is_fine(std::fs::remove_dir_all(&spool)).map_err(failed(&spool))
    }

    /// Where the spool is.
    pub fn spool(&self) -> PathBuf {
        self.dir.join(SPOOL)
    }
}

/// Removes what an agent leaves in `dir` that names no machine: its lock and its bell.
///
/// # Errors
/// [`StateError::Io`].
pub fn remove_rest(dir: &Path) -> Result<(), StateError> {
    [LOCK, BELL].iter().try_for_each(|name| {
        let path = dir.join(name);
        absent_is_fine(std::fs::remove_file(&path)).map_err(failed(&path))
    })
}

/// Names in the folder.
const LOCK: &str = "lock";
const BELL: &str = "bell";
const IDENTITY: &str = "identity.json";
const LINEAGE: &str = "lineage.json";
const STATUS: &str = "status.json";
const SPOOL: &str = "spool";

/// The identity kept in `dir`, which another process may be using.
///
/// # Errors
/// [`StateError::NotEnrolled`] when there is none.
pub fn identity(dir: &Path) -> Result<Identity, StateError> {
    load(&dir.join(IDENTITY))?.ok_or_else(|| StateError::NotEnrolled(dir.to_owned()))
}

/// How the agent that uses `dir` stands, as it last said.
///
/// # Errors
/// [`StateError`] when the file cannot be read.
pub fn status(dir: &Path) -> Result<Option<Status>, StateError> {
    load(&dir.join(STATUS))
}

/// Whether an agent runs with `dir` now.
pub fn is_running(dir: &Path) -> bool {
    File::open(dir.join(LOCK)).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

fn save(path: &Path, value: &impl Serialize) -> Result<(), StateError> {
    let text = serde_json::to_vec_pretty(value).map_err(|error| failed(path)(error.into()))?;
    write_private(path, &text).map_err(failed(path))
}

fn load<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StateError> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(meta) if meta.len() > FILE_LIMIT => return Err(failed(path)(io::ErrorKind::FileTooLarge.into())),
        _ => {}
    }
    let bytes = std::fs::read(path).map_err(failed(path))?;
    serde_json::from_slice(&bytes).map(Some).map_err(|source| StateError::Damaged { path: path.to_owned(), source })
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn failed(path: &Path) -> impl Fn(io::Error) -> StateError + use<> {
    let path = path.to_owned();
    move |source| StateError::Io { path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_agents_cannot_use_one_state() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(dir.path()).unwrap();
        assert!(is_running(dir.path()));
        assert!(matches!(State::open(dir.path()), Err(StateError::Locked(_))));
        drop(state);
        assert!(!is_running(dir.path()));
        State::open(dir.path()).unwrap();
    }

    #[test]
    fn absent_and_damaged_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(identity(dir.path()), Err(StateError::NotEnrolled(_))));
        std::fs::write(dir.path().join(IDENTITY), "{").unwrap();
        assert!(matches!(identity(dir.path()), Err(StateError::Damaged { .. })));
        let state = State::open(dir.path()).unwrap();
        let lineage = Lineage { nonce: vec![1], epoch: 3, server_ms: 5 };
        state.save_lineage(&lineage).unwrap();
        assert_eq!(state.lineage(), lineage);
        state.forget().unwrap();
        assert_eq!(state.lineage(), Lineage::default());
    }
}
