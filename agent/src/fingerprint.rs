//! The hardware facts by which a collector knows this machine again. Placeholders of makers count for nothing.

use crate::host::Host;
use crate::probe::{Dmi, fixed_serials, permanent_macs, text};
use rollcall_proto::v1::Fingerprint;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

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

/// What an identity is bound to: the facts of the machine it was given to, each as a hash under the device's id. It tells
/// whether this is still that machine, and nobody can read the facts out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence(BTreeMap<Fact, BTreeSet<String>>);

/// One kind of fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Fact {
    Uuid,
    Serial,
    Board,
    Chassis,
    Macs,
    Disks,
}

impl Fact {
    /// How much it says: what is soldered in says most; a collector weighs the same.
    fn weight(self) -> u32 {
        match self {
            Self::Uuid => 4,
            Self::Serial | Self::Board | Self::Macs | Self::Disks => 3,
            Self::Chassis => 1,
        }
    }
}

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The machine it was, perhaps with another part.
    Same,
    /// Too few facts to say.
    Unclear,
    /// Another machine.
    Other,
}

impl Evidence {
    /// The evidence of a machine with this fingerprint, for the device called `device`.
    pub fn of(fingerprint: &Fingerprint, device: &str) -> Self {
        let one = |value: &String| vec![value.clone()];
        let facts = [
            (Fact::Uuid, one(&fingerprint.system_uuid)),
            (Fact::Serial, one(&fingerprint.system_serial)),
            (Fact::Board, one(&fingerprint.board_serial)),
            (Fact::Chassis, one(&fingerprint.chassis_serial)),
            (Fact::Macs, fingerprint.macs.clone()),
            (Fact::Disks, fingerprint.disk_serials.clone()),
        ];
        let hashed = facts.into_iter().map(|(fact, values)| {
            let given = values.iter().filter(|value| !value.is_empty());
            (fact, given.map(|value| hash(device, fact, value)).collect::<BTreeSet<_>>())
        });
        Self(hashed.filter(|(_, values)| !values.is_empty()).collect())
    }

    /// Weighs this evidence against another's: only facts that both have speak.
    pub fn likeness(&self, other: &Self) -> Likeness {
        let both = self.0.iter().filter_map(|(fact, values)| Some((fact, !values.is_disjoint(other.0.get(fact)?))));
        let (agree, differ) = both.fold((0, 0), |(agree, differ), (fact, alike)| match alike {
            true => (agree + fact.weight(), differ),
            false => (agree, differ + fact.weight()),
        });
        match (agree, differ) {
            (_, differ) if differ >= 3 && differ > 2 * agree => Likeness::Other,
            (0, _) => Likeness::Unclear,
            _ => Likeness::Same,
        }
    }

    /// This evidence brought up to date by what is seen now; a fact that can't be read now keeps what was known of it.
    pub fn renewed(&self, now: &Self) -> Self {
        let mut facts = self.0.clone();
        facts.extend(now.0.clone());
        Self(facts)
    }
}

/// The first half of SHA-256: enough to tell apart, and of a short fact nothing is told without the device's id.
fn hash(device: &str, fact: Fact, value: &str) -> String {
    let digest = Sha256::digest(format!("rollcall evidence\0{device}\0{fact:?}\0{value}"));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
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

    fn machine(uuid: &str, serial: &str, macs: &[&str], disks: &[&str]) -> Evidence {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        let fingerprint = Fingerprint {
            system_uuid: uuid.into(),
            system_serial: serial.into(),
            macs: list(macs),
            disk_serials: list(disks),
            ..Fingerprint::default()
        };
        Evidence::of(&fingerprint, "device")
    }

    #[test]
    fn another_part_is_the_same_machine_and_a_disk_in_another_board_is_not() {
        let bound = machine("u", "s", &["m1", "m2"], &["d"]);
        let check = |now: Evidence, wanted| assert_eq!(bound.likeness(&now), wanted, "{now:?}");
        check(bound.clone(), Likeness::Same);
        check(machine("u", "s", &["m1"], &["new disk"]), Likeness::Same);
        check(machine("u", "s", &["new card"], &["new disk"]), Likeness::Same);
        check(machine("other", "other", &["other"], &["d"]), Likeness::Other);
        check(machine("other", "other", &["other"], &[]), Likeness::Other);
        check(machine("", "", &[], &[]), Likeness::Unclear);
        // Without root only addresses and disks speak: an image on another machine with a disk of its own.
        check(machine("", "", &["other"], &["other"]), Likeness::Other);
        check(machine("", "", &["m2"], &["other"]), Likeness::Same);
    }

    #[test]
    fn what_cannot_be_read_now_stays_bound() {
        let bound = machine("u", "s", &["m"], &["d"]);
        let renewed = bound.renewed(&machine("", "", &["m"], &["new"]));
        assert_eq!(renewed, machine("u", "s", &["m"], &["new"]));
        let text = serde_json::to_string(&renewed).unwrap();
        assert!(!text.contains("\"u\"") && !text.contains("new"), "{text}");
        assert_eq!(serde_json::from_str::<Evidence>(&text).unwrap(), renewed);
    }
}
