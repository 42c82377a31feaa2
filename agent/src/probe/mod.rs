//! The probes: one file per subject, each with its sources, its pure parsers and their tests.
//!
//! A probe reads through [`Host`] and never fails as a whole for one odd value: that value becomes a problem. When
//! nothing could be measured it says why. The same machine gives the same bytes: everything is sorted and normalised.

mod battery;
mod cameras;
mod disk_health;
mod displays;
mod edid;
mod errors;
mod firmware;
mod graphics;
pub mod health;
mod ids;
mod links;
mod memory;
mod network;
mod os;
mod packages;
mod pci;
pub(crate) mod printers;
mod processors;
mod restarts;
mod services;
mod settings;
mod smbios;
mod software;
mod software_dates;
mod sound;
mod storage;
mod system;
pub mod text;
mod updates;
mod usb;

pub(crate) use links::{gateway_of as gateway, name_servers_of as name_servers};
pub use network::{permanent_macs, physical};
pub use storage::fixed_serials;
pub use system::{Dmi, asset_tag, host_name};

use crate::host::Host;
use rollcall_proto::Section;
use std::time::Duration;

/// One subject of the inventory.
pub struct Probe {
    /// The section it fills: its name on the wire.
    pub section: &'static str,
    /// How long it may take before it counts as not measured.
    pub limit: Duration,
    /// Reads and parses.
    pub read: fn(&Host) -> Measured,
}

/// What a probe found, or why it found nothing, in words a technician understands.
pub type Measured = Result<Found, String>;

/// A section, and the values in it that could not be read.
#[derive(Debug, PartialEq)]
pub struct Found {
    /// The content.
    pub section: Section,
    /// What is missing from it, and why.
    pub problems: Vec<String>,
}

impl Found {
    /// A section that is whole.
    fn whole(section: Section) -> Self {
        Self { section, problems: Vec::new() }
    }
}

/// Small files of the kernel: anything slower is a driver that hangs.
const KERNEL: Duration = Duration::from_secs(5);
/// Files on a disk, which may have to spin up; and programs, which read them.
const DISK: Duration = Duration::from_secs(20);
/// Every disk in turn is asked how it is.
const DISKS: Duration = Duration::from_secs(60);

/// Every probe, alphabetical: one for each section of the wire.
pub const PROBES: &[Probe] = &[
    Probe { section: "battery", limit: KERNEL, read: battery::read },
    Probe { section: "cameras", limit: KERNEL, read: cameras::read },
    Probe { section: "disk-health", limit: DISKS, read: disk_health::read },
    Probe { section: "displays", limit: KERNEL, read: displays::read },
    Probe { section: "graphics", limit: DISK, read: graphics::read },
    Probe { section: "links", limit: KERNEL, read: links::read },
    Probe { section: "memory", limit: KERNEL, read: memory::read },
    Probe { section: "network", limit: KERNEL, read: network::read },
    Probe { section: "os", limit: DISK, read: os::read },
    Probe { section: "pci", limit: DISK, read: pci::read },
    Probe { section: "printers", limit: DISK, read: printers::read },
    Probe { section: "processors", limit: KERNEL, read: processors::read },
    Probe { section: "restarts", limit: DISK, read: restarts::read },
    Probe { section: "services", limit: DISK, read: services::read },
    Probe { section: "settings", limit: DISK, read: settings::read },
    Probe { section: "software", limit: DISK, read: software::read },
    Probe { section: "software-dates", limit: DISK, read: software_dates::read },
    Probe { section: "sound", limit: KERNEL, read: sound::read },
    Probe { section: "storage", limit: DISK, read: storage::read },
    Probe { section: "system", limit: KERNEL, read: system::read },
    Probe { section: "updates", limit: DISK, read: updates::read },
    Probe { section: "usb", limit: DISK, read: usb::read },
];

/// The sections that follow the package database.
pub const PACKAGE_SECTIONS: &[&str] = &["software", "software-dates", "updates"];

/// The sections that change while a machine is used and cost little: read again every few minutes.
pub const LIVELY_SECTIONS: &[&str] = &["cameras", "displays", "links", "services", "settings", "sound", "usb"];

#[cfg(test)]
pub(crate) use crate::host::machine;

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_proto::SECTIONS;

    #[test]
    fn there_is_one_probe_for_each_section_in_order() {
        let probes: Vec<&str> = PROBES.iter().map(|probe| probe.section).collect();
        assert_eq!(probes, SECTIONS);
        assert!(PACKAGE_SECTIONS.iter().chain(LIVELY_SECTIONS).all(|name| SECTIONS.contains(name)));
    }

    #[test]
    fn each_probe_fills_the_section_it_names() {
        for probe in PROBES {
            if let Ok(found) = (probe.read)(&Host::live()) {
                assert_eq!(found.section.name(), probe.section);
            }
        }
    }
}
