//! The closed list of sections and the one place that knows which message each holds.

use crate::v1;
use prost::Message;

macro_rules! sections {
    ($($name:literal $variant:ident: $what:literal),* $(,)?) => {
        /// Every section's name, alphabetical.
        pub const SECTIONS: &[&str] = &[$($name),*];

        /// A section's content.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(clippy::large_enum_variant, reason = "sections are shared behind an `Arc`, not kept in rows")]
        pub enum Section {
            $(#[doc = $what] $variant(v1::$variant)),*
        }

        impl Section {
            /// Reads the bytes of the section called `name`; `None` when there is no such section.
            ///
            /// # Errors
            /// The bytes are not that section's message.
            pub fn decode(name: &str, bytes: &[u8]) -> Option<Result<Self, prost::DecodeError>> {
                match name {
                    $($name => Some(v1::$variant::decode(bytes).map(Self::$variant)),)*
                    _ => None,
                }
            }

            /// The canonical bytes: what is hashed, sent and stored.
            pub fn encode(&self) -> Vec<u8> {
                match self { $(Self::$variant(section) => section.encode_to_vec()),* }
            }

            /// The content as people and scripts see it.
            pub fn to_json(&self) -> serde_json::Value {
                match self { $(Self::$variant(section) => serde_json::to_value(section).unwrap_or_default()),* }
            }

            /// The section's name on the wire.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name),* }
            }
        }

        impl serde::Serialize for Section {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$variant(section) => section.serialize(serializer)),* }
            }
        }
    };
}

sections! {
    "battery" Batteries: "The batteries: design and full capacity, cycles.",
    "cameras" Cameras: "The cameras.",
    "disk-health" DiskHealth: "What the disks say of their own health.",
    "displays" Displays: "The displays, from their EDID.",
    "graphics" Graphics: "The graphics cards.",
    "links" Links: "State of the network: speed, leased addresses, gateway.",
    "memory" Memory: "The memory, module by slot where readable.",
    "network" Network: "The interfaces and their permanent addresses.",
    "os" OperatingSystem: "The operating system.",
    "pci" PciDevices: "What sits on the board's PCI bus.",
    "printers" Printers: "The print queues.",
    "processors" Processors: "The processors, one per socket.",
    "restarts" Restarts: "When the machine started, and how it went down before.",
    "services" FailedServices: "Services that failed.",
    "settings" Settings: "How the system is set up to protect itself.",
    "software" Software: "The installed software: the same bytes on identical PCs.",
    "software-dates" SoftwareDates: "When each package was installed.",
    "sound" SoundCards: "The sound devices.",
    "storage" Storage: "The disks and file systems.",
    "system" System: "Maker, model, serial, firmware.",
    "updates" Updates: "Updates and a restart that wait.",
    "usb" UsbDevices: "What is plugged in.",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(SECTIONS.is_sorted());
    }

    #[test]
    fn every_section_decodes_under_its_own_name() {
        for name in SECTIONS {
            let section = Section::decode(name, &[]).and_then(Result::ok);
            assert_eq!(section.map(|s| s.name()), Some(*name));
        }
        assert!(Section::decode("processes", &[]).is_none());
    }
}
