//! Whether the root file system lies on encrypted disks: every device below it, down to the partitions.

use crate::host::Host;

/// Longest chain of devices over devices.
const DEEPEST: usize = 8;

/// On when whatever is below "/" passes a LUKS mapping; off when some of it does not; `None` where the chain is not to be seen.
pub(super) fn read(host: &Host, mounts: &str) -> Option<bool> {
    encrypted(host, &kernel_name(host, root_device(mounts)?)?, DEEPEST)
}

/// The device of "/", the last one mounted there.
fn root_device(mounts: &str) -> Option<&str> {
    let of_root = |line: &str| line.split(' ').nth(1) == Some("/");
    mounts.lines().rfind(|line| of_root(line))?.split(' ').next()?.strip_prefix("/dev/")
}

/// The kernel's name for a device as it is mounted: "mapper/vg-root" is "dm-0".
fn kernel_name(host: &Host, device: &str) -> Option<String> {
    let Some(mapped) = device.strip_prefix("mapper/") else {
        return (!device.contains('/')).then(|| device.to_owned());
    };
    let names = host.list("/sys/block").ok()?;
    let called = |name: &String| name.starts_with("dm-") && host.value(&format!("/sys/block/{name}/dm/name")).is_ok_and(|n| n == mapped);
    names.into_iter().find(called)
}

fn encrypted(host: &Host, name: &str, deepest: usize) -> Option<bool> {
    if deepest == 0 || !host.exists(&format!("/sys/class/block/{name}")) || name.starts_with("loop") {
        return None;
    }
    if host.value(&format!("/sys/block/{name}/dm/uuid")).is_ok_and(|uuid| uuid.starts_with("CRYPT-LUKS")) {
        return Some(true);
    }
    let below = host.list(&format!("/sys/class/block/{name}/slaves")).unwrap_or_default();
    if below.is_empty() {
        // A mapping over nothing is not to be seen through; a partition or a disk is what it is.
        return (!name.starts_with("dm-")).then_some(false);
    }
    let below: Vec<Option<bool>> = below.iter().map(|name| encrypted(host, name, deepest - 1)).collect();
    match () {
        () if below.contains(&Some(false)) => Some(false),
        () if below.contains(&None) => None,
        () => Some(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;
    use proptest::prelude::*;

    /// A volume over two legs, of which the second is a mapping of this uuid over a partition.
    fn over(uuid: &str) -> (tempfile::TempDir, Host) {
        let manifest = r#"{"names":{"/sys/block":["dm-0","dm-1","dm-2","sda"],"/sys/class/block/dm-2/slaves":["dm-0","dm-1"],
            "/sys/class/block/dm-0/slaves":["sda2"],"/sys/class/block/dm-1/slaves":["sda3"]},
            "present":["/sys/class/block/dm-0","/sys/class/block/dm-1","/sys/class/block/dm-2","/sys/class/block/sda2","/sys/class/block/sda3"]}"#;
        let names = [("sys/block/dm-2/dm/name", "vg-root\n"), ("sys/block/dm-2/dm/uuid", "LVM-abc\n")];
        let luks = ("sys/block/dm-0/dm/uuid", "CRYPT-LUKS2-1234-one\n");
        machine(manifest, &[names[0], names[1], luks, ("sys/block/dm-1/dm/uuid", uuid)])
    }

    #[test]
    fn every_leg_of_a_volume_must_be_encrypted() {
        let check = |uuid: &str, mounts: &str, wanted: Option<bool>| {
            let (_dir, host) = over(uuid);
            assert_eq!(read(&host, mounts), wanted, "{uuid} {mounts}");
        };
        check("CRYPT-LUKS1-5678-two\n", "/dev/mapper/vg-root / ext4 rw 0 0\n", Some(true));
        check("CRYPT-VERITY-5678-two\n", "/dev/mapper/vg-root / ext4 rw 0 0\n", Some(false));
        check("", "/dev/dm-0 / btrfs rw 0 0\n", Some(true));
        check("", "/dev/sda3 / ext4 rw 0 0\n/dev/dm-0 /home ext4 rw 0 0\n", Some(false));
        check("", "rootfs / rootfs rw 0 0\n/dev/dm-0 / ext4 rw 0 0\n", Some(true));
    }

    #[test]
    fn what_is_not_to_be_seen_is_not_known() {
        let check = |mounts: &str| assert_eq!(read(&over("").1, mounts), None, "{mounts}");
        check("overlay / overlay rw 0 0\n");
        check("rpool/ROOT / zfs rw 0 0\n");
        check("/dev/root / ext4 rw 0 0\n");
        check("/dev/mapper/other / ext4 rw 0 0\n");
        check("/dev/loop0 / squashfs ro 0 0\n");
        check("");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)(/dev/|mapper/| / |\n|.){0,60}") {
            root_device(&text);
        }
    }
}
