//! What machines share that fell silent together: a subnet, a gateway, the moment. Derived from their last reports; said so.

use crate::{AssetId, Site};
use core::net::Ipv4Addr;
use jiff::SignedDuration;
use rollcall_proto::Section;
use std::collections::BTreeSet;

/// All within this time, as when power fails: agents that lose their network alone are last heard at their own heartbeats.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(2);
/// Reports that are read, at most: what holds for so many holds for the room.
const MOST_READ: usize = 64;

/// What machines share, in words; empty: nothing is known.
pub(super) fn of(site: &Site, machines: &BTreeSet<AssetId>, spread: SignedDuration) -> String {
    let devices = machines.iter().filter_map(|id| site.device_of(site.assets.get(id)?)).take(MOST_READ);
    let links: Vec<Links> = devices.filter_map(|device| Links::of(&site.section(device.id, "links")?)).collect();
    words(&links, machines.len(), spread)
}

/// Where a machine was on the network when it last reported.
struct Links {
    subnets: BTreeSet<(Ipv4Addr, u8)>,
    gateway: String,
}

impl Links {
    fn of(section: &Section) -> Option<Self> {
        let Section::Links(links) = section else { return None };
        let subnets: BTreeSet<_> = links.links.iter().flat_map(|link| &link.addresses).filter_map(|address| subnet(address)).collect();
        let gateway = links.gateway.parse::<Ipv4Addr>().map(|gateway| gateway.to_string()).unwrap_or_default();
        (!subnets.is_empty() || !gateway.is_empty()).then_some(Self { subnets, gateway })
    }
}

/// The subnet of an address with its prefix; loopback and other odd ones are none.
fn subnet(address: &str) -> Option<(Ipv4Addr, u8)> {
    let (address, prefix) = address.split_once('/')?;
    let (address, prefix): (Ipv4Addr, u8) = (address.parse().ok()?, prefix.parse().ok()?);
    let mask = u32::MAX.checked_shl(32_u32.checked_sub(prefix.into())?).unwrap_or(0);
    (prefix > 0 && !address.is_loopback()).then(|| (Ipv4Addr::from(u32::from(address) & mask), prefix))
}

fn words(links: &[Links], all: usize, spread: SignedDuration) -> String {
    let mut shared = Vec::new();
    let subnets = links.iter().map(|links| links.subnets.clone()).reduce(|all, one| all.intersection(&one).copied().collect());
    if let Some((subnet, prefix)) = subnets.and_then(|subnets| subnets.into_iter().next()) {
        shared.push(format!("the subnet {subnet}/{prefix}"));
    }
    let gateway = links.first().map(|links| &links.gateway).filter(|gateway| !gateway.is_empty());
    if let Some(gateway) = gateway.filter(|gateway| links.iter().all(|links| links.gateway == **gateway)) {
        shared.push(format!("the gateway {gateway}"));
    }
    let mut words = Vec::new();
    if !shared.is_empty() {
        let whose =
            if links.len() == all { format!("the last reports of all {all}") } else { format!("{} of their last reports", links.len()) };
        words.push(format!("They share {} (by {whose}).", shared.join(" and ")));
    }
    if spread <= AT_ONCE {
        words.push("They were all last heard within 2 s of each other, as when the power fails or a switch goes down.".to_owned());
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_proto::v1;

    fn links(address: &str, gateway: &str) -> Links {
        let link = v1::Link { addresses: vec![address.to_owned(), "fe80::1/64".into(), "127.0.0.1/8".into()], ..v1::Link::default() };
        Links::of(&Section::Links(v1::Links { links: vec![link], gateway: gateway.into(), name_servers: Vec::new() })).unwrap()
    }

    #[track_caller]
    fn check(links: &[Links], all: usize, spread_s: i64, want: &str) {
        assert_eq!(words(links, all, SignedDuration::from_secs(spread_s)), want);
    }

    #[test]
    fn only_what_all_known_ones_share_is_said_and_from_where() {
        let two = || [links("10.1.18.4/24", "10.1.18.1"), links("10.1.18.9/24", "10.1.18.1")];
        check(&two(), 2, 5, "They share the subnet 10.1.18.0/24 and the gateway 10.1.18.1 (by the last reports of all 2).");
        check(&two(), 3, 5, "They share the subnet 10.1.18.0/24 and the gateway 10.1.18.1 (by 2 of their last reports).");
        check(&[links("10.1.18.4/24", "10.1.18.1"), links("10.1.19.4/24", "10.1.19.1")], 2, 5, "");
        check(
            &[links("10.1.18.4/24", ""), links("10.1.18.9/24", "")],
            2,
            5,
            "They share the subnet 10.1.18.0/24 (by the last reports of all 2).",
        );
        check(&[], 3, 1, "They were all last heard within 2 s of each other, as when the power fails or a switch goes down.");
        check(&[], 3, 3, "");
    }

    #[test]
    fn odd_addresses_are_no_subnet() {
        for odd in ["", "10.1.1.1", "10.1.1.1/33", "10.1.1.1/0", "x/24", "10.1.1.1/-1", "::1/128", "127.0.0.1/8"] {
            assert_eq!(subnet(odd), None, "{odd}");
        }
        assert_eq!(subnet("10.1.18.200/25"), Some((Ipv4Addr::new(10, 1, 18, 128), 25)));
        assert_eq!(subnet("10.1.18.200/32"), Some((Ipv4Addr::new(10, 1, 18, 200), 32)));
    }
}
