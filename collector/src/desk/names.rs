//! Under which names and addresses browsers reach this machine, and which of them the desk's CA may certify.

use crate::settings::Settings;
use rcgen::{CidrSubnet, GeneralSubtree, SanType};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Names and addresses of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Names {
    /// DNS names, the best first.
    pub dns: Vec<String>,
    /// Addresses, the best first.
    pub addresses: Vec<IpAddr>,
}

/// A school's own networks (RFC 1918, 3927, 4193, 4291) and loopback, by first address and prefix length: this machine's address
/// may change within them, and a stolen CA says nothing about any place outside.
const OWN_NETWORKS: &[(IpAddr, u8)] = &[
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
    (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
    (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
    (IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
];

impl Names {
    /// What the settings say, and what the system knows: its name, the address it reaches others from, loopback.
    pub fn of(settings: &Settings) -> Self {
        let mut names = Self::default();
        for reach in &settings.reach {
            names.add(host_of(reach));
        }
        if let Ok(name) = std::fs::read_to_string("/proc/sys/kernel/hostname") {
            names.add(name.trim());
        }
        let bound = settings.desk.ip();
        for address in
            [(!bound.is_unspecified()).then_some(bound), outward(Ipv4Addr::UNSPECIFIED.into()), outward(Ipv6Addr::UNSPECIFIED.into())]
        {
            names.add(&address.map(|address| address.to_string()).unwrap_or_default());
        }
        for always in ["localhost", "127.0.0.1", "::1"] {
            names.add(always);
        }
        names
    }

    /// The name or address to print in a link: what the settings say, else the address that others reach.
    pub fn best(&self, settings: &Settings) -> String {
        if let Some(reach) = settings.reach.first() {
            return bracketed(host_of(reach));
        }
        let address = self.addresses.first().map(ToString::to_string);
        bracketed(&address.unwrap_or_else(|| "localhost".to_owned()))
    }

    fn add(&mut self, text: &str) {
        match text.parse::<IpAddr>() {
            Ok(address) if !self.addresses.contains(&address) => self.addresses.push(address),
            Ok(_) => (),
            Err(_) if is_dns(text) && !self.dns.iter().any(|known| known == text) => self.dns.push(text.to_owned()),
            Err(_) => (),
        }
    }

    /// Those of them that a CA made for `allowed` may certify.
    pub(super) fn within(&self, allowed: &Self) -> Self {
        let own = |address: &IpAddr| OWN_NETWORKS.iter().any(|(network, length)| covers(*network, *length, *address));
        Self {
            dns: self.dns.iter().filter(|name| allowed.dns.contains(name)).cloned().collect(),
            addresses: self.addresses.iter().filter(|address| own(address) || allowed.addresses.contains(address)).copied().collect(),
        }
    }

    /// What a CA made for them may certify: the names, and the school's own networks with any other address they hold.
    pub(super) fn permitted(&self) -> Vec<GeneralSubtree> {
        let networks = OWN_NETWORKS.iter().map(|(network, length)| CidrSubnet::from_addr_prefix(*network, *length));
        let addresses =
            self.addresses.iter().map(|address| CidrSubnet::from_addr_prefix(*address, if address.is_ipv4() { 32 } else { 128 }));
        let names = self.dns.iter().cloned().map(GeneralSubtree::DnsName);
        names.chain(networks.chain(addresses).map(GeneralSubtree::IpAddress)).collect()
    }

    /// As a certificate names them.
    pub(super) fn alternatives(&self) -> Result<Vec<SanType>, rcgen::Error> {
        let names = self.dns.iter().map(|name| Ok(SanType::DnsName(name.as_str().try_into()?)));
        names.chain(self.addresses.iter().map(|address| Ok(SanType::IpAddress(*address)))).collect()
    }
}

/// The address at which people's browsers find the desk.
pub fn desk(settings: &Settings) -> String {
    format!("https://{}:{}", Names::of(settings).best(settings), settings.desk.port())
}

/// The host of "host", "host:port" or "[v6]:port".
fn host_of(reach: &str) -> &str {
    if let Some((inside, _)) = reach.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return inside;
    }
    match reach.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => reach,
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

fn is_dns(text: &str) -> bool {
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.len() <= 253 && text.split('.').all(label)
}

/// The address that this machine reaches others from; asks the routing table only, nothing is sent.
fn outward(from: IpAddr) -> Option<IpAddr> {
    let somewhere: IpAddr = match from {
        IpAddr::V4(_) => Ipv4Addr::new(192, 0, 2, 1).into(),
        IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
    };
    let socket = UdpSocket::bind((from, 0)).ok()?;
    socket.connect((somewhere, 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_unspecified())
}

fn covers(network: IpAddr, length: u8, address: IpAddr) -> bool {
    let same =
        |network: u128, address: u128, bits: u8| (network ^ address).checked_shr(u32::from(bits - length.min(bits))).unwrap_or(0) == 0;
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => same(u32::from(network).into(), u32::from(address).into(), 32),
        (IpAddr::V6(network), IpAddr::V6(address)) => same(network.into(), address.into(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_with_and_without_a_port() {
        let check = |reach, host| assert_eq!(host_of(reach), host);
        check("desk.school", "desk.school");
        check("desk.school:7443", "desk.school");
        check("10.0.0.1:7443", "10.0.0.1");
        check("[fd00::1]:7443", "fd00::1");
        check("fd00::1", "fd00::1");
    }

    #[test]
    fn a_private_address_may_change_and_a_strange_one_may_not() {
        let allowed = Names { dns: vec!["desk".to_owned()], addresses: vec![IpAddr::from([203, 0, 113, 5])] };
        let now = Names {
            dns: vec!["desk".to_owned(), "elsewhere".to_owned()],
            addresses: ["10.9.9.9", "203.0.113.5", "203.0.113.6", "172.32.0.1", "fd12::1", "2001:db8::1"]
                .map(|a| a.parse().unwrap())
                .to_vec(),
        };
        let within = now.within(&allowed);
        assert_eq!(within.dns, ["desk"]);
        assert_eq!(within.addresses, ["10.9.9.9", "203.0.113.5", "fd12::1"].map(|a| a.parse::<IpAddr>().unwrap()));
    }

    #[test]
    fn this_machine_is_at_least_localhost() {
        let names = Names::of(&Settings::default());
        assert!(names.dns.contains(&"localhost".to_owned()));
        assert!(names.addresses.contains(&IpAddr::from([127, 0, 0, 1])));
    }
}
