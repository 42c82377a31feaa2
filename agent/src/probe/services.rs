//! Services that failed, as the service manager says.

use super::{Found, Measured, text};
use crate::host::{Ask, Host};
use rollcall_proto::Section;
use rollcall_proto::v1::{FailedService, FailedServices};

/// Most services told: beyond that the machine has another trouble.
const LIMIT: usize = 200;
/// Units that are made for one event and keep its name; the event is over.
const PASSING: [&str; 2] = ["systemd-coredump@", "run-"];

/// Reads the section.
pub(super) fn read(host: &Host) -> Measured {
    let text = host.ask(Ask::FailedUnits).map_err(|why| match why.is_absent() {
        true => "this system has no systemd, which keeps the list".to_owned(),
        false => why.to_string(),
    })?;
    Ok(Found::whole(Section::FailedServices(FailedServices { failed: parse(&text) })))
}

/// Reads rows of "cups.service loaded failed failed CUPS Scheduler".
fn parse(text: &str) -> Vec<FailedService> {
    let service = |line: &str| {
        let mut words = line.trim_start_matches([' ', '●', '*']).split_whitespace();
        let (unit, _loaded, active, _sub) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let passing = PASSING.iter().any(|start| unit.starts_with(start));
        let what = words.collect::<Vec<_>>().join(" ");
        (active == "failed" && !passing).then(|| FailedService { unit: text::clean(unit), what: text::clean(&what) })
    };
    let mut failed: Vec<FailedService> = text.lines().filter_map(service).take(LIMIT).collect();
    failed.sort_by(|a, b| a.unit.cmp(&b.unit));
    failed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;
    use proptest::prelude::*;

    #[test]
    fn failed_units_are_told_with_what_they_are() {
        let text = "● smbd.service loaded failed failed Samba SMB Daemon\ncups.service loaded failed failed CUPS Scheduler\nx.service loaded active running X\nsystemd-coredump@3-1.service loaded failed failed Dump\n";
        let rows: Vec<_> = parse(text).into_iter().map(|s| (s.unit, s.what)).collect();
        let wanted = [("cups.service", "CUPS Scheduler"), ("smbd.service", "Samba SMB Daemon")];
        assert_eq!(rows, wanted.map(|(unit, what)| (unit.to_owned(), what.to_owned())));
    }

    #[test]
    fn no_failure_and_no_answer_are_two_things() {
        let (_dir, host) = machine(r#"{"answers":{"failed-units":""}}"#, &[]);
        assert_eq!(read(&host).unwrap(), Found::whole(Section::FailedServices(FailedServices::default())));
        assert!(read(&machine("{}", &[]).1).unwrap_err().contains("no systemd"));
        let (_dir, host) = machine(r#"{"refused":{"failed-units":{"failed":"it ended with code 1"}}}"#, &[]);
        assert!(read(&host).unwrap_err().contains("code 1"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)(failed | |●|\n|.){0,200}") {
            parse(&text);
        }
    }
}
