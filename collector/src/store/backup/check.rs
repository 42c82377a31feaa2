//! Says whether a backup would restore, and what is in it: unpacks it into a folder that is removed again, and reads every byte.

use super::{BackupError, open_backup, place_in, read_out, target_of};
use crate::store::disk::at;
use crate::store::out::make_dir;
use crate::store::signed::Signed;
use crate::store::verify::verify_and_load;
use age::x25519::Identity;
use rollcall_site::Site;
use serde::Serialize;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// What was found in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// The backup.
    pub file: PathBuf,
    /// Its bytes.
    pub bytes: u64,
    /// Files in it.
    pub files: u64,
    /// Number of the last event.
    pub seq: u64,
    /// The ledger's head: 64 hexadecimal digits.
    pub head: String,
    /// Entries of the ledger, each held to the chain.
    pub entries: u64,
    /// Signed checkpoints that the ledger was held to.
    pub checkpoints: u64,
    /// The last of them.
    pub checkpoint: Option<String>,
    /// What the site holds; absent: its records can't be made of it.
    pub site: Option<Held>,
    /// What is damaged, one line each; empty: nothing.
    pub damage: Vec<String>,
}

/// What the site of a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The site's name.
    pub name: String,
    /// Everything with a tag.
    pub assets: usize,
    /// Enrolled machines.
    pub devices: usize,
    /// People of the roster.
    pub persons: usize,
    /// What is lent out.
    pub out: usize,
    /// Tickets, open and closed.
    pub tickets: usize,
    /// One hash over all records.
    pub state_hash: String,
}

impl Held {
    fn of(site: &Site) -> Self {
        Self {
            name: site.about().map(|about| about.name.clone()).unwrap_or_default(),
            assets: site.assets.len(),
            devices: site.devices.len(),
            persons: site.persons.len(),
            out: site.loans.values().filter(|loan| loan.is_open()).count(),
            tickets: site.tickets.len(),
            state_hash: site.state_hash(),
        }
    }
}

/// Checks the backup `from` with the recovery key `identity`. It is unpacked under the folder `scratch`, for this user alone and without the
/// site's own keys, and nothing of it stays there; `stop` ends it early.
///
/// # Errors
/// [`BackupError`]: it can't be opened, is cut off, or a byte of it was changed. Damage that was backed up is in the answer.
pub fn check(from: &Path, identity: &str, scratch: &Path, stop: &AtomicBool) -> Result<CheckReport, BackupError> {
    let identity: Identity = identity.trim().parse().map_err(BackupError::Identity)?;
    let unsound = |what: String| BackupError::Unsound { file: from.to_owned(), what };
    let bytes = fs::metadata(from).map_err(at("open the backup", from))?.len();
    let mut archive = open_backup(from, &identity, unsound)?;
    let place = Scratch(scratch.join(format!("rollcall-check-{}", Uuid::now_v7())));
    make_dir(&place.0)?;
    let read = read_out(&mut archive, |name| Ok(Stoppable { to: written(name, &place.0)?, stop }));
    let (manifest, files) = read.map_err(|error| unsound(error.to_string()))?;
    let (mut verified, loaded) = verify_and_load(&place.0, "")?;
    if verified.head != manifest.head {
        verified.damage.push(format!("its ledger ends at {}, and it says {}", verified.head, manifest.head));
    }
    let site = loaded.as_ref().map(Held::of).ok();
    verified.damage.extend(loaded.err().map(|error| format!("its records can't be made of it: {error}")));
    let here = format!("{}/", place.0.display());
    Ok(CheckReport {
        file: from.to_owned(),
        bytes,
        files,
        seq: manifest.seq,
        head: manifest.head,
        entries: verified.entries,
        checkpoints: verified.checkpoints,
        checkpoint: Signed::open(&place.0)?.text(),
        site,
        damage: verified.damage.iter().map(|line| line.replace(&here, "")).collect(),
    })
}

/// Where a file of the archive is written. Keys and certificates are read to their end, and written nowhere.
fn written(name: &str, into: &Path) -> io::Result<Box<dyn Write>> {
    if name.starts_with("extra/") {
        return target_of(name, into).map(|_| Box::new(io::sink()) as Box<dyn Write>);
    }
    Ok(Box::new(BufWriter::new(place_in(name, into)?)))
}

/// A folder that goes when it is let go of.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "what was unpacked could not be removed; remove it");
        }
    }
}

/// Writes on until it is told to stop.
struct Stoppable<'a> {
    to: Box<dyn Write>,
    stop: &'a AtomicBool,
}

impl Write for Stoppable<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Not `Interrupted`, which would be tried again.
        if self.stop.load(Ordering::Relaxed) { Err(io::Error::other("the check was broken off")) } else { self.to.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Case, case};
    use super::*;
    use crate::store::contract::site;
    use crate::store::verify_folder;
    use age::secrecy::ExposeSecret;

    fn scratch(case: &Case) -> PathBuf {
        let scratch = case.path("scratch");
        fs::create_dir_all(&scratch).unwrap();
        scratch
    }

    fn check_it(case: &Case, name: &str) -> Result<CheckReport, BackupError> {
        let scratch = scratch(case);
        let checked = check(&case.path(name), &case.key, &scratch, &AtomicBool::new(false));
        assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0, "nothing stays");
        checked
    }

    #[test]
    fn it_says_what_is_in_it_as_a_restore_would_find_it() {
        let case = case();
        let made = case.back_up("site.backup");
        let report = check_it(&case, "site.backup").unwrap();
        assert_eq!((report.seq, &report.head, report.files), (30, &made.head, made.files - 1), "the manifest is not counted");
        let held = report.site.unwrap();
        assert_eq!((held.assets, &held.state_hash), (site(30).assets.len(), &site(30).state_hash()));
        assert!(report.damage.is_empty(), "{:?}", report.damage);
        assert_eq!(report.entries, verify_folder(&case.path("live")).unwrap().entries);
    }

    #[test]
    fn no_changed_byte_and_no_cut_passes() {
        let case = case();
        case.back_up("site.backup");
        let good = fs::read(case.path("site.backup")).unwrap();
        for position in (0..good.len()).step_by(good.len() / 12).chain([good.len() - 1]) {
            let mut changed = good.clone();
            changed[position] ^= 1;
            for bytes in [&changed[..], &good[..position]] {
                fs::write(case.path("bad"), bytes).unwrap();
                let error = check_it(&case, "bad").unwrap_err().to_string();
                assert!(error.contains("bad"), "{error}");
            }
        }
    }

    #[test]
    fn what_was_damaged_when_it_was_backed_up_is_named() {
        let case = case();
        let snapshot = fs::read_dir(case.path("live/snapshot")).unwrap().next().unwrap().unwrap().path();
        let mut bytes = fs::read(&snapshot).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&snapshot, bytes).unwrap();
        case.back_up("site.backup");
        let report = check_it(&case, "site.backup").unwrap();
        let named = |line: &String| line.contains("snapshot/") && !line.contains("rollcall-check");
        assert!(report.damage.iter().any(named), "{:?}", report.damage);
    }

    #[test]
    fn another_key_and_a_stop_leave_nothing() {
        let case = case();
        case.back_up("site.backup");
        let scratch = scratch(&case);
        let with = |key: &str, stop| check(&case.path("site.backup"), key, &scratch, &AtomicBool::new(stop));
        let other = Identity::generate().to_string().expose_secret().to_owned();
        assert!(matches!(with(&other, false), Err(BackupError::WrongKey(_))));
        assert!(matches!(with("AGE-SECRET-KEY-1NONSENSE", false), Err(BackupError::Identity(_))));
        assert!(with(&case.key, true).unwrap_err().to_string().contains("broken off"));
        assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0);
    }
}
