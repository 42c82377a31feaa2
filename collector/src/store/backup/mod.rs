//! Backups: the truth of a folder in one file, encrypted to the recovery key; and the way back into a new folder.
//!
//! A backup is an age file to one X25519 recipient; in it an archive (archive.rs): `manifest.json` first, then `snapshot/`, `ledger/`,
//! `blobs/` and `health/` as they lie in the folder, `kept/` for the files of the folder itself, and `extra/` for what the caller adds, which comes back into the folder itself. It
//! is made while
//! the collector runs: up to the last group that was durable when it began. The shelf is not in it; it is made anew.

pub(super) mod archive;
mod check;
mod gather;

pub use check::{CheckReport, Held, check};

use super::disk::{at, entries, write_whole};
use super::folder::RESTORING;
use super::out::{Out, make_dir, private_dir, remove, sync_dir};
use super::people::{FORGOTTEN, KEYS, take_over_forgotten};
use super::signed::{CHECKPOINTS, hex};
use super::{Folder, Store, StoreError, verify_folder};
use age::x25519::{Identity, Recipient};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

const MANIFEST: &str = "manifest.json";
/// Largest manifest, bytes.
const MAX_MANIFEST: u64 = 64 * 1024;
/// What a backup may bring into a folder.
const PARTS: &[&str] = &["blobs", "health", "ledger", "snapshot"];
/// Files of the folder itself that a backup brings, under `kept/`.
const KEPT: &[&str] = &[CHECKPOINTS, FORGOTTEN, KEYS];

/// What a backup says of itself.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    group: u64,
    seq: u64,
    head: String,
}

/// What was backed up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackupReport {
    /// The file.
    pub file: PathBuf,
    /// Files in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Number of the last event in it.
    pub seq: u64,
    /// The ledger's head there: 64 hexadecimal digits.
    pub head: String,
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RestoreReport {
    /// The folder.
    pub dir: PathBuf,
    /// Files in it.
    pub files: u64,
    /// Number of the last event.
    pub seq: u64,
    /// The ledger's head: 64 hexadecimal digits.
    pub head: String,
    /// One hash over all records.
    pub state_hash: String,
    /// What was damaged in the folder already when it was backed up, one line each; empty: nothing.
    pub damage: Vec<String>,
    /// What to do next, in words.
    pub next: String,
}

/// Why there is no backup, or no restored folder.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not a recovery recipient.
    #[error("{text:?} is not a recovery recipient ({why}); it begins with age1")]
    Recipient {
        /// The offending text.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Not a recovery key; the text is not repeated.
    #[error("this is not a recovery key ({0}); it begins with AGE-SECRET-KEY-1")]
    Identity(&'static str),
    /// There is such a file.
    #[error("{}: there is such a file; name another", .0.display())]
    Exists(PathBuf),
    /// There is something in the folder.
    #[error("{}: the folder is not empty; restore into a new one", .0.display())]
    NotEmpty(PathBuf),
    /// The key opens another backup.
    #[error("{}: this recovery key does not open it", .0.display())]
    WrongKey(PathBuf),
    /// Not a backup, or a damaged one, found by a check.
    #[error("{}: {what}; it is of no use, take another backup", file.display())]
    Unsound {
        /// The backup.
        file: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// Not a backup, or a damaged one.
    #[error("{}: {what}; the folder {} is of no use, remove it and take another backup", file.display(), dir.display())]
    Damaged {
        /// The backup.
        file: PathBuf,
        /// The half restored folder.
        dir: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// Backs up what is durable in `store`, and each of `extra` (name and file), to the new file `to`, encrypted to `recipient`.
///
/// # Errors
/// [`BackupError`]; then there is no file.
pub fn back_up(store: &Folder, extra: &[(String, PathBuf)], recipient: &str, to: &Path) -> Result<BackupReport, BackupError> {
    let text = recipient.trim();
    let recipient: Recipient = text.parse().map_err(|why| BackupError::Recipient { text: text.chars().take(80).collect(), why })?;
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let report = write_whole(to, |file| {
        let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient)).map_err(io::Error::other)?;
        let mut archive = archive::Writer::begin(encryptor.wrap_output(BufWriter::new(file))?)?;
        let manifest = gather::fill(&mut archive, store, extra)?;
        let (encrypted, files, bytes) = archive.end()?;
        encrypted.finish()?.flush()?;
        Ok(BackupReport { file: to.to_owned(), files, bytes, seq: manifest.seq, head: manifest.head })
    })?;
    Ok(report)
}

/// Restores the backup `from` with the recovery key `identity` into the new or empty folder `into`, and checks everything. Whoever was
/// forgotten since stays forgotten: the list `forgotten` beside the backup goes over the keys in it. Whoever calls this raises the
/// site's epoch with a change of its own, and then calls [`finish`]: until then the folder is marked as half restored, and no collector
/// opens it.
///
/// # Errors
/// [`BackupError`]; the mark stays.
pub fn restore(from: &Path, identity: &str, into: &Path) -> Result<RestoreReport, BackupError> {
    let identity: Identity = identity.trim().parse().map_err(BackupError::Identity)?;
    let mut archive = open_backup(from, &identity, |what| damaged(from, into, what))?;
    if !entries(into)?.is_empty() {
        return Err(BackupError::NotEmpty(into.to_owned()));
    }
    make_dir(into)?;
    let mark = into.join(RESTORING);
    write_whole(&mark, |file| file.write_all(b"a restore into this folder is not finished\n"))?;
    let (manifest, files) = take_out(&mut archive, into).map_err(|error| damaged(from, into, error.to_string()))?;
    take_over_forgotten(&from.with_file_name(FORGOTTEN), into)?;
    let opened = File::open(into).and_then(|dir| rustix::fs::syncfs(&dir).map_err(io::Error::from));
    opened.map_err(at("make the restored folder durable", into))?;
    // Every byte is as it was backed up, so that what is damaged was damaged then: it stands in the way only of what needs it.
    let damage = verify_folder(into)?.damage;
    let restored = Folder::open_restored(into)?;
    let state_hash = restored.load()?.state_hash();
    let head = hex(&restored.segments().1.head);
    if head != manifest.head {
        return Err(damaged(from, into, format!("its ledger ends at {head}, and it says {}", manifest.head)));
    }
    drop(restored);
    let next = format!(
        "stop the old collector for good, then start this one: rollcall serve --data {}; every agent announces itself anew",
        into.display()
    );
    Ok(RestoreReport { dir: into.to_owned(), files, seq: manifest.seq, head: manifest.head, state_hash, damage, next })
}

/// The restored folder is whole, its epoch raised: any collector may open it now.
///
/// # Errors
/// The disk's own error.
pub fn finish(into: &Path) -> Result<(), BackupError> {
    let mark = into.join(RESTORING);
    remove(&mark).map_err(at("remove the mark of an unfinished restore", &mark))?;
    Ok(sync_dir(into)?)
}

type Archive = archive::Reader<age::stream::StreamReader<BufReader<File>>>;

fn open_backup(from: &Path, identity: &Identity, damaged: impl Fn(String) -> BackupError) -> Result<Archive, BackupError> {
    let file = File::open(from).map_err(at("open the backup", from))?;
    let opened = age::Decryptor::new_buffered(BufReader::new(file));
    let opened = opened.and_then(|decryptor| decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)));
    let plain = opened.map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => BackupError::WrongKey(from.to_owned()),
        error => damaged(error.to_string()),
    })?;
    archive::Reader::begin(plain).map_err(|error| damaged(error.to_string()))
}

/// Takes every file out of the archive; gives the manifest and their number.
pub(super) fn take_out<R: Read>(archive: &mut archive::Reader<R>, into: &Path) -> io::Result<(Manifest, u64)> {
    read_out(archive, |name| Ok(BufWriter::new(place_in(name, into)?)))
}

/// Reads an archive to its end, each file into what `place` gives for its name; gives the manifest and their number.
fn read_out<R: Read, W: Write>(
    archive: &mut archive::Reader<R>,
    mut place: impl FnMut(&str) -> io::Result<W>,
) -> io::Result<(Manifest, u64)> {
    let first = archive.head()?.filter(|head| head.name == MANIFEST && head.length <= MAX_MANIFEST);
    let mut text = Vec::new();
    archive.copy(first.ok_or_else(|| io::Error::other("it has no manifest"))?, &mut text)?;
    let manifest: Manifest = serde_json::from_slice(&text)?;
    if manifest.format != 1 {
        return Err(io::Error::other(format!("it is of format {}, which a newer version wrote", manifest.format)));
    }
    let mut files = 0;
    while let Some(head) = archive.head()? {
        let to = place(&head.name)?;
        archive.copy(head, to)?;
        files += 1;
    }
    Ok((manifest, files))
}

/// The new file that one of the archive goes into.
fn place_in(name: &str, into: &Path) -> io::Result<Out> {
    let target = target_of(name, into)?;
    if let Some(folder) = target.parent() {
        private_dir(folder)?;
    }
    Out::create(&target)
}

fn target_of(name: &str, into: &Path) -> io::Result<PathBuf> {
    target(name, into).ok_or_else(|| io::Error::other(format!("{name} in it has no place in a folder")))
}

/// Where a file of the archive goes: a part of the store, or the folder itself; never over something else.
fn target(name: &str, into: &Path) -> Option<PathBuf> {
    let (part, rest) = name.split_once('/')?;
    match part {
        "extra" if !rest.contains('/') && !PARTS.contains(&rest) && !["lock", "shelf", RESTORING].contains(&rest) => Some(into.join(rest)),
        "kept" if KEPT.contains(&rest) => Some(into.join(rest)),
        part if PARTS.contains(&part) => Some(into.join(name)),
        _ => None,
    }
}

fn damaged(file: &Path, dir: &Path, what: String) -> BackupError {
    BackupError::Damaged { file: file.to_owned(), dir: dir.to_owned(), what }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::store::contract::{asset, entry_about, groups, put, site};
    use age::secrecy::ExposeSecret;

    pub(super) struct Case {
        dir: tempfile::TempDir,
        folder: Folder,
        pub key: String,
        recipient: String,
    }

    pub(super) fn case() -> Case {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("live")).unwrap();
        for (number, group) in groups(30).iter().enumerate() {
            folder.commit(group).unwrap();
            if number == 7 {
                folder.snapshot(&folder.load().unwrap()).unwrap();
            }
        }
        put(&folder, b"content").unwrap();
        std::fs::write(dir.path().join("sealed"), b"sealed secrets").unwrap();
        let identity = Identity::generate();
        Case { dir, folder, key: identity.to_string().expose_secret().to_owned(), recipient: identity.to_public().to_string() }
    }

    impl Case {
        pub fn path(&self, name: &str) -> PathBuf {
            self.dir.path().join(name)
        }

        pub fn back_up(&self, name: &str) -> BackupReport {
            let extra = [("secrets.sealed".to_owned(), self.path("sealed"))];
            back_up(&self.folder, &extra, &self.recipient, &self.path(name)).unwrap()
        }
    }

    #[test]
    fn a_restored_folder_is_the_same_and_goes_on() {
        let case = case();
        let report = case.back_up("site.backup");
        assert_eq!((report.seq, report.head.len()), (30, 64));
        case.folder.commit(&[entry_about(31, asset(1))]).unwrap();
        let restored = restore(&case.path("site.backup"), &case.key, &case.path("new")).unwrap();
        assert_eq!((restored.seq, &restored.head, &restored.state_hash), (30, &report.head, &site(30).state_hash()));
        assert!(restored.next.contains("rollcall serve --data"));
        assert_eq!(std::fs::read(case.path("new/secrets.sealed")).unwrap(), b"sealed secrets");
        assert!(matches!(Folder::open(&case.path("new")), Err(StoreError::HalfRestored { .. })), "its epoch is not raised yet");
        finish(&case.path("new")).unwrap();
        let folder = Folder::open(&case.path("new")).unwrap();
        assert_eq!(folder.blob(&rollcall_proto::Digest::of(b"content")).unwrap().unwrap(), b"content");
        folder.commit(&[entry_about(31, asset(1))]).unwrap();
        assert_eq!(folder.load().unwrap().state_hash(), case.folder.load().unwrap().state_hash());
    }

    #[test]
    fn what_upkeep_takes_away_meanwhile_is_passed_over_and_nothing_else() {
        let case = case();
        // A link that leads nowhere is listed, and gone when it is opened.
        let vanish = |name: &str| {
            std::fs::create_dir_all(case.path(name).parent().unwrap()).unwrap();
            std::os::unix::fs::symlink("gone", case.path(name)).unwrap();
        };
        vanish("live/health/2027-01-15.log");
        std::fs::write(case.path("live/health/2027-01-15.day"), b"packed").unwrap();
        case.back_up("site.backup");
        restore(&case.path("site.backup"), &case.key, &case.path("new")).unwrap();
        assert_eq!(std::fs::read(case.path("new/health/2027-01-15.day")).unwrap(), b"packed");

        let segment = entries(&case.path("live/ledger")).unwrap().remove(0);
        std::fs::remove_file(&segment).unwrap();
        let error = format!("{:?}", back_up(&case.folder, &[], &case.recipient, &case.path("again")).unwrap_err());
        assert!(error.contains("NotFound"), "{error}");
        assert!(!case.path("again").exists());
    }

    #[test]
    fn what_is_there_is_never_written_over() {
        let case = case();
        case.back_up("site.backup");
        let again = back_up(&case.folder, &[], &case.recipient, &case.path("site.backup"));
        assert!(matches!(again, Err(BackupError::Exists(_))));
        let full = restore(&case.path("site.backup"), &case.key, &case.path("live")).unwrap_err();
        assert!(full.to_string().ends_with("live: the folder is not empty; restore into a new one"), "{full}");
        std::fs::create_dir(case.path("empty")).unwrap();
        restore(&case.path("site.backup"), &case.key, &case.path("empty")).unwrap();
    }

    #[test]
    fn wrong_keys_and_names_are_told() {
        let case = case();
        case.back_up("site.backup");
        let other = Identity::generate().to_string().expose_secret().to_owned();
        let into = case.path("new");
        assert!(matches!(restore(&case.path("site.backup"), &other, &into), Err(BackupError::WrongKey(_))));
        assert!(matches!(restore(&case.path("site.backup"), "AGE-SECRET-KEY-1NONSENSE", &into), Err(BackupError::Identity(_))));
        assert!(!into.exists());
        assert!(matches!(back_up(&case.folder, &[], "age1nonsense", &case.path("b")), Err(BackupError::Recipient { .. })));
        let bad = [("../secrets".to_owned(), case.path("sealed"))];
        assert!(back_up(&case.folder, &bad, &case.recipient, &case.path("b")).is_err() && !case.path("b").exists());
    }

    #[test]
    fn a_damaged_backup_is_refused_and_its_folder_is_not_opened() {
        let case = case();
        case.back_up("site.backup");
        let good = std::fs::read(case.path("site.backup")).unwrap();
        for (number, position) in (0..good.len()).step_by(good.len() / 12).chain([good.len() - 1]).enumerate() {
            let mut changed = good.clone();
            changed[position] ^= 1;
            for (kind, bytes) in [("changed", &changed[..]), ("cut", &good[..position])] {
                let (from, into) = (case.path(kind), case.path(&format!("{kind}{number}")));
                std::fs::write(&from, bytes).unwrap();
                let error = restore(&from, &case.key, &into).unwrap_err().to_string();
                assert!(error.contains(from.to_str().unwrap()), "{error}");
                assert!(!into.exists() || matches!(Folder::open(&into), Err(StoreError::HalfRestored { .. })));
            }
        }
    }
}
