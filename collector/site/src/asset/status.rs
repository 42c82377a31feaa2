//! Where an asset stands in its life.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where an asset stands in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssetStatus {
    /// In use or ready for it.
    #[default]
    InService,
    /// In repair.
    InRepair,
    /// Lost.
    Lost,
    /// Stolen.
    Stolen,
    /// Taken out of use, and still somewhere in a store room.
    Retired,
    /// Gone for good: sold, recycled, given back.
    Disposed,
}

impl AssetStatus {
    /// Every status, in the order of a life.
    pub const ALL: [Self; 6] = [Self::InService, Self::InRepair, Self::Lost, Self::Stolen, Self::Retired, Self::Disposed];

    /// As it stands in files and commands: "in-service".
    pub const fn code(self) -> &'static str {
        match self {
            Self::InService => "in-service",
            Self::InRepair => "in-repair",
            Self::Lost => "lost",
            Self::Stolen => "stolen",
            Self::Retired => "retired",
            Self::Disposed => "disposed",
        }
    }

    /// As people say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::InService => "in service",
            Self::InRepair => "in repair",
            Self::Lost => "lost",
            Self::Stolen => "stolen",
            Self::Retired => "retired",
            Self::Disposed => "disposed",
        }
    }

    /// Whether it is out of the inventory: retired or disposed of.
    pub fn is_gone(self) -> bool {
        matches!(self, Self::Retired | Self::Disposed)
    }
}

/// Why a text is no status of an asset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no status of an asset: it is one of {words}", words = AssetStatus::ALL.map(AssetStatus::code).join(", "))]
pub struct BadStatus(String);

impl FromStr for AssetStatus {
    type Err = BadStatus;

    /// Reads a status as files and people write it: "in-repair", "In repair".
    fn from_str(text: &str) -> Result<Self, BadStatus> {
        let plain = super::word_of(text);
        let status = Self::ALL.into_iter().find(|status| status.code() == plain);
        status.ok_or_else(|| BadStatus(text.chars().take(40).collect()))
    }
}

impl fmt::Display for AssetStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_read_by_its_word() {
        for status in AssetStatus::ALL {
            assert_eq!(status.code().parse(), Ok(status));
            assert_eq!(status.word().parse(), Ok(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.code(), "the stored word is the same");
        }
        assert!("broken".parse::<AssetStatus>().unwrap_err().to_string().contains("in-service, in-repair"));
    }
}
