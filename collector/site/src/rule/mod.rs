//! Rules: each one kind of malfunction or drift, as data and a pure function.

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Low,
    /// Look at it today.
    Medium,
    /// Look at it now.
    High,
}
