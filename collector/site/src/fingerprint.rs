//! Hardware facts weighed together: is this the machine that it was?

use serde::{Deserialize, Serialize};

/// The hardware facts of a machine; an empty one counts for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fingerprint {
    /// SMBIOS system UUID.
    pub system_uuid: String,
    /// System serial.
    pub system_serial: String,
    /// Board serial.
    pub board_serial: String,
    /// Chassis serial.
    pub chassis_serial: String,
    /// Permanent addresses, sorted.
    pub macs: Vec<String>,
    /// Disk serials, sorted.
    pub disk_serials: Vec<String>,
    /// The operating system's id: weak.
    pub machine_id: String,
}

/// What the comparison of two fingerprints says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The same machine, perhaps with another part.
    Same,
    /// Too few facts to say.
    Unclear,
    /// Another machine.
    Other,
}

impl Fingerprint {
    /// Weighs two fingerprints: facts that both have and that are no junk speak for or against, by weight.
    /// A swapped disk or network card stays the same machine; a disk moved to another board does not.
    pub fn likeness(&self, other: &Self) -> Likeness {
        let one = |weight: i32, a: &str, b: &str| match (clean(a), clean(b)) {
            (Some(a), Some(b)) if a == b || swapped(&a).is_some_and(|a| a == b) => (weight, 0),
            (Some(_), Some(_)) => (0, weight),
            _ => (0, 0),
        };
        let any = |weight: i32, a: &[String], b: &[String]| {
            let (a, b): (Vec<_>, Vec<_>) = (a.iter().filter_map(|s| clean(s)).collect(), b.iter().filter_map(|s| clean(s)).collect());
            match (a.is_empty() || b.is_empty(), a.iter().any(|s| b.contains(s))) {
                (true, _) => (0, 0),
                (_, true) => (weight, 0),
                (_, false) => (0, weight),
            }
        };
        let facts = [
            one(4, &self.system_uuid, &other.system_uuid),
            one(3, &self.system_serial, &other.system_serial),
            one(3, &self.board_serial, &other.board_serial),
            one(1, &self.chassis_serial, &other.chassis_serial),
            any(3, &self.macs, &other.macs),
            any(3, &self.disk_serials, &other.disk_serials),
        ];
        let (agree, differ) = facts.iter().fold((0, 0), |(a, d), fact| (a + fact.0, d + fact.1));
        match (agree, differ) {
            (_, differ) if differ >= 3 && differ > 2 * agree => Likeness::Other,
            (0, _) => Likeness::Unclear,
            _ => Likeness::Same,
        }
    }

    /// Whether it holds no fact that counts.
    pub fn is_empty(&self) -> bool {
        let single = [&self.system_uuid, &self.system_serial, &self.board_serial, &self.chassis_serial];
        single.into_iter().chain(&self.macs).chain(&self.disk_serials).all(|fact| clean(fact).is_none())
    }
}

/// Serials that makers leave in by the million, in lower case; they identify nothing.
const JUNK: &[&str] = &[
    "03000200-0400-0500-0006-000700080009",
    "12345678",
    "123456789",
    "asset tag",
    "base board serial number",
    "chassis serial number",
    "default string",
    "empty",
    "invalid",
    "n/a",
    "na",
    "no asset tag",
    "none",
    "not applicable",
    "not available",
    "not specified",
    "null",
    "o.e.m.",
    "oem",
    "serial number",
    "sernum0",
    "system serial number",
    "to be filled by o.e.m.",
    "undefined",
    "unknown",
];

/// A fact in lower case, or nothing when it identifies nothing.
fn clean(fact: &str) -> Option<String> {
    let fact = fact.trim().to_ascii_lowercase();
    let mut signs = fact.chars().filter(|c| c.is_ascii_alphanumeric());
    let first = signs.next()?;
    (!signs.all(|c| c == first) && !JUNK.contains(&fact.as_str())).then_some(fact)
}

/// A UUID with its first three groups in the other byte order, as some firmware and some systems print it.
fn swapped(uuid: &str) -> Option<String> {
    let uuid = uuid::Uuid::try_parse(uuid).ok()?;
    Some(uuid::Uuid::from_bytes_le(*uuid.as_bytes()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pc(uuid: &str, serial: &str, mac: &str, disk: &str) -> Fingerprint {
        Fingerprint {
            system_uuid: uuid.into(),
            system_serial: serial.into(),
            macs: vec![mac.into()],
            disk_serials: vec![disk.into()],
            ..Fingerprint::default()
        }
    }

    #[test]
    fn parts_may_change_and_boards_may_not() {
        let uuid = "4c4c4544-0036-3010-8051-b7c04f4b4e32";
        let bound = pc(uuid, "7QK02", "aa:bb:cc:dd:ee:01", "D1");
        let check = |other: Fingerprint, want| assert_eq!(bound.likeness(&other), want, "{other:?}");
        check(bound.clone(), Likeness::Same);
        check(pc(uuid, "7QK02", "aa:bb:cc:dd:ee:01", "D2"), Likeness::Same); // another disk
        check(pc(uuid, "7QK02", "aa:bb:cc:dd:ee:02", "D1"), Likeness::Same); // another network card
        check(pc("44454c4c-3600-1030-8051-b7c04f4b4e32", "7QK02", "", ""), Likeness::Same); // other byte order
        check(pc("4c4c4544-0036-3010-8051-b7c04f4b4e99", "9ZZ99", "aa:bb:cc:dd:ee:09", "D1"), Likeness::Other); // disk moved
        check(pc("4c4c4544-0036-3010-8051-b7c04f4b4e99", "9ZZ99", "aa:bb:cc:dd:ee:09", "D9"), Likeness::Other); // key copied
        check(Fingerprint::default(), Likeness::Unclear);
    }

    #[test]
    fn junk_counts_for_nothing() {
        assert!(JUNK.is_sorted());
        for junk in JUNK.iter().copied().chain([
            "",
            "  ",
            "0000000000",
            "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
            "To Be Filled By O.E.M.",
            "........",
        ]) {
            assert_eq!(clean(junk), None, "{junk:?}");
            assert!(pc(junk, junk, junk, junk).is_empty());
            assert_eq!(pc(junk, junk, "aa:bb:cc:dd:ee:01", "").likeness(&pc(junk, junk, "aa:bb:cc:dd:ee:02", "")), Likeness::Other);
        }
        assert_eq!(clean("4C4C4544-0036").as_deref(), Some("4c4c4544-0036"));
    }
}
