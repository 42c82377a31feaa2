//! The sources of a machine that are fed: adding a parser is a line here.

use super::machine::Source;

const fn source(name: &'static str, read_by: &'static str, at: &'static str, seed: &'static [u8]) -> Source {
    Source { name, read_by, at, beside: "", seed }
}

const fn beside(source: Source, beside: &'static str) -> Source {
    Source { beside, ..source }
}

const SNAP: &str = r#"{"names":{"/snap":["core"]},"links":{"/snap/core/current":"12"},"present":["/var/lib/snapd/snaps"]}"#;
const FLATPAK: &str = r#"{"names":{"/var/lib/flatpak/app":["org.a"]},"links":{"/var/lib/flatpak/app/org.a/current":"x86_64/stable"}}"#;
const PACMAN: &str = r#"{"names":{"/var/lib/pacman/local":["vim-9"]}}"#;
const APP: &str = "/var/lib/flatpak/app/org.a/current/active/files/share/metainfo/org.a.metainfo.xml";
const UNINSTALL: &str = "/registry/SOFTWARE/Microsoft/Windows/CurrentVersion/Uninstall.txt";
const WINDOWS: &str = "/registry/SOFTWARE/Microsoft/Windows NT/CurrentVersion.txt";
const BIOS: &str = "/registry/HARDWARE/DESCRIPTION/System/BIOS.txt";
const BOOTS: &[u8] = br#"[{"index":-1,"boot_id":"a","first_entry":1729500000000000}]"#;
const SMART: &[u8] = br#"{"smart_status":{"passed":true},"ata_smart_attributes":{"table":[{"id":5,"value":100,"raw":{"value":3}}]},
    "nvme_smart_health_information_log":{"critical_warning":0,"available_spare":100,"percentage_used":7,"media_errors":0},"power_on_time":{"hours":6123}}"#;
const ROUTE: &[u8] = b"Iface\tDestination\tGateway\nwlp3s0\t00000000\t0103140A\t0003\t0\t0\t600\t00000000\n";
/// A start, a shutdown before it, and a user's session, as wtmp keeps them.
const WTMP: &[u8] = &[2; 384 * 3];

/// Every source that somebody else writes, by name.
pub(super) const SOURCES: &[Source] = &[
    source("apk", "software", "/lib/apk/db/installed", b"P:busybox\nV:1.36\nA:x86_64\nm:Ada\n\n"),
    source("battery", "battery", "/sys/class/power_supply/BAT0/energy_full", b"41400000"),
    source("battery-name", "battery", "/sys/class/power_supply/BAT0/model_name", b"5B10W51827"),
    source("boots", "restarts", "ask:boots", BOOTS),
    source("camera", "cameras", "/sys/class/video4linux/video0/name", b"Integrated Camera: Integrated C"),
    source("cpuinfo", "processors", "/proc/cpuinfo", b"processor\t: 0\nmodel name\t: A @ 3.20GHz\nphysical id\t: 0\ncore id\t: 0\n"),
    source("cups", "printers", "/etc/cups/printers.conf", b"<Printer lab>\nInfo Lab\nDeviceURI ipp://10.0.0.9/x\n</Printer>\n"),
    beside(
        source("cups-queues", "printers", "ask:print-queues", b"device for lab: ipp://10.0.0.9/x\nsystem default destination: lab\n"),
        r#"{"refused":{"/etc/cups/printers.conf":"denied"}}"#,
    ),
    source("disk", "storage", "/sys/block/nvme0n1/device/model", b"KIOXIA EXCERIA"),
    source("disk-page", "storage", "/sys/block/nvme0n1/device/vpd_pg80", b"\x00\x80\x00\x04S2R6"),
    source("disk-size", "storage", "/sys/block/nvme0n1/size", b"976773168"),
    source("dmi-serial", "system", "/sys/class/dmi/id/product_serial", b"5CG1234XYZ"),
    source("dmi-uuid", "fingerprint", "/sys/class/dmi/id/product_uuid", b"4c4c4544-0042-3510-8052-b4c04f564d32"),
    source("dpkg", "software", "/var/lib/dpkg/status", b"Package: vim\nStatus: install ok installed\nVersion: 9\nMaintainer: A\n\n"),
    source("dpkg-dates", "software-dates", "names:/var/lib/dpkg/info", b"gimp.list\ninkscape.list\nlibc6:amd64.list\n"),
    source("edid", "displays", "/sys/class/drm/card0-HDMI-A-1/edid", b"\x00\xff\xff\xff\xff\xff\xff\x00"),
    source("fan", "health", "/sys/class/hwmon/hwmon4/fan1_input", b"2400"),
    beside(source("flatpak", "software", APP, b"<releases><release version=\"1.2\" date=\"2024-01-01\"/></releases>"), FLATPAK),
    source("interfaces", "network", "names:/sys/class/net", b"lo\nenp0s31f6\nwlp3s0\n"),
    source("interrupts", "health", "/proc/interrupts", b" MCE:  0  0   Machine check exceptions\n"),
    source("mac", "fingerprint", "/sys/class/net/enp0s31f6/address", b"02:5c:00:00:00:01"),
    source("machine-id", "fingerprint", "/etc/machine-id", b"0123456789abcdef0123456789abcdef"),
    source("meminfo", "memory", "/proc/meminfo", b"MemTotal:       16384 kB\n"),
    source("mounts", "storage", "/proc/mounts", b"/dev/nvme0n1p2 / ext4 rw 0 0\n/dev/sdb1 /media/a\\040b vfat rw 0 0\n"),
    source("mounts-health", "health", "/proc/mounts", b"/dev/nvme0n1p2 / ext4 rw 0 0\n"),
    source("os-release", "os", "/etc/os-release", b"NAME=\"Debian GNU/Linux\"\nVERSION_ID='12'\nID=debian\n"),
    beside(
        source("pacman", "software", "/var/lib/pacman/local/vim-9/desc", b"%NAME%\nvim\n\n%VERSION%\n9\n\n%INSTALLDATE%\n1700000000\n"),
        PACMAN,
    ),
    source("pci-device", "pci", "/sys/bus/pci/devices/0000:00:02.0/uevent", b"DRIVER=i915\nPCI_CLASS=30000\nPCI_ID=8086:9A49\n"),
    source("pci-ids", "pci", "/usr/share/misc/pci.ids", b"8086  Intel Corporation\n\t9a49  Iris Xe\nC 03  Display controller\n"),
    source("resolver", "links", "/etc/resolv.conf", b"nameserver 10.0.0.1\nsearch school.example\n"),
    source("restart-for", "updates", "/run/reboot-required.pkgs", b"linux-image-6.1\nlibc6\n"),
    source("routes", "links", "/proc/net/route", ROUTE),
    source("routes-six", "links", "/proc/net/if_inet6", b"fe800000000000000000000000000001 02 40 20 80   wlp3s0\n"),
    beside(
        source("rpm", "software", "ask:rpm-packages", b"bash\t5.2-1\tx86_64\t1700000000\tFedora\ngpg-pubkey\t1\t(none)\t1\t(none)\n"),
        r#"{"present":["/var/lib/rpm"]}"#,
    ),
    source("secure-boot", "system", "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", b"\x06\0\0\0\x01"),
    source("services", "services", "ask:failed-units", b"fwupd-refresh.service loaded failed failed Refresh fwupd metadata\n"),
    source("settings-apt", "settings", "/etc/apt/apt.conf.d/20auto-upgrades", b"APT::Periodic { Unattended-Upgrade \"1\"; };\n"),
    source("settings-clamd", "settings", "/etc/clamav/clamd.conf", b"LocalSocket /run/clamav/clamd.ctl\n"),
    source("settings-dconf", "settings", "/etc/dconf/db/lab.d/10-lock", b"[org/gnome/desktop/screensaver]\nlock-enabled=true\n"),
    source("settings-dconf-profile", "settings", "/etc/dconf/profile/user", b"user-db:user\nsystem-db:lab\n"),
    source("settings-dnf", "settings", "/etc/dnf/automatic.conf", b"[commands]\napply_updates = yes\n"),
    source("settings-mapping", "settings", "/sys/block/dm-0/dm/uuid", b"CRYPT-LUKS2-0123456789abcdef-root\n"),
    source("settings-mounts", "settings", "/proc/mounts", b"/dev/mapper/root / ext4 rw 0 0\n"),
    source("settings-nftables", "settings", "/etc/nftables.conf", b"chain input { type filter hook input priority 0; policy drop; }\n"),
    source("settings-ufw", "settings", "/etc/ufw/ufw.conf", b"ENABLED=yes\n"),
    source("smart", "disk-health", "ask:disk-health nvme0n1", SMART),
    source("smbios", "memory", "/sys/firmware/dmi/tables/DMI", b"\x11\x28\0\0"),
    beside(source("snap", "software", "/snap/core/current/meta/snap.yaml", b"name: core\nversion: '16-2.60'\nsummary: x\n"), SNAP),
    source(
        "sound-cards",
        "sound",
        "/proc/asound/cards",
        b" 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n                      HDA at 0xeb1\n",
    ),
    source("sound-streams", "sound", "/proc/asound/pcm", b"00-00: ALC257 : ALC257 : playback 1 : capture 1\n"),
    source(
        "updates",
        "updates",
        "/var/lib/update-notifier/updates-available",
        b"12 updates can be applied immediately.\n3 of these updates are security\n",
    ),
    source("usb", "usb", "/sys/bus/usb/devices/1-1/product", b"USB Optical Mouse"),
    source("usb-devices", "usb", "names:/sys/bus/usb/devices", b"1-1\n1-1:1.0\n1-8\n1-8:1.0\nusb1\n"),
    beside(
        source("usb-ids", "usb", "/usr/share/misc/usb.ids", b"046d  Logitech, Inc.\n\tc077  Mouse\n"),
        r#"{"refused":{"/sys/bus/usb/devices/1-1/product":"denied"}}"#,
    ),
    source("vmstat", "health", "/proc/vmstat", b"oom_kill 3\n"),
    source("windows", "os", WINDOWS, b"[]\nProductName=Windows 10 Pro\nCurrentBuild=22631\nInstallDate=0x65000000\n"),
    source("windows-firmware", "system", BIOS, b"[]\nSystemManufacturer=Dell Inc.\nSystemProductName=OptiPlex\n"),
    source(
        "windows-software",
        "software",
        UNINSTALL,
        b"[{A}]\nDisplayName=GIMP\nDisplayVersion=2.10\nPublisher=Team\nInstallDate=20240105\n",
    ),
    source("wtmp", "restarts", "/var/log/wtmp", WTMP),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_are_sorted_and_each_is_read() {
        assert!(SOURCES.is_sorted_by_key(|source| source.name));
        for source in SOURCES {
            let mut feed = super::super::machine::target(source).begin();
            feed(source.seed);
        }
    }
}
