//! Whether each name server answers.

use super::{Around, Finding, OffSite, Step, Work, milliseconds};
use crate::host::Host;
use crate::probe;
use rollcall_proto::v1::diagnosis_step::Step as Name;
use std::net::IpAddr;
use std::time::Duration;

pub(super) const STEP: Step =
    Step { name: Name::NameServers, off_site: OffSite::Unsaid, limit: Duration::from_secs(5), work: Work::Look(look) };

fn look(host: &Host, _: &Around) -> Finding {
    let servers = match probe::name_servers(host) {
        Ok(servers) if servers.is_empty() => return Finding::absent("no name server is set on this machine"),
        Ok(servers) => servers,
        Err(why) => return Finding::unreadable(why),
    };
    match host.name_servers_answer(&servers) {
        Ok(answers) => judge(&answers),
        Err(why) => Finding::unreadable(why),
    }
}

fn judge(answers: &[(IpAddr, Option<Duration>)]) -> Finding {
    let told = answers.iter().map(|(server, took)| match took {
        Some(took) => format!("{server} answers in {}", milliseconds(*took)),
        None => format!("{server} does not answer"),
    });
    let told = told.collect::<Vec<_>>().join("; ");
    if answers.iter().all(|(_, took)| took.is_some()) { Finding::well(told) } else { Finding::wrong(told) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::machine;
    use rollcall_proto::v1::diagnosis_step::Outcome;

    #[test]
    fn one_server_that_is_silent_is_wrong_and_each_is_told() {
        let (one, two): (IpAddr, IpAddr) = ("10.20.0.2".parse().unwrap(), "10.20.0.3".parse().unwrap());
        let took = Some(Duration::from_micros(2_400));
        assert_eq!(judge(&[(one, took), (two, took)]), Finding::well("10.20.0.2 answers in 2.4 ms; 10.20.0.3 answers in 2.4 ms"));
        assert_eq!(judge(&[(one, took), (two, None)]), Finding::wrong("10.20.0.2 answers in 2.4 ms; 10.20.0.3 does not answer"));
    }

    #[test]
    fn no_server_and_no_list_are_two_things() {
        let of = |files: &[(&str, &str)]| {
            let (_dir, host) = machine("{}", files);
            look(&host, &Around::default())
        };
        assert_eq!(of(&[("etc/resolv.conf", "search school\n")]).outcome, Outcome::Absent);
        assert_eq!(of(&[]).outcome, Outcome::Unreadable);
        assert_eq!(of(&[("etc/resolv.conf", "nameserver 10.0.0.1\n")]), Finding::unreadable("a recorded machine is on no network"));
    }
}
