//! The packages of pacman: Arch and its kin.

use super::{Listing, package};
use crate::host::Host;

/// A folder for each package.
const LOCAL: &str = "/var/lib/pacman/local";
const LIMIT: usize = 256 * 1024;

/// Reads pacman's database.
pub(super) fn read(host: &Host) -> Option<Result<Listing, String>> {
    let folders = match host.list(LOCAL) {
        Ok(folders) => folders,
        Err(why) if why.is_absent() => return None,
        Err(why) => return Some(Err(why.to_string())),
    };
    let mut listing = Listing::default();
    for folder in folders.iter().filter(|folder| *folder != "ALPM_DB_VERSION") {
        match host.text(&format!("{LOCAL}/{folder}/desc"), LIMIT) {
            Ok(text) => parse(&text, &mut listing),
            // It was removed since the folders were listed, or is not a package.
            Err(why) if why.is_absent() => {}
            Err(why) => return Some(Err(why.to_string())),
        }
    }
    Some(Ok(listing))
}

/// Reads "%NAME%", its value on the next line, and so on.
fn parse(text: &str, listing: &mut Listing) {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let field = |key: &str| {
        let at = lines.iter().position(|line| *line == key);
        at.and_then(|at| lines.get(at + 1)).copied().unwrap_or_default()
    };
    let name = field("%NAME%");
    if name.is_empty() {
        return;
    }
    let package = package(name, field("%VERSION%"), field("%ARCH%"), field("%PACKAGER%"));
    if let Ok(at) = field("%INSTALLDATE%").parse() {
        listing.dates.insert(package.name.clone(), at);
    }
    listing.packages.push(package);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;
    use proptest::prelude::*;

    #[test]
    fn each_folder_is_a_package() {
        let desc = "%NAME%\nzlib\n\n%VERSION%\n1:1.3-2\n\n%ARCH%\nx86_64\n\n%INSTALLDATE%\n1700000000\n\n%PACKAGER%\nA <a@x>\n";
        let (_dir, host) = machine("{}", &[("var/lib/pacman/local/zlib-1/desc", desc), ("var/lib/pacman/local/ALPM_DB_VERSION", "9\n")]);
        let listing = read(&host).unwrap().unwrap();
        assert_eq!(listing.packages, [package("zlib", "1:1.3-2", "x86_64", "A <a@x>")]);
        assert_eq!(listing.dates.get("zlib"), Some(&1_700_000_000));
        assert!(read(&machine("{}", &[]).1).is_none());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)(%NAME%|%INSTALLDATE%|[0-9]|\n|.){0,100}") {
            parse(&text, &mut Listing::default());
        }
    }
}
