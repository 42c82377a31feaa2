//! The displays, from the EDID that each connector gives.

use super::{Found, Measured, edid, text};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::{Display, Displays};

const CARDS: &str = "/sys/class/drm";
const EDID_LIMIT: usize = 32 * 1024;

/// Reads the section. A machine without graphics has no display: that is measured.
pub(super) fn read(host: &Host) -> Measured {
    let names = match host.list(CARDS) {
        Ok(names) => names,
        Err(why) if why.is_absent() => Vec::new(),
        Err(why) => return Err(why.to_string()),
    };
    let mut displays = Vec::new();
    let mut problems = Vec::new();
    for (name, connector) in names.iter().filter_map(|name| Some((name, connector(name)?))) {
        if host.value(&format!("{CARDS}/{name}/status")).is_ok_and(|status| status != "connected") {
            continue;
        }
        match host.read(&format!("{CARDS}/{name}/edid"), EDID_LIMIT) {
            // Connected and without EDID: an adapter, or a panel that the firmware knows.
            Ok(bytes) if bytes.is_empty() => displays.push(Display { connector, ..Display::default() }),
            Ok(bytes) => match edid::parse(&bytes) {
                Ok(edid) => displays.push(display(connector, edid)),
                Err(why) => problems.push(format!("{connector}: {why}")),
            },
            Err(why) if why.is_absent() => {}
            Err(why) => problems.push(format!("{connector}: {why}")),
        }
    }
    displays.sort_by(|a, b| a.connector.cmp(&b.connector));
    Ok(Found { section: Section::Displays(Displays { displays }), problems })
}

/// "card0-HDMI-A-1" is connector "HDMI-A-1"; other names are no connectors.
fn connector(name: &str) -> Option<String> {
    let (card, connector) = name.split_once('-')?;
    let known = card.starts_with("card") && !connector.starts_with("Writeback");
    known.then(|| text::clean(connector))
}

fn display(connector: String, edid: edid::Edid) -> Display {
    Display {
        connector,
        manufacturer: edid.manufacturer,
        model: edid.model,
        serial: edid.serial,
        year: edid.year,
        width_mm: edid.width_mm,
        height_mm: edid.height_mm,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connected_displays_are_listed_by_connector() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, status: &str, edid: &[u8]| {
            let at = dir.path().join("sys/class/drm").join(name);
            std::fs::create_dir_all(&at).unwrap();
            std::fs::write(at.join("status"), status).unwrap();
            std::fs::write(at.join("edid"), edid).unwrap();
        };
        put("card0-HDMI-A-1", "connected\n", &edid::tests::dell());
        put("card0-DP-1", "connected\n", b"");
        put("card0-DP-2", "disconnected\n", &edid::tests::dell());
        put("card0-VGA-1", "connected\n", b"rubbish");
        put("card0", "", b"");
        let found = read(&Host::recorded(dir.path()).unwrap()).unwrap();
        let Section::Displays(displays) = found.section else { panic!() };
        assert_eq!(
            displays.displays.iter().map(|d| (d.connector.as_str(), d.model.as_str())).collect::<Vec<_>>(),
            [("DP-1", ""), ("HDMI-A-1", "DELL P2419H")]
        );
        assert_eq!(found.problems, ["VGA-1: the EDID is shorter than 128 bytes"]);
    }
}
