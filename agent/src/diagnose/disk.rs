//! Whether the disks have room, can be written to, and call themselves well.

use super::{Around, Finding, OffSite, Step, Work, section};
use crate::host::Host;
use crate::probe;
use rollcall_proto::Section;
use rollcall_proto::v1::diagnosis_step::Step as Name;
use std::time::Duration;

pub(super) const STEP: Step = Step { name: Name::Disk, off_site: OffSite::Said, limit: Duration::from_secs(20), work: Work::Look(look) };

/// From here on programs begin to fail, permille.
const FULL: u32 = 950;

fn look(host: &Host, _: &Around) -> Finding {
    let mounts = match host.text("/proc/mounts", 4 * 1024 * 1024) {
        Ok(mounts) => mounts,
        Err(why) => return Finding::unreadable(why.to_string()),
    };
    let mut uses = probe::health::uses(&mounts, &host.volumes());
    uses.sort_by_key(|of| std::cmp::Reverse(of.permille));
    let Some(fullest) = uses.first() else { return Finding::unreadable("no file system of this machine's own disks can be read") };
    let full = |of: &rollcall_proto::v1::FileSystemUse| format!("{} is {} % full", of.mount, of.permille / 10);
    let mut wrong: Vec<String> = uses.iter().filter(|of| of.permille >= FULL).map(full).collect();
    if is_read_only(&mounts) {
        wrong.push("the system's own disk can only be read, as after an error".to_owned());
    }
    let health = section(host, "disk-health");
    if let Ok(Section::DiskHealth(health)) = &health {
        wrong.extend(
            health.disks.iter().filter(|disk| disk.verdict == "failing").map(|disk| format!("{} says that it is failing", disk.name)),
        );
    }
    if !wrong.is_empty() {
        return Finding::wrong(wrong.join("; "));
    }
    let says = match health {
        Ok(Section::DiskHealth(health)) if !health.disks.is_empty() => "; the disks call themselves well",
        Ok(_) => "; the disks say nothing of their own health",
        Err(_) => "; the disks' own word of their health is not measured",
    };
    Finding::well(format!("the fullest, {}{says}", full(fullest)))
}

/// Whether the root is mounted so that nothing can be written, on a disk that would take it.
fn is_read_only(mounts: &str) -> bool {
    let mut fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let root = fields.rfind(|fields| fields.get(1) == Some(&"/"));
    root.is_some_and(|fields| {
        let writes = fields.get(2).is_some_and(|kind| ["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"].contains(kind));
        writes && fields.get(3).is_some_and(|options| options.split(',').any(|option| option == "ro"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::machine;
    use rollcall_proto::v1::diagnosis_step::Outcome;

    fn of(free: u64, mounts: Option<&str>, smart: &str) -> Finding {
        let manifest = format!(
            r#"{{"volumes":[{{"device":"/dev/sda1","mount":"/","kind":"ext4","bytes":1000,"free":{free},"removable":false}}],
                "names":{{"/sys/block":["sda"]}},"links":{{"/sys/block/sda":"../devices/pci0000:00/ata1/host0/block/sda"}},
                "answers":{{"disk-health sda":{smart:?}}}}}"#
        );
        let mut files = vec![("sys/block/sda/size", "2000\n"), ("sys/block/sda/device/model", "SSD\n")];
        files.extend(mounts.map(|mounts| ("proc/mounts", mounts)));
        let (_dir, host) = machine(&manifest, &files);
        look(&host, &Around::default())
    }

    #[test]
    fn full_read_only_failing_and_unreadable_are_told_apart() {
        let (good, bad) = (r#"{"smart_status":{"passed":true}}"#, r#"{"smart_status":{"passed":false}}"#);
        let mounts = Some("/dev/sda1 / ext4 rw,relatime 0 0\n");
        assert_eq!(of(400, mounts, good), Finding::well("the fullest, / is 60 % full; the disks call themselves well"));
        assert_eq!(of(400, mounts, ""), Finding::well("the fullest, / is 60 % full; the disks' own word of their health is not measured"));
        assert_eq!(of(50, mounts, good), Finding::wrong("/ is 95 % full"));
        assert_eq!(of(400, mounts, bad), Finding::wrong("sda says that it is failing"));
        let read_only = of(400, Some("/dev/sda1 / ext4 ro,relatime 0 0\n"), good);
        assert!(read_only.outcome == Outcome::Wrong && read_only.found.contains("can only be read"), "{read_only:?}");
        assert_eq!(of(400, None, good).outcome, Outcome::Unreadable);
        assert!(!is_read_only("overlay / overlay ro 0 0\n"), "an image that is meant to be so");
    }
}
