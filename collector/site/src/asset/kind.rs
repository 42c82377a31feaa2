//! What an asset is: one explicit list.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What an asset is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssetKind {
    /// A wireless access point.
    AccessPoint,
    /// A calculator.
    Calculator,
    /// A camera.
    Camera,
    /// A cart that charges and carries laptops.
    Cart,
    /// A charger that has a tag of its own.
    Charger,
    /// A Chromebook.
    Chromebook,
    /// A docking station.
    Dock,
    /// A camera that shows what lies on a desk.
    DocumentCamera,
    /// A tablet to draw on, without a screen of its own or with one.
    GraphicsTablet,
    /// A headset or headphones.
    Headset,
    /// A mobile hotspot.
    Hotspot,
    /// An interactive board or panel.
    InteractiveBoard,
    /// A laptop.
    Laptop,
    /// A microphone.
    Microphone,
    /// A monitor.
    Monitor,
    /// A PC on a desk, or a virtual machine.
    #[default]
    Pc,
    /// A phone.
    Phone,
    /// A printer.
    Printer,
    /// A projector.
    Projector,
    /// A router or firewall.
    Router,
    /// A scanner of paper or of barcodes.
    Scanner,
    /// A server.
    Server,
    /// A loudspeaker.
    Speaker,
    /// A network switch.
    Switch,
    /// A tablet.
    Tablet,
    /// A television or a display on the wall.
    Television,
    /// A battery that bridges a power cut.
    Ups,
    /// Anything else.
    Other,
}

impl AssetKind {
    /// Every kind, in the order of their words; what is none of them comes last.
    pub const ALL: [Self; 28] = [
        Self::AccessPoint,
        Self::Calculator,
        Self::Camera,
        Self::Cart,
        Self::Charger,
        Self::Chromebook,
        Self::Dock,
        Self::DocumentCamera,
        Self::GraphicsTablet,
        Self::Headset,
        Self::Hotspot,
        Self::InteractiveBoard,
        Self::Laptop,
        Self::Microphone,
        Self::Monitor,
        Self::Pc,
        Self::Phone,
        Self::Printer,
        Self::Projector,
        Self::Router,
        Self::Scanner,
        Self::Server,
        Self::Speaker,
        Self::Switch,
        Self::Tablet,
        Self::Television,
        Self::Ups,
        Self::Other,
    ];

    /// As it stands in files and commands: "document-camera".
    pub const fn word(self) -> &'static str {
        match self {
            Self::AccessPoint => "access-point",
            Self::Calculator => "calculator",
            Self::Camera => "camera",
            Self::Cart => "cart",
            Self::Charger => "charger",
            Self::Chromebook => "chromebook",
            Self::Dock => "dock",
            Self::DocumentCamera => "document-camera",
            Self::GraphicsTablet => "graphics-tablet",
            Self::Headset => "headset",
            Self::Hotspot => "hotspot",
            Self::InteractiveBoard => "interactive-board",
            Self::Laptop => "laptop",
            Self::Microphone => "microphone",
            Self::Monitor => "monitor",
            Self::Pc => "pc",
            Self::Phone => "phone",
            Self::Printer => "printer",
            Self::Projector => "projector",
            Self::Router => "router",
            Self::Scanner => "scanner",
            Self::Server => "server",
            Self::Speaker => "speaker",
            Self::Switch => "switch",
            Self::Tablet => "tablet",
            Self::Television => "television",
            Self::Ups => "ups",
            Self::Other => "other",
        }
    }

    /// As people say it: "document camera", "PC".
    pub const fn title(self) -> &'static str {
        match self {
            Self::AccessPoint => "access point",
            Self::Chromebook => "Chromebook",
            Self::DocumentCamera => "document camera",
            Self::GraphicsTablet => "graphics tablet",
            Self::InteractiveBoard => "interactive board",
            Self::Pc => "PC",
            Self::Ups => "UPS",
            _ => self.word(),
        }
    }

    /// Whether it keeps what people wrote to it, so that it has to be wiped before it goes.
    pub const fn keeps_data(self) -> bool {
        matches!(self, Self::Chromebook | Self::Laptop | Self::Pc | Self::Phone | Self::Server | Self::Tablet)
    }
}

/// Why a text is no kind of asset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of asset; the kinds are {kinds}", kinds = AssetKind::ALL.map(AssetKind::word).join(", "))]
pub struct BadKind(String);

impl FromStr for AssetKind {
    type Err = BadKind;

    /// Reads a kind's word or title, in any case: "Document Camera", "document_camera", "PC".
    fn from_str(text: &str) -> Result<Self, BadKind> {
        let plain = super::word_of(text);
        let kind = Self::ALL.into_iter().find(|kind| kind.word() == plain);
        kind.ok_or_else(|| BadKind(text.chars().take(40).collect()))
    }
}

impl fmt::Display for AssetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_in_the_list_in_order_and_read_by_its_word() {
        let words = AssetKind::ALL.map(AssetKind::word);
        assert!(words.split_last().unwrap().1.is_sorted(), "{words:?}");
        for kind in AssetKind::ALL {
            assert_eq!(kind.word().parse(), Ok(kind));
            assert_eq!(kind.title().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word(), "the stored word is the same");
        }
    }

    #[test]
    fn kinds_are_read_as_people_write_them() {
        assert_eq!(" Document_Camera ".parse(), Ok(AssetKind::DocumentCamera));
        let bad = "fridge".parse::<AssetKind>().unwrap_err().to_string();
        assert!(bad.contains("\"fridge\"") && bad.contains("hotspot, interactive-board"), "{bad}");
    }
}
