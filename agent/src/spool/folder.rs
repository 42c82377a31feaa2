//! The spool on disk: `current`, a folder per session with a file per entry, and `contents` by digest.
//!
//! Every file is written beside its place, synced and renamed; entries carry a digest of their own bytes. What a crash
//! leaves half done is not found under its name, or is dropped by its digest.

use super::{Kept, SpoolError};
use crate::host::{private_dir, write_all_private, write_private};
use crate::survey::Contents;
use prost::Message;
use rollcall_proto::v1::Entry;
use rollcall_proto::{Digest, MAX_SECTION};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of a digest before an entry's own.
const DIGEST: usize = 32;
/// Numbers of entries stay below: what claims more is no entry of ours.
const MOST: u64 = 1 << 62;

/// The spool on disk.
pub struct Folder {
    dir: PathBuf,
    current: Current,
}

/// What `current` says.
#[derive(Clone, Serialize, Deserialize)]
struct Current {
    /// The session whose folder counts.
    session: String,
    /// The machine's start in which it began.
    boot: String,
    /// Entries up to here are acknowledged.
    acknowledged: u64,
}

impl Folder {
    /// Opens the spool; see [`super::Spool::open`].
    pub(super) fn open(dir: &Path, boot: &str, session: String) -> Result<(Self, Kept), SpoolError> {
        private_dir(&dir.join("contents")).map_err(failed(dir))?;
        let stored = std::fs::read(dir.join("current")).ok().and_then(|bytes| serde_json::from_slice::<Current>(&bytes).ok());
        let stored = stored.filter(|current| uuid::Uuid::parse_str(&current.session).is_ok() && current.acknowledged < MOST);
        let began = Current { session: session.clone(), boot: boot.to_owned(), acknowledged: 0 };
        let same_boot = stored.as_ref().is_some_and(|current| current.boot == boot);
        let (current, astray) = match stored {
            Some(stored) => (stored, 0),
            None => adopted(dir, &began)?,
        };
        let mut folder = Self { dir: dir.to_owned(), current };
        let (mut entries, mut lost, mut highest) = folder.read_entries()?;
        lost += astray;
        if !same_boot {
            folder.current.boot = began.boot;
            folder.begin_anew(&session, &renumbered(&mut entries, &session))?;
            highest = entries.len() as u64;
        }
        if entries.is_empty() {
            // Numbers of entries that were torn were given once, too, and may have been heard.
            folder.current.acknowledged = folder.current.acknowledged.max(highest);
        }
        folder.sweep()?;
        let contents = folder.read_contents(&entries);
        let next = highest.max(folder.current.acknowledged) + 1;
        let kept = Kept { session: folder.current.session.clone(), next, entries, contents, lost };
        Ok((folder, kept))
    }

    /// See [`super::Spool::keep`].
    pub(super) fn keep(&self, entry: &Entry, contents: &Contents) -> Result<(), SpoolError> {
        let missing = contents.iter().map(|(digest, bytes)| (self.content(digest), bytes)).filter(|(path, _)| !path.exists());
        let missing: Vec<_> = missing.collect();
        let dir = self.dir.join("contents");
        write_all_private(missing.iter().map(|(path, bytes)| (path.as_path(), &bytes[..]))).map_err(failed(&dir))?;
        self.write_entry(&self.session_dir(), entry)
    }

    /// See [`super::Spool::forget`].
    pub(super) fn forget(&mut self, up_to: u64, still_used: &Contents) -> Result<(), SpoolError> {
        // The mark first: a number that was once acknowledged is never given again.
        self.current.acknowledged = self.current.acknowledged.max(up_to);
        self.write_current()?;
        for (number, path) in numbered(&self.session_dir())? {
            if number <= up_to {
                remove(&path)?;
            }
        }
        for (digest, path) in self.content_files()? {
            if !digest.is_some_and(|digest| still_used.contains_key(&digest)) {
                remove(&path)?;
            }
        }
        Ok(())
    }

    /// See [`super::Spool::begin_anew`].
    pub(super) fn begin_anew(&mut self, session: &str, entries: &[Entry]) -> Result<(), SpoolError> {
        let dir = self.dir.join(session);
        private_dir(&dir).map_err(failed(&dir))?;
        entries.iter().try_for_each(|entry| self.write_entry(&dir, entry))?;
        let old = self.session_dir();
        self.current = Current { session: session.to_owned(), acknowledged: 0, boot: self.current.boot.clone() };
        self.write_current()?;
        if old != dir && old.exists() {
            std::fs::remove_dir_all(&old).map_err(failed(&old))?;
        }
        Ok(())
    }

    fn write_current(&self) -> Result<(), SpoolError> {
        let path = self.dir.join("current");
        let text = serde_json::to_vec(&self.current).map_err(|error| SpoolError { path: path.clone(), source: error.into() })?;
        write_private(&path, &text).map_err(failed(&path))
    }

    fn write_entry(&self, dir: &Path, entry: &Entry) -> Result<(), SpoolError> {
        let body = entry.encode_to_vec();
        let path = dir.join(format!("{:020}", entry.number));
        let bytes = [Digest::of(&body).as_bytes().as_slice(), &body].concat();
        write_private(&path, &bytes).map_err(failed(&path))
    }

    fn session_dir(&self) -> PathBuf {
        self.dir.join(&self.current.session)
    }

    fn content(&self, digest: &Digest) -> PathBuf {
        self.dir.join("contents").join(digest.to_string())
    }

    fn content_files(&self) -> Result<Vec<(Option<Digest>, PathBuf)>, SpoolError> {
        let dir = self.dir.join("contents");
        Ok(files(&dir)?.into_iter().map(|(name, path)| (Digest::from_hex(&name), path)).collect())
    }

    /// The entries without a gap up to the newest, how many were torn or stand before a gap, and the highest number.
    fn read_entries(&self) -> Result<(Vec<Entry>, u64, u64), SpoolError> {
        let dir = self.session_dir();
        private_dir(&dir).map_err(failed(&dir))?;
        let mut entries: Vec<Entry> = Vec::new();
        let (mut lost, mut highest) = (0, 0);
        for (number, path) in numbered(&dir)? {
            highest = number;
            if number <= self.current.acknowledged {
                remove(&path)?;
                continue;
            }
            let read = std::fs::read(&path).ok().and_then(|bytes| entry(&bytes)).filter(|entry| entry.number == number);
            let follows = entries.last().is_none_or(|last| last.number + 1 == number);
            if !follows || read.is_none() {
                lost += entries.len() as u64 + u64::from(read.is_none());
                entries.clear();
            }
            match read {
                Some(entry) => entries.push(entry),
                None => remove(&path)?,
            }
        }
        Ok((entries, lost, highest))
    }

    /// The bytes that `entries` announce, as far as they are whole.
    fn read_contents(&self, entries: &[Entry]) -> Contents {
        let announced = entries.iter().flat_map(|entry| &entry.sections).filter_map(|state| Digest::from_wire(&state.digest));
        let read = |digest: Digest| {
            let path = self.content(&digest);
            let fits = std::fs::metadata(&path).is_ok_and(|meta| meta.len() <= MAX_SECTION as u64);
            let bytes: Arc<[u8]> = if fits { std::fs::read(&path).ok()?.into() } else { return None };
            (Digest::of(&bytes) == digest).then_some((digest, bytes))
        };
        announced.filter_map(read).collect()
    }

    /// Clears away folders of other sessions and drafts that a crash left.
    fn sweep(&self) -> Result<(), SpoolError> {
        self.write_current()?;
        for entry in std::fs::read_dir(&self.dir).map_err(failed(&self.dir))?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            if uuid::Uuid::parse_str(&name).is_ok() && name != self.current.session {
                std::fs::remove_dir_all(&path).map_err(failed(&path))?;
            }
        }
        [self.dir.clone(), self.session_dir(), self.dir.join("contents")].iter().try_for_each(|dir| {
            files(dir)?.into_iter().filter(|(name, _)| name.ends_with(".draft")).try_for_each(|(_, path)| remove(&path))
        })
    }
}

/// What counts when `current` can't be read: the fullest folder of a session, and how many entries the others hold, which are lost.
/// What is left of it begins a new session, so that no number is given twice.
fn adopted(dir: &Path, began: &Current) -> Result<(Current, u64), SpoolError> {
    let mut folders: Vec<(usize, String)> = Vec::new();
    for (name, path) in files(dir)?.into_iter().filter(|(name, path)| uuid::Uuid::parse_str(name).is_ok() && path.is_dir()) {
        folders.push((numbered(&path)?.len(), name));
    }
    folders.sort_unstable();
    let session = folders.pop().map_or_else(|| began.session.clone(), |(_, name)| name);
    Ok((Current { session, ..began.clone() }, folders.iter().map(|(entries, _)| *entries as u64).sum()))
}

/// Gives `entries` the numbers from 1 of `session`, in place, and a copy.
fn renumbered(entries: &mut [Entry], session: &str) -> Vec<Entry> {
    for (entry, number) in entries.iter_mut().zip(1..) {
        entry.number = number;
        entry.session = session.to_owned();
    }
    entries.to_vec()
}

fn entry(bytes: &[u8]) -> Option<Entry> {
    let (digest, body) = bytes.split_at_checked(DIGEST)?;
    (Digest::of(body).as_bytes() == digest).then(|| Entry::decode(body).ok())?
}

fn files(dir: &Path) -> Result<Vec<(String, PathBuf)>, SpoolError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed(dir))? {
        let entry = entry.map_err(failed(dir))?;
        files.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    Ok(files)
}

fn numbered(dir: &Path) -> Result<Vec<(u64, PathBuf)>, SpoolError> {
    let mut numbered: Vec<(u64, PathBuf)> =
        files(dir)?.into_iter().filter_map(|(name, path)| Some((name.parse().ok().filter(|number| *number < MOST)?, path))).collect();
    numbered.sort_unstable();
    Ok(numbered)
}

fn remove(path: &Path) -> Result<(), SpoolError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path)(error)),
        _ => Ok(()),
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> SpoolError + use<> {
    let path = path.to_owned();
    move |source| SpoolError { path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_proto::v1::SectionState;

    const FIRST: &str = "01890000-0000-7000-8000-000000000001";
    const SECOND: &str = "01890000-0000-7000-8000-000000000002";

    fn entry(number: u64, bytes: &[u8]) -> (Entry, Contents) {
        let digest = Digest::of(bytes);
        let state = SectionState { name: "os".into(), digest: digest.as_bytes().to_vec(), ..SectionState::default() };
        let entry = Entry { session: FIRST.into(), number, sections: vec![state], ..Entry::default() };
        (entry, Contents::from([(digest, bytes.into())]))
    }

    fn filled() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let (folder, kept) = Folder::open(dir.path(), "boot", FIRST.into()).unwrap();
        assert_eq!(kept, Kept::new(FIRST.into()));
        for (entry, contents) in [entry(1, b"a"), entry(2, b"b"), entry(3, b"a")] {
            folder.keep(&entry, &contents).unwrap();
        }
        (dir, folder)
    }

    fn reopened(dir: &Path, boot: &str) -> Kept {
        Folder::open(dir, boot, SECOND.into()).unwrap().1
    }

    fn numbers(kept: &Kept) -> Vec<u64> {
        kept.entries.iter().map(|entry| entry.number).collect()
    }

    #[test]
    fn entries_and_their_bytes_survive_a_crash() {
        let (dir, _) = filled();
        let kept = reopened(dir.path(), "boot");
        assert_eq!((kept.session.as_str(), numbers(&kept), kept.next, kept.contents.len(), kept.lost), (FIRST, vec![1, 2, 3], 4, 2, 0));
    }

    #[test]
    fn numbers_are_never_given_twice() {
        let (dir, mut folder) = filled();
        folder.forget(3, &Contents::new()).unwrap();
        let kept = reopened(dir.path(), "boot");
        assert_eq!((numbers(&kept), kept.next, kept.contents.len()), (vec![], 4, 0));
    }

    #[test]
    fn bytes_that_are_still_announced_stay() {
        let (dir, mut folder) = filled();
        let (third, contents) = entry(3, b"a");
        folder.forget(2, &contents).unwrap();
        let kept = reopened(dir.path(), "boot");
        assert_eq!((kept.entries, kept.contents), (vec![third], contents));
    }

    #[test]
    fn another_boot_begins_a_new_session_with_what_was_kept() {
        let (dir, mut folder) = filled();
        folder.forget(1, &entry(2, b"b").1.into_iter().chain(entry(3, b"a").1).collect()).unwrap();
        let kept = reopened(dir.path(), "next boot");
        assert_eq!((kept.session.as_str(), numbers(&kept), kept.next, kept.contents.len()), (SECOND, vec![1, 2], 3, 2));
        assert!(kept.entries.iter().all(|entry| entry.session == SECOND));
        assert!(!dir.path().join(FIRST).exists());
        assert_eq!(numbers(&reopened(dir.path(), "next boot")), [1, 2]);
    }

    #[test]
    fn a_torn_entry_costs_what_came_before_it_and_is_counted() {
        let (dir, folder) = filled();
        let path = folder.session_dir().join(format!("{:020}", 2));
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.truncate(40);
        std::fs::write(&path, bytes).unwrap();
        let kept = reopened(dir.path(), "boot");
        assert_eq!((numbers(&kept), kept.next, kept.lost), (vec![3], 4, 2));
    }

    #[test]
    fn torn_bytes_and_drafts_are_not_taken_for_whole() {
        let (dir, folder) = filled();
        std::fs::write(folder.content(&Digest::of(b"b")), b"torn").unwrap();
        std::fs::write(folder.session_dir().join(".00000000000000000004.draft"), b"half").unwrap();
        let kept = reopened(dir.path(), "boot");
        assert_eq!((numbers(&kept), kept.contents.len()), (vec![1, 2, 3], 1));
        assert!(!folder.session_dir().join(".00000000000000000004.draft").exists());
    }

    #[test]
    fn a_torn_mark_costs_no_entry_and_no_number_is_given_twice() {
        let (dir, _) = filled();
        let other = dir.path().join("01880000-0000-7000-8000-000000000009");
        std::fs::create_dir(&other).unwrap();
        std::fs::write(other.join(format!("{:020}", 1)), b"left behind").unwrap();
        std::fs::write(dir.path().join("current"), b"{").unwrap();
        let kept = reopened(dir.path(), "boot");
        assert_eq!((kept.session.as_str(), numbers(&kept), kept.next), (SECOND, vec![1, 2, 3], 4));
        assert_eq!((kept.contents.len(), kept.lost), (2, 1));
        assert!(!dir.path().join(FIRST).exists() && !other.exists());
        assert_eq!(numbers(&reopened(dir.path(), "boot")), [1, 2, 3]);
    }

    #[test]
    fn the_number_of_a_torn_entry_is_not_given_again_however_often_the_agent_starts() {
        let (dir, _) = filled();
        for number in 1..=3 {
            std::fs::write(dir.path().join(FIRST).join(format!("{number:020}")), b"torn").unwrap();
        }
        let kept = reopened(dir.path(), "boot");
        assert_eq!((numbers(&kept), kept.next, kept.lost), (vec![], 4, 3));
        assert_eq!(reopened(dir.path(), "boot").next, 4);
    }

    #[test]
    fn a_number_that_nobody_gave_is_no_entry() {
        let (dir, _) = filled();
        std::fs::write(dir.path().join(FIRST).join(u64::MAX.to_string()), b"rubbish").unwrap();
        assert_eq!(reopened(dir.path(), "boot").next, 4);
        let mark = format!(r#"{{"session":"{FIRST}","boot":"boot","acknowledged":{}}}"#, u64::MAX);
        std::fs::write(dir.path().join("current"), mark).unwrap();
        assert_eq!(numbers(&reopened(dir.path(), "boot")), [1, 2, 3]);
    }

    #[test]
    fn a_folder_of_rubbish_is_an_empty_spool() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join(FIRST)).unwrap();
        std::fs::write(dir.path().join(FIRST).join("7"), b"rubbish").unwrap();
        std::fs::write(dir.path().join("current"), format!(r#"{{"session":"{FIRST}","boot":"boot","acknowledged":0}}"#)).unwrap();
        let kept = reopened(dir.path(), "boot");
        assert_eq!((numbers(&kept), kept.next, kept.lost), (vec![], 8, 1));
    }
}
