//! The packages that software lists name: each is held once, however many lists name it.

use crate::title::{self, Title};
use rollcall_proto::v1;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::ops::Bound;
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
    /// By name in small letters: many versions have few names.
    by_name: BTreeMap<Box<str>, Vec<u32>>,
    /// By the titles that they are known by beside their names.
    by_title: HashMap<Box<str>, Vec<u32>>,
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
        known.text + known.count as usize * (size_of::<OnceLock<Entry>>() + 2 * size_of::<(u64, u32)>() + 2 * size_of::<u32>())
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
            let package = slot.get_or_init(|| entry).package();
            for title in title::of_package(package.name, package.source) {
                known.by_title.entry(title.into()).or_default().push(number);
            }
            known.by_name.entry(package.name.to_lowercase().into()).or_default().push(number);
            known.count += 1;
        }
        number
    }

    /// The packages that fit, of those whose name in small letters begins with `begin` and is one of `names`.
    pub(crate) fn marked(&self, begin: &str, names: impl Fn(&str) -> bool, fits: impl Fn(&Package<'_>) -> bool) -> Marks {
        let known = self.known();
        let from = known.by_name.range::<str, _>((Bound::Included(begin), Bound::Unbounded));
        let named = from.take_while(|(name, _)| name.starts_with(begin)).filter(|(name, _)| names(name));
        let numbers: Vec<u32> = named.flat_map(|(_, numbers)| numbers).copied().collect();
        drop(known);
        let mut marks = Marks::default();
        numbers.into_iter().filter(|number| self.get(*number).is_some_and(|package| fits(&package))).for_each(|number| marks.set(number));
        marks
    }

    /// The numbers of the packages of each name that fits in small letters, name by name in their order.
    pub(crate) fn named(&self, fits: impl Fn(&str) -> bool) -> Vec<Vec<u32>> {
        self.known().by_name.iter().filter(|(name, _)| fits(name)).map(|(_, numbers)| numbers.clone()).collect()
    }

    /// The numbers of the packages that a title means, each once: by their own names, and by the title that packagings know them by.
    pub(crate) fn titled(&self, title: &Title) -> Vec<u32> {
        let known = self.known();
        if title.is_open() {
            let from = known.by_name.range::<str, _>((Bound::Included(title.stem()), Bound::Unbounded));
            return from.take_while(|(name, _)| name.starts_with(title.stem())).flat_map(|(_, numbers)| numbers).copied().collect();
        }
        let named = [known.by_name.get(title.stem()), known.by_name.get(title.plain()), known.by_title.get(title.plain())];
        let mut numbers: Vec<u32> = named.into_iter().flatten().flatten().copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
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
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    words: Vec<u64>,
    /// The first of them in the order in which they were taken in, up to one more than [`FEW`].
    first: Vec<u32>,
}

/// So many are looked for one by one: the processor compares many numbers at once.
const FEW: usize = 4;

impl Marks {
    /// Takes a package in.
    pub(crate) fn set(&mut self, number: u32) {
        let word = number as usize / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word |= 1 << (number % 64);
        }
        if self.first.len() <= FEW {
            self.first.push(number);
        }
    }

    /// Whether any of these is in.
    pub(crate) fn has_any(&self, numbers: &[u32]) -> bool {
        if self.first.len() <= FEW {
            return self.first.iter().any(|number| numbers.contains(number));
        }
        numbers.iter().any(|number| self.has(*number))
    }

    /// Whether a package is in.
    pub(crate) fn has(&self, number: u32) -> bool {
        self.words.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// How many are in.
    pub(crate) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
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
    fn packages_are_found_by_their_names_in_small_letters() {
        let packages = Packages::default();
        let all = [("GIMP", "1"), ("gimp", "2"), ("gimp-help", "2"), ("Élan", "1"), ("gi", "1")];
        packages.numbers(all.into_iter().map(|(name, version)| package(name, version)));
        let check = |begin: &str, exact: bool, version: &str, numbers: &[u32]| {
            let marks = packages.marked(begin, |name| !exact || name == begin, |package| version.is_empty() || package.version == version);
            assert_eq!((0..5).filter(|number| marks.has(*number)).collect::<Vec<u32>>(), numbers, "{begin}");
            assert_eq!(
                (marks.count(), marks.has_any(&[7, 3]), marks.has_any(numbers)),
                (numbers.len(), numbers.contains(&3), !numbers.is_empty())
            );
        };
        check("gimp", true, "", &[0, 1]);
        check("gimp", false, "", &[0, 1, 2]);
        check("gimp", false, "2", &[1, 2]);
        check("élan", true, "", &[3]);
        check("", false, "", &[0, 1, 2, 3, 4]);
        check("z", false, "", &[]);
    }

    #[test]
    fn only_what_is_marked_is_taken_along() {
        let packages = Packages::default();
        packages.numbers(["a", "b", "c"].into_iter().map(|name| package(name, "1")));
        let marks = packages.marked("", |name| name != "b", |_| true);
        let (few, numbers) = packages.only(&marks);
        assert_eq!((marks.count(), few.count(), few.get(1)), (2, 2, Some(package("c", "1"))));
        assert_eq!((numbers[0], numbers[2]), (0, 1));
    }
}
