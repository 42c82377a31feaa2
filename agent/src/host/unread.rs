//! Why a file, a folder or a link of the machine could not be read: absent, denied, too large and failed are told apart.

use std::io;

/// Why a source could not be read. Absent, denied, too large and failed are different things.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// The machine has no such source.
    #[error("{path} is absent")]
    Absent {
        /// The source.
        path: String,
    },
    /// Only root may read it.
    #[error("only root may read {path} (rollcall-agent-facts.timer writes it down)")]
    Denied {
        /// The source.
        path: String,
    },
    /// It passes the limit for this source.
    #[error("{path} is larger than {limit} bytes")]
    TooLarge {
        /// The source.
        path: String,
        /// What was allowed, bytes or names.
        limit: usize,
    },
    /// The system said something else.
    #[error("{path}: {what}")]
    Failed {
        /// The source.
        path: String,
        /// In the system's words.
        what: String,
    },
}

impl Unread {
    pub(super) fn from_io(path: &str, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Absent { path },
            io::ErrorKind::PermissionDenied => Self::Denied { path },
            _ => Self::Failed { path, what: error.to_string() },
        }
    }

    /// Whether the machine simply has no such source.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent { .. })
    }
}
