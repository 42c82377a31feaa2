//! What is plugged in on the USB, built-in cameras and readers included; hubs aside.

use super::ids::{Id, Names};
use super::{Found, Measured, text};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::{UsbDevice, UsbDevices};

const DEVICES: &str = "/sys/bus/usb/devices";
/// Most entries looked at: a bus has at most 127 devices.
const LIMIT: usize = 2048;
/// The class of hubs.
const HUB: &str = "09";

/// Reads the section. A machine without the bus has nothing on it: that is measured.
pub(super) fn read(host: &Host) -> Measured {
    let entries = match host.list(DEVICES) {
        Ok(entries) => entries,
        Err(why) if why.is_absent() => Vec::new(),
        Err(why) => return Err(why.to_string()),
    };
    let entries: Vec<String> = entries.into_iter().take(LIMIT).collect();
    let mut devices: Vec<(Id, UsbDevice)> = entries.iter().filter_map(|name| device(host, name, &entries)).collect();
    let nameless = devices.iter().filter(|(_, device)| device.maker.is_empty() || device.model.is_empty());
    let names = Names::read(host, "usb.ids", &nameless.map(|(id, _)| *id).collect());
    for (id, device) in &mut devices {
        if device.maker.is_empty() {
            device.maker = names.maker(*id);
        }
        if device.model.is_empty() {
            device.model = names.model(*id);
        }
    }
    Ok(Found::whole(Section::UsbDevices(UsbDevices { devices: devices.into_iter().map(|(_, device)| device).collect() })))
}

/// The device at the port `name`; "usb1" is a bus, "1-4:1.0" an interface of a device.
fn device(host: &Host, name: &str, entries: &[String]) -> Option<(Id, UsbDevice)> {
    if name.contains(':') || !name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let value = |file: &str| host.value(&format!("{DEVICES}/{name}/{file}")).unwrap_or_default();
    if value("bDeviceClass") == HUB {
        return None;
    }
    let number = |file: &str| u16::from_str_radix(&value(file), 16).ok();
    let id = (number("idVendor")?, number("idProduct")?);
    let interfaces = entries.iter().filter(|entry| entry.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')));
    let classes: Vec<String> = interfaces.filter_map(|entry| host.value(&format!("{DEVICES}/{entry}/bInterfaceClass")).ok()).collect();
    let device = UsbDevice {
        port: text::clean(name),
        maker: text::given(&value("manufacturer")),
        model: text::given(&value("product")),
        serial: text::given(&value("serial")),
        id: format!("{:04x}:{:04x}", id.0, id.1),
        kind: kind(&classes).to_owned(),
    };
    Some((id, device))
}

/// What a device with these interfaces is for; of several the first in this order, as a camera has a microphone.
fn kind(classes: &[String]) -> &'static str {
    const KINDS: [(&str, &str); 9] = [
        ("0e", "camera"),
        ("08", "storage"),
        ("07", "printer"),
        ("01", "sound"),
        ("03", "input"),
        ("0b", "card reader"),
        ("e0", "wireless"),
        ("02", "network"),
        ("06", "imaging"),
    ];
    KINDS.iter().find(|(class, _)| classes.iter().any(|own| own == class)).map_or("", |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;

    #[test]
    fn devices_are_listed_and_hubs_are_not() {
        let at = |path: &str| format!("sys/bus/usb/devices/{path}");
        let files = [
            (at("usb1/bDeviceClass"), "09"),
            (at("1-4/bDeviceClass"), "ef\n"),
            (at("1-4/idVendor"), "04f2\n"),
            (at("1-4/idProduct"), "b5ce\n"),
            (at("1-4/product"), "Integrated Camera\n"),
            (at("1-4:1.0/bInterfaceClass"), "0e\n"),
            (at("1-4:1.2/bInterfaceClass"), "01\n"),
            (at("1-5/bDeviceClass"), "09\n"),
            (at("1-5.1/bDeviceClass"), "00\n"),
            (at("1-5.1/idVendor"), "046d"),
            (at("1-5.1/idProduct"), "c31c"),
            (at("1-5.1/serial"), "0123456789"),
            (at("1-5.1:1.0/bInterfaceClass"), "03"),
            (at("1-6/idVendor"), "rubbish"),
            ("usr/share/misc/usb.ids".to_owned(), "046d  Logitech, Inc.\n\tc31c  Keyboard K120\n"),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let (_dir, host) = machine("{}", &files);
        let Section::UsbDevices(section) = read(&host).unwrap().section else { panic!() };
        let rows: Vec<_> = section.devices.iter().map(|d| [&d.port, &d.maker, &d.model, &d.serial, &d.kind].map(String::as_str)).collect();
        assert_eq!(rows, [["1-4", "", "Integrated Camera", "", "camera"], ["1-5.1", "Logitech, Inc.", "Keyboard K120", "", "input"]]);
    }
}
