//! Flags a machine with no address in its room's subnets.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::room::RoomKind;
use core::net::IpAddr;

pub(super) const RULE: Rule = Rule {
    code: "subnet-wrong",
    title: "A machine is in another subnet than its room",
    severity: Severity::Medium,
    settle: Settle::Minutes(10),
    cause: "It is plugged into a port of another network, it was moved to another room, or its address is set by hand.",
    remedy: "Look where it is plugged in. If it was moved for good, run `rollcall asset move TAG` with its new room.",
    limits: &[],
    check,
};

/// Not for a cart, whose machines are used everywhere, nor for a room whose subnets nobody named.
fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let (Some(room), Some(_), Some(profile)) = (facts.room, facts.here(), facts.profile()) else { return Vec::new() };
    let fits = |address: &IpAddr| room.subnets.iter().any(|subnet| subnet.contains(address));
    if room.subnets.is_empty() || room.kind == RoomKind::Cart || profile.addresses.is_empty() || profile.addresses.iter().any(fits) {
        return Vec::new();
    }
    let list = |items: &mut dyn Iterator<Item = String>| items.collect::<Vec<_>>().join(", ");
    let (has, wants) =
        (list(&mut profile.addresses.iter().map(IpAddr::to_string)), list(&mut room.subnets.iter().map(ToString::to_string)));
    vec![Finding::of_it("is in another subnet than its room", format!("it has {has}; {} is {wants}", room.id))]
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::presence::Presence;

    fn sample(addresses: &[&str], subnets: &[&str]) -> Sample {
        let sample = Sample::new().room(|room| room.subnets = subnets.iter().map(|subnet| subnet.parse().unwrap()).collect());
        sample.profile(|profile, _| profile.addresses = addresses.iter().map(|address| address.parse().unwrap()).collect())
    }

    #[test]
    fn one_address_in_one_subnet_of_the_room_is_enough() {
        let told = ["is in another subnet than its room"];
        let lab = ["10.20.3.0/24", "2001:db8:3::/64"];
        sample(&["10.20.4.17"], &lab).check(&RULE, &told);
        sample(&["10.20.4.17", "10.20.3.17"], &lab).check(&RULE, &[]);
        sample(&["2001:db8:3::17"], &lab).check(&RULE, &[]);
        sample(&["10.20.4.17"], &[]).check(&RULE, &[]);
        sample(&[], &lab).check(&RULE, &[]);
        sample(&["10.20.4.17"], &lab).room(|room| room.kind = RoomKind::Cart).check(&RULE, &[]);
        sample(&["10.20.4.17"], &lab).device(|device| device.presence = Presence::Silent).check(&RULE, &[]);
    }
}
