//! Whether the system installs its updates by itself: unattended-upgrades of apt, dnf-automatic of dnf.

use super::{LIMIT, apt, assigned, texts, units};
use crate::host::Host;
use std::collections::BTreeMap;

const APT: &str = "/etc/apt/apt.conf.d";
/// The timers of dnf that install, whatever the settings say.
const INSTALLING: &str = "dnf-automatic-install.timer";
/// The timers of dnf that do what the settings say.
const AS_SET: [&str; 2] = ["dnf-automatic.timer", "dnf5-automatic.timer"];

/// On or off as the packaging system is set; `None` where it has no such means that is known here.
pub(super) fn read(host: &Host) -> Option<bool> {
    match () {
        () if host.exists(APT) => of_apt(host),
        () if host.exists("/run/ostree-booted") => None,
        () if host.exists("/usr/bin/dnf") || host.exists("/usr/bin/dnf5") => of_dnf(host),
        () => None,
    }
}

fn of_apt(host: &Host) -> Option<bool> {
    if !host.exists("/usr/bin/unattended-upgrade") || !timer_may_run(host) {
        return Some(false);
    }
    let mut settings = BTreeMap::new();
    for text in texts(host, APT, is_read)? {
        apt::add(&mut settings, &text);
    }
    match host.text("/etc/apt/apt.conf", LIMIT) {
        Ok(text) => apt::add(&mut settings, &text),
        Err(why) if why.is_absent() => {}
        Err(_) => return None,
    }
    let set = |name: &str, unset: bool| settings.get(&format!("apt::periodic::{name}")).map_or(unset, |value| is_set(value));
    Some(set("enable", true) && set("unattended-upgrade", false))
}

/// Whether nobody took away the timer that starts it.
fn timer_may_run(host: &Host) -> bool {
    !host.link("/etc/systemd/system/apt-daily-upgrade.timer").is_ok_and(|target| target == "/dev/null")
}

/// Which files of the folder apt reads: without an ending or with ".conf".
fn is_read(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    plain && (!name.contains('.') || name.ends_with(".conf"))
}

/// How often, as apt writes it: "1", "7", "12h", "always"; "0" is never.
fn is_set(value: &str) -> bool {
    value == "always" || value.trim_end_matches(['s', 'm', 'h', 'd']).parse::<u32>().is_ok_and(|often| often > 0)
}

fn of_dnf(host: &Host) -> Option<bool> {
    if units::enabled(host, INSTALLING) {
        return Some(true);
    }
    if !AS_SET.iter().any(|timer| units::enabled(host, timer)) {
        return Some(false);
    }
    let value = assigned(&host.text("/etc/dnf/automatic.conf", LIMIT).ok()?, "apply_updates")?;
    match value.to_lowercase().as_str() {
        "yes" | "true" | "1" | "on" => Some(true),
        "no" | "false" | "0" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;

    const INSTALLED: &str = r#"{"present":["/usr/bin/unattended-upgrade"]}"#;
    const ON: &str = "APT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n";

    #[test]
    fn apt_installs_by_itself_when_every_part_of_it_says_so() {
        let check = |manifest: &str, files: &[(&str, &str)], wanted: Option<bool>| {
            let (_dir, host) = machine(manifest, files);
            assert_eq!(read(&host), wanted, "{manifest} {files:?}");
        };
        let auto = ("etc/apt/apt.conf.d/20auto-upgrades", ON);
        check(INSTALLED, &[auto], Some(true));
        check("{}", &[auto], Some(false));
        check(INSTALLED, &[auto, ("etc/apt/apt.conf.d/99lab", "APT::Periodic::Enable \"0\";")], Some(false));
        check(INSTALLED, &[auto, ("etc/apt/apt.conf.d/99lab.bak", "APT::Periodic::Enable \"0\";")], Some(true));
        check(INSTALLED, &[auto, ("etc/apt/apt.conf", "APT::Periodic::Unattended-Upgrade \"0\";")], Some(false));
        check(INSTALLED, &[("etc/apt/apt.conf.d/01x", "")], Some(false));
        let masked = r#"{"present":["/usr/bin/unattended-upgrade"],"links":{"/etc/systemd/system/apt-daily-upgrade.timer":"/dev/null"}}"#;
        check(masked, &[auto], Some(false));
        let denied = r#"{"present":["/usr/bin/unattended-upgrade"],"refused":{"/etc/apt/apt.conf.d/20auto-upgrades":"denied"}}"#;
        check(denied, &[auto], None);
        check("{}", &[], None);
    }

    #[test]
    fn dnf_installs_by_itself_when_its_timer_runs_and_may() {
        let check = |timer: &str, conf: &str, wanted: Option<bool>| {
            let links = format!(r#""/etc/systemd/system/timers.target.wants/{timer}":"/usr/lib/systemd/system/{timer}""#);
            let (_dir, host) =
                machine(&format!(r#"{{"present":["/usr/bin/dnf"],"links":{{{links}}}}}"#), &[("etc/dnf/automatic.conf", conf)]);
            assert_eq!(read(&host), wanted, "{timer} {conf}");
        };
        check("dnf-automatic.timer", "[commands]\napply_updates = yes\n", Some(true));
        check("dnf-automatic.timer", "[commands]\n# apply_updates = yes\napply_updates = no\n", Some(false));
        check("dnf-automatic.timer", "[commands]\n", None);
        check("dnf-automatic-install.timer", "apply_updates = no\n", Some(true));
        check("fstrim.timer", "apply_updates = yes\n", Some(false));
    }

    #[test]
    fn how_often_is_read_in_each_of_apts_ways() {
        for (value, wanted) in [("1", true), ("always", true), ("12h", true), ("0", false), ("", false), ("0d", false), ("no", false)] {
            assert_eq!(is_set(value), wanted, "{value}");
        }
    }
}
