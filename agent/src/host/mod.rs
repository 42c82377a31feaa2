//! The machine the probes read: the live one, or a folder recorded from one.
//!
//! Architecture invariant: nothing outside this folder knows which operating system it runs on, opens a file of the
//! machine, or asks how much of it there is. A probe asks for a path and a limit and gets bytes or the reason why not.

mod ask;
mod bell;
mod facts;
mod given;
mod linux;
mod manifest;
mod meters;
mod name_servers;
mod neighbour;
mod notices;
mod reach;
mod registry;
mod tape;
mod unread;
mod windows;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(windows)]
use windows as platform;

pub use ask::Ask;
pub(crate) use bell::means;
pub use bell::{Bell, Ring, Word, say};
pub(crate) use facts::facts_answer;
pub use facts::{PLACE as FACTS, write_privileged};
pub use given::Given;
pub(crate) use manifest::manifest_reads_back;
pub(crate) use meters::permille;
pub use meters::{Vitals, Volume};
pub use notices::Notices;
pub use platform::{private_dir, stop_requested, write_all_private, write_private, write_private_unsynced};
pub use reach::{Reached, Unreached};
pub use registry::Keys;
pub use tape::{RecordError, record};
pub use unread::Unread;

use manifest::Manifest;
use meters::Meters;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tape::Tape;

/// Largest single value of a source such as sysfs, bytes.
const VALUE_LIMIT: usize = 4 * 1024;
/// Most names a directory may hold; a desktop's package database has about 12,000 files.
const NAMES_LIMIT: usize = 100_000;

/// What identifies a state of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The inode's number.
    pub inode: u64,
    /// Major number of the device it is on; 0 for file systems without a device of their own (btrfs, overlays).
    pub major: u64,
    /// Minor number of that device.
    pub minor: u64,
    /// Last write, nanoseconds since 1970 UTC.
    pub modified_ns: i128,
    /// Bytes.
    pub size: u64,
}

/// A machine to read. Cheap to clone.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    root: PathBuf,
    world: World,
    tape: Option<Mutex<Tape>>,
    at_work: Mutex<BTreeSet<&'static str>>,
    facts: Mutex<facts::Seen>,
    name_servers: name_servers::Asked,
}

/// Says that a probe is reading this machine, until it is dropped.
pub struct AtWork {
    host: Host,
    name: &'static str,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.host.0.at_work.lock().unwrap_or_else(PoisonError::into_inner).remove(self.name);
    }
}

enum World {
    Live(Mutex<Meters>),
    Recorded(Manifest),
}

impl Host {
    /// The machine this program runs on.
    pub fn live() -> Self {
        Self::new(PathBuf::from("/"), World::Live(Mutex::new(Meters::new())), None)
    }

    /// A folder written by [`record`], or laid out like one by hand.
    ///
    /// # Errors
    /// The folder is missing, or its `host.json` cannot be read.
    pub fn recorded(dir: &Path) -> Result<Self, RecordError> {
        let manifest = Manifest::load(dir)?;
        Ok(Self::new(dir.to_owned(), World::Recorded(manifest), None))
    }

    fn live_with_tape() -> Self {
        Self::new(PathBuf::from("/"), World::Live(Mutex::new(Meters::new())), Some(Mutex::new(Tape::default())))
    }

    fn new(root: PathBuf, world: World, tape: Option<Mutex<Tape>>) -> Self {
        Self(Arc::new(Inner { root, world, tape, at_work: Mutex::default(), facts: Mutex::default(), name_servers: Default::default() }))
    }

    /// Begins the work called `name` on this machine; `None` while an earlier one hangs.
    pub fn begin(&self, name: &'static str) -> Option<AtWork> {
        let begun = self.0.at_work.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        begun.then(|| AtWork { host: self.clone(), name })
    }

    /// The bytes of the file at the absolute `path`, at most `limit` of them.
    ///
    /// # Errors
    /// [`Unread`], which names the path.
    pub fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, Unread> {
        let mut outcome = self.read_untaped(path, limit);
        if matches!(outcome, Err(Unread::Denied { .. }))
            && let Some(kept) = self.privileged(|facts| facts.file(path))
        {
            outcome = kept;
        }
        self.note(|tape| tape.file(path, &outcome));
        outcome
    }

    fn read_untaped(&self, path: &str, limit: usize) -> Result<Vec<u8>, Unread> {
        self.refused(path)?;
        if let World::Recorded(manifest) = &self.0.world
            && let Some(bytes) = manifest.files.get(path)
        {
            let fits = bytes.len() <= limit;
            return if fits { Ok(bytes.clone()) } else { Err(Unread::TooLarge { path: path.to_owned(), limit }) };
        }
        let at = self.place(path);
        let failed = |error: io::Error| Unread::from_io(path, &error);
        // A pipe or a device would hang or never end.
        if !std::fs::metadata(&at).map_err(failed)?.is_file() {
            return Err(Unread::Failed { path: path.to_owned(), what: "not a regular file".to_owned() });
        }
        let mut bytes = Vec::new();
        File::open(&at).map_err(failed)?.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() > limit { Err(Unread::TooLarge { path: path.to_owned(), limit }) } else { Ok(bytes) }
    }

    /// The text of the file at `path`; bytes that are not UTF-8 become U+FFFD.
    ///
    /// # Errors
    /// [`Unread`], which names the path.
    pub fn text(&self, path: &str, limit: usize) -> Result<String, Unread> {
        self.read(path, limit).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The short value in the file at `path`, trimmed.
    ///
    /// # Errors
    /// [`Unread`], which names the path.
    pub fn value(&self, path: &str) -> Result<String, Unread> {
        self.text(path, VALUE_LIMIT).map(|text| text.trim_matches(['\0', '\n', ' ', '\t']).to_owned())
    }

    /// The names in the directory at `path`, sorted. Names that are not UTF-8 are left out: nothing could ask for them.
    ///
    /// # Errors
    /// [`Unread`], which names the path.
    pub fn list(&self, path: &str) -> Result<Vec<String>, Unread> {
        let outcome = self.list_untaped(path);
        self.note(|tape| tape.names(path, &outcome));
        outcome
    }

    fn list_untaped(&self, path: &str) -> Result<Vec<String>, Unread> {
        self.refused(path)?;
        if let World::Recorded(manifest) = &self.0.world
            && let Some(names) = manifest.names.get(path)
        {
            return Ok(names.clone());
        }
        let failed = |error: io::Error| Unread::from_io(path, &error);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.place(path)).map_err(failed)? {
            if names.len() >= NAMES_LIMIT {
                return Err(Unread::TooLarge { path: path.to_owned(), limit: NAMES_LIMIT });
            }
            names.extend(entry.map_err(failed)?.file_name().into_string().ok());
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Where the symbolic link at `path` points, as written in it.
    ///
    /// # Errors
    /// [`Unread`], which names the path.
    pub fn link(&self, path: &str) -> Result<String, Unread> {
        let recorded = match &self.0.world {
            World::Recorded(manifest) => manifest.links.get(path).cloned(),
            World::Live(_) => None,
        };
        let outcome = match recorded {
            Some(target) => Ok(target),
            None => std::fs::read_link(self.place(path))
                .map(|target| target.to_string_lossy().into_owned())
                .map_err(|error| Unread::from_io(path, &error)),
        };
        self.note(|tape| tape.link(path, &outcome));
        outcome
    }

    /// Whether there is anything at `path`.
    pub fn exists(&self, path: &str) -> bool {
        let recorded = matches!(&self.0.world, World::Recorded(manifest) if manifest.present.contains(path));
        let present = recorded || self.place(path).exists();
        self.note(|tape| tape.present(path, present));
        present
    }

    /// When the file at `path` was last written, seconds since 1970 UTC.
    ///
    /// # Errors
    /// [`Unread`], which names the path.
    pub fn modified(&self, path: &str) -> Result<i64, Unread> {
        let recorded = match &self.0.world {
            World::Recorded(manifest) => manifest.modified.get(path).copied(),
            World::Live(_) => None,
        };
        let outcome = recorded.map_or_else(|| self.meta(path).map(|meta| meta.modified_ns.div_euclid(1_000_000_000) as i64), Ok);
        self.note(|tape| tape.modified(path, &outcome));
        outcome
    }

    /// What identifies the state of the file at `path`. Not recorded: only a watch asks.
    ///
    /// # Errors
    /// [`Unread`], which names the path.
    pub fn meta(&self, path: &str) -> Result<Meta, Unread> {
        platform::meta(&self.place(path)).map_err(|error| Unread::from_io(path, &error))
    }

    /// The mounted file systems of local disks with their sizes.
    pub fn volumes(&self) -> Vec<Volume> {
        let volumes = match &self.0.world {
            World::Live(_) => meters::volumes(),
            World::Recorded(manifest) => manifest.volumes.clone(),
        };
        self.note(|tape| tape.manifest.volumes.clone_from(&volumes));
        volumes
    }

    /// The IPv4 addresses of the interfaces, by name, "10.20.3.17/24".
    pub fn addresses(&self) -> Vec<(String, String)> {
        let addresses = match &self.0.world {
            World::Live(_) => meters::addresses(),
            World::Recorded(manifest) => manifest.addresses.clone(),
        };
        self.note(|tape| tape.manifest.addresses.clone_from(&addresses));
        addresses
    }

    /// Processor, memory, temperature, load and uptime now.
    pub fn vitals(&self) -> Vitals {
        let vitals = match &self.0.world {
            World::Live(meters) => meters.lock().unwrap_or_else(PoisonError::into_inner).read(),
            World::Recorded(manifest) => manifest.vitals.clone(),
        };
        self.note(|tape| tape.manifest.vitals.clone_from(&vitals));
        vitals
    }

    /// Whether none of `servers` answers, as it was when they were last asked; `None` until then, and without any.
    pub fn name_servers_fail(&self, servers: &[IpAddr]) -> Option<bool> {
        match &self.0.world {
            World::Live(_) => self.0.name_servers.fail(servers),
            World::Recorded(manifest) => manifest.dns_failing,
        }
    }

    /// Who answers a fresh resolution of `address` on this machine's own link: a MAC; `None`: nobody. Blocks for up to a minute.
    ///
    /// # Errors
    /// In words: there was no resolution, or it came to no end.
    pub fn neighbour(&self, address: Ipv4Addr) -> Result<Option<String>, String> {
        match &self.0.world {
            World::Live(_) => neighbour::ask(address),
            World::Recorded(_) => Err("a recorded machine is on no network".to_owned()),
        }
    }

    /// The machine's architecture in the kernel's words, "x86_64".
    pub fn architecture(&self) -> String {
        let architecture = match &self.0.world {
            World::Live(_) => meters::architecture(),
            World::Recorded(manifest) => manifest.architecture.clone(),
        };
        self.note(|tape| tape.manifest.architecture.clone_from(&architecture));
        architecture
    }

    /// The kernel's boot id: new at every start of the machine.
    pub fn boot(&self) -> String {
        self.value("/proc/sys/kernel/random/boot_id").unwrap_or_default()
    }

    fn place(&self, path: &str) -> PathBuf {
        self.0.root.join(path.trim_start_matches('/'))
    }

    fn refused(&self, path: &str) -> Result<(), Unread> {
        match &self.0.world {
            World::Recorded(manifest) => manifest.refused.get(path).map_or(Ok(()), |why| Err(why.unread(path))),
            World::Live(_) => Ok(()),
        }
    }

    fn note(&self, write: impl FnOnce(&mut Tape)) {
        if let Some(tape) = &self.0.tape {
            write(&mut tape.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// A machine of these files, for tests.
#[cfg(test)]
pub(crate) fn machine(manifest: &str, files: &[(&str, &str)]) -> (tempfile::TempDir, Host) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("host.json"), manifest).unwrap();
    for (path, text) in files {
        let at = dir.path().join(path);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        std::fs::write(at, text).unwrap();
    }
    let host = Host::recorded(dir.path()).unwrap();
    (dir, host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Host) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("etc/many")).unwrap();
        std::fs::write(dir.path().join("etc/hostname"), b"lab2-17\n").unwrap();
        std::fs::write(dir.path().join("host.json"), br#"{"refused":{"/sys/secret":"denied"},"names":{"/var/x":["a","b"]}}"#).unwrap();
        let host = Host::recorded(dir.path()).unwrap();
        (dir, host)
    }

    #[test]
    fn absent_denied_too_large_and_failed_are_told_apart() {
        let (_dir, host) = folder();
        assert_eq!(host.value("/etc/hostname").as_deref(), Ok("lab2-17"));
        assert!(host.read("/etc/nothing", 9).unwrap_err().is_absent());
        assert_eq!(host.read("/sys/secret", 9), Err(Unread::Denied { path: "/sys/secret".into() }));
        assert_eq!(host.read("/etc/hostname", 3), Err(Unread::TooLarge { path: "/etc/hostname".into(), limit: 3 }));
        assert!(matches!(host.read("/etc/many", 9), Err(Unread::Failed { .. })));
    }

    #[test]
    fn a_listing_comes_from_the_manifest_first() {
        let (_dir, host) = folder();
        assert_eq!(host.list("/var/x").unwrap(), ["a", "b"]);
        assert_eq!(host.list("/etc").unwrap(), ["hostname", "many"]);
    }
}
