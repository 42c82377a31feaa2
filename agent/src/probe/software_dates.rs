//! When each package was installed: a small section of its own, so that the list itself is the same on identical PCs.

use super::{Found, Measured, software};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::{PackageDate, SoftwareDates};
use std::collections::BTreeMap;

const INFO: &str = "/var/lib/dpkg/info";

/// Reads the section: dpkg writes a package's file list when it installs it.
pub(super) fn read(host: &Host) -> Measured {
    let listing = software::listing(host)?;
    let files = host.list(INFO).map_err(|why| why.to_string())?;
    let mut installed: BTreeMap<String, i64> = BTreeMap::new();
    for (file, name) in files.iter().filter_map(|file| Some((file, package(file)?))) {
        if listing.packages.binary_search_by(|package| package.name.as_str().cmp(name)).is_err() {
            continue;
        }
        if let Ok(seconds) = host.modified(&format!("{INFO}/{file}")) {
            let latest = installed.entry(name.to_owned()).or_insert(seconds);
            *latest = seconds.max(*latest);
        }
    }
    let missing = listing.packages.iter().filter(|package| !installed.contains_key(&package.name)).count();
    let problems = if missing == 0 { Vec::new() } else { vec![format!("{missing} packages have no file list in {INFO}")] };
    let dates = installed.into_iter().map(|(name, installed_s)| PackageDate { name, installed_s }).collect();
    Ok(Found { section: Section::SoftwareDates(SoftwareDates { dates }), problems })
}

/// "libc6:amd64.list" belongs to libc6.
fn package(file: &str) -> Option<&str> {
    let name = file.strip_suffix(".list")?;
    Some(name.split_once(':').map_or(name, |(name, _)| name)).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_installed_packages() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("var/lib/dpkg")).unwrap();
        std::fs::write(dir.path().join("var/lib/dpkg/status"), software::tests::TEXT).unwrap();
        let manifest = r#"{"names":{"/var/lib/dpkg/info":["bash.list","bash.postinst","old.list","zlib1g:amd64.list","zlib1g:i386.list"]},
            "modified":{"/var/lib/dpkg/info/bash.list":100,"/var/lib/dpkg/info/old.list":1,"/var/lib/dpkg/info/zlib1g:amd64.list":200,"/var/lib/dpkg/info/zlib1g:i386.list":150}}"#;
        std::fs::write(dir.path().join("host.json"), manifest).unwrap();
        let found = read(&Host::recorded(dir.path()).unwrap()).unwrap();
        let Section::SoftwareDates(dates) = found.section else { panic!() };
        assert_eq!(dates.dates.iter().map(|d| (d.name.as_str(), d.installed_s)).collect::<Vec<_>>(), [("bash", 100), ("zlib1g", 200)]);
        assert_eq!(found.problems, ["1 packages have no file list in /var/lib/dpkg/info"]);
    }
}
