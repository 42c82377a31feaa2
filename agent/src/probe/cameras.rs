//! The cameras: what the kernel offers as a source of pictures.

use super::{Found, Measured, text};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::{Camera, Cameras};

const CLASS: &str = "/sys/class/video4linux";
/// Most nodes looked at.
const LIMIT: usize = 256;

/// Reads the section. A machine without the class has no camera: that is measured.
pub(super) fn read(host: &Host) -> Measured {
    let nodes = match host.list(CLASS) {
        Ok(nodes) => nodes,
        Err(why) if why.is_absent() => Vec::new(),
        Err(why) => return Err(why.to_string()),
    };
    let mut cameras: Vec<Camera> = nodes.iter().take(LIMIT).filter_map(|node| camera(host, node)).collect();
    cameras.sort_by(|a, b| (&a.name, &a.bus).cmp(&(&b.name, &b.bus)));
    Ok(Found::whole(Section::Cameras(Cameras { cameras })))
}

/// The camera behind a node. One camera has several; the further ones carry what is said about the picture.
fn camera(host: &Host, node: &str) -> Option<Camera> {
    let at = format!("{CLASS}/{node}");
    if !node.starts_with("video") || host.value(&format!("{at}/index")).is_ok_and(|index| index != "0") {
        return None;
    }
    let name = host.value(&format!("{at}/name")).map(|name| text::clean(&name)).unwrap_or_default();
    let place = host.link(&at).unwrap_or_default();
    let bus = ["usb", "pci"].into_iter().find(|bus| place.contains(&format!("/{bus}"))).unwrap_or_default();
    let driver = host.link(&format!("{at}/device/driver")).unwrap_or_default();
    let driver = text::clean(driver.rsplit('/').next().unwrap_or_default());
    Some(Camera { name: twice(&name).to_owned(), driver, bus: bus.to_owned() })
}

/// Some drivers give "Integrated Camera: Integrated C": the name, and its beginning once more.
fn twice(name: &str) -> &str {
    match name.split_once(": ") {
        Some((first, again)) if first.starts_with(again) => first.trim_end(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;

    #[test]
    fn one_camera_is_one_row() {
        let (_dir, host) = machine(
            r#"{"links":{"/sys/class/video4linux/video0":"../../devices/pci0000:00/0000:00:14.0/usb1/1-8/video4linux/video0",
                "/sys/class/video4linux/video0/device/driver":"../../bus/usb/drivers/uvcvideo"}}"#,
            &[
                ("sys/class/video4linux/video0/name", "Integrated Camera: Integrated C\n"),
                ("sys/class/video4linux/video0/index", "0\n"),
                ("sys/class/video4linux/video1/name", "Integrated Camera: Integrated C\n"),
                ("sys/class/video4linux/video1/index", "1\n"),
                ("sys/class/video4linux/v4l-subdev0/name", "sensor\n"),
            ],
        );
        let Section::Cameras(section) = read(&host).unwrap().section else { panic!() };
        let wanted = Camera { name: "Integrated Camera".into(), driver: "uvcvideo".into(), bus: "usb".into() };
        assert_eq!(section.cameras, [wanted]);
        assert_eq!((twice("HD Webcam: HD Webcam"), twice("a: b")), ("HD Webcam", "a: b"));
    }
}
