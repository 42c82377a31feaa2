//! State of the network, which may change from day to day: link, speed, leased addresses, gateway, name servers.

use super::network::{CLASS, physical};
use super::{Found, Measured, text};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::{Link, Links};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const ROUTES: &str = "/proc/net/route";
const SIX: &str = "/proc/net/if_inet6";
const FOUR_LIMIT: usize = 1024 * 1024;
/// Where name servers are kept; behind systemd's own stub the real ones.
const RESOLVERS: [&str; 2] = ["/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"];
/// Most addresses and name servers told.
const MOST: usize = 16;

/// Reads the section.
pub(super) fn read(host: &Host) -> Measured {
    let mut problems = Vec::new();
    let mut text = |path: &str, what: &str| {
        host.text(path, FOUR_LIMIT).unwrap_or_else(|why| {
            problems.extend((!why.is_absent()).then(|| format!("{what}: {why}")));
            String::new()
        })
    };
    let (routes, six) = (text(ROUTES, "gateway"), text(SIX, "IPv6 addresses"));
    let resolver = RESOLVERS.iter().find_map(|path| host.text(path, 64 * 1024).ok()).unwrap_or_default();
    let four = host.addresses();
    let link = |name: &String| {
        let own = four.iter().filter(|(interface, _)| interface == name).map(|(_, address)| address.clone());
        let mut addresses: Vec<String> = own.chain(lasting_six(&six, name)).take(MOST).collect();
        addresses.sort_unstable();
        let value = |file: &str| host.value(&format!("{CLASS}/{name}/{file}")).unwrap_or_default();
        let up = value("operstate") == "up";
        Link {
            name: text::clean(name),
            state: text::clean(&value("operstate")),
            // A link that is down gives the speed it had, or -1.
            mbit: text::number(&value("speed")).filter(|_| up).and_then(|speed| u32::try_from(speed).ok()).unwrap_or(0),
            duplex: if up { text::given(&value("duplex")) } else { String::new() },
            addresses,
        }
    };
    let links = physical(host).iter().map(link).collect();
    let (gateway, name_servers) = (gateway(&routes).map(|ip| ip.to_string()).unwrap_or_default(), name_servers(&resolver));
    Ok(Found { section: Section::Links(Links { links, gateway, name_servers }), problems })
}

/// Whether none of the name servers answers; `None` without a default route or name servers, and until they were asked.
pub(super) fn dns_failing(host: &Host) -> Option<bool> {
    gateway(&host.text(ROUTES, FOUR_LIMIT).ok()?)?;
    let resolver = RESOLVERS.iter().find_map(|path| host.text(path, 64 * 1024).ok())?;
    let servers: Vec<IpAddr> = name_servers(&resolver).iter().filter_map(|server| server.parse().ok()).collect();
    host.name_servers_fail(&servers)
}

/// The gateway of the default route; `None`: there is no such route.
///
/// # Errors
/// Why the routes cannot be read.
pub(crate) fn gateway_of(host: &Host) -> Result<Option<Ipv4Addr>, String> {
    host.text(ROUTES, FOUR_LIMIT).map(|routes| gateway(&routes)).map_err(|why| why.to_string())
}

/// The name servers that are set.
///
/// # Errors
/// Why they cannot be read.
pub(crate) fn name_servers_of(host: &Host) -> Result<Vec<IpAddr>, String> {
    let read = |path: &str| host.text(path, 64 * 1024);
    let text = read(RESOLVERS[0]).or_else(|_| read(RESOLVERS[1])).map_err(|why| why.to_string())?;
    Ok(name_servers(&text).iter().filter_map(|server| server.parse().ok()).collect())
}

/// The gateway of the default route with the lowest metric.
fn gateway(routes: &str) -> Option<Ipv4Addr> {
    let route = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let hex = |at: usize| u32::from_str_radix(fields.get(at)?, 16).ok();
        let (to, via, flags) = (hex(1)?, hex(2)?, hex(3)?);
        let metric: u32 = fields.get(6)?.parse().ok()?;
        (to == 0 && via != 0 && flags & 2 != 0).then(|| (metric, Ipv4Addr::from(via.to_le_bytes())))
    };
    routes.lines().filter_map(route).min().map(|(_, via)| via)
}

/// The IPv6 addresses of `interface` that stay: neither of the link alone nor made up for a day.
fn lasting_six(table: &str, interface: &str) -> Vec<String> {
    const TEMPORARY: u32 = 0x01;
    const LINK: u32 = 0x20;
    let address = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let hex = |at: usize| u32::from_str_radix(fields.get(at)?, 16).ok();
        let bits = fields.first().filter(|digits| digits.len() == 32).and_then(|digits| u128::from_str_radix(digits, 16).ok())?;
        let (prefix, scope, flags) = (hex(2)?, hex(3)?, hex(4)?);
        let lasts = fields.get(5) == Some(&interface) && scope != LINK && flags & TEMPORARY == 0;
        lasts.then(|| format!("{}/{prefix}", Ipv6Addr::from(bits)))
    };
    table.lines().filter_map(address).collect()
}

fn name_servers(resolver: &str) -> Vec<String> {
    let servers = resolver.lines().filter_map(|line| line.trim().strip_prefix("nameserver")?.trim().parse::<IpAddr>().ok());
    servers.take(MOST).map(|server| server.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;
    use proptest::prelude::*;

    const TABLE: &str = "fe80000000000000021a2bfffe3c4d5e 02 40 20 80     eth0\n20010db8000000000000000000000017 02 40 00 00     eth0\n20010db80000000000000000000000ff 02 40 00 01     eth0\n20010db8000000000000000000000018 03 40 00 00     eth1\n";
    const ROUTE: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\nwlan0\t00000000\t0100A8C0\t0003\t0\t0\t600\t0\neth0\t00000000\t0103140A\t0003\t0\t0\t100\t0\neth0\t0003140A\t00000000\t0001\t0\t0\t100\t0\n";

    #[test]
    fn what_is_leased_is_state() {
        let (_dir, host) = machine(
            r#"{"present":["/sys/class/net/eth0/device"],"addresses":[["eth0","10.20.3.17/24"],["docker0","172.17.0.1/16"]]}"#,
            &[
                ("sys/class/net/eth0/operstate", "up\n"),
                ("sys/class/net/eth0/speed", "1000\n"),
                ("sys/class/net/eth0/duplex", "full\n"),
                ("proc/net/if_inet6", TABLE),
                ("proc/net/route", ROUTE),
                ("etc/resolv.conf", "search school\nnameserver 10.20.0.2\nnameserver rubbish\n"),
            ],
        );
        let Section::Links(section) = read(&host).unwrap().section else { panic!() };
        assert_eq!((section.gateway.as_str(), section.name_servers.as_slice()), ("10.20.3.1", &["10.20.0.2".to_owned()][..]));
        let link = &section.links[0];
        assert_eq!((link.state.as_str(), link.mbit, link.duplex.as_str()), ("up", 1000, "full"));
        assert_eq!(link.addresses, ["10.20.3.17/24", "2001:db8::17/64"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)([0-9a-f]{1,32}|nameserver |\t| |\n|.){0,60}") {
            drop((gateway(&text), lasting_six(&text, "eth0"), name_servers(&text)));
        }
    }
}
