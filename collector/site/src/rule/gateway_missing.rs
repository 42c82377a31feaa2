//! Flags a machine that has an address and no way out of its subnet.

use super::{Facts, Finding, Rule, Settle, Severity};
use rollcall_proto::Section;

pub(super) const RULE: Rule = Rule {
    code: "gateway-missing",
    title: "A machine has no gateway",
    severity: Severity::Medium,
    settle: Settle::Minutes(10),
    cause: "Its address was set by hand without a gateway, or the DHCP server names none.",
    remedy: "Set its network to DHCP, or name the gateway of its subnet. A room without a way out by design: switch this rule off for it.",
    limits: &[],
    check,
};

/// IPv6 routes are not told: a machine without an IPv4 address is not judged.
fn check(facts: &Facts<'_>) -> Vec<Finding> {
    if facts.here().is_none() {
        return Vec::new();
    }
    let Some(section) = facts.section("links") else { return Vec::new() };
    let Section::Links(links) = &*section else { return Vec::new() };
    let up = links.links.iter().filter(|link| link.state == "up").flat_map(|link| &link.addresses);
    let four: Vec<&str> = up.filter(|address| address.contains('.')).map(String::as_str).collect();
    if four.is_empty() || !links.gateway.is_empty() {
        return Vec::new();
    }
    vec![Finding::of_it("has no gateway", format!("it has {} and no route out of there", four.join(", ")))]
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::presence::Presence;
    use rollcall_proto::v1::{Link, Links};

    #[test]
    fn an_address_without_a_way_out_is_told() {
        let links = |state: &str, address: &str, gateway: &str| {
            let link = Link { name: "eth0".into(), state: state.into(), addresses: vec![address.into()], ..Link::default() };
            Sample::new().has(Section::Links(Links { links: vec![link], gateway: gateway.into(), name_servers: Vec::new() }))
        };
        links("up", "10.20.3.117/24", "").check(&RULE, &["has no gateway"]);
        links("up", "10.20.3.117/24", "10.20.3.1").check(&RULE, &[]);
        links("down", "10.20.3.117/24", "").check(&RULE, &[]);
        links("up", "2001:db8::17/64", "").check(&RULE, &[]);
        links("up", "10.20.3.117/24", "").device(|device| device.presence = Presence::Silent).check(&RULE, &[]);
    }
}
