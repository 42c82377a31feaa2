//! What sits on the PCI bus, bridges and the board's own plumbing aside: the same bytes on identical PCs.

use super::ids::{self, Id, Names};
use super::{Found, Measured, text};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::{PciDevice, PciDevices};

/// Where the kernel lists the bus.
pub(super) const DEVICES: &str = "/sys/bus/pci/devices";
/// Most devices looked at: a server has about two hundred.
const LIMIT: usize = 1024;

/// Reads the section. A machine without the bus has nothing on it: that is measured.
pub(super) fn read(host: &Host) -> Measured {
    let found = devices(host, |class| what(class).is_some())?;
    let names = Names::read(host, "pci.ids", &found.iter().map(|device| device.id).collect());
    let device = |device: &Device| PciDevice {
        slot: device.slot.clone(),
        class: what(device.class).unwrap_or_default().to_owned(),
        maker: names.maker(device.id),
        model: names.model(device.id),
        id: device.id_text(),
        driver: device.driver.clone(),
    };
    Ok(Found::whole(Section::PciDevices(PciDevices { devices: found.iter().map(device).collect() })))
}

/// A device as the kernel lists it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Device {
    /// "0000:00:02.0".
    pub slot: String,
    /// Class, subclass and interface, 0x030000.
    pub class: u32,
    /// Maker and model.
    pub id: Id,
    /// The kernel's driver.
    pub driver: String,
}

impl Device {
    /// "8086:5917".
    pub(super) fn id_text(&self) -> String {
        format!("{:04x}:{:04x}", self.id.0, self.id.1)
    }
}

/// The devices of the classes that `wanted` wants, by slot.
pub(super) fn devices(host: &Host, wanted: fn(u32) -> bool) -> Result<Vec<Device>, String> {
    let slots = match host.list(DEVICES) {
        Ok(slots) => slots,
        Err(why) if why.is_absent() => Vec::new(),
        Err(why) => return Err(why.to_string()),
    };
    let device = |slot: &String| {
        let uevent = host.text(&format!("{DEVICES}/{slot}/uevent"), 4096).ok()?;
        parse(slot, &uevent).filter(|device| wanted(device.class))
    };
    Ok(slots.iter().take(LIMIT).filter_map(device).collect())
}

/// Reads what the kernel says of one device.
fn parse(slot: &str, uevent: &str) -> Option<Device> {
    let mut device = Device { slot: text::clean(slot), ..Device::default() };
    let mut known = false;
    for (key, value) in uevent.lines().filter_map(|line| line.split_once('=')) {
        match key {
            "DRIVER" => device.driver = text::clean(value),
            "PCI_CLASS" => device.class = u32::from_str_radix(value, 16).ok()?,
            "PCI_ID" => {
                device.id = ids::parse(value)?;
                known = true;
            }
            _ => {}
        }
    }
    known.then_some(device)
}

/// The class in a technician's words; `None` for what nobody can pull out.
fn what(class: u32) -> Option<&'static str> {
    Some(match (class >> 16, class >> 8 & 0xff) {
        (0x01, 0x08) => "NVMe storage",
        (0x01, _) => "storage controller",
        (0x02, 0x80) => "wireless network",
        (0x02, _) => "network",
        (0x03, _) => "graphics",
        (0x04, 0x00) => "video",
        (0x04, _) => "sound",
        (0x07, _) => "serial port",
        (0x08, 0x05) => "card reader",
        (0x09, _) => "input",
        (0x0c, 0x03) => "USB controller",
        (0x0d, _) => "wireless",
        (0x10, _) => "encryption",
        (0x12, _) => "accelerator",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;
    use proptest::prelude::*;

    #[test]
    fn devices_have_names_where_there_is_a_list() {
        let (_dir, host) = machine(
            "{}",
            &[
                ("sys/bus/pci/devices/0000:00:02.0/uevent", "DRIVER=i915\nPCI_CLASS=30000\nPCI_ID=8086:5917\nPCI_SUBSYS_ID=17AA:225D\n"),
                ("sys/bus/pci/devices/0000:00:1c.0/uevent", "DRIVER=pcieport\nPCI_CLASS=60400\nPCI_ID=8086:9D10\n"),
                ("sys/bus/pci/devices/0000:03:00.0/uevent", "PCI_CLASS=28000\nPCI_ID=8086:24FD\n"),
                ("sys/bus/pci/devices/0000:04:00.0/uevent", "PCI_CLASS=rubbish\n"),
                ("usr/share/misc/pci.ids", ids::tests::LIST),
            ],
        );
        let Section::PciDevices(section) = read(&host).unwrap().section else { panic!() };
        let rows: Vec<_> = section.devices.iter().map(|d| [&d.class, &d.maker, &d.model, &d.id, &d.driver].map(String::as_str)).collect();
        assert_eq!(
            rows,
            [
                ["graphics", "Intel Corporation", "UHD Graphics 620", "8086:5917", "i915"],
                ["wireless network", "Intel Corporation", "Wireless 8265 / 8275", "8086:24fd", ""],
            ]
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)((DRIVER|PCI_CLASS|PCI_ID)=|[0-9A-F:]|\n|.){0,100}", class in any::<u32>()) {
            parse("x", &text);
            what(class);
        }
    }
}
