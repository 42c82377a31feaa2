//! The installed software, of every package manager in one list: the same bytes on identical PCs.

use super::packages::{self, Listing};
use super::{Found, Measured};
use crate::host::Host;
use crate::watch;
use rollcall_proto::Section;
use rollcall_proto::v1::Software;

/// Most packages listed; no machine of a school comes near.
const PACKAGES_LIMIT: usize = 30_000;

/// Reads the section.
pub(super) fn read(host: &Host) -> Measured {
    let (listing, problems) = listing(host)?;
    Ok(Found { section: Section::Software(Software { packages: listing.packages }), problems })
}

/// What is installed, as it is told, and what is odd about it. In the middle of an upgrade there is nothing to say: it is
/// reported when dpkg has finished.
pub(super) fn listing(host: &Host) -> Result<(Listing, Vec<String>), String> {
    let mut listing = packages::listing(host)?;
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
    Ok((listing, problems))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;

    const TEXT: &str = "Package: bash\nStatus: install ok installed\n\nPackage: broken\nStatus: install ok half-configured\n";

    #[test]
    fn in_the_middle_of_an_upgrade_the_list_is_not_measured() {
        let (dir, host) = machine("{}", &[("var/lib/dpkg/status", TEXT), ("var/lib/dpkg/lock", "")]);
        assert!(read(&host).unwrap().problems[0].starts_with("not fully installed: broken (half-configured)"));
        let lock = host.meta("/var/lib/dpkg/lock").unwrap();
        std::fs::create_dir_all(dir.path().join("proc")).unwrap();
        let row = format!("1: POSIX  ADVISORY  WRITE 4711 {:02x}:{:02x}:{} 0 EOF\n", lock.major, lock.minor, lock.inode);
        std::fs::write(dir.path().join("proc/locks"), row).unwrap();
        assert!(read(&host).unwrap_err().contains("dpkg is at work"));
    }
}
