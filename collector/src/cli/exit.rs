//! How a command ends: what scripts see as the exit code, and why it failed.

use crate::desk::api::problem::with_causes;
use serde_json::{Value, json};
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
        Self::Here { place: place.to_string(), error: with_causes(error) }
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
    fn errors_are_objects_for_scripts() {
        let failure = Failure::Answered { status: 409, detail: "LAB1-1 is out".to_owned() };
        assert_eq!(failure.json(), json!({"error": "LAB1-1 is out", "status": 409}));
    }
}
