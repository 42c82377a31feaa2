//! Whether the service manager starts a unit by itself: the links it keeps.

use crate::host::Host;

/// The targets that the units looked at here are wanted by.
const TARGETS: [&str; 6] = ["basic", "graphical", "multi-user", "sockets", "sysinit", "timers"];

/// Whether systemd starts `unit` by itself, or OpenRC the service of that name.
pub(super) fn enabled(host: &Host, unit: &str) -> bool {
    let masked = || host.link(&format!("/etc/systemd/system/{unit}")).is_ok_and(|target| target == "/dev/null");
    let wanted = TARGETS.iter().any(|target| host.link(&format!("/etc/systemd/system/{target}.target.wants/{unit}")).is_ok());
    let service = unit.strip_suffix(".service");
    let level = service.is_some_and(|name| ["boot", "default"].iter().any(|l| host.link(&format!("/etc/runlevels/{l}/{name}")).is_ok()));
    level || (wanted && !masked())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;

    #[test]
    fn a_unit_is_enabled_by_a_link_and_not_when_it_is_masked() {
        let check = |links: &str, wanted: bool| {
            let (_dir, host) = machine(&format!(r#"{{"links":{links}}}"#), &[]);
            assert_eq!(enabled(&host, "ufw.service"), wanted, "{links}");
        };
        let link = r#""/etc/systemd/system/multi-user.target.wants/ufw.service":"/lib/systemd/system/ufw.service""#;
        check(&format!("{{{link}}}"), true);
        check(&format!(r#"{{{link},"/etc/systemd/system/ufw.service":"/dev/null"}}"#), false);
        check(r#"{"/etc/runlevels/default/ufw":"/etc/init.d/ufw"}"#, true);
        check("{}", false);
    }
}
