//! What the site holds of one section: a software list as numbers of packages, every other section as its bytes.

use crate::packages::{Marks, Package, Packages};
use rollcall_proto::software::each_package;
use rollcall_proto::{SECTIONS, Section, v1};
use std::fmt;
use std::sync::Arc;

/// The content of a section. It is small, and shared when it is cloned; what is asked of it is read out of it each time.
#[derive(Clone)]
pub struct Content {
    /// The section's place in [`SECTIONS`].
    pub(crate) place: u8,
    kept: Kept,
}

#[derive(Clone)]
enum Kept {
    /// The canonical bytes.
    Bytes(Arc<[u8]>),
    /// A software list: numbers of its packages in `all`, in its order.
    List { all: Arc<Packages>, numbers: Arc<[u32]> },
}

impl Content {
    /// A section as it is held; a software list's packages are shared in `packages`: the site's, where it is to be held by one.
    pub fn of(section: &Section, packages: &Arc<Packages>) -> Self {
        let kept = match section {
            Section::Software(software) => Kept::list(packages, packages.numbers(software.packages.iter().map(Package::from))),
            other => Kept::Bytes(other.encode().into()),
        };
        Self { place: place(section.name()).unwrap_or(u8::MAX), kept }
    }

    /// A section read from its canonical bytes; `None`: there is no such section, or these bytes are not one.
    pub fn read(name: &str, bytes: &[u8], packages: &Arc<Packages>) -> Option<Self> {
        if name != "software" {
            return Section::decode(name, bytes)?.ok().map(|section| Self::of(&section, packages));
        }
        let mut list = Vec::new();
        each_package(bytes, |[name, version, architecture, publisher, source]| {
            list.push(Package { name, version, architecture, publisher, source });
        })?;
        Some(Self { place: place(name)?, kept: Kept::list(packages, packages.numbers(list.into_iter())) })
    }

    /// The section's name.
    pub fn name(&self) -> &'static str {
        SECTIONS.get(usize::from(self.place)).copied().unwrap_or_default()
    }

    /// The section, read anew. Ask [`Content::packages`] of a software list instead: it copies nothing.
    pub fn section(&self) -> Option<Section> {
        match &self.kept {
            Kept::Bytes(bytes) => Section::decode(self.name(), bytes)?.ok(),
            Kept::List { .. } => Some(Section::Software(v1::Software { packages: self.packages().map(v1::Package::from).collect() })),
        }
    }

    /// The packages of a software list, in its order; none of any other section.
    pub fn packages(&self) -> impl Iterator<Item = Package<'_>> {
        self.list().into_iter().flat_map(|(all, numbers)| numbers.iter().filter_map(|number| all.get(*number)))
    }

    /// How many packages a software list has; none has any other section.
    pub(crate) fn count(&self) -> usize {
        self.list().map_or(0, |(_, numbers)| numbers.len())
    }

    /// Whether it is a software list.
    pub fn is_list(&self) -> bool {
        self.list().is_some()
    }

    /// Memory that it takes, without its packages, bytes.
    pub(crate) fn bytes(&self) -> usize {
        match &self.kept {
            Kept::Bytes(bytes) => bytes.len(),
            Kept::List { numbers, .. } => size_of_val(&**numbers),
        }
    }

    /// The packages of this list that are not on `other`.
    pub(crate) fn without<'a>(&'a self, other: &Self) -> impl Iterator<Item = Package<'a>> + use<'a> {
        let mut there = Marks::default();
        if let (Some((all, _)), Some((others, numbers))) = (self.list(), other.list())
            && Arc::ptr_eq(all, others)
        {
            numbers.iter().for_each(|number| there.set(*number));
        }
        picked(self.list(), move |number| !there.has(number))
    }

    /// The packages of this list that are marked among `packages`.
    pub(crate) fn marked<'a>(&'a self, packages: &Arc<Packages>, marks: &'a Marks) -> impl Iterator<Item = Package<'a>> + use<'a> {
        // Most lists have none of them, which is soon seen.
        let list = self.list().filter(|(all, numbers)| Arc::ptr_eq(all, packages) && marks.has_any(numbers));
        picked(list, move |number| marks.has(number))
    }

    /// Marks the packages of this list.
    pub(crate) fn mark(&self, marks: &mut Marks) {
        if let Some((_, numbers)) = self.list() {
            numbers.iter().for_each(|number| marks.set(*number));
        }
    }

    /// The same content with its packages shared in `packages`.
    pub(crate) fn within(self, packages: &Arc<Packages>) -> Self {
        match self.list() {
            Some((all, _)) if !Arc::ptr_eq(all, packages) => Self { kept: Kept::list(packages, packages.numbers(self.packages())), ..self },
            _ => self,
        }
    }

    /// The same content after its packages got other numbers in `packages`.
    pub(crate) fn renumbered(&self, packages: &Arc<Packages>, numbers: &[u32]) -> Self {
        let kept = match &self.kept {
            Kept::List { numbers: old, .. } => {
                Kept::list(packages, old.iter().filter_map(|number| numbers.get(*number as usize).copied()).collect())
            }
            Kept::Bytes(bytes) => Kept::Bytes(Arc::clone(bytes)),
        };
        Self { place: self.place, kept }
    }

    /// The packages that a software list's numbers are of, and the numbers.
    pub(crate) fn list(&self) -> Option<(&Arc<Packages>, &[u32])> {
        match &self.kept {
            Kept::List { all, numbers } => Some((all, numbers)),
            Kept::Bytes(_) => None,
        }
    }
}

/// The packages of a list whose numbers fit.
fn picked<'a>(list: Option<(&'a Arc<Packages>, &'a [u32])>, fits: impl Fn(u32) -> bool) -> impl Iterator<Item = Package<'a>> {
    let numbered = list.into_iter().flat_map(|(all, numbers)| numbers.iter().map(move |number| (all, *number)));
    numbered.filter(move |(_, number)| fits(*number)).filter_map(|(all, number)| all.get(number))
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.section().fmt(f)
    }
}

impl Kept {
    fn list(all: &Arc<Packages>, numbers: Vec<u32>) -> Self {
        Self::List { all: Arc::clone(all), numbers: numbers.into() }
    }
}

/// The place of a section's name in [`SECTIONS`].
pub(crate) fn place(name: &str) -> Option<u8> {
    SECTIONS.binary_search(&name).ok().and_then(|place| u8::try_from(place).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Site, inventory};
    use rollcall_proto::Digest;

    fn list(versions: &[&str]) -> Section {
        let package = |version: &&str| v1::Package { name: "vlc".into(), version: (*version).into(), ..v1::Package::default() };
        Section::Software(v1::Software { packages: versions.iter().map(package).collect() })
    }

    fn versions<'a>(packages: impl Iterator<Item = Package<'a>>) -> Vec<&'a str> {
        packages.map(|package| package.version).collect()
    }

    #[test]
    fn every_section_reads_back_as_it_came() {
        for name in SECTIONS {
            let section = Section::decode(name, &[]).and_then(Result::ok).unwrap();
            let content = Content::of(&section, &Arc::default());
            let read = Content::read(name, &section.encode(), &Arc::default()).unwrap();
            assert_eq!((content.name(), content.section()), (*name, Some(section.clone())));
            assert_eq!((read.name(), read.section()), (*name, Some(section)));
        }
        let software = list(&["3", "1", "3"]);
        assert_eq!(Content::of(&software, &Arc::default()).section(), Some(software));
    }

    #[test]
    fn lists_differ_by_what_the_other_has_not_wherever_their_packages_are() {
        let (here, there) = (Arc::default(), Arc::default());
        let [before, after] = [list(&["1", "2"]), list(&["2", "3"])].map(|list| Content::of(&list, &here));
        assert_eq!(versions(after.without(&before)), ["3"]);
        assert_eq!(versions(after.without(&Content::of(&list(&["1", "2"]), &there))), ["2", "3"], "they can't be compared by number");
        assert_eq!(versions(after.without(&before.clone().within(&there))), ["2", "3"]);
    }

    #[test]
    fn a_site_holds_a_package_once_and_lets_go_of_what_nothing_uses() {
        let mut site = Site::default();
        let hold = |site: &mut Site, section: Section| {
            let digest = Digest::of(&section.encode());
            site.hold(digest, Content::of(&section, &Arc::default()));
            digest
        };
        let kept = hold(&mut site, list(&["9", "2"]));
        let gone = hold(&mut site, list(&["1", "2", "3", "4", "5"]));
        assert_eq!(site.packages().count(), 6);
        hold(&mut site, Section::OperatingSystem(v1::OperatingSystem { name: "x".repeat(1000), ..v1::OperatingSystem::default() }));
        let before = site.contents_bytes();
        assert!(before > 1000 + 6 * 30, "{before}");
        let held = inventory::Held { digest: Some(kept), ..inventory::Held::default() };
        let profile = inventory::Profile {
            sections: [("software".to_owned(), held)].into(),
            ..inventory::Profile::new(crate::DeviceId(uuid::Uuid::nil()), jiff::Timestamp::UNIX_EPOCH)
        };
        crate::record::put(&mut site, profile);
        let view = site.clone();
        site.release_unused();
        assert_eq!((site.packages().count(), site.holds("software", &gone)), (2, false));
        assert!(site.contents_bytes() < before - 1000, "{}", site.contents_bytes());
        assert_eq!(versions(site.content("software", &kept).unwrap().packages()), ["9", "2"]);
        assert_eq!(versions(view.content("software", &gone).unwrap().packages()).len(), 5, "an older view reads on");
        hold(&mut site, list(&["2", "10"]));
        assert_eq!(site.packages().count(), 3);
    }
}
