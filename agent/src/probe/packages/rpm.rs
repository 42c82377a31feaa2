//! The packages of rpm: Fedora, Red Hat, SUSE. Its database has changed its form three times, so rpm itself is asked.

use super::{Listing, package};
use crate::host::{Ask, Host};

/// Where rpm keeps its database; a system of another kind may have the program alone.
const DATABASES: [&str; 2] = ["/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm"];

/// Asks rpm.
pub(super) fn read(host: &Host) -> Option<Result<Listing, String>> {
    if !DATABASES.iter().any(|path| host.exists(path)) {
        return None;
    }
    match host.ask(Ask::RpmPackages) {
        Ok(answer) => Some(parse(&answer)),
        Err(why) if why.is_absent() => None,
        Err(why) => Some(Err(why.to_string())),
    }
}

/// Reads rows of name, version, architecture, install time and vendor, parted by tabs.
fn parse(answer: &str) -> Result<Listing, String> {
    let mut listing = Listing::default();
    for line in answer.lines() {
        let mut fields = line.split('\t');
        let mut field = || fields.next().filter(|field| *field != "(none)");
        let (name, version, architecture, at, vendor) = (field(), field(), field(), field(), field());
        let (Some(name), Some(version)) = (name, version) else {
            let line: String = line.chars().take(80).collect();
            return Err(format!("rpm answered {line:?}"));
        };
        // Keys are kept as packages.
        if name == "gpg-pubkey" {
            continue;
        }
        let package = package(name, version, architecture.unwrap_or_default(), vendor.unwrap_or_default());
        if let Some(at) = at.and_then(|at| at.parse().ok()) {
            listing.dates.insert(package.name.clone(), at);
        }
        listing.packages.push(package);
    }
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;
    use proptest::prelude::*;

    #[test]
    fn rows_become_packages_and_keys_do_not() {
        let answer =
            r"bash\t5.2.26-3.fc40\tx86_64\t1717000000\tFedora Project\ngpg-pubkey\t1-2\t(none)\t1\t(none)\nlocal\t1-1\tnoarch\t5\t(none)\n";
        let (_dir, host) = machine(&format!(r#"{{"answers":{{"rpm-packages":"{answer}"}},"present":["/var/lib/rpm"]}}"#), &[]);
        let listing = read(&host).unwrap().unwrap();
        assert_eq!(listing.packages, [package("bash", "5.2.26-3.fc40", "x86_64", "Fedora Project"), package("local", "1-1", "noarch", "")]);
        assert_eq!(listing.dates.get("bash"), Some(&1_717_000_000));
        assert!(parse("error: no database\n").unwrap_err().contains("no database"));
        assert!(read(&machine(r#"{"answers":{"rpm-packages":""}}"#, &[]).1).is_none());
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(text in "(?s)(\t|\n|[0-9]|.){0,100}") {
            drop(parse(&text));
        }
    }
}
