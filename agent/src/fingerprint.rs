//! The hardware facts by which a collector knows this machine again. Placeholders of makers count for nothing.

use crate::host::Host;
use crate::probe::{Dmi, fixed_serials, permanent_macs, text};
use rollcall_proto::v1::Fingerprint;

/// Reads the fingerprint of `host`; what cannot be read is empty and counts for nothing.
pub fn read(host: &Host) -> Fingerprint {
    let dmi = Dmi::read(host);
    Fingerprint {
        system_uuid: dmi.uuid,
        system_serial: dmi.serial,
        board_serial: dmi.board_serial,
        chassis_serial: dmi.chassis_serial,
        macs: permanent_macs(host),
        disk_serials: fixed_serials(host),
        machine_id: host.value("/etc/machine-id").map(|id| text::clean(&id)).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_count_for_nothing() {
        let dir = tempfile::tempdir().unwrap();
        for (path, value) in [
            ("sys/class/dmi/id/product_serial", "To be filled by O.E.M.\n"),
            ("sys/class/dmi/id/product_uuid", "4C4C4544-0042-3510-8052-B4C04F564D32\n"),
            ("etc/machine-id", "0123456789abcdef0123456789abcdef\n"),
            ("sys/block/sda/device/serial", "S2R6NX0H\n"),
            ("sys/block/sda/size", "1000\n"),
        ] {
            let at = dir.path().join(path);
            std::fs::create_dir_all(at.parent().unwrap()).unwrap();
            std::fs::write(at, value).unwrap();
        }
        let fingerprint = read(&Host::recorded(dir.path()).unwrap());
        assert_eq!((fingerprint.system_serial.as_str(), fingerprint.system_uuid.as_str()), ("", "4c4c4544-0042-3510-8052-b4c04f564d32"));
        assert_eq!(fingerprint.disk_serials, ["S2R6NX0H"]);
        assert_eq!(fingerprint.machine_id.len(), 32);
    }
}
