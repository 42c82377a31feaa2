//! Everything that is collected, read once for a person who wants to see it.

use super::{json, text};
use crate::host::Host;
use crate::survey::survey;
use crate::{clock, fingerprint, probe};
use jiff::Timestamp;
use rollcall_proto::v1::{Fingerprint, Health, HealthDetail, PackageDate, SoftwareDates};
use rollcall_proto::{Digest, Section};
use std::time::Duration;

/// How long the processors are watched for one reading of their use.
const CPU_WINDOW: Duration = Duration::from_millis(250);

/// Everything that an agent would tell its collector.
pub(super) struct Inventory {
    /// When it was read.
    pub at: Timestamp,
    /// Each section, or why it was not measured.
    pub sections: Vec<Shown>,
    /// How the machine does.
    pub health: Health,
    /// The parts behind it.
    pub detail: HealthDetail,
    /// By what the collector knows the machine again.
    pub fingerprint: Fingerprint,
}

/// One section.
pub(super) struct Shown {
    /// Its name on the wire.
    pub name: &'static str,
    /// Its content, or why it was not measured.
    pub content: Result<Section, String>,
    /// Values in it that could not be read.
    pub problems: Vec<String>,
}

/// Reads everything from `host`. Blocks.
pub(super) fn read(host: &Host) -> Inventory {
    let at = clock::now();
    // The first reading only begins the window in which the processors are watched.
    host.vitals();
    std::thread::sleep(CPU_WINDOW);
    let (health, detail) = probe::health::read(host, at.as_millisecond());
    let decoded = |name: &str, bytes: &[u8]| match Section::decode(name, bytes) {
        Some(Ok(section)) => Ok(section),
        _ => Err("the section does not read back; please report this".to_owned()),
    };
    let sections = survey(host, &[]).into_iter().map(|reading| Shown {
        name: reading.name,
        content: reading.content.and_then(|content| decoded(reading.name, &content.bytes)),
        problems: reading.problems,
    });
    let sections = with_names(sections.collect());
    Inventory { at, sections, health, detail, fingerprint: fingerprint::read(host) }
}

/// Puts the names back to the install dates, which travel without them.
fn with_names(mut sections: Vec<Shown>) -> Vec<Shown> {
    let Some(list) = sections.iter().find_map(|shown| match &shown.content {
        Ok(Section::Software(list)) => Some(list.clone()),
        _ => None,
    }) else {
        return sections;
    };
    let digest = Digest::of(&Section::Software(list.clone()).encode());
    for shown in &mut sections {
        if let Ok(Section::SoftwareDates(along)) = &mut shown.content {
            let names = list.packages.iter().map(|package| package.name.as_str());
            let named = along.by_name(&digest, names).map(|(name, installed_s)| PackageDate { name: name.to_owned(), installed_s });
            *along = SoftwareDates { dates: named.collect(), ..SoftwareDates::default() };
        }
    }
    sections
}

/// Reads every source there is, for a recording.
pub(super) fn read_everything(host: &Host) {
    read(host);
    host.boot();
    crate::watch::is_locked(host);
}

impl Inventory {
    /// As JSON.
    pub(super) fn json(&self) -> serde_json::Result<String> {
        json::inventory(self)
    }

    /// As plain text.
    pub(super) fn text(&self) -> String {
        text::inventory(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_laptop_reads_as_a_technician_knows_it() {
        let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machines");
        let inventory = read(&Host::recorded(&tests.join("laptop")).unwrap());
        let expected = std::fs::read_to_string(tests.join("laptop.txt")).unwrap();
        assert_eq!(inventory.text(), expected, "if this is better, put it into laptop.txt");
        assert_eq!(inventory.fingerprint.system_serial, "PF1A2B3C");
        assert_eq!(inventory.fingerprint.macs, ["38:de:ad:0b:ee:f1", "8c:16:45:aa:bb:cc"]);
        assert_eq!(inventory.fingerprint.disk_serials, ["S41GNX0K812345"]);
    }

    #[test]
    fn a_recorded_machine_prints_as_the_live_one() {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().join("machine");
        let mut live = None;
        crate::host::record(&at, |host| live = Some(read(host))).unwrap();
        let mut recorded = read(&Host::recorded(&at).unwrap());
        let live = live.unwrap();
        recorded.at = live.at;
        recorded.health.at_ms = live.health.at_ms;
        assert_eq!(recorded.text(), live.text());
        assert_eq!(recorded.json().unwrap(), live.json().unwrap());
        assert!(live.text().contains("MEMORY") && live.json().unwrap().contains("total_bytes"));
    }
}
