//! The installed software, from dpkg's database: the same bytes on identical PCs.

use super::{Found, Measured, text};
use crate::host::Host;
use crate::watch;
use rollcall_proto::Section;
use rollcall_proto::v1::{Package, Software};

/// dpkg's database.
pub(super) const STATUS: &str = "/var/lib/dpkg/status";
/// A full desktop has about 6 MB.
const STATUS_LIMIT: usize = 64 * 1024 * 1024;
/// Most packages listed; no machine of a school comes near.
const PACKAGES_LIMIT: usize = 30_000;
/// States in which dpkg leaves a package only while it works, or when it was cut off.
const HALFWAY: [&str; 5] = ["half-installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending"];

/// What dpkg's database says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Listing {
    /// Installed packages by name, then architecture.
    pub packages: Vec<Package>,
    /// Packages in the middle of a change, with their state.
    pub halfway: Vec<String>,
}

/// Reads the section. In the middle of an upgrade there is nothing to say: it is reported when dpkg has finished.
pub(super) fn read(host: &Host) -> Measured {
    let mut listing = listing(host)?;
    if !listing.halfway.is_empty() && watch::is_locked(host) {
        return Err("dpkg is at work; the list is read when it has finished".to_owned());
    }
    let mut problems = Vec::new();
    if !listing.halfway.is_empty() {
        let some: Vec<&str> = listing.halfway.iter().take(5).map(String::as_str).collect();
        problems.push(format!("not fully installed: {}; run `dpkg --configure -a`", some.join(", ")));
    }
    if listing.packages.len() > PACKAGES_LIMIT {
        problems.push(format!("only the first {PACKAGES_LIMIT} of {} packages are listed", listing.packages.len()));
        listing.packages.truncate(PACKAGES_LIMIT);
    }
    Ok(Found { section: Section::Software(Software { packages: listing.packages }), problems })
}

/// Reads dpkg's database.
pub(super) fn listing(host: &Host) -> Result<Listing, String> {
    let text = host.text(STATUS, STATUS_LIMIT).map_err(|why| match why.is_absent() {
        true => format!("this system has no dpkg database ({STATUS} is absent)"),
        false => why.to_string(),
    })?;
    Ok(parse(&text))
}

/// Reads the text of dpkg's database: paragraphs of fields, one per package.
fn parse(text: &str) -> Listing {
    let mut listing = Listing::default();
    let mut paragraph = Paragraph::default();
    for line in text.lines().chain([""]) {
        if line.is_empty() {
            std::mem::take(&mut paragraph).file_into(&mut listing);
        } else {
            paragraph.take(line);
        }
    }
    let key = |package: &Package| (package.name.clone(), package.architecture.clone(), package.version.clone());
    listing.packages.sort_by_cached_key(key);
    listing.packages.dedup();
    listing.halfway.sort_unstable();
    listing
}

/// The fields of one package that we keep.
#[derive(Default)]
struct Paragraph<'a> {
    name: &'a str,
    status: &'a str,
    version: &'a str,
    architecture: &'a str,
    maintainer: &'a str,
}

impl<'a> Paragraph<'a> {
    fn take(&mut self, line: &'a str) {
        let Some((key, value)) = line.split_once(": ") else { return };
        match key {
            "Package" => self.name = value,
            "Status" => self.status = value,
            "Version" => self.version = value,
            "Architecture" => self.architecture = value,
            "Maintainer" => self.maintainer = value,
            _ => {}
        }
    }

    fn file_into(self, listing: &mut Listing) {
        let name = text::clean(self.name);
        let state = self.status.rsplit(' ').next().unwrap_or_default();
        if name.is_empty() {
            return;
        }
        if self.status == "install ok installed" || self.status == "hold ok installed" {
            listing.packages.push(Package {
                name,
                version: text::clean(self.version),
                architecture: text::clean(self.architecture),
                publisher: text::clean(self.maintainer),
                source: "dpkg".to_owned(),
            });
        } else if HALFWAY.contains(&state) {
            listing.halfway.push(format!("{name} ({state})"));
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub const TEXT: &str = "Package: zlib1g\nStatus: install ok installed\nMaintainer: Mark Brown <broonie@debian.org>\nArchitecture: amd64\nVersion: 1:1.2.13\nDescription: compression\n library\n .\n Package: not me\n\nPackage: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b7\n\nPackage: old\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\nPackage: kept\nStatus: hold ok installed\nVersion: 2\n\nPackage: broken\nStatus: install ok half-configured\nVersion: 3\n";

    #[test]
    fn only_what_is_installed_is_listed_in_order() {
        let listing = parse(TEXT);
        let rows: Vec<_> = listing.packages.iter().map(|p| (p.name.as_str(), p.version.as_str(), p.architecture.as_str())).collect();
        assert_eq!(rows, [("bash", "5.2.15-2+b7", "amd64"), ("kept", "2", ""), ("zlib1g", "1:1.2.13", "amd64")]);
        assert_eq!(listing.packages[2].publisher, "Mark Brown <broonie@debian.org>");
        assert_eq!(listing.halfway, ["broken (half-configured)"]);
    }

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Host) {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let at = dir.path().join(path.trim_start_matches('/'));
            std::fs::create_dir_all(at.parent().unwrap()).unwrap();
            std::fs::write(at, text).unwrap();
        }
        let host = Host::recorded(dir.path()).unwrap();
        (dir, host)
    }

    #[test]
    fn in_the_middle_of_an_upgrade_the_list_is_not_measured() {
        let (dir, host) = machine(&[(STATUS, TEXT), ("/var/lib/dpkg/lock", "")]);
        assert!(read(&host).unwrap().problems[0].starts_with("not fully installed: broken (half-configured)"));
        let lock = host.meta("/var/lib/dpkg/lock").unwrap();
        std::fs::create_dir_all(dir.path().join("proc")).unwrap();
        let row = format!("1: POSIX  ADVISORY  WRITE 4711 {:02x}:{:02x}:{} 0 EOF\n", lock.major, lock.minor, lock.inode);
        std::fs::write(dir.path().join("proc/locks"), row).unwrap();
        assert!(read(&host).unwrap_err().contains("dpkg is at work"));
    }

    #[test]
    fn a_system_without_dpkg_is_not_an_empty_list() {
        assert!(read(&machine(&[]).1).unwrap_err().contains("no dpkg database"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)((Package|Status|Version): |install ok installed|\n|.){0,200}") {
            parse(&text);
        }
    }
}
