//! What only root may read, as the privileged helper wrote it down: one file, looked at again when it changes.
//!
//! Architecture invariant: the list of what the helper reads is closed; nobody can ask it for anything.

use super::manifest::Why;
use super::{Ask, Host, Unread, World, platform};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError};

/// Where the helper writes and the agent reads. On a file system of memory: gone with the boot it speaks of.
pub const PLACE: &str = "/run/rollcall-agent/facts";
/// Largest file, bytes: the firmware's tables are below one megabyte.
const LIMIT: usize = 4 * 1024 * 1024;
/// Facts of a helper that has not run for so long say nothing any more, seconds.
const LIFE_S: i64 = 3 * 86_400;
/// The group that may read the file.
const GROUP: &str = "rollcall-agent";

/// The files that only root may read, with what may be read of each, bytes.
const FILES: &[(&str, usize)] = &[
    ("/sys/class/dmi/id/board_serial", 4096),
    ("/sys/class/dmi/id/chassis_serial", 4096),
    ("/sys/class/dmi/id/product_serial", 4096),
    ("/sys/class/dmi/id/product_uuid", 4096),
    ("/sys/firmware/dmi/tables/DMI", 1024 * 1024),
];
/// Where CUPS keeps its queues; only what names them leaves it.
const PRINTERS: &str = "/etc/cups/printers.conf";

/// What root read.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Facts {
    /// When, seconds since 1970 UTC.
    at_s: i64,
    /// Files by path, in base64.
    files: BTreeMap<String, String>,
    /// Answers of programs by question.
    answers: BTreeMap<String, String>,
    /// What not even root could read.
    refused: BTreeMap<String, Why>,
    /// What is not on this machine.
    absent: Vec<String>,
}

impl Facts {
    /// Reads everything on the list from `host`, as root.
    fn gather(host: &Host, at_s: i64) -> Self {
        let mut facts = Self { at_s, ..Self::default() };
        let disks: Vec<String> = host.list("/sys/block").unwrap_or_default();
        let disks: Vec<&String> = disks.iter().filter(|disk| host.exists(&format!("/sys/block/{disk}/device"))).collect();
        let pages = disks.iter().map(|disk| (format!("/sys/block/{disk}/device/vpd_pg80"), 4096));
        for (path, limit) in FILES.iter().map(|(path, limit)| ((*path).to_owned(), *limit)).chain(pages) {
            let read = host.read(&path, limit);
            facts.keep(path, read, |facts, path, bytes| drop(facts.files.insert(path, STANDARD.encode(bytes))));
        }
        let queues = host.text(PRINTERS, 1024 * 1024).map(|text| crate::probe::printers::public(&text));
        facts.keep(PRINTERS.to_owned(), queues, |facts, path, text| drop(facts.files.insert(path, STANDARD.encode(text))));
        let asks = disks.iter().map(|disk| Ask::DiskHealth(disk)).chain([Ask::Boots]);
        for ask in asks {
            facts.keep(ask.key(), host.ask(ask), |facts, key, answer| drop(facts.answers.insert(key, answer)));
        }
        facts
    }

    fn keep<T>(&mut self, name: String, read: Result<T, Unread>, put: impl FnOnce(&mut Self, String, T)) {
        match read {
            Ok(value) => put(self, name, value),
            Err(unread) => match Why::of(&unread) {
                Some(why) => drop(self.refused.insert(name, why)),
                None => self.absent.push(name),
            },
        }
    }

    /// The file at `path`, if it is on the list.
    pub(super) fn file(&self, path: &str) -> Option<Result<Vec<u8>, Unread>> {
        let text = self
            .files
            .get(path)
            .map(|text| STANDARD.decode(text).map_err(|error| Unread::Failed { path: PLACE.to_owned(), what: format!("{path}: {error}") }));
        text.or_else(|| self.missing(path, path).map(Err))
    }

    /// The answer to a question, if it is on the list.
    pub(super) fn answer(&self, key: &str, program: &str) -> Option<Result<String, Unread>> {
        self.answers.get(key).cloned().map(Ok).or_else(|| self.missing(key, program).map(Err))
    }

    fn missing(&self, key: &str, name: &str) -> Option<Unread> {
        let absent = || self.absent.iter().any(|absent| absent == key).then(|| Unread::Absent { path: name.to_owned() });
        self.refused.get(key).map(|why| why.unread(name)).or_else(absent)
    }
}

/// What was read of the file last, and its state then.
pub(super) type Seen = Option<(super::Meta, Arc<Facts>)>;

impl Host {
    /// What the privileged helper wrote down; `None` when there is nothing that holds.
    pub(super) fn privileged<T>(&self, ask: impl FnOnce(&Facts) -> Option<T>) -> Option<T> {
        if !matches!(self.0.world, World::Live(_)) {
            return None;
        }
        let path = Path::new(PLACE);
        let meta = platform::meta(path).ok()?;
        let mut seen = self.0.facts.lock().unwrap_or_else(PoisonError::into_inner);
        let facts = match &*seen {
            Some((then, facts)) if *then == meta => facts.clone(),
            _ => {
                let facts = Arc::new(load(path)?);
                *seen = Some((meta, facts.clone()));
                facts
            }
        };
        drop(seen);
        ask(&facts)
    }
}

/// Reads the file; it counts only when root alone can have written it, and not too long ago.
fn load(path: &Path) -> Option<Facts> {
    if !platform::only_root_writes(path) {
        tracing::warn!(facts.path = %path.display(), "the facts are not root's alone to write, so they count for nothing");
        return None;
    }
    let bytes = std::fs::read(path).ok().filter(|bytes| bytes.len() <= LIMIT)?;
    let facts: Facts = serde_json::from_slice(&bytes).ok()?;
    let age = crate::clock::now().as_second().saturating_sub(facts.at_s);
    (age <= LIFE_S).then_some(facts)
}

/// Whether every fact in these bytes can be asked for by its name; bytes that are no facts hold none.
pub(crate) fn facts_answer(bytes: &[u8]) -> bool {
    let Ok(facts) = serde_json::from_slice::<Facts>(bytes) else { return true };
    let named = |name: &String| facts.file(name).or_else(|| facts.answer(name, "").map(|answer| answer.map(String::into_bytes)));
    facts.files.keys().chain(facts.answers.keys()).chain(facts.refused.keys()).chain(&facts.absent).all(|name| named(name).is_some())
}

/// Reads what only root may read and writes it to `out`, whole or not at all, for root and the agent's group. Gives the
/// number of facts.
///
/// # Errors
/// The system's.
pub fn write_privileged(host: &Host, out: &Path) -> std::io::Result<usize> {
    let facts = Facts::gather(host, crate::clock::now().as_second());
    let count = facts.files.len() + facts.answers.len();
    platform::write_for_group(out, &serde_json::to_vec(&facts)?, GROUP)?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::machine;

    #[test]
    fn absent_refused_and_read_stay_apart_on_the_way_through_the_file() {
        let manifest = r#"{"refused":{"/sys/class/dmi/id/board_serial":{"failed":"input/output error"}},
            "present":["/sys/block/sda/device"],"names":{"/sys/block":["loop0","sda"]},"answers":{"disk-health sda":"{}"}}"#;
        let printers = "<Printer lab>\nInfo Lab\nAuthInfoRequired none\nDeviceURI ipp://user:secret@10.0.0.9/x\n</Printer>\n";
        let (_dir, host) = machine(manifest, &[("sys/class/dmi/id/product_serial", "5CG1\n"), ("etc/cups/printers.conf", printers)]);
        let facts = Facts::gather(&host, 7);
        let facts: Facts = serde_json::from_slice(&serde_json::to_vec(&facts).unwrap()).unwrap();
        assert_eq!(facts.file("/sys/class/dmi/id/product_serial"), Some(Ok(b"5CG1\n".to_vec())));
        assert!(matches!(facts.file("/sys/class/dmi/id/board_serial"), Some(Err(Unread::Failed { .. }))));
        assert!(facts.file("/sys/class/dmi/id/product_uuid").unwrap().unwrap_err().is_absent());
        assert_eq!(facts.file("/etc/shadow"), None);
        assert_eq!(facts.answer("disk-health sda", "smartctl"), Some(Ok("{}".to_owned())));
        let queues = String::from_utf8(facts.file(PRINTERS).unwrap().unwrap()).unwrap();
        assert!(queues.contains("10.0.0.9") && !queues.contains("secret"), "{queues}");
    }
}
