//! How the system is set up to protect itself, read from what it keeps in files. What they do not prove is not known.

mod antivirus;
mod apt;
mod dconf;
mod encryption;
mod firewall;
mod units;
mod updates;

use super::{Found, Measured};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::Settings;

/// Largest file of settings, bytes.
const LIMIT: usize = 64 * 1024;
/// Most files of one folder of settings.
const MOST: usize = 200;

/// Reads the section.
pub(super) fn read(host: &Host) -> Measured {
    let mounts = host.text("/proc/mounts", 4 * 1024 * 1024).map_err(|why| match why.is_absent() {
        true => "only Linux's settings are read so far".to_owned(),
        false => why.to_string(),
    })?;
    Ok(Found::whole(Section::Settings(Settings {
        firewall: word(firewall::read(host)),
        disk_encryption: word(encryption::read(host, &mounts)),
        automatic_updates: word(updates::read(host)),
        screen_lock: word(dconf::screen_lock(host)),
        antivirus: antivirus::read(host),
    })))
}

/// The word of the wire for what is on, off, or not known.
fn word(on: Option<bool>) -> String {
    on.map_or("", |on| if on { "on" } else { "off" }).to_owned()
}

/// The value of `key` in lines of "key = value", without quotes; the last one counts.
fn assigned(text: &str, key: &str) -> Option<String> {
    let value = |line: &str| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    };
    text.lines().filter_map(value).next_back()
}

/// The texts of the files in `folder` whose names fit, in the order of their names; `None`: some could not be read.
fn texts(host: &Host, folder: &str, fits: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let names = match host.list(folder) {
        Ok(names) => names,
        Err(why) if why.is_absent() => return Some(Vec::new()),
        Err(_) => return None,
    };
    let names: Vec<String> = names.into_iter().filter(|name| fits(name)).collect();
    if names.len() > MOST {
        return None;
    }
    names.iter().map(|name| host.text(&format!("{folder}/{name}"), LIMIT).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;

    #[test]
    fn a_machine_that_says_nothing_is_not_known() {
        let (_dir, host) = machine("{}", &[("proc/mounts", "overlay / overlay rw 0 0\n")]);
        assert_eq!(read(&host).unwrap(), Found::whole(Section::Settings(Settings::default())));
        assert!(read(&machine("{}", &[]).1).unwrap_err().contains("only Linux"));
    }

    #[test]
    fn the_last_assignment_counts() {
        let check = |text: &str, wanted: Option<&str>| assert_eq!(assigned(text, "ENABLED").as_deref(), wanted, "{text:?}");
        check("# ENABLED=yes\nENABLED=no\n ENABLED = \"yes\"\n", Some("yes"));
        check("#ENABLED=yes\nENABLED_TOO=yes\n", None);
    }
}
