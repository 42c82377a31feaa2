//! Flags a lost or stolen machine that reports in.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::Site;
use crate::asset::AssetStatus;
use crate::device::{Device, DeviceState};
use crate::presence::Presence;

pub(super) const RULE: Rule = Rule {
    code: "lost-seen",
    title: "A lost or stolen machine reports in",
    severity: Severity::High,
    settle: Settle::AtOnce,
    cause: "Somebody uses it, or it was found and switched on.",
    remedy: "If it is in the house, go and look. If it was reported, tell who took the report; ask nobody for it alone. Once you have it: `rollcall loan found TAG`.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let status = facts.asset.status;
    let gone = matches!(status, AssetStatus::Lost | AssetStatus::Stolen);
    let Some(device) = reporting(facts).filter(|_| gone) else { return Vec::new() };
    let title = format!("is {}, and reports in", status.word());
    vec![Finding::of_it(title, format!("it is connected; {}", whereabouts(facts.site, device)))]
}

/// The device that speaks to the collector now.
pub(super) fn reporting<'a>(facts: &Facts<'a>) -> Option<&'a Device> {
    facts.device.filter(|device| device.state == DeviceState::Active && device.presence == Presence::Here)
}

/// Where it is, as far as the school's own network tells: a room or a subnet of the site, or off site and nothing about where.
pub(super) fn whereabouts(site: &Site, device: &Device) -> String {
    // A home network may have the numbers of a room's.
    if device.off_site {
        return "it is off site".to_owned();
    }
    let addresses = site.profiles.get(&device.id).map(|profile| profile.addresses.as_slice()).unwrap_or_default();
    let mut named = site.rooms.values().flat_map(|room| room.subnets.iter().map(move |subnet| (room, subnet))).peekable();
    if named.peek().is_none() {
        return "no room's subnets are known, so nothing says where".to_owned();
    }
    match named.find(|(_, subnet)| addresses.iter().any(|address| subnet.contains(address))) {
        Some((room, subnet)) => format!("it is in the network of {} ({subnet})", room.id),
        None => "it is off site".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    fn sample(address: &str) -> Sample {
        let sample = Sample::new().room(|room| room.subnets = vec!["10.20.3.0/24".parse().unwrap()]);
        sample.profile(|profile, _| profile.addresses = vec![address.parse().unwrap()])
    }

    #[test]
    fn a_lost_machine_that_is_here_is_told_with_the_room_or_as_off_site() {
        let lost = |sample: Sample| sample.edit_asset(|asset| asset.status = AssetStatus::Lost);
        lost(sample("10.20.3.17")).check(&RULE, &["is lost, and reports in"]);
        for (address, want) in [("10.20.3.17", "it is in the network of Lab 1 (10.20.3.0/24)"), ("192.168.1.4", "it is off site")] {
            let found = lost(sample(address)).find(&RULE);
            assert!(found[0].evidence.ends_with(want) && !found[0].evidence.contains(address), "{found:?}");
        }
        let at_home = lost(sample("10.20.3.17")).device(|device| device.off_site = true).find(&RULE);
        assert!(at_home[0].evidence.ends_with("it is off site"), "{at_home:?}");
        lost(sample("10.20.3.17")).device(|device| device.presence = Presence::Silent).check(&RULE, &[]);
        sample("10.20.3.17").check(&RULE, &[]);
        sample("10.20.3.17").edit_asset(|asset| asset.status = AssetStatus::Stolen).check(&RULE, &["is stolen, and reports in"]);
    }
}
