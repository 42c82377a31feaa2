//! Hardware facts weighed together: is this the machine that it was?

use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash, Hasher};

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
        let one = |weight: i32, a: &str, b: &str| match (fact(a), fact(b)) {
            (Some(a), Some(b)) if a == b || swapped(&a).is_some_and(|a| a == b) => (weight, 0),
            (Some(_), Some(_)) => (0, weight),
            _ => (0, 0),
        };
        let any = |weight: i32, a: &[String], b: &[String]| {
            let (a, b): (Vec<_>, Vec<_>) = (a.iter().filter_map(|s| fact(s)).collect(), b.iter().filter_map(|s| fact(s)).collect());
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

    /// Hashes of the facts that count, to find among many machines those that [`Fingerprint::likeness`] may call the same: two that
    /// share no hash share no fact.
    pub(crate) fn hashes(&self) -> Vec<u64> {
        let single = [&self.system_uuid, &self.system_serial, &self.board_serial, &self.chassis_serial];
        let plain = single.into_iter().chain(&self.macs).chain(&self.disk_serials).filter_map(|text| fact(text));
        let turned = fact(&self.system_uuid).and_then(|uuid| swapped(&uuid));
        plain.chain(turned).map(hash).collect()
    }

    /// This evidence with what `now` knows better: a fact that could not be read this time is kept.
    pub fn merged(&self, now: &Self) -> Self {
        let one = |old: &String, new: &String| if fact(new).is_some() { new.clone() } else { old.clone() };
        let list = |old: &Vec<String>, new: &Vec<String>| if new.iter().any(|s| fact(s).is_some()) { new.clone() } else { old.clone() };
        Self {
            system_uuid: one(&self.system_uuid, &now.system_uuid),
            system_serial: one(&self.system_serial, &now.system_serial),
            board_serial: one(&self.board_serial, &now.board_serial),
            chassis_serial: one(&self.chassis_serial, &now.chassis_serial),
            macs: list(&self.macs, &now.macs),
            disk_serials: list(&self.disk_serials, &now.disk_serials),
            machine_id: one(&self.machine_id, &now.machine_id),
        }
    }

    /// What is another one now, in words. A docking station that comes or goes is no drift: network cards only count when
    /// none is left of those that were known, and a disk when another came in its place.
    pub fn drift(&self, now: &Self) -> Vec<String> {
        let mut drift = Vec::new();
        for (what, old, new) in [
            ("system UUID", &self.system_uuid, &now.system_uuid),
            ("system serial", &self.system_serial, &now.system_serial),
            ("board serial", &self.board_serial, &now.board_serial),
            ("chassis serial", &self.chassis_serial, &now.chassis_serial),
        ] {
            if let (Some(a), Some(b)) = (fact(old), fact(new))
                && a != b
                && swapped(&a).is_none_or(|a| a != b)
            {
                drift.push(format!("{what} {old} → {new}"));
            }
        }
        let (gone, new) = (only_in(&self.disk_serials, &now.disk_serials), only_in(&now.disk_serials, &self.disk_serials));
        if !gone.is_empty() && !new.is_empty() {
            drift.push(format!("disk {} → {}", gone.join(", "), new.join(", ")));
        }
        let (gone, new) = (only_in(&self.macs, &now.macs), only_in(&now.macs, &self.macs));
        if !gone.is_empty() && !new.is_empty() && !shares(&self.macs, &now.macs) {
            drift.push(format!("network card {} → {}", gone.join(", "), new.join(", ")));
        }
        drift
    }

    /// Whether a disk with a serial that counts is in both.
    pub fn shares_a_disk(&self, other: &Self) -> bool {
        shares(&self.disk_serials, &other.disk_serials)
    }

    /// Whether it holds no fact that counts.
    pub fn is_empty(&self) -> bool {
        let single = [&self.system_uuid, &self.system_serial, &self.board_serial, &self.chassis_serial];
        single.into_iter().chain(&self.macs).chain(&self.disk_serials).all(|text| fact(text).is_none())
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

/// The hash of a fact.
pub(crate) fn hash(fact: String) -> u64 {
    let mut hasher = DefaultHasher::new();
    fact.hash(&mut hasher);
    hasher.finish()
}

/// A fact in lower case, or nothing when it identifies nothing.
pub(crate) fn fact(text: &str) -> Option<String> {
    let fact = text.trim().to_ascii_lowercase();
    let mut signs = fact.chars().filter(|c| c.is_ascii_alphanumeric());
    let first = signs.next()?;
    (!signs.all(|c| c == first) && !JUNK.contains(&fact.as_str())).then_some(fact)
}

/// The facts of `these` that `those` don't have.
fn only_in(these: &[String], those: &[String]) -> Vec<String> {
    let those: Vec<String> = those.iter().filter_map(|text| fact(text)).collect();
    these.iter().filter(|text| fact(text).is_some_and(|text| !those.contains(&text))).cloned().collect()
}

fn shares(these: &[String], those: &[String]) -> bool {
    let those: Vec<String> = those.iter().filter_map(|text| fact(text)).collect();
    these.iter().filter_map(|text| fact(text)).any(|text| those.contains(&text))
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
            assert_eq!(fact(junk), None, "{junk:?}");
            assert!(pc(junk, junk, junk, junk).is_empty());
            assert_eq!(pc(junk, junk, "aa:bb:cc:dd:ee:01", "").likeness(&pc(junk, junk, "aa:bb:cc:dd:ee:02", "")), Likeness::Other);
        }
        assert_eq!(fact("4C4C4544-0036").as_deref(), Some("4c4c4544-0036"));
    }

    #[test]
    fn who_may_be_the_same_shares_a_hash_and_junk_makes_none() {
        let uuid = "4c4c4544-0036-3010-8051-b7c04f4b4e32";
        let shares = |a: &Fingerprint, b: &Fingerprint| a.hashes().iter().any(|hash| b.hashes().contains(hash));
        assert!(shares(&pc(uuid, "", "", ""), &pc("44454c4c-3600-1030-8051-b7c04f4b4e32", "", "", "")), "the other byte order");
        assert!(shares(&pc(uuid, "S1", "m1", "D1"), &pc("", "", "m9", "d1")));
        for junk in JUNK.iter().copied().chain(["ffffffff-ffff-ffff-ffff-ffffffffffff"]) {
            assert!(pc(junk, junk, junk, junk).hashes().is_empty(), "{junk}");
        }
    }

    #[test]
    fn drift_is_told_and_what_could_not_be_read_is_kept() {
        let check = |before: (&[&str], &[&str]), now: (&[&str], &[&str]), want: &[&str]| {
            let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            let pc = |(disks, macs): (&[&str], &[&str])| Fingerprint {
                system_serial: "S1".into(),
                disk_serials: list(disks),
                macs: list(macs),
                ..Fingerprint::default()
            };
            assert_eq!(pc(before).drift(&pc(now)), want);
        };
        check((&["D1"], &["m1"]), (&["D1"], &["m1", "dock"]), &[]);
        check((&["D1"], &["m1", "dock"]), (&["D1"], &["m1", "dock2"]), &[]);
        check((&["D1"], &["m1"]), (&["D2"], &["m2"]), &["disk D1 → D2", "network card m1 → m2"]);
        check((&["D1"], &["m1"]), (&["D1", "D2"], &[]), &[]);
        let before = Fingerprint { board_serial: "B1".into(), disk_serials: vec!["D1".into()], ..Fingerprint::default() };
        let now = Fingerprint { board_serial: "Default string".into(), disk_serials: vec!["D2".into()], ..Fingerprint::default() };
        let merged = before.merged(&now);
        assert_eq!((merged.board_serial.as_str(), merged.disk_serials.as_slice()), ("B1", ["D2".to_owned()].as_slice()));
    }
}
