//! When each package was installed: a small section of its own, so that the list itself is the same on identical PCs.

use super::{Found, Measured, packages};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::{PackageDate, SoftwareDates};

/// Package managers that keep no dates.
const DATELESS: [&str; 1] = ["apk"];

/// Reads the section.
pub(super) fn read(host: &Host) -> Measured {
    let listing = packages::listing(host)?;
    let dated = listing.packages.iter().filter(|package| !DATELESS.contains(&package.source.as_str()));
    let names: Vec<String> = dated.map(|package| package.name.clone()).collect();
    let dates = packages::dates(host, listing)?;
    let missing = names.iter().filter(|name| !dates.contains_key(*name)).count();
    let problems = if missing == 0 { Vec::new() } else { vec![format!("{missing} packages have no install date")] };
    let dates = dates.into_iter().map(|(name, installed_s)| PackageDate { name, installed_s }).collect();
    Ok(Found { section: Section::SoftwareDates(SoftwareDates { dates }), problems })
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
        assert_eq!(dates.dates.iter().map(|d| (d.name.as_str(), d.installed_s)).collect::<Vec<_>>(), [("bash", 100), ("zlib1g", 200)]);
        assert_eq!(found.problems, ["1 packages have no install date"]);
    }
}
