//! The flatpaks installed for the whole machine.

use super::{Listing, package};
use crate::host::Host;
use crate::probe::text;

/// A folder for each application.
const APPS: &str = "/var/lib/flatpak/app";
const LIMIT: usize = 1024 * 1024;

/// Reads what is deployed.
pub(super) fn read(host: &Host) -> Option<Result<Listing, String>> {
    let ids = match host.list(APPS) {
        Ok(ids) => ids,
        Err(why) if why.is_absent() => return None,
        Err(why) => return Some(Err(why.to_string())),
    };
    let mut listing = Listing::default();
    for id in &ids {
        // "x86_64/stable"
        let Ok(current) = host.link(&format!("{APPS}/{id}/current")) else { continue };
        let (architecture, branch) = current.split_once('/').unwrap_or(("", &current));
        let about = ["metainfo/{}.metainfo.xml", "appdata/{}.appdata.xml", "metainfo/{}.appdata.xml"];
        let about = about
            .iter()
            .find_map(|file| host.text(&format!("{APPS}/{id}/current/active/files/share/{}", file.replace("{}", id)), LIMIT).ok());
        let version = about.and_then(|about| release(&about)).unwrap_or_else(|| branch.to_owned());
        let package = package(id, &version, architecture, "");
        if let Ok(at) = host.modified(&format!("{APPS}/{id}/current/active/metadata")) {
            listing.dates.insert(package.name.clone(), at);
        }
        listing.packages.push(package);
    }
    Some(Ok(listing))
}

/// The version of the first `<release version="…">`: the newest stands first.
fn release(about: &str) -> Option<String> {
    let tag = about.split("<release ").nth(1)?.split('>').next()?;
    let value = tag.split("version=").nth(1)?;
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let version = value.get(1..)?.split(quote).next()?;
    Some(text::clean(version)).filter(|version| !version.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;
    use proptest::prelude::*;

    #[test]
    fn the_deployed_release_counts() {
        let manifest =
            r#"{"links":{"/var/lib/flatpak/app/org.gimp.GIMP/current":"x86_64/stable","/var/lib/flatpak/app/x.Y/current":"x86_64/beta"}}"#;
        let about = "<component><releases><release date=\"2024-05-05\" version=\"2.10.38\"/><release version=\"2.10.36\"/></releases>";
        let (_dir, host) = machine(
            manifest,
            &[
                ("var/lib/flatpak/app/org.gimp.GIMP/current/active/files/share/metainfo/org.gimp.GIMP.metainfo.xml", about),
                ("var/lib/flatpak/app/x.Y/z", ""),
            ],
        );
        let listing = read(&host).unwrap().unwrap();
        assert_eq!(listing.packages, [package("org.gimp.GIMP", "2.10.38", "x86_64", ""), package("x.Y", "beta", "x86_64", "")]);
        assert!(read(&machine("{}", &[]).1).is_none());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(<release |version=|\"|>|é|.){0,60}") {
            release(&text);
        }
    }
}
