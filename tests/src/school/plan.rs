//! Who is in a simulated school: labs that share their software, and three in ten PCs that differ.

use crate::pc::{Pc, software};
use rollcall_agent::survey::Content;
use std::collections::BTreeMap;

/// Titles that every lab has.
const BASE: [(&str, &str); 12] = [
    ("apt", "2.6.1"),
    ("bash", "5.2.15-2+b7"),
    ("chromium", "131.0.6778.85-1~deb12u1"),
    ("coreutils", "9.1-1"),
    ("firefox-esr", "128.5.0esr-1~deb12u1"),
    ("gimp", "2.10.34-1+deb12u2"),
    ("inkscape", "1.2.2-2+b1"),
    ("libreoffice-core", "4:7.4.7-1+deb12u5"),
    ("openssh-client", "1:9.2p1-2+deb12u3"),
    ("python3", "3.11.2-1+b1"),
    ("unattended-upgrades", "2.9.1+nmu3"),
    ("vlc", "3.0.21-0+deb12u1"),
];
/// What one of the PCs that differ may have beside the list of its lab.
const EXTRAS: [(&str, &str); 5] =
    [("audacity", "3.2.4"), ("blender", "3.4.1"), ("geany", "1.38"), ("krita", "1:5.1.5"), ("scratch", "1.4.0.6")];

/// One PC of the school with its place.
pub struct Member {
    /// The PC.
    pub pc: Pc,
    /// Its tag.
    pub tag: String,
    /// The number of its room in the list of rooms.
    pub room: usize,
    /// Its seat.
    pub seat: String,
    /// What it has beside the list of its lab, by place in the extras.
    extras: Vec<usize>,
}

/// The software lists of the school, each made once and shared.
pub struct Lists {
    libraries: usize,
    made: BTreeMap<(usize, Vec<usize>, Option<String>), Content>,
}

impl Lists {
    /// Lists with so many libraries beside the titles.
    pub fn new(libraries: usize) -> Self {
        Self { libraries, made: BTreeMap::new() }
    }

    /// The list of `member`, without the title `missing`.
    pub fn of(&mut self, member: &Member, missing: Option<&str>) -> Content {
        let key = (member.room, member.extras.clone(), missing.map(str::to_owned));
        let libraries = self.libraries;
        self.made.entry(key).or_insert_with(|| list(member, libraries, missing)).clone()
    }

    /// How many different lists there are.
    pub fn count(&self) -> usize {
        self.made.len()
    }
}

/// The version in which every PC has a title; `None`: not every PC has it.
pub fn version_of(title: &str) -> Option<&'static str> {
    BASE.iter().find(|(name, _)| *name == title).map(|(_, version)| *version)
}

fn list(member: &Member, libraries: usize, missing: Option<&str>) -> Content {
    let libraries: Vec<(String, String)> = (0..libraries)
        .map(|n| {
            (
                format!("lib{}{n}", ["gtk", "qt", "perl-", "python3-", "x"].get(n % 5).unwrap_or(&"")),
                format!("1.{}.{}-1", member.room, n % 40),
            )
        })
        .collect();
    let mut titles: Vec<(&str, &str)> = libraries.iter().map(|(name, version)| (name.as_str(), version.as_str())).collect();
    titles.extend(BASE);
    titles.extend(member.extras.iter().filter_map(|extra| EXTRAS.get(*extra)));
    titles.retain(|(name, _)| Some(*name) != missing);
    software(&titles)
}

/// The members of a school of `count` PCs, dealt to `rooms` in turn.
pub fn members(count: usize, rooms: &[String]) -> Vec<Member> {
    (0..count).map(|index| member(index, rooms)).collect()
}

fn member(index: usize, rooms: &[String]) -> Member {
    let room = index % rooms.len().max(1);
    let place = index / rooms.len().max(1) + 1;
    let short: String = rooms.get(room).into_iter().flat_map(|name| name.chars()).filter(char::is_ascii_alphanumeric).collect();
    let name = format!("{}-{place:02}", short.to_lowercase());
    // Three in ten differ, and those differ in several ways.
    let extras = if index % 10 < 3 {
        (0..EXTRAS.len()).filter(|extra| (index / 10 + index) >> extra & 1 == 1 || index % 5 == *extra).collect()
    } else {
        Vec::new()
    };
    Member { pc: Pc::new(index as u64 + 1, &name), tag: name.to_uppercase(), room, seat: seat(place), extras }
}

/// Seats in rows of six: A1 to A6, B1 …
fn seat(place: usize) -> String {
    let row = (place - 1) / 6;
    let letter = char::from(b'A' + (row % 26) as u8);
    let round = if row < 26 { String::new() } else { (row / 26).to_string() };
    format!("{letter}{round}{}", (place - 1) % 6 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn rooms() -> Vec<String> {
        vec!["Lab 118".to_owned(), "Lab 204".to_owned()]
    }

    #[test]
    fn three_in_ten_differ_and_the_rest_share() {
        let members = members(100, &rooms());
        assert_eq!(members.iter().filter(|member| !member.extras.is_empty()).count(), 30);
        let mut lists = Lists::new(100);
        let plain: BTreeSet<_> = members.iter().filter(|m| m.extras.is_empty()).map(|m| lists.of(m, None).digest).collect();
        assert_eq!(plain.len(), 2, "one list per lab");
        assert!(lists.count() == 2);
    }

    #[test]
    fn tags_and_seats_are_unique_within_their_room() {
        let members = members(400, &rooms());
        let tags: BTreeSet<&str> = members.iter().map(|member| member.tag.as_str()).collect();
        let seats: BTreeSet<(usize, &str)> = members.iter().map(|member| (member.room, member.seat.as_str())).collect();
        assert_eq!((tags.len(), seats.len()), (400, 400));
        assert_eq!((members[0].tag.as_str(), members[0].seat.as_str()), ("LAB118-01", "A1"));
    }

    #[test]
    fn a_missing_title_is_missing() {
        let members = members(1, &rooms());
        let mut lists = Lists::new(100);
        assert_ne!(lists.of(&members[0], None).digest, lists.of(&members[0], Some("gimp")).digest);
    }
}
