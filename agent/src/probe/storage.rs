//! The disks and the file systems on them.

use super::{Found, Measured, text};
use crate::host::{Host, Volume};
use rollcall_proto::Section;
use rollcall_proto::v1::{Disk, FileSystem, Storage};
use std::collections::BTreeMap;

const BLOCK: &str = "/sys/block";
/// The kernel counts sizes in sectors of 512 bytes, whatever the disk's are.
const SECTOR: u64 = 512;
/// Where the desktop mounts what people plug in.
const PLUGGED: [&str; 2] = ["/media/", "/run/media/"];

/// Reads the section.
pub(super) fn read(host: &Host) -> Measured {
    let (disks, mut problems) = disks(host)?;
    let mounts = match host.text("/proc/mounts", 4 * 1024 * 1024) {
        Ok(text) => text,
        Err(why) => {
            problems.push(format!("file systems: {why}"));
            String::new()
        }
    };
    let file_systems = file_systems(&mounts, &host.volumes());
    Ok(Found { section: Section::Storage(Storage { disks, file_systems }), problems })
}

/// Serial numbers of the disks that belong to the machine, sorted: part of its fingerprint.
pub fn fixed_serials(host: &Host) -> Vec<String> {
    let disks = disks(host).map(|(disks, _)| disks).unwrap_or_default();
    let fixed = disks.into_iter().filter(|disk| !disk.removable && disk.bus != "usb" && !disk.serial.is_empty());
    let mut serials: Vec<String> = fixed.map(|disk| disk.serial).collect();
    serials.sort_unstable();
    serials.dedup();
    serials
}

/// Disks by name: what the kernel backs with a device. Loops, RAM disks and volumes over disks have none.
pub(super) fn disks(host: &Host) -> Result<(Vec<Disk>, Vec<String>), String> {
    let mut disks = Vec::new();
    let mut problems = Vec::new();
    for name in host.list(BLOCK).map_err(|why| why.to_string())? {
        let is_disk = host.exists(&format!("{BLOCK}/{name}/device")) && !name.starts_with("sr") && !name.starts_with("fd");
        if !is_disk {
            continue;
        }
        let disk = disk(host, &name, &mut problems);
        // A card reader without a card is no disk.
        if disk.bytes > 0 {
            disks.push(disk);
        }
    }
    Ok((disks, problems))
}

fn disk(host: &Host, name: &str, problems: &mut Vec<String>) -> Disk {
    let value = |file: &str| host.value(&format!("{BLOCK}/{name}/{file}")).unwrap_or_default();
    let first = |files: &[&str]| files.iter().map(|file| text::given(&value(file))).find(|text| !text.is_empty()).unwrap_or_default();
    let bus = host.link(&format!("{BLOCK}/{name}")).map_or("", |target| bus(&target));
    let mut serial = first(&["device/serial", "serial"]);
    if serial.is_empty() {
        match host.read(&format!("{BLOCK}/{name}/device/vpd_pg80"), 4096) {
            Ok(page) => serial = unit_serial(&page),
            Err(why) if why.is_absent() => {}
            Err(why) => problems.push(format!("serial number of {name}: {why}")),
        }
    }
    let (vendor, model) = (first(&["device/vendor"]), first(&["device/model", "device/name"]));
    // SCSI calls every SATA disk's vendor "ATA"; PCI and virtio give a number.
    let named = !vendor.is_empty() && vendor != "ATA" && !vendor.starts_with("0x") && !model.starts_with(&vendor);
    Disk {
        name: text::clean(name),
        model: if named { text::clean(&format!("{vendor} {model}")) } else { model },
        serial,
        firmware: first(&["device/firmware_rev", "device/rev", "device/fwrev"]),
        bytes: text::number(&value("size")).unwrap_or(0).saturating_mul(SECTOR),
        bus: bus.to_owned(),
        medium: medium(bus, &value("queue/rotational")).to_owned(),
        removable: value("removable") == "1",
    }
}

/// How the disk is attached, from where the kernel keeps it.
fn bus(target: &str) -> &'static str {
    let has = |part: &str| {
        target.split('/').any(|piece| piece.strip_prefix(part).is_some_and(|tail| tail.starts_with(|c: char| c.is_ascii_digit())))
    };
    match () {
        () if has("usb") => "usb",
        () if target.contains("/nvme/") => "nvme",
        () if has("ata") => "sata",
        () if has("virtio") => "virtio",
        () if has("mmc") => "mmc",
        () if has("host") => "scsi",
        () => "",
    }
}

fn medium(bus: &str, rotational: &str) -> &'static str {
    match (bus, rotational) {
        ("virtio", _) => "",
        (_, "0") => "ssd",
        (_, "1") => "hdd",
        _ => "",
    }
}

/// The serial number in SCSI's vital product data, page 80h: four bytes of header, then text.
fn unit_serial(page: &[u8]) -> String {
    match page {
        [_, 0x80, high, low, serial @ ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low])).min(serial.len());
            text::given(&String::from_utf8_lossy(serial.get(..length).unwrap_or_default()))
        }
        _ => String::new(),
    }
}

/// The file systems of the machine's own disks by mount point; of several mounts of one device the shortest.
pub(super) fn file_systems(mounts: &str, volumes: &[Volume]) -> Vec<FileSystem> {
    let mut by_device: BTreeMap<String, FileSystem> = BTreeMap::new();
    for line in mounts.lines() {
        let mut fields = line.split(' ').map(unescape);
        let (Some(device), Some(mount), Some(kind)) = (fields.next(), fields.next(), fields.next()) else { continue };
        let volume = volumes.iter().find(|volume| volume.mount == mount);
        let own = device.starts_with("/dev/") && !device.starts_with("/dev/loop") && !volume.is_some_and(|volume| volume.removable);
        if !own || PLUGGED.iter().any(|place| mount.starts_with(place)) {
            continue;
        }
        let bytes = volume.map_or(0, |volume| volume.bytes);
        let found = FileSystem { mount: text::clean(&mount), device: text::clean(&device), kind: text::clean(&kind), bytes };
        let kept = by_device.entry(device).or_insert_with(|| found.clone());
        if found.mount.len() < kept.mount.len() {
            *kept = found;
        }
    }
    let mut file_systems: Vec<_> = by_device.into_values().collect();
    file_systems.sort_by(|a, b| a.mount.cmp(&b.mount));
    file_systems
}

/// The kernel writes blanks in /proc/mounts as octal escapes.
fn unescape(field: &str) -> String {
    field.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_bus_is_where_the_kernel_keeps_the_disk() {
        for (target, expected) in [
            ("../devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda", "sata"),
            ("../devices/pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host4/target4:0:0/4:0:0:0/block/sdb", "usb"),
            ("../devices/pci0000:00/0000:00:1d.0/0000:3c:00.0/nvme/nvme0/nvme0n1", "nvme"),
            ("../devices/pci0000:00/0000:00:02.0/virtio1/block/vda", "virtio"),
            ("../devices/platform/soc/fe340000.mmc/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0", "mmc"),
            ("../devices/virtual/block/loop0", ""),
        ] {
            assert_eq!(bus(target), expected, "{target}");
        }
    }

    #[test]
    fn a_serial_is_read_from_vital_product_data() {
        assert_eq!(unit_serial(b"\0\x80\0\x10  WD-WCC4N12345 rubbish"), "WD-WCC4N12345");
        assert_eq!(unit_serial(b"\0\x83\0\x01x"), "");
        assert_eq!(unit_serial(b"\0\x80\xff\xffS1"), "S1");
    }

    #[test]
    fn file_systems_are_those_of_the_machines_own_disks() {
        let mounts = "/dev/sda2 / ext4 rw 0 0\n/dev/sda1 /boot/efi vfat rw 0 0\n/dev/sda2 /var/snap/x ext4 rw 0 0\n/dev/loop3 /snap/core squashfs ro 0 0\nproc /proc proc rw 0 0\n/dev/sdb1 /media/pat/MY\\040STICK vfat rw 0 0\nrubbish\n";
        let volumes = [Volume { mount: "/".into(), bytes: 500, ..Volume::default() }];
        let found: Vec<_> = file_systems(mounts, &volumes).into_iter().map(|f| (f.mount, f.kind, f.bytes)).collect();
        assert_eq!(found, [("/".into(), "ext4".into(), 500), ("/boot/efi".into(), "vfat".into(), 0)]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(page in proptest::collection::vec(any::<u8>(), 0..64), text in "(?s).{0,200}") {
            unit_serial(&page);
            bus(&text);
            file_systems(&text, &[]);
        }
    }
}
