//! What a recorded folder keeps beside the files themselves: `host.json`.

use super::{RecordError, Unread, Vitals, Volume};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The name of the manifest in a recorded folder.
pub(super) const FILE: &str = "host.json";

/// Everything a machine said that a plain copy of its files cannot hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Manifest {
    /// The kernel's word for the architecture.
    pub architecture: String,
    /// Mounted file systems with their sizes.
    pub volumes: Vec<Volume>,
    /// Processor, memory, temperature, load.
    pub vitals: Vitals,
    /// Whether none of its name servers answered.
    pub dns_failing: Option<bool>,
    /// Sources that were there and could not be read.
    pub refused: BTreeMap<String, Why>,
    /// IPv4 addresses by interface.
    pub addresses: Vec<(String, String)>,
    /// What programs answered, by question.
    pub answers: BTreeMap<String, String>,
    /// Directories by their names.
    pub names: BTreeMap<String, Vec<String>>,
    /// Symbolic links by their targets.
    pub links: BTreeMap<String, String>,
    /// Paths that exist and were not read.
    pub present: BTreeSet<String>,
    /// Last writes, seconds since 1970 UTC.
    pub modified: BTreeMap<String, i64>,
    /// Files that lie in memory: of a machine that no folder holds.
    #[serde(skip)]
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Whether what is written of the manifest in these bytes reads the same; bytes that are none are written nowhere.
pub(crate) fn manifest_reads_back(bytes: &[u8]) -> bool {
    let Ok(manifest) = serde_json::from_slice::<Manifest>(bytes) else { return true };
    serde_json::to_vec(&manifest).ok().and_then(|text| serde_json::from_slice(&text).ok()) == Some(manifest)
}

/// Why a source could not be read when it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Why {
    /// Only root may read it.
    Denied,
    /// It passed its limit, in bytes or names.
    TooLarge(usize),
    /// The system's words.
    Failed(String),
}

impl Why {
    /// What to keep of `unread`; an absent source is simply absent from the folder.
    pub(super) fn of(unread: &Unread) -> Option<Self> {
        match unread {
            Unread::Absent { .. } => None,
            Unread::Denied { .. } => Some(Self::Denied),
            Unread::TooLarge { limit, .. } => Some(Self::TooLarge(*limit)),
            Unread::Failed { what, .. } => Some(Self::Failed(what.clone())),
        }
    }

    /// The refusal of `path` again.
    pub(super) fn unread(&self, path: &str) -> Unread {
        let path = path.to_owned();
        match self {
            Self::Denied => Unread::Denied { path },
            Self::TooLarge(limit) => Unread::TooLarge { path, limit: *limit },
            Self::Failed(what) => Unread::Failed { path, what: what.clone() },
        }
    }
}

impl Manifest {
    /// Reads the manifest of `dir`; a folder laid out by hand may have none.
    pub(super) fn load(dir: &Path) -> Result<Self, RecordError> {
        if !dir.is_dir() {
            return Err(RecordError::NoFolder(dir.to_owned()));
        }
        let path = dir.join(FILE);
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|source| RecordError::Manifest { path, source }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(RecordError::Io { path, source }),
        }
    }
}
