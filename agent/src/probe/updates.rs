//! What waits: updates, and a restart that makes them count. Read from what the system keeps; nothing is asked of a network.

use super::{Found, Measured, text};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::Updates;

/// Debian's and Ubuntu's note that a restart is needed, and which packages ask for it.
const RESTART: &str = "/run/reboot-required";
const RESTART_FOR: &str = "/run/reboot-required.pkgs";
/// Ubuntu's count, which it shows at every login.
const COUNT: &str = "/var/lib/update-notifier/updates-available";
/// Where each kernel keeps its modules.
const MODULES: [&str; 2] = ["/usr/lib/modules", "/lib/modules"];
const LIMIT: usize = 64 * 1024;
/// Most packages told.
const MOST: usize = 50;

/// Reads the section.
pub(super) fn read(host: &Host) -> Measured {
    let mut restart_for = host.text(RESTART_FOR, LIMIT).map(|text| names(&text)).unwrap_or_default();
    if kernel_is_gone(host) && !restart_for.iter().any(|name| name.starts_with("linux")) {
        restart_for.push("the kernel".to_owned());
    }
    let count = host.text(COUNT, LIMIT).ok().map(|text| counts(&text));
    let (pending, security) = count.unwrap_or_default();
    let restart_needed = host.exists(RESTART) || !restart_for.is_empty();
    Ok(Found::whole(Section::Updates(Updates { restart_needed, restart_for, counted: count.is_some(), pending, security })))
}

/// Whether an update took away the modules of the kernel that runs.
fn kernel_is_gone(host: &Host) -> bool {
    let Ok(running) = host.value("/proc/sys/kernel/osrelease") else { return false };
    let installed = MODULES.iter().find_map(|folder| host.list(folder).ok().filter(|kernels| !kernels.is_empty()));
    // A container has the kernel of another machine.
    !host.exists("/run/.containerenv")
        && !host.exists("/.dockerenv")
        && installed
            .is_some_and(|kernels| kernels.iter().any(|k| k.starts_with(|c: char| c.is_ascii_digit())) && !kernels.contains(&running))
}

fn names(text: &str) -> Vec<String> {
    let mut names: Vec<String> = text.lines().map(text::clean).filter(|name| !name.is_empty()).take(MOST).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Reads "12 updates can be applied immediately." and "5 of these updates are standard security updates."
fn counts(text: &str) -> (u32, u32) {
    let number = |line: &str| text::number(line).and_then(|number| u32::try_from(number).ok());
    let find = |words: &[&str]| text.lines().find(|line| words.iter().any(|word| line.contains(word))).and_then(number).unwrap_or(0);
    (find(&["can be applied", "can be updated", "can be installed"]), find(&["security update"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;
    use proptest::prelude::*;

    #[test]
    fn what_waits_is_counted_where_the_system_counts() {
        let text =
            "\n12 updates can be applied immediately.\n5 of these updates are standard security updates.\nTo see these run: apt list\n";
        assert_eq!(counts(text), (12, 5));
        assert_eq!(counts("0 packages can be updated.\n0 updates are security updates.\n"), (0, 0));
        let (_dir, host) =
            machine("{}", &[("run/reboot-required", "*** restart ***"), ("run/reboot-required.pkgs", "libc6\nlibc6\ndbus\n")]);
        let Section::Updates(updates) = read(&host).unwrap().section else { panic!() };
        assert_eq!((updates.restart_needed, updates.counted, updates.restart_for.join(" ")), (true, false, "dbus libc6".to_owned()));
    }

    #[test]
    fn a_kernel_whose_modules_are_gone_asks_for_a_restart() {
        let check = |running: &str, wanted: bool| {
            let manifest = r#"{"names":{"/usr/lib/modules":["6.9.1-arch1-1","extramodules"]}}"#;
            let (_dir, host) = machine(manifest, &[("proc/sys/kernel/osrelease", running)]);
            let Section::Updates(updates) = read(&host).unwrap().section else { panic!() };
            assert_eq!(updates.restart_needed, wanted, "{running}");
        };
        check("6.9.1-arch1-1\n", false);
        check("6.8.9-arch1-2\n", true);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)([0-9]| can be applied|security update|\n|.){0,100}") {
            counts(&text);
            names(&text);
        }
    }
}
