//! Whether a camera is there, and a driver runs it.

use super::{Around, Finding, OffSite, Step, Work, section};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::diagnosis_step::Step as Name;
use std::time::Duration;

pub(super) const STEP: Step =
    Step { name: Name::Camera, off_site: OffSite::With("cameras"), limit: Duration::from_secs(5), work: Work::Look(look) };

fn look(host: &Host, _: &Around) -> Finding {
    let cameras = match section(host, "cameras") {
        Ok(Section::Cameras(section)) => section.cameras,
        Ok(_) => Vec::new(),
        Err(why) => return Finding::unreadable(why),
    };
    if !cameras.is_empty() {
        let names: Vec<&str> =
            cameras.iter().map(|camera| if camera.name.is_empty() { "a camera" } else { camera.name.as_str() }).collect();
        return Finding::well(names.join(", "));
    }
    // One that hangs on the USB and is no source of pictures has no driver, or is switched off by a key.
    match section(host, "usb") {
        Ok(Section::UsbDevices(usb)) => match usb.devices.iter().find(|device| device.kind == "camera") {
            Some(device) => Finding::wrong(format!("{} {} is plugged in, and no driver runs it", device.maker, device.model)),
            None => Finding::absent("no camera"),
        },
        _ => Finding::absent("no camera"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::machine;

    #[test]
    fn a_camera_that_works_one_without_a_driver_and_none_are_three_things() {
        let of = |manifest: &str, files: &[(&str, &str)]| {
            let (_dir, host) = machine(manifest, files);
            look(&host, &Around::default())
        };
        let node = [("sys/class/video4linux/video0/name", "HD Webcam\n"), ("sys/class/video4linux/video0/index", "0\n")];
        assert_eq!(of("{}", &node), Finding::well("HD Webcam"));
        let usb = [
            ("sys/bus/usb/devices/1-8/idVendor", "046d"),
            ("sys/bus/usb/devices/1-8/idProduct", "0825"),
            ("sys/bus/usb/devices/1-8/manufacturer", "Logitech"),
            ("sys/bus/usb/devices/1-8/product", "Webcam C270"),
            ("sys/bus/usb/devices/1-8:1.0/bInterfaceClass", "0e"),
        ];
        assert_eq!(of("{}", &usb), Finding::wrong("Logitech Webcam C270 is plugged in, and no driver runs it"));
        assert_eq!(of("{}", &[]), Finding::absent("no camera"));
        let denied = of(r#"{"refused":{"/sys/class/video4linux":"denied"}}"#, &node);
        assert!(denied.outcome == rollcall_proto::v1::diagnosis_step::Outcome::Unreadable, "{denied:?}");
    }
}
