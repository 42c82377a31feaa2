//! What is not yet acknowledged: numbered entries and the section bytes they announce.
//!
//! Architecture invariant: the spool decides nothing. The session says what to keep and what to forget.

mod folder;

pub use folder::Folder;

use crate::survey::Contents;
use rollcall_proto::v1::Entry;
use std::path::{Path, PathBuf};

/// What a spool held when it was opened.
#[derive(Debug, Default, PartialEq)]
pub struct Kept {
    /// The session: a UUID, new whenever the spool begins anew.
    pub session: String,
    /// Number of the next entry.
    pub next: u64,
    /// What is not acknowledged, oldest first, without a gap.
    pub entries: Vec<Entry>,
    /// The bytes that those entries announce.
    pub contents: Contents,
    /// Entries that were lost: torn by a crash.
    pub lost: u64,
}

impl Kept {
    /// An empty spool of a new `session`.
    pub fn new(session: String) -> Self {
        Self { session, next: 1, ..Self::default() }
    }
}

/// Why the spool could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: the spool cannot be read or written", path.display())]
pub struct SpoolError {
    /// The file.
    pub path: PathBuf,
    /// The system's words.
    #[source]
    pub source: std::io::Error,
}

/// Where entries wait for their acknowledgement.
pub enum Spool {
    /// On the disk: survives a crash.
    Folder(Folder),
    /// In the session's memory alone: for simulated machines.
    Memory,
}

impl Spool {
    /// Opens the spool in `dir`. After a restart of the machine (another `boot`) it begins a new session, which is
    /// `session`: a disk that is rolled back at every start then never repeats a number.
    ///
    /// # Errors
    /// [`SpoolError`] when the folder cannot be used at all; torn files are dropped and counted.
    pub fn open(dir: &Path, boot: &str, session: String) -> Result<(Self, Kept), SpoolError> {
        let (folder, kept) = Folder::open(dir, boot, session)?;
        Ok((Self::Folder(folder), kept))
    }

    /// A spool that lives with the process.
    pub fn memory(session: String) -> (Self, Kept) {
        (Self::Memory, Kept::new(session))
    }

    /// Makes `entry` and the bytes it announces durable.
    ///
    /// # Errors
    /// [`SpoolError`]; the entry is then kept in memory only.
    pub fn keep(&mut self, entry: &Entry, contents: &Contents) -> Result<(), SpoolError> {
        match self {
            Self::Folder(folder) => folder.keep(entry, contents),
            Self::Memory => Ok(()),
        }
    }

    /// Forgets entries up to `up_to`, and all bytes but those of `still_used`.
    ///
    /// # Errors
    /// [`SpoolError`]; what was not forgotten is sent again after a restart, and dropped there as a duplicate.
    pub fn forget(&mut self, up_to: u64, still_used: &Contents) -> Result<(), SpoolError> {
        match self {
            Self::Folder(folder) => folder.forget(up_to, still_used),
            Self::Memory => Ok(()),
        }
    }

    /// Begins a new session with `entries`, numbered from 1.
    ///
    /// # Errors
    /// [`SpoolError`]; the old session then comes back after a restart.
    pub fn begin_anew(&mut self, session: &str, entries: &[Entry]) -> Result<(), SpoolError> {
        match self {
            Self::Folder(folder) => folder.begin_anew(session, entries),
            Self::Memory => Ok(()),
        }
    }
}
