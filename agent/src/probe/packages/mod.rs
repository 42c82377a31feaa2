//! The package managers: each a file, each says what it has installed, and nothing when this machine has none.

mod apk;
mod dpkg;
mod flatpak;
mod pacman;
mod registry;
mod rpm;
mod snap;

use crate::host::Host;
use rollcall_proto::v1::Package;
use std::collections::BTreeMap;

/// What is installed.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Listing {
    /// The packages.
    pub packages: Vec<Package>,
    /// Packages in the middle of a change, with their state.
    pub halfway: Vec<String>,
    /// When packages were installed, by name, seconds since 1970 UTC; where the list itself tells.
    pub dates: BTreeMap<String, i64>,
}

/// A package manager.
struct Manager {
    /// Its name in the list.
    name: &'static str,
    /// Reads everything that is installed; `None` when this machine does not have it.
    read: fn(&Host) -> Option<Result<Listing, String>>,
}

/// Every package manager, alphabetical.
const MANAGERS: &[Manager] = &[
    Manager { name: "apk", read: apk::read },
    Manager { name: "dpkg", read: dpkg::read },
    Manager { name: "flatpak", read: flatpak::read },
    Manager { name: "pacman", read: pacman::read },
    Manager { name: "registry", read: registry::read },
    Manager { name: "rpm", read: rpm::read },
    Manager { name: "snap", read: snap::read },
];

/// Everything that is installed, by name, then architecture. One list that can't be read makes the whole not measured:
/// a list without it would say that its packages were removed.
pub(super) fn listing(host: &Host) -> Result<Listing, String> {
    let mut all = Listing::default();
    let mut known = false;
    for manager in MANAGERS {
        let Some(read) = (manager.read)(host) else { continue };
        let listing = read.map_err(|why| format!("{}: {why}", manager.name))?;
        known = true;
        let named = |package: Package| Package { source: manager.name.to_owned(), ..package };
        all.packages.extend(listing.packages.into_iter().map(named));
        all.halfway.extend(listing.halfway);
        all.dates.extend(listing.dates);
    }
    if !known {
        let names: Vec<&str> = MANAGERS.iter().map(|manager| manager.name).collect();
        return Err(format!("this system has no package database that is known ({})", names.join(", ")));
    }
    all.packages.sort_unstable_by(|a, b| (&a.name, &a.architecture, &a.version).cmp(&(&b.name, &b.architecture, &b.version)));
    all.packages.dedup();
    Ok(all)
}

/// When each package of `listing` was installed.
pub(super) fn dates(host: &Host, listing: &mut Listing) -> Result<BTreeMap<String, i64>, String> {
    let of_dpkg: Vec<&str> = listing.packages.iter().filter(|package| package.source == "dpkg").map(|p| p.name.as_str()).collect();
    let mut dates = std::mem::take(&mut listing.dates);
    if !of_dpkg.is_empty() {
        dates.extend(dpkg::dates(host, &|name| of_dpkg.binary_search(&name).is_ok())?);
    }
    Ok(dates)
}

/// A package of these facts, made fit to show.
fn package(name: &str, version: &str, architecture: &str, publisher: &str) -> Package {
    use super::text::clean;
    Package {
        name: clean(name),
        version: clean(version),
        architecture: clean(architecture),
        publisher: clean(publisher),
        source: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;

    #[test]
    fn the_managers_are_sorted_and_their_lists_become_one() {
        assert!(MANAGERS.is_sorted_by_key(|manager| manager.name));
        let files = [
            ("var/lib/dpkg/status", "Package: vim\nStatus: install ok installed\nVersion: 9\n"),
            ("lib/apk/db/installed", "P:busybox\nV:1.36\nA:x86_64\n\n"),
        ];
        let (_dir, host) = machine("{}", &files);
        let rows: Vec<_> = listing(&host).unwrap().packages.into_iter().map(|p| (p.name, p.source)).collect();
        assert_eq!(rows, [("busybox", "apk"), ("vim", "dpkg")].map(|(name, source)| (name.to_owned(), source.to_owned())));
    }

    #[test]
    fn one_list_that_cannot_be_read_leaves_the_whole_unmeasured() {
        let manifest = r#"{"refused":{"/lib/apk/db/installed":"denied"}}"#;
        let (_dir, host) = machine(manifest, &[("var/lib/dpkg/status", "Package: vim\nStatus: install ok installed\n")]);
        assert!(listing(&host).unwrap_err().starts_with("apk: only root may read"));
        assert!(listing(&machine("{}", &[]).1).unwrap_err().contains("no package database"));
    }
}
