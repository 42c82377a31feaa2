//! Which devices have which address: what an address conflict is seen by.

use crate::{DeviceId, Site, Working, alert};
use core::net::IpAddr;
use rollcall_proto::v1::Links;
use uuid::Uuid;

/// Addresses of one device that count, at most.
const MOST: usize = 16;
/// An address that more devices name is one of home networks, which all have the same: no conflict is looked for there.
const SHARED: usize = 8;

/// The addresses that say where a machine is: none of the machine alone, none of the link alone.
pub(crate) fn of_links(links: &Links) -> Vec<IpAddr> {
    let texts = links.links.iter().flat_map(|link| &link.addresses);
    let parsed = texts.filter_map(|text| text.split('/').next().unwrap_or_default().parse::<IpAddr>().ok());
    let mut addresses: Vec<IpAddr> = parsed.filter(|address| counts(*address)).take(MOST).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

fn counts(address: IpAddr) -> bool {
    let of_the_link = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    !(of_the_link || address.is_loopback() || address.is_unspecified() || address.is_multicast())
}

/// The other devices that named one of these addresses last, with the address; none where too many do.
pub(crate) fn sharers<'a>(site: &'a Site, device: DeviceId, addresses: &'a [IpAddr]) -> impl Iterator<Item = (IpAddr, DeviceId)> + 'a {
    addresses.iter().flat_map(move |address| {
        let named = site.by_address.range((*address, DeviceId(Uuid::nil()))..).take_while(move |(other, _)| other == address);
        let all: Vec<(IpAddr, DeviceId)> = named.take(SHARED + 1).copied().collect();
        let few = if all.len() > SHARED { Vec::new() } else { all };
        few.into_iter().filter(move |(_, other)| *other != device)
    })
}

/// Judges the assets whose devices name an address that `device` has, or had `before`: what became of it is news to them too.
pub(crate) fn judge_sharers(w: &mut Working, device: DeviceId, before: &[IpAddr]) {
    let mut addresses = w.site.profiles.get(&device).map(|profile| profile.addresses.clone()).unwrap_or_default();
    addresses.extend_from_slice(before);
    addresses.sort_unstable();
    addresses.dedup();
    let others: Vec<DeviceId> = sharers(&w.site, device, &addresses).map(|(_, other)| other).collect();
    for asset in others.iter().filter_map(|other| w.site.devices.get(other).map(|device| device.asset)).collect::<Vec<_>>() {
        alert::judge(w, asset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_proto::v1::Link;

    #[test]
    fn only_addresses_that_say_where_a_machine_is_count() {
        let addresses = ["10.20.3.17/24", "127.0.0.1/8", "169.254.3.4/16", "2001:db8::17/64", "fe80::1/64", "rubbish", "10.20.3.17/24"];
        let link = Link { addresses: addresses.map(str::to_owned).to_vec(), ..Link::default() };
        let links = Links { links: vec![link], ..Links::default() };
        assert_eq!(of_links(&links).iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.20.3.17", "2001:db8::17"]);
    }
}
