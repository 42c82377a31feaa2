//! Whether the machine is set to keep a firewall up: by ufw, firewalld or nftables' own file.

use super::{LIMIT, assigned, units};
use crate::host::Host;

/// Services that load rules which are not judged here.
const OTHERS: [&str; 4] = ["ip6tables.service", "iptables.service", "netfilter-persistent.service", "shorewall.service"];

/// On when one of them is; off when one is there, says so, and nothing else loads rules.
pub(super) fn read(host: &Host) -> Option<bool> {
    let says = [ufw(host), firewalld(host), nftables(host)];
    if says.contains(&Said::On) {
        return Some(true);
    }
    let doubt = says.contains(&Said::Unclear) || OTHERS.iter().any(|unit| units::enabled(host, unit));
    (!doubt && says.contains(&Said::Off)).then_some(false)
}

/// What one firewall says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    On,
    Off,
    /// It is there, and its files do not tell.
    Unclear,
    NotThere,
}

fn ufw(host: &Host) -> Said {
    // A package that is gone leaves its settings behind.
    if !host.exists("/usr/sbin/ufw") {
        return Said::NotThere;
    }
    match host.text("/etc/ufw/ufw.conf", LIMIT).ok().and_then(|text| assigned(&text, "ENABLED")) {
        Some(value) if value.eq_ignore_ascii_case("yes") => Said::On,
        Some(_) => Said::Off,
        None => Said::Unclear,
    }
}

fn firewalld(host: &Host) -> Said {
    match (host.exists("/usr/sbin/firewalld"), units::enabled(host, "firewalld.service")) {
        (false, _) => Said::NotThere,
        (true, true) => Said::On,
        (true, false) => Said::Off,
    }
}

fn nftables(host: &Host) -> Said {
    if !units::enabled(host, "nftables.service") {
        return Said::NotThere;
    }
    match host.text("/etc/nftables.conf", LIMIT) {
        Ok(text) if refuses(&text) => Said::On,
        _ => Said::Unclear,
    }
}

/// Whether a chain of these rules that what comes in passes through refuses something.
fn refuses(text: &str) -> bool {
    let text: String = text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let chains = text.split("chain ").filter(|chain| chain.contains("hook input"));
    let words = |chain: &str| chain.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| matches!(word, "drop" | "reject"));
    chains.into_iter().any(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;
    use proptest::prelude::*;

    #[test]
    fn each_firewall_speaks_for_itself_and_one_that_is_not_judged_takes_the_no_away() {
        let check = |present: &str, links: &[&str], files: &[(&str, &str)], wanted: Option<bool>| {
            let links: Vec<String> = links.iter().map(|u| format!(r#""/etc/systemd/system/multi-user.target.wants/{u}":"/x""#)).collect();
            let manifest = format!(r#"{{"present":[{present}],"links":{{{}}}}}"#, links.join(","));
            let (_dir, host) = machine(&manifest, files);
            assert_eq!(read(&host), wanted, "{present} {links:?} {files:?}");
        };
        let (ufw, firewalld) = (r#""/usr/sbin/ufw""#, r#""/usr/sbin/firewalld""#);
        let conf = |text| [("etc/ufw/ufw.conf", text)];
        check(ufw, &[], &conf("# set to yes\nENABLED=yes\nLOGLEVEL=low\n"), Some(true));
        check(ufw, &[], &conf("ENABLED=no\n"), Some(false));
        check(ufw, &[], &conf("LOGLEVEL=low\n"), None);
        check(ufw, &["netfilter-persistent.service"], &conf("ENABLED=no\n"), None);
        check("", &[], &conf("ENABLED=yes\n"), None);
        check(firewalld, &["firewalld.service"], &[], Some(true));
        check(firewalld, &[], &[], Some(false));
        check("", &["nftables.service"], &[("etc/nftables.conf", RULES)], Some(true));
        check("", &["nftables.service"], &[("etc/nftables.conf", EMPTY)], None);
        check("", &[], &[("etc/nftables.conf", RULES)], None);
        check("", &[], &[], None);
    }

    const RULES: &str = "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n\t\tct state established accept\n\t}\n}\n";
    const EMPTY: &str = "table inet filter {\n\tchain input { # drop\n\t\ttype filter hook input priority filter;\n\t}\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n}\n";

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)(chain |hook input|drop|#|\n|.){0,80}") {
            refuses(&text);
        }
    }
}
