//! Whether the way out of the own network is there.

use super::{Around, Finding, OffSite, Step, Work};
use crate::host::Host;
use crate::probe;
use rollcall_proto::v1::diagnosis_step::Step as Name;
use std::time::Duration;

pub(super) const STEP: Step =
    Step { name: Name::Gateway, off_site: OffSite::Unsaid, limit: Duration::from_secs(15), work: Work::Look(look) };

fn look(host: &Host, _: &Around) -> Finding {
    let gateway = match probe::gateway(host) {
        Ok(Some(gateway)) => gateway,
        Ok(None) => return Finding::absent(without(host)),
        Err(why) => return Finding::unreadable(why),
    };
    match host.gateway_answers(gateway) {
        Ok(Some(mac)) => Finding::well(format!("{gateway} answers ({mac})")),
        Ok(None) => Finding::wrong(format!("nobody answers under {gateway}, the gateway that this machine was given")),
        Err(why) => Finding::unreadable(format!("{gateway}: {why}")),
    }
}

/// Why there is no gateway, as far as the links tell.
fn without(host: &Host) -> String {
    let links = probe::physical(host).into_iter().map(|name| {
        let state = host.value(&format!("/sys/class/net/{name}/operstate")).unwrap_or_else(|_| "unknown".to_owned());
        (name, state)
    });
    let links: Vec<(String, String)> = links.collect();
    let told = links.iter().map(|(name, state)| format!("{name} is {state}")).collect::<Vec<_>>().join(", ");
    match links.iter().any(|(_, state)| state == "up") {
        _ if links.is_empty() => "this machine knows no gateway".to_owned(),
        true => format!("this machine was given no gateway ({told})"),
        false => format!("no network link is up ({told})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::machine;
    use rollcall_proto::v1::diagnosis_step::Outcome;

    const HEAD: &str = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n";

    #[test]
    fn no_route_no_link_and_no_table_are_three_things() {
        let check = |state: &str, routes: Option<&str>, outcome: Outcome, words: &str| {
            let mut files = vec![("sys/class/net/eth0/operstate", state), ("sys/class/net/eth0/device/x", "")];
            files.extend(routes.map(|routes| ("proc/net/route", routes)));
            let (_dir, host) = machine("{}", &files);
            let finding = look(&host, &Around::default());
            assert!(finding.outcome == outcome && finding.found.contains(words), "{finding:?}");
        };
        check("up", Some(HEAD), Outcome::Absent, "given no gateway (eth0 is up)");
        check("down", Some(HEAD), Outcome::Absent, "no network link is up (eth0 is down)");
        check("up", None, Outcome::Unreadable, "/proc/net/route");
        let routes = format!("{HEAD}eth0\t00000000\t0103140A\t0003\t0\t0\t100\t0\n");
        check("up", Some(&routes), Outcome::Unreadable, "10.20.3.1: a recorded machine is on no network");
    }
}
