//! How this machine reaches the collector: from which of its links, through whom, and whether a new connection opens.

use super::{Around, Finding, OffSite, Step, Work, milliseconds};
use crate::host::{Host, Reached, Unreached};
use crate::probe;
use crate::resolve::is_beside;
use rollcall_proto::v1::diagnosis_step::Step as Name;
use std::net::IpAddr;
use std::time::Duration;

pub(super) const STEP: Step = Step { name: Name::Path, off_site: OffSite::Unsaid, limit: Duration::from_secs(12), work: Work::Look(look) };

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// A link that is slower is held back by its cable or its switch, Mbit/s.
const SLOWEST: u64 = 100;

fn look(host: &Host, around: &Around) -> Finding {
    let Some(collector) = &around.collector else { return Finding::unreadable("no address of the collector is known") };
    match host.reach(collector, PATIENCE) {
        Ok(reached) => judge(host, collector, &reached),
        Err(Unreached::Recorded) => Finding::unreadable("a recorded machine is on no network"),
        Err(Unreached::NoAddress(why)) => Finding::wrong(format!("the name in {collector} is not resolved: {why}")),
        Err(Unreached::NoConnection(why)) => Finding::wrong(format!("no new connection to {collector}: {why}")),
    }
}

fn judge(host: &Host, collector: &str, reached: &Reached) -> Finding {
    let opened = format!("a connection to {collector} opens in {}", milliseconds(reached.took));
    if reached.from.is_loopback() {
        return Finding::well(format!("the collector is this machine itself; {opened}"));
    }
    let own = host.addresses().into_iter().find(|(_, own)| own.split('/').next().and_then(|ip| ip.parse().ok()) == Some(reached.from));
    let Some((link, own)) = own else { return Finding::well(format!("from {}; {opened}", reached.from)) };
    let through = match (reached.to, probe::gateway(host)) {
        (IpAddr::V4(to), _) if is_beside(&own, to) => ", on the same network".to_owned(),
        (_, Ok(Some(gateway))) => format!(", through {gateway}"),
        _ => String::new(),
    };
    let value = |file: &str| host.value(&format!("/sys/class/net/{link}/{file}")).unwrap_or_default();
    let (mbit, duplex) = (value("speed").parse::<u64>().ok().filter(|mbit| *mbit > 0), value("duplex"));
    let speed = mbit.map(|mbit| format!(" at {mbit} Mbit/s")).unwrap_or_default();
    let told = |more: &str| format!("from {} on {link}{speed}{more}{through}; {opened}", reached.from);
    match mbit {
        _ if duplex == "half" => Finding::wrong(told(" half duplex")),
        Some(mbit) if mbit < SLOWEST => Finding::wrong(told("")),
        _ => Finding::well(told("")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::machine;
    use rollcall_proto::v1::diagnosis_step::Outcome;

    fn check(from: &str, to: &str, speed: &str, duplex: &str, wanted: &Finding) {
        let routes = "eth0\t00000000\t0103140A\t0003\t0\t0\t100\t0\n";
        let files = [("sys/class/net/eth0/speed", speed), ("sys/class/net/eth0/duplex", duplex), ("proc/net/route", routes)];
        let (_dir, host) = machine(r#"{"addresses":[["eth0","10.20.3.17/24"]]}"#, &files);
        let reached = Reached { from: from.parse().unwrap(), to: to.parse().unwrap(), took: Duration::from_micros(900) };
        assert_eq!(judge(&host, "c:7443", &reached), *wanted);
    }

    #[test]
    fn the_link_and_whom_it_goes_through_are_told() {
        let own = "10.20.3.17";
        let opens = "a connection to c:7443 opens in 0.9 ms";
        let well = |words: &str| Finding::well(format!("{words}; {opens}"));
        check(own, "10.20.3.5", "1000", "full", &well("from 10.20.3.17 on eth0 at 1000 Mbit/s, on the same network"));
        check(own, "10.9.0.5", "1000", "full", &well("from 10.20.3.17 on eth0 at 1000 Mbit/s, through 10.20.3.1"));
        check(own, "10.9.0.5", "-1", "unknown", &well("from 10.20.3.17 on eth0, through 10.20.3.1"));
        check("127.0.0.1", "127.0.0.1", "", "", &well("the collector is this machine itself"));
        check("10.0.0.1", "10.9.0.5", "", "", &well("from 10.0.0.1"));
        let slow = Finding::wrong(format!("from 10.20.3.17 on eth0 at 10 Mbit/s, through 10.20.3.1; {opens}"));
        check(own, "10.9.0.5", "10", "full", &slow);
        let half = Finding::wrong(format!("from 10.20.3.17 on eth0 at 1000 Mbit/s half duplex, through 10.20.3.1; {opens}"));
        check(own, "10.9.0.5", "1000", "half", &half);
    }

    #[test]
    fn without_a_collector_or_a_network_it_is_not_measured() {
        let (_dir, host) = machine("{}", &[]);
        assert_eq!(look(&host, &Around::default()).outcome, Outcome::Unreadable);
        let around = Around { collector: Some("127.0.0.1:1".to_owned()) };
        assert_eq!(look(&host, &around).outcome, Outcome::Unreadable);
        let live = look(&Host::live(), &around);
        assert!(live.outcome == Outcome::Wrong && live.found.contains("no new connection to 127.0.0.1:1"), "{live:?}");
    }
}
