//! When each package was installed: a small section of its own, so that the list itself is the same on identical PCs.

use super::{Found, Measured, packages, software};
use crate::host::Host;
use rollcall_proto::v1::{Software, SoftwareDates};
use rollcall_proto::{Digest, Section};

/// Package managers that keep no dates.
const DATELESS: [&str; 1] = ["apk"];

/// Reads the section: the dates along the software list that is told with it.
pub(super) fn read(host: &Host) -> Measured {
    let (mut listing, _) = software::listing(host)?;
    let dates = packages::dates(host, &mut listing)?;
    let missing = listing.packages.iter().filter(|p| !DATELESS.contains(&p.source.as_str()) && !dates.contains_key(&p.name)).count();
    let problems = if missing == 0 { Vec::new() } else { vec![format!("{missing} packages have no install date")] };
    let software = Software { packages: listing.packages };
    let along: Vec<Option<i64>> = software.packages.iter().map(|package| dates.get(&package.name).copied()).collect();
    let list = Digest::of(&Section::Software(software).encode());
    Ok(Found { section: Section::SoftwareDates(SoftwareDates::along(&list, along)), problems })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;

    #[test]
    fn dates_are_those_of_installed_packages() {
        let status = "Package: zlib1g\nStatus: install ok installed\n\nPackage: bash\nStatus: install ok installed\n\nPackage: kept\nStatus: hold ok installed\n\nPackage: old\nStatus: deinstall ok config-files\n";
        let manifest = r#"{"names":{"/var/lib/dpkg/info":["bash.list","bash.postinst","old.list","zlib1g:amd64.list","zlib1g:i386.list"]},
            "modified":{"/var/lib/dpkg/info/bash.list":100,"/var/lib/dpkg/info/old.list":1,"/var/lib/dpkg/info/zlib1g:amd64.list":200,"/var/lib/dpkg/info/zlib1g:i386.list":150}}"#;
        let (_dir, host) = machine(manifest, &[("var/lib/dpkg/status", status)]);
        let found = read(&host).unwrap();
        let Section::SoftwareDates(dates) = found.section else { panic!() };
        let Section::Software(list) = software::read(&host).unwrap().section else { panic!() };
        let digest = Digest::of(&Section::Software(list.clone()).encode());
        assert_eq!(
            dates.by_name(&digest, list.packages.iter().map(|package| package.name.as_str())).collect::<Vec<_>>(),
            [("bash", 100), ("zlib1g", 200)]
        );
        assert_eq!(found.problems, ["1 packages have no install date"]);
    }
}
