//! The packages of apk: Alpine.

use super::{Listing, package};
use crate::host::Host;

const INSTALLED: [&str; 2] = ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"];
const LIMIT: usize = 64 * 1024 * 1024;

/// Reads apk's database.
pub(super) fn read(host: &Host) -> Option<Result<Listing, String>> {
    INSTALLED.iter().find_map(|path| match host.text(path, LIMIT) {
        Ok(text) => Some(Ok(parse(&text))),
        Err(why) if why.is_absent() => None,
        Err(why) => Some(Err(why.to_string())),
    })
}

/// Reads paragraphs of "P:name", "V:version", "A:architecture", "m:maintainer".
fn parse(text: &str) -> Listing {
    let mut listing = Listing::default();
    let (mut name, mut version, mut architecture, mut maintainer) = ("", "", "", "");
    for line in text.lines().chain([""]) {
        match line.split_once(':') {
            Some(("P", value)) => name = value,
            Some(("V", value)) => version = value,
            Some(("A", value)) => architecture = value,
            Some(("m", value)) => maintainer = value,
            _ if line.is_empty() => {
                listing.packages.extend((!name.is_empty()).then(|| package(name, version, architecture, maintainer)));
                (name, version, architecture, maintainer) = ("", "", "", "");
            }
            _ => {}
        }
    }
    listing
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paragraphs_become_packages() {
        let listing = parse("C:Q1\nP:musl\nV:1.2.4-r2\nA:x86_64\nm:Timo <t@x>\nF:lib\nR:ld.so\n\nV:stray\n\nP:zlib\nV:1.3-r2\nA:x86_64");
        let rows: Vec<_> = listing.packages.iter().map(|p| (p.name.as_str(), p.version.as_str(), p.publisher.as_str())).collect();
        assert_eq!(rows, [("musl", "1.2.4-r2", "Timo <t@x>"), ("zlib", "1.3-r2", "")]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)([PVAm]:|\n|.){0,100}") {
            parse(&text);
        }
    }
}
