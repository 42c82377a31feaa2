//! The snaps that are in use.

use super::{Listing, package};
use crate::host::Host;
use crate::probe::text;

/// Where each snap is mounted, its present revision under `current`.
const SNAP: &str = "/snap";
const LIMIT: usize = 256 * 1024;

/// Reads what is mounted.
pub(super) fn read(host: &Host) -> Option<Result<Listing, String>> {
    if !host.exists("/var/lib/snapd/snaps") {
        return None;
    }
    let names = match host.list(SNAP) {
        Ok(names) => names,
        Err(why) if why.is_absent() => Vec::new(),
        Err(why) => return Some(Err(why.to_string())),
    };
    let mut listing = Listing::default();
    for name in names.iter().filter(|name| *name != "bin") {
        let Ok(revision) = host.link(&format!("{SNAP}/{name}/current")) else { continue };
        let about = match host.text(&format!("{SNAP}/{name}/current/meta/snap.yaml"), LIMIT) {
            Ok(about) => about,
            Err(why) if why.is_absent() => String::new(),
            Err(why) => return Some(Err(why.to_string())),
        };
        let version = version(&about).unwrap_or_else(|| text::clean(&revision));
        let package = package(name, &version, "", "");
        if let Ok(at) = host.modified(&format!("/var/lib/snapd/snaps/{name}_{revision}.snap")) {
            listing.dates.insert(package.name.clone(), at);
        }
        listing.packages.push(package);
    }
    Some(Ok(listing))
}

/// The version in a snap's description: a line of its own at the left margin, quoted or not.
fn version(about: &str) -> Option<String> {
    let value = about.lines().find_map(|line| line.strip_prefix("version:"))?.trim();
    let plain = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(value);
    Some(text::clean(plain)).filter(|version| !version.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;

    #[test]
    fn the_present_revision_counts() {
        let manifest = r#"{"present":["/var/lib/snapd/snaps"],"links":{"/snap/firefox/current":"4848","/snap/core22/current":"1564"},
            "modified":{"/var/lib/snapd/snaps/firefox_4848.snap":1700000000}}"#;
        let (_dir, host) = machine(
            manifest,
            &[("snap/firefox/current/meta/snap.yaml", "name: firefox\nversion: '130.0-2'\n"), ("snap/core22/x", ""), ("snap/README", "")],
        );
        let listing = read(&host).unwrap().unwrap();
        assert_eq!(listing.packages, [package("core22", "1564", "", ""), package("firefox", "130.0-2", "", "")]);
        assert_eq!(listing.dates.get("firefox"), Some(&1_700_000_000));
        assert_eq!((version("versions: 2\n"), version("version: \"\n")), (None, Some("\"".to_owned())));
        assert!(read(&machine("{}", &[]).1).is_none());
    }
}
