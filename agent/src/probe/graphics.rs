//! The graphics cards: what draws the picture, and with how much memory of its own.

use super::ids::Names;
use super::pci::{DEVICES, Device, devices};
use super::{Found, Measured, text};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::{Graphics, GraphicsCard};

/// Reads the section. A machine without a card has none: that is measured.
pub(super) fn read(host: &Host) -> Measured {
    let found = devices(host, |class| class >> 16 == 0x03)?;
    let names = Names::read(host, "pci.ids", &found.iter().map(|device| device.id).collect());
    let card = |device: &Device| GraphicsCard {
        slot: device.slot.clone(),
        maker: names.maker(device.id),
        model: names.model(device.id),
        id: device.id_text(),
        driver: device.driver.clone(),
        memory_bytes: memory(host, &device.slot),
    };
    Ok(Found::whole(Section::Graphics(Graphics { cards: found.iter().map(card).collect() })))
}

/// The card's own memory, where its driver tells (AMD's does); 0: not given.
fn memory(host: &Host, slot: &str) -> u64 {
    host.value(&format!("{DEVICES}/{slot}/mem_info_vram_total")).ok().and_then(|value| text::number(&value)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;

    #[test]
    fn only_what_draws_is_a_card() {
        let (_dir, host) = machine(
            "{}",
            &[
                ("sys/bus/pci/devices/0000:00:02.0/uevent", "DRIVER=i915\nPCI_CLASS=30000\nPCI_ID=8086:5917\n"),
                ("sys/bus/pci/devices/0000:01:00.0/uevent", "DRIVER=amdgpu\nPCI_CLASS=38000\nPCI_ID=1002:6985\n"),
                ("sys/bus/pci/devices/0000:01:00.0/mem_info_vram_total", "4294967296\n"),
                ("sys/bus/pci/devices/0000:03:00.0/uevent", "PCI_CLASS=28000\nPCI_ID=8086:24FD\n"),
            ],
        );
        let Section::Graphics(section) = read(&host).unwrap().section else { panic!() };
        let rows: Vec<_> = section.cards.iter().map(|c| (c.id.as_str(), c.driver.as_str(), c.memory_bytes)).collect();
        assert_eq!(rows, [("8086:5917", "i915", 0), ("1002:6985", "amdgpu", 4 << 30)]);
    }
}
