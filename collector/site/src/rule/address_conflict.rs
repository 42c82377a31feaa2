//! Flags a machine that has the address of another one.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::asset::{Asset, AssetKind, AssetStatus};
use crate::device::{Device, DeviceState};
use crate::presence::Presence;
use crate::room::Room;
use crate::{DeviceId, address};
use core::net::IpAddr;
use rollcall_proto::Section;

pub(super) const RULE: Rule = Rule {
    code: "address-conflict",
    title: "Two machines have one address",
    severity: Severity::Medium,
    settle: Settle::Minutes(5),
    cause: "One of them has a fixed address that the DHCP server hands out as well, or a second DHCP server answers.",
    remedy: "Set the machine with the fixed address to DHCP, or reserve its address on the DHCP server.",
    limits: &[],
    check,
};

/// Told of one of the two: the device that enrolled later.
fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let (Some(device), Some(profile)) = (facts.here(), facts.profile()) else { return Vec::new() };
    let others = address::sharers(facts.site, device.id, &profile.addresses);
    let known = others.filter_map(|(address, id)| Some((address, other(facts, id)?)));
    let theirs = known.filter(|(address, (asset, room))| {
        is_of_the_site(facts.asset, facts.room, *address) && is_of_the_site(asset, *room, *address) && facts.asset.id > asset.id
    });
    let alike = theirs.filter(|(_, (asset, _))| asset.device.is_some_and(|other| gateway(facts, device.id) == gateway(facts, other)));
    alike
        .map(|(address, (asset, _))| {
            let evidence = format!("{address} is the address of {} too, and both are connected now", asset.tag);
            Finding::of(address.to_string(), format!("has the address of {}: {address}", asset.tag), evidence)
        })
        .collect()
}

/// The asset and room of a device, if it is connected and not lent.
fn other<'a>(facts: &Facts<'a>, id: DeviceId) -> Option<(&'a Asset, Option<&'a Room>)> {
    let here = |device: &&Device| device.state == DeviceState::Active && device.presence == Presence::Here;
    let device = facts.site.devices.get(&id).map(|device| &**device).filter(here)?;
    let asset = facts.site.assets.get(&device.asset).map(|asset| &**asset)?;
    let lent = facts.site.open_loan(asset.id).is_some();
    let room = asset.room.as_ref().and_then(|room| facts.site.rooms.get(room)).map(|room| &**room);
    (asset.status == AssetStatus::InService && !lent).then_some((asset, room))
}

/// Whether an address can be taken for one of the site: a laptop may be at home, where every network has the same.
fn is_of_the_site(asset: &Asset, room: Option<&Room>, address: IpAddr) -> bool {
    match room.map(|room| room.subnets.as_slice()) {
        None | Some([]) => asset.kind != AssetKind::Laptop,
        Some(subnets) => subnets.iter().any(|subnet| subnet.contains(&address)),
    }
}

fn gateway(facts: &Facts<'_>, device: DeviceId) -> Option<String> {
    match facts.site.section(device, "links")? {
        Section::Links(links) => Some(links.gateway),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::inventory::Profile;
    use crate::record;
    use rollcall_proto::v1::Links;
    use uuid::Uuid;

    /// PC1 with an address, and PC0, whose asset was there before, with another or the same.
    fn two(one: &str, other: &str, gateway: &str) -> Sample {
        let mut sample = Sample::new();
        sample.another(7, "PC7");
        for (number, address, gateway) in [(0, one, "10.20.3.1"), (7, other, gateway)] {
            let links = Section::Links(Links { gateway: gateway.into(), ..Links::default() });
            let digest = rollcall_proto::Digest::of(&links.encode());
            sample.site.hold(digest, crate::content::Content::of(&links, &Default::default()));
            let held = crate::inventory::Held { digest: Some(digest), ..Default::default() };
            let profile = Profile::new(DeviceId(Uuid::from_u128(number)), sample.now);
            let addresses = vec![address.parse().unwrap()];
            record::put(&mut sample.site, Profile { addresses, sections: [("links".to_owned(), held)].into(), ..profile });
        }
        sample.asset = crate::AssetId(Uuid::from_u128(7));
        sample
    }

    #[test]
    fn two_connected_machines_with_one_address_are_told_once() {
        let told = "has the address of PC1: 10.20.3.17";
        two("10.20.3.17", "10.20.3.17", "10.20.3.1").check(&RULE, &[told]);
        two("10.20.3.17", "10.20.3.18", "10.20.3.1").check(&RULE, &[]);
        two("10.20.3.17", "10.20.3.17", "10.20.9.1").check(&RULE, &[]);
        let mut first = two("10.20.3.17", "10.20.3.17", "10.20.3.1");
        first.asset = crate::AssetId(Uuid::nil());
        first.check(&RULE, &[]);
    }

    #[test]
    fn a_machine_that_is_off_and_a_laptop_at_home_are_no_conflict() {
        let asleep = two("10.20.3.17", "10.20.3.17", "10.20.3.1").device(|device| device.presence = Presence::Asleep);
        asleep.check(&RULE, &[]);
        let laptop = || two("192.168.1.17", "192.168.1.17", "10.20.3.1").edit_asset(|asset| asset.kind = AssetKind::Laptop);
        laptop().check(&RULE, &[]);
        let here = |subnet: &'static str| move |room: &mut Room| room.subnets = vec![subnet.parse().unwrap()];
        laptop().room(here("10.20.3.0/24")).check(&RULE, &[]);
        laptop().room(here("192.168.1.0/24")).check(&RULE, &["has the address of PC1: 192.168.1.17"]);
    }
}
