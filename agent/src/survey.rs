//! A survey: every probe asked once, each within its time; it never fails as a whole.

use crate::host::Host;
use crate::probe::{Measured, PROBES, Probe};
use rollcall_proto::v1::SectionState;
use rollcall_proto::{Digest, MAX_SECTION};
use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};

/// A section's canonical bytes and their digest. Cheap to clone: identical machines of a simulation share one.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// What is hashed, sent and stored.
    pub bytes: Arc<[u8]>,
    /// Its address.
    pub digest: Digest,
}

impl Content {
    /// The content of `section`.
    pub fn of(section: &rollcall_proto::Section) -> Self {
        let bytes: Arc<[u8]> = section.encode().into();
        Self { digest: Digest::of(&bytes), bytes }
    }
}

/// What a probe answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The section's name.
    pub name: &'static str,
    /// Its content, or why it was not measured.
    pub content: Result<Content, String>,
    /// Values in it that could not be read.
    pub problems: Vec<String>,
}

impl Reading {
    /// How the reading is announced on the wire.
    pub fn state(&self) -> SectionState {
        let (digest, not_measured) = match &self.content {
            Ok(content) => (content.digest.as_bytes().to_vec(), String::new()),
            Err(why) => (Vec::new(), why.clone()),
        };
        SectionState { name: self.name.to_owned(), digest, not_measured, problems: self.problems.clone() }
    }
}

/// The bytes behind digests.
pub type Contents = BTreeMap<Digest, Arc<[u8]>>;

/// Reads the sections called `names` from `host`, all of them when there are none. Blocks: not for an async task.
pub fn survey(host: &Host, names: &[&str]) -> Vec<Reading> {
    let asked = PROBES.iter().filter(|probe| names.is_empty() || names.contains(&probe.section));
    asked.map(|probe| reading(probe.section, within_limit(probe, host))).collect()
}

fn reading(name: &'static str, measured: Measured) -> Reading {
    match measured {
        Ok(found) => {
            let content = Content::of(&found.section);
            let fits = content.bytes.len() <= MAX_SECTION;
            let content = if fits { Ok(content) } else { Err(format!("the section has more than {MAX_SECTION} bytes")) };
            Reading { name, content, problems: found.problems }
        }
        Err(why) => Reading { name, content: Err(why), problems: Vec::new() },
    }
}

/// Runs a probe on a thread of its own: a driver or disk that hangs costs its section, not the survey.
fn within_limit(probe: &'static Probe, host: &Host) -> Measured {
    let Some(at_work) = host.begin(probe.section) else {
        return Err("the last reading has not come back: a driver or disk hangs".to_owned());
    };
    let (answer, answered) = mpsc::sync_channel(1);
    let host = host.clone();
    let work = move || {
        let measured = (probe.read)(&host);
        drop(at_work);
        // Nobody listens any more when the reading came too late.
        answer.send(measured).ok();
    };
    let thread = std::thread::Builder::new().name(format!("probe-{}", probe.section)).spawn(work);
    thread.map_err(|error| format!("no thread for the probe: {error}"))?;
    answered.recv_timeout(probe.limit).unwrap_or_else(|error| match error {
        mpsc::RecvTimeoutError::Timeout => Err(format!("no answer within {} s: a driver or disk hangs", probe.limit.as_secs())),
        mpsc::RecvTimeoutError::Disconnected => Err("the probe broke off; please report this".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;
    use std::time::Duration;

    #[test]
    fn the_same_machine_gives_the_same_bytes() {
        let host = Host::live();
        let stable = |readings: Vec<Reading>| readings.into_iter().map(|r| (r.name, r.content.map(|c| c.digest))).collect::<Vec<_>>();
        assert_eq!(stable(survey(&host, &[])), stable(survey(&host, &[])));
    }

    #[test]
    fn a_probe_that_hangs_costs_its_section_and_is_not_started_again() {
        static SLOW: Probe = Probe {
            section: "os",
            limit: Duration::from_millis(20),
            read: |_| {
                std::thread::sleep(Duration::from_millis(300));
                Err("late".to_owned())
            },
        };
        let host = Host::live();
        assert!(within_limit(&SLOW, &host).unwrap_err().contains("no answer within"));
        assert!(within_limit(&SLOW, &host).unwrap_err().contains("has not come back"));
        std::thread::sleep(Duration::from_millis(400));
        assert!(within_limit(&SLOW, &host).unwrap_err().contains("no answer within"));
    }

    #[test]
    fn only_what_is_asked_is_read() {
        let names: Vec<_> = survey(&Host::live(), &["os", "network", "nothing"]).iter().map(|r| r.name).collect();
        assert_eq!(names, ["network", "os"]);
    }

    #[test]
    fn a_first_inventory_is_small_on_the_wire() {
        let readings = survey(&Host::live(), &[]);
        let packed = readings.iter().filter_map(|reading| rollcall_proto::pack(&reading.content.as_ref().ok()?.bytes).ok());
        let announced: usize = readings.iter().map(|reading| reading.state().encoded_len()).sum();
        let bytes = announced + packed.map(|packed| packed.len() + 40).sum::<usize>();
        let software = readings.iter().find(|reading| reading.name == "software").and_then(|reading| reading.content.clone().ok());
        let software = software.map(|content| rollcall_proto::v1::Software::decode(&*content.bytes).unwrap()).unwrap_or_default();
        println!("{bytes} bytes for {} packages", software.packages.len());
        // Of 900 packages of a usual desktop that is 15 KB; of a machine with packages of its own a little more.
        assert!(bytes < 4096 + 20 * software.packages.len(), "{bytes} bytes for {} packages", software.packages.len());
    }

    #[test]
    fn a_recorded_machine_gives_the_same_survey() {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().join("machine");
        let mut live = Vec::new();
        crate::host::record(&at, |host| live = survey(host, &[])).unwrap();
        let recorded = survey(&Host::recorded(&at).unwrap(), &[]);
        assert_eq!(live, recorded);
    }
}
