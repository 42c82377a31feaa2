//! How a command ends: what scripts see as the exit code, and why it failed.

use crate::desk::api::problem::with_causes;
use serde_json::{Value, json};
use std::fmt::Display;
use std::io;
use std::process::ExitCode;

/// The exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; GO.
    Done = 0,
    /// It found problems (CHECK), or nothing.
    Found = 1,
    /// The command was not understood, or what it was given is not what it must be.
    Usage = 2,
    /// Refused; STOP.
    Refused = 3,
    /// The collector could not be reached, or could not do it.
    Unreachable = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was given is not what it must be.
    #[error("{0}")]
    Usage(String),
    /// A person said no, or must say yes first.
    #[error("{0}")]
    Refused(String),
    /// Nobody answers, or not in a way that can be understood.
    #[error("{0}")]
    Unreachable(String),
    /// The collector refused, with an HTTP status.
    #[error("{detail}")]
    Answered {
        /// The HTTP status.
        status: u16,
        /// What is wrong, where, and what to do instead.
        detail: String,
    },
    /// Something on this machine failed.
    #[error("{place}: {error}")]
    Here {
        /// The file or door.
        place: String,
        /// What happened.
        error: String,
    },
}

impl Failure {
    /// Something on this machine failed, with everything that caused it.
    pub fn here(place: impl ToString, error: &(dyn std::error::Error + 'static)) -> Self {
        let error = error.downcast_ref::<io::Error>().and_then(in_words).map_or_else(|| with_causes(error), str::to_owned);
        Self::Here { place: place.to_string(), error }
    }

    /// The same failure, of something that is named: a file that was sent.
    pub fn of(self, place: impl Display) -> Self {
        match self {
            Self::Answered { status, detail } if status == 422 => Self::Answered { status, detail: format!("{place}: {detail}") },
            other => other,
        }
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Refused(_) => Exit::Refused,
            Self::Unreachable(_) => Exit::Unreachable,
            Self::Here { .. } => Exit::Usage,
            Self::Answered { status, .. } => match status {
                // Something behind the collector did not answer: a channel that was tested.
                404 | 502 => Exit::Found,
                401 | 403 | 409 => Exit::Refused,
                400..=499 => Exit::Usage,
                _ => Exit::Unreachable,
            },
        }
    }

    /// As scripts read it on standard error.
    pub fn json(&self) -> Value {
        match self {
            Self::Answered { status, .. } => json!({ "error": self.to_string(), "status": status }),
            _ => json!({ "error": self.to_string() }),
        }
    }
}

/// What commonly happens to files, as people say it.
fn in_words(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::NotFound => Some("there is no such file or folder; check the name"),
        io::ErrorKind::PermissionDenied => Some("this user may not use it; call rollcall with sudo, or change who may"),
        io::ErrorKind::IsADirectory => Some("it is a folder; name a file"),
        io::ErrorKind::StorageFull => Some("there is no space left; nothing more could be written"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_can_rely_on_the_codes() {
        let check = |status, exit| assert_eq!(Failure::Answered { status, detail: String::new() }.exit(), exit, "{status}");
        check(404, Exit::Found);
        check(502, Exit::Found);
        check(409, Exit::Refused);
        check(403, Exit::Refused);
        check(401, Exit::Refused);
        check(422, Exit::Usage);
        check(503, Exit::Unreachable);
        assert_eq!(Failure::Unreachable(String::new()).exit() as u8, 4);
    }

    #[test]
    fn what_happens_to_files_is_said_in_words() {
        let failure = Failure::here("x.csv", &io::Error::from(io::ErrorKind::NotFound));
        assert_eq!(failure.to_string(), "x.csv: there is no such file or folder; check the name");
        let refused = |status| Failure::Answered { status, detail: "line 2".to_owned() }.of("lab.toml").to_string();
        assert_eq!([refused(422), refused(409)], ["lab.toml: line 2", "line 2"]);
    }

    #[test]
    fn errors_are_objects_for_scripts() {
        let failure = Failure::Answered { status: 409, detail: "LAB1-1 is out".to_owned() };
        assert_eq!(failure.json(), json!({"error": "LAB1-1 is out", "status": 409}));
    }
}
