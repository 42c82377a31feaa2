//! The packages that software lists name: each is held once, however many lists name it.

use rollcall_proto::v1;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// One package of a software list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Package<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// What it is built for.
    pub architecture: &'a str,
    /// Who made it.
    pub publisher: &'a str,
    /// Where it was read: "dpkg", "rpm", "registry".
    pub source: &'a str,
}

impl<'a> From<&'a v1::Package> for Package<'a> {
    fn from(package: &'a v1::Package) -> Self {
        let v1::Package { name, version, architecture, publisher, source } = package;
        Self { name, version, architecture, publisher, source }
    }
}

impl From<Package<'_>> for v1::Package {
    fn from(package: Package<'_>) -> Self {
        let Package { name, version, architecture, publisher, source } = package;
        let [name, version, architecture, publisher, source] = [name, version, architecture, publisher, source].map(str::to_owned);
        Self { name, version, architecture, publisher, source }
    }
}

/// A package as it is held: its texts behind each other, and where the first four end.
#[derive(Clone)]
struct Entry {
    text: Box<str>,
    ends: [u32; 4],
}

impl Entry {
    fn of(package: &Package<'_>) -> Self {
        let Package { name, version, architecture, publisher, source } = package;
        let mut end = 0u32;
        let ends = [name, version, architecture, publisher].map(|text| {
            end = end.saturating_add(u32::try_from(text.len()).unwrap_or(u32::MAX));
            end
        });
        Self { text: [*name, version, architecture, publisher, source].concat().into(), ends }
    }

    fn package(&self) -> Package<'_> {
        let [name, version, architecture, publisher] = self.ends.map(|end| end as usize);
        let part = |from, to| self.text.get(from..to).unwrap_or_default();
        Package {
            name: part(0, name),
            version: part(name, version),
            architecture: part(version, architecture),
            publisher: part(architecture, publisher),
            source: part(publisher, self.text.len()),
        }
    }
}

/// Places in the first block; each later block has twice as many.
const FIRST: usize = 512;
/// Blocks there may be: memory ends long before they are full.
const BLOCKS: usize = 23;

type Block = Box<[OnceLock<Entry>]>;

/// Packages by number, in the order in which they came. None ever moves or goes, so that they are read without a lock.
#[derive(Default)]
pub struct Packages {
    blocks: [OnceLock<Block>; BLOCKS],
    hasher: RandomState,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// The package with this hash, or, where others have it too, with the next free one.
    by_hash: HashMap<u64, u32>,
    count: u32,
    /// Bytes of their texts.
    text: usize,
}

impl Packages {
    /// The package with this number.
    pub(crate) fn get(&self, number: u32) -> Option<Package<'_>> {
        self.entry(number).map(Entry::package)
    }

    fn entry(&self, number: u32) -> Option<&Entry> {
        let (block, place) = place(number);
        self.blocks.get(block)?.get()?.get(place)?.get()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.known().count as usize
    }

    /// Memory that they take, about, bytes.
    pub(crate) fn bytes(&self) -> usize {
        let known = self.known();
        known.text + known.count as usize * (size_of::<OnceLock<Entry>>() + 2 * size_of::<(u64, u32)>())
    }

    /// The numbers of these packages; those that are new get one.
    pub(crate) fn numbers<'a>(&self, packages: impl Iterator<Item = Package<'a>>) -> Vec<u32> {
        let hashed: Vec<(u64, Package<'a>)> = packages.map(|package| (self.hasher.hash_one(package), package)).collect();
        let mut known = self.known();
        hashed.into_iter().map(|(hash, package)| self.number(&mut known, hash, &package)).collect()
    }

    fn number(&self, known: &mut Known, mut hash: u64, package: &Package<'_>) -> u32 {
        while let Some(number) = known.by_hash.get(&hash) {
            if self.get(*number).as_ref() == Some(package) {
                return *number;
            }
            hash = hash.wrapping_add(1);
        }
        known.by_hash.insert(hash, known.count);
        self.add(known, Entry::of(package))
    }

    fn add(&self, known: &mut Known, entry: Entry) -> u32 {
        let number = known.count;
        let (block, place) = place(number);
        let blocks = self.blocks.get(block).map(|slot| slot.get_or_init(|| (0..FIRST << block).map(|_| OnceLock::new()).collect()));
        if let Some(slot) = blocks.and_then(|block| block.get(place)) {
            known.text += entry.text.len();
            slot.get_or_init(|| entry);
            known.count += 1;
        }
        number
    }

    /// The packages that fit.
    pub(crate) fn marked(&self, fits: impl Fn(&Package<'_>) -> bool) -> Marks {
        let mut marks = Marks::default();
        self.iter().filter(|(_, package)| fits(package)).for_each(|(number, _)| marks.set(number));
        marks
    }

    /// The marked packages alone, and at each one's old number here its new one there.
    pub(crate) fn only(&self, marks: &Marks) -> (Self, Vec<u32>) {
        let few = Self::default();
        few.numbers(self.iter().filter(|(number, _)| marks.has(*number)).map(|(_, package)| package));
        let mut next = 0;
        let renumber = |(number, _)| {
            let new = next;
            next += u32::from(marks.has(number));
            new
        };
        let numbers = self.iter().map(renumber).collect();
        (few, numbers)
    }

    fn iter(&self) -> impl Iterator<Item = (u32, Package<'_>)> {
        (0..).map_while(|number| Some((number, self.get(number)?)))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The block of a package, and its place there.
fn place(number: u32) -> (usize, usize) {
    let number = number as usize;
    let block = (number / FIRST + 1).ilog2() as usize;
    (block, number - FIRST * ((1 << block) - 1))
}

/// A set of packages by number.
#[derive(Default)]
pub(crate) struct Marks(Vec<u64>);

impl Marks {
    /// Takes a package in.
    pub(crate) fn set(&mut self, number: u32) {
        let word = number as usize / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << (number % 64);
        }
    }

    /// Whether a package is in.
    pub(crate) fn has(&self, number: u32) -> bool {
        self.0.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// How many are in.
    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package<'a>(name: &'a str, version: &'a str) -> Package<'a> {
        Package { name, version, architecture: "", publisher: "é", source: "dpkg" }
    }

    #[test]
    fn a_package_has_one_number_and_stays_as_it_came() {
        let packages = Packages::default();
        let names: Vec<String> = (0..5000).map(|n| format!("p{n}")).collect();
        let all = || names.iter().map(|name| package(name, "1"));
        let numbers = packages.numbers(all());
        assert_eq!(numbers, (0..5000).collect::<Vec<u32>>());
        assert_eq!(packages.numbers(all()), numbers);
        assert!(numbers.iter().zip(all()).all(|(number, package)| packages.get(*number) == Some(package)));
        assert_eq!((packages.count(), packages.get(5000)), (5000, None));
    }

    #[test]
    fn texts_are_not_mixed_up_with_their_neighbours() {
        let packages = Packages::default();
        let two = [package("ab", "c"), package("a", "bc")];
        let numbers = packages.numbers(two.into_iter());
        assert_eq!(numbers.iter().filter_map(|number| packages.get(*number)).collect::<Vec<_>>(), two);
    }

    #[test]
    fn the_same_hash_is_no_same_package() {
        let (packages, mut known) = (Packages::default(), Known::default());
        let [a, b] = ["a", "b"].map(|name| package(name, "1"));
        let mut number = |package| packages.number(&mut known, u64::MAX, package);
        assert_eq!([number(&a), number(&b), number(&a), number(&b)], [0, 1, 0, 1]);
    }

    #[test]
    fn only_what_is_marked_is_taken_along() {
        let packages = Packages::default();
        packages.numbers(["a", "b", "c"].into_iter().map(|name| package(name, "1")));
        let marks = packages.marked(|package| package.name != "b");
        let (few, numbers) = packages.only(&marks);
        assert_eq!((marks.count(), few.count(), few.get(1)), (2, 2, Some(package("c", "1"))));
        assert_eq!((numbers[0], numbers[2]), (0, 1));
    }
}
