//! Flags a machine that is answered by no name server.

use super::{Facts, Finding, Rule, Settle, Severity};
use rollcall_proto::Section;

pub(super) const RULE: Rule = Rule {
    code: "dns-failing",
    title: "No name server answers",
    severity: Severity::Medium,
    settle: Settle::Minutes(5),
    cause: "The name server is down or the machine has the address of a wrong one; if many machines say so, it is the server.",
    remedy: "Look whether other machines of the room have it too. If not, look at the name servers that the machine has, and at its DHCP lease.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let failing = facts.here().and(facts.vitals()).is_some_and(|vitals| vitals.reading.dns_failing == Some(true));
    if !failing {
        return Vec::new();
    }
    let servers = match facts.section("links").as_deref() {
        Some(Section::Links(links)) if !links.name_servers.is_empty() => format!("it asked {}", links.name_servers.join(", ")),
        _ => "it is not known which name servers it has".to_owned(),
    };
    vec![Finding::of_it("gets no answer from a name server", servers)]
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use crate::presence::Presence;
    use crate::vitals::Reading;
    use rollcall_proto::v1::Links;

    #[test]
    fn only_a_connected_machine_can_say_so() {
        let reads = |dns_failing| Sample::new().reads(Reading { dns_failing, ..Reading::default() });
        let told = ["gets no answer from a name server"];
        reads(Some(true)).check(&RULE, &told);
        reads(Some(false)).check(&RULE, &[]);
        reads(None).check(&RULE, &[]);
        reads(Some(true)).device(|device| device.presence = Presence::Asleep).check(&RULE, &[]);
        let links = Links { name_servers: vec!["10.20.0.2".into()], ..Links::default() };
        assert_eq!(reads(Some(true)).has(Section::Links(links)).find(&RULE)[0].evidence, "it asked 10.20.0.2");
    }
}
