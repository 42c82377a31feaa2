//! The programs that Windows lists for uninstalling, of both word sizes.

use super::{Listing, package};
use crate::host::{Host, Keys};
use jiff::civil::Date;

/// Where they are listed, and for which architecture.
const UNINSTALL: [(&str, &str); 2] = [
    (r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall", "x86_64"),
    (r"SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall", "x86"),
];

/// Reads both lists; a machine without the first has no registry.
pub(super) fn read(host: &Host) -> Option<Result<Listing, String>> {
    let mut listing = Listing::default();
    for (place, (path, architecture)) in UNINSTALL.iter().enumerate() {
        match host.registry(path) {
            Ok(text) => parse(&Keys::parse(&text), architecture, &mut listing),
            Err(why) if why.is_absent() && place == 0 => return None,
            Err(why) if why.is_absent() => {}
            Err(why) => return Some(Err(why.to_string())),
        }
    }
    Some(Ok(listing))
}

/// Reads one list. Parts of the system and updates of other programs are listed there too, but are no programs.
fn parse(keys: &Keys<'_>, architecture: &str, listing: &mut Listing) {
    for key in keys.names().filter(|key| !key.is_empty()) {
        let value = |name: &str| keys.value(key, name);
        let name = value("DisplayName");
        let update = !value("ParentKeyName").is_empty() || value("ReleaseType").to_lowercase().contains("update");
        if name.is_empty() || value("SystemComponent") == "1" || update {
            continue;
        }
        let package = package(name, value("DisplayVersion"), architecture, value("Publisher"));
        if let Some(at) = day(value("InstallDate")) {
            listing.dates.insert(package.name.clone(), at);
        }
        listing.packages.push(package);
    }
}

/// The beginning of a day such as "20240501", seconds since 1970 UTC.
fn day(text: &str) -> Option<i64> {
    let digits = Some(text).filter(|text| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()))?;
    let date: Date = format!("{}-{}-{}", digits.get(..4)?, digits.get(4..6)?, digits.get(6..)?).parse().ok()?;
    Some(date.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;
    use proptest::prelude::*;

    const TEXT: &str = "[]\n[{23170F69}]\nDisplayName=7-Zip 24.07 (x64 edition)\nDisplayVersion=24.07.00.0\nPublisher=Igor Pavlov\nInstallDate=20240501\n[KB5031]\nDisplayName=Update for X\nParentKeyName=X\n[{part}]\nDisplayName=MSI part\nSystemComponent=1\n[{nameless}]\nPublisher=Y\n";

    #[test]
    fn programs_are_listed_and_their_parts_and_updates_are_not() {
        let old = "[]\n[Audacity]\nDisplayName=Audacity 3.5\nDisplayVersion=3.5\n";
        let (_dir, host) = machine(
            "{}",
            &[
                ("registry/SOFTWARE/Microsoft/Windows/CurrentVersion/Uninstall.txt", TEXT),
                ("registry/SOFTWARE/WOW6432Node/Microsoft/Windows/CurrentVersion/Uninstall.txt", old),
            ],
        );
        let listing = read(&host).unwrap().unwrap();
        let wanted =
            [package("7-Zip 24.07 (x64 edition)", "24.07.00.0", "x86_64", "Igor Pavlov"), package("Audacity 3.5", "3.5", "x86", "")];
        assert_eq!(listing.packages, wanted);
        assert_eq!(listing.dates.get("7-Zip 24.07 (x64 edition)"), Some(&1_714_521_600));
        assert!(read(&machine("{}", &[]).1).is_none());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([0-9é]){0,9}") {
            day(&text);
        }
    }
}
