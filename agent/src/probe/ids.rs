//! Names for the numbers on the PCI and USB buses, from the lists that distributions keep (`pci.ids`, `usb.ids`).

use super::text;
use crate::host::Host;
use std::collections::{BTreeMap, BTreeSet};

/// The lists have about 1.5 MB.
const LIMIT: usize = 8 * 1024 * 1024;

/// A maker's and a model's number.
pub(super) type Id = (u16, u16);

/// The names that were asked for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Names {
    makers: BTreeMap<u16, String>,
    models: BTreeMap<Id, String>,
}

impl Names {
    /// The names of `wanted` in the list called `file`; none where there is no list.
    pub(super) fn read(host: &Host, file: &str, wanted: &BTreeSet<Id>) -> Self {
        if wanted.is_empty() {
            return Self::default();
        }
        let places = ["/usr/share/misc", "/usr/share/hwdata"].map(|folder| format!("{folder}/{file}"));
        places.iter().find_map(|place| host.read(place, LIMIT).ok()).map(|list| Self::find(&list, wanted)).unwrap_or_default()
    }

    /// Reads the list: "8086  Intel Corporation", a tab before its models, two tabs before what we don't ask.
    fn find(list: &[u8], wanted: &BTreeSet<Id>) -> Self {
        let makers: BTreeSet<u16> = wanted.iter().map(|(maker, _)| *maker).collect();
        let mut names = Self::default();
        let mut maker = None;
        for line in list.split(|byte| *byte == b'\n') {
            match line {
                [] | [b'#', ..] | [b'\t', b'\t', ..] => {}
                [b'\t', model @ ..] => {
                    if let Some(maker) = maker
                        && let Some((id, name)) = entry(model)
                        && wanted.contains(&(maker, id))
                    {
                        names.models.insert((maker, id), named(name));
                    }
                }
                // Classes follow the makers.
                [b'C', b' ', ..] => break,
                line => {
                    maker = entry(line).filter(|(id, _)| makers.contains(id)).map(|(id, name)| {
                        names.makers.insert(id, named(name));
                        id
                    });
                }
            }
        }
        names
    }

    /// The maker's name; empty when it is not in the list.
    pub(super) fn maker(&self, id: Id) -> String {
        self.makers.get(&id.0).cloned().unwrap_or_default()
    }

    /// The model's name; empty when it is not in the list.
    pub(super) fn model(&self, id: Id) -> String {
        self.models.get(&id).cloned().unwrap_or_default()
    }
}

/// Four hexadecimal digits, two blanks, a name.
fn entry(line: &[u8]) -> Option<(u16, &[u8])> {
    let (digits, rest) = line.split_at_checked(4)?;
    let id = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some((id, rest.strip_prefix(b"  ")?))
}

fn named(name: &[u8]) -> String {
    text::clean(&String::from_utf8_lossy(name))
}

/// Two numbers such as "8086:5917".
pub(super) fn parse(text: &str) -> Option<Id> {
    let (maker, model) = text.trim().split_once(':')?;
    Some((u16::from_str_radix(maker, 16).ok()?, u16::from_str_radix(model, 16).ok()?))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub const LIST: &str = "# list\n8086  Intel Corporation\n\t24fd  Wireless 8265 / 8275\n\t\t8086 0010  a card of it\n\t5917  UHD Graphics 620\n10de  NVIDIA Corporation\n\t1d10  GP108M [GeForce MX150]\nC 03  Display controller\n\t00  VGA\n";

    #[test]
    fn only_what_is_asked_is_found() {
        let names = Names::find(LIST.as_bytes(), &BTreeSet::from([(0x8086, 0x5917), (0x10de, 0xffff)]));
        assert_eq!(
            (names.maker((0x8086, 0x5917)).as_str(), names.model((0x8086, 0x5917)).as_str()),
            ("Intel Corporation", "UHD Graphics 620")
        );
        assert_eq!((names.maker((0x10de, 0xffff)).as_str(), names.model((0x10de, 0xffff)).as_str()), ("NVIDIA Corporation", ""));
        assert_eq!(names.model((0x8086, 0x24fd)), "");
        assert_eq!((parse("8086:5917\n"), parse("8086"), parse("zz:1")), (Some((0x8086, 0x5917)), None, None));
    }

    proptest! {
        #[test]
        fn no_list_makes_it_panic(list in "(?s)(\t|8086  |C |\n|.){0,200}") {
            Names::find(list.as_bytes(), &BTreeSet::from([(0x8086, 0x8086)]));
            parse(&list);
        }
    }
}
