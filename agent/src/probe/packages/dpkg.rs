//! The packages of dpkg: Debian and Ubuntu.

use super::Listing;
use crate::host::Host;
use crate::probe::text;
use rollcall_proto::v1::Package;
use std::collections::BTreeMap;

/// dpkg's database.
const STATUS: &str = "/var/lib/dpkg/status";
/// A full desktop has about 6 MB.
const STATUS_LIMIT: usize = 64 * 1024 * 1024;
/// dpkg writes a package's file list here when it installs it.
const INFO: &str = "/var/lib/dpkg/info";
/// States in which dpkg leaves a package only while it works, or when it was cut off.
const HALFWAY: [&str; 5] = ["half-installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending"];

/// Reads dpkg's database.
pub(super) fn read(host: &Host) -> Option<Result<Listing, String>> {
    match host.read(STATUS, STATUS_LIMIT) {
        Ok(bytes) => Some(Ok(parse(&String::from_utf8_lossy(&bytes)))),
        Err(why) if why.is_absent() => None,
        Err(why) => Some(Err(why.to_string())),
    }
}

/// When each package called one of `names` was installed, seconds since 1970 UTC.
pub(super) fn dates(host: &Host, names: &dyn Fn(&str) -> bool) -> Result<BTreeMap<String, i64>, String> {
    let files = host.list(INFO).map_err(|why| why.to_string())?;
    let mut installed: BTreeMap<String, i64> = BTreeMap::new();
    for (file, name) in files.iter().filter_map(|file| Some((file, package(file)?))).filter(|(_, name)| names(name)) {
        if let Ok(seconds) = host.modified(&format!("{INFO}/{file}")) {
            let latest = installed.entry(name.to_owned()).or_insert(seconds);
            *latest = seconds.max(*latest);
        }
    }
    Ok(installed)
}

/// "libc6:amd64.list" belongs to libc6.
fn package(file: &str) -> Option<&str> {
    let name = file.strip_suffix(".list")?;
    Some(name.split_once(':').map_or(name, |(name, _)| name)).filter(|name| !name.is_empty())
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
        // Most lines belong to none of these fields: the first letter tells.
        if !line.starts_with(['P', 'S', 'V', 'A', 'M']) {
            return;
        }
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "Package: zlib1g\nStatus: install ok installed\nMaintainer: Mark Brown <broonie@debian.org>\nArchitecture: amd64\nVersion: 1:1.2.13\nDescription: compression\n library\n .\n Package: not me\n\nPackage: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b7\n\nPackage: old\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\nPackage: kept\nStatus: hold ok installed\nVersion: 2\n\nPackage: broken\nStatus: install ok half-configured\nVersion: 3\n";

    #[test]
    fn only_what_is_installed_is_listed() {
        let listing = parse(TEXT);
        let rows: Vec<_> = listing.packages.iter().map(|p| (p.name.as_str(), p.version.as_str(), p.architecture.as_str())).collect();
        assert_eq!(rows, [("zlib1g", "1:1.2.13", "amd64"), ("bash", "5.2.15-2+b7", "amd64"), ("kept", "2", "")]);
        assert_eq!(listing.packages[0].publisher, "Mark Brown <broonie@debian.org>");
        assert_eq!(listing.halfway, ["broken (half-configured)"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)((Package|Status|Version): |install ok installed|\n|.){0,200}") {
            parse(&text);
            package(&text);
        }
    }
}
