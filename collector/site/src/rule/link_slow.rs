//! Flags a cable that carries less than it should.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};
use rollcall_proto::Section;
use rollcall_proto::v1::Link;

pub(super) const RULE: Rule = Rule {
    code: "link-slow",
    title: "A network link is slow",
    severity: Severity::Low,
    settle: Settle::Minutes(15),
    cause: "A cable with a broken wire, or an old port: it carries a tenth of what it should.",
    remedy: "Replace the cable; then try another port of the switch. Where the network itself is slower, set the limit for the room.",
    limits: &[Limit::new("mbit", "Mbit/s", [1_000, 10, 100_000], "a cable that carries less is told")],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    if facts.here().is_none() {
        return Vec::new();
    }
    let Some(section) = facts.section("links") else { return Vec::new() };
    let Section::Links(links) = &*section else { return Vec::new() };
    let least = facts.limit(&RULE, "mbit");
    let is_slow = |link: &&Link| link.state == "up" && (link.mbit > 0 && i64::from(link.mbit) < least || link.duplex == "half");
    let slow = links.links.iter().filter(is_slow).filter(|link| is_cable(facts, &link.name));
    let told = |link: &Link| {
        let duplex = if link.duplex == "half" { ", one way at a time" } else { "" };
        Finding::of(
            &link.name,
            format!("has a slow network link: {}", link.name),
            format!("{} runs at {} Mbit/s{duplex}", link.name, link.mbit),
        )
    };
    slow.map(told).collect()
}

/// Radio is slow by nature.
fn is_cable(facts: &Facts<'_>, name: &str) -> bool {
    match facts.section("network").as_deref() {
        Some(Section::Network(network)) => network.interfaces.iter().any(|of| of.name == name && of.kind == "ethernet" && !of.is_virtual),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use rollcall_proto::v1::{Interface, Links, Network};

    fn link(mbit: u32, duplex: &str, kind: &str) -> Sample {
        let link = Link { name: "eth0".into(), state: "up".into(), mbit, duplex: duplex.into(), addresses: Vec::new() };
        let interface = Interface { name: "eth0".into(), kind: kind.into(), ..Interface::default() };
        let network = Network { interfaces: vec![interface], domain: String::new() };
        let links = Links { links: vec![link], ..Links::default() };
        Sample::new().has(Section::Links(links)).has(Section::Network(network))
    }

    #[test]
    fn a_cable_at_a_tenth_is_told_and_radio_is_not() {
        let told = ["has a slow network link: eth0"];
        link(100, "full", "ethernet").check(&RULE, &told);
        link(1000, "half", "ethernet").check(&RULE, &told);
        link(1000, "full", "ethernet").check(&RULE, &[]);
        link(0, "", "ethernet").check(&RULE, &[]);
        link(54, "", "wifi").check(&RULE, &[]);
        link(100, "full", "ethernet").limit(&RULE, "mbit", 100).check(&RULE, &[]);
    }
}
