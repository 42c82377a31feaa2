//! A copy of the folder at a second place, kept up while the collector runs: at any time a prefix of the truth that opens.
//!
//! One thread follows the ledger. Each round asks first how far the ledger is durable, then copies the keys of people, new section contents and
//! what is not there yet of the ledger, in that order, each durable before the next; snapshots and checkpoints come last, for they stand
//! on the ledger. Old files that are gone here go there too. The shelf, the lock and the site's secrets are not copied.

use super::disk::{ReadAt, at, entries};
use super::ledger::frame::Place;
use super::ledger::segment::Segment;
use super::out::{Out, make_dir, remove, sync_dir};
use super::people::{FORGOTTEN, KEYS};
use super::signed::CHECKPOINTS;
use super::{Folder, StoreError, disk, snapshot};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How long the thread waits for news; then it looks by itself, for snapshots come without a word.
const LOOK: Duration = Duration::from_secs(5);

/// The follower of one folder. Dropping it ends its thread after the round.
pub(super) struct Copy {
    told: SyncSender<()>,
    progress: Arc<Progress>,
}

/// How far the copy is.
pub(super) struct Progress {
    to: PathBuf,
    reached: Mutex<Reached>,
    moved: Condvar,
}

#[derive(Default)]
struct Reached {
    place: Place,
    rounds: u64,
    failed: Option<String>,
}

impl Copy {
    /// Starts to copy the folder `from` to `to`.
    pub(super) fn start(folder: Weak<Folder>, from: &Path, to: &Path) -> Result<Self, StoreError> {
        make_dir(to)?;
        let inside = to.canonicalize().ok().zip(from.canonicalize().ok()).is_some_and(|(to, from)| to.starts_with(from));
        if inside {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "the second place lies in the first");
            return Err(at("copy the folder", to)(error));
        }
        let progress = Arc::new(Progress { to: to.to_owned(), reached: Mutex::default(), moved: Condvar::new() });
        let (told, news) = sync_channel::<()>(1);
        let shared = Arc::clone(&progress);
        let follow = move || {
            let mut follower = Follower { to: shared.to.clone(), checked: BTreeSet::new() };
            loop {
                let Some(folder) = folder.upgrade() else { return };
                let round = follower.round(&folder);
                drop(folder);
                shared.note(round);
                match news.recv_timeout(LOOK) {
                    Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        std::thread::Builder::new().name("copy".to_owned()).spawn(follow).map_err(at("start the copy's thread", to))?;
        Ok(Self { told, progress })
    }

    /// Says that the ledger has grown; waits for nothing.
    pub(super) fn grown(&self) {
        // One word waiting is enough.
        self.told.try_send(()).ok();
    }

    /// How far it is, to wait for.
    pub(super) fn progress(&self) -> Arc<Progress> {
        self.grown();
        Arc::clone(&self.progress)
    }

    /// "ok, up to event N", or why it is behind.
    pub(super) fn state(&self) -> String {
        let reached = self.progress.reached.lock().unwrap_or_else(PoisonError::into_inner);
        let (to, seq) = (self.progress.to.display(), reached.place.seq);
        match &reached.failed {
            None if reached.rounds == 0 => format!("beginning: {to}"),
            None => format!("ok, up to event {seq}: {to}"),
            Some(why) => format!("behind since event {seq}: {why}"),
        }
    }
}

impl Progress {
    fn note(&self, round: Result<Place, StoreError>) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.rounds += 1;
        match round {
            Ok(place) => (reached.place, reached.failed) = (place, None),
            Err(error) => {
                if reached.failed.is_none() {
                    tracing::error!(%error, "the copy at the second place is behind; it is tried again");
                }
                reached.failed = Some(error.to_string());
            }
        }
        self.moved.notify_all();
    }

    /// Waits until the copy holds group `group`, a round fails, or `time` has passed; whether it holds the group.
    pub(super) fn wait_for(&self, group: u64, time: Duration) -> bool {
        let begun = Instant::now();
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        while reached.place.group < group || reached.rounds == 0 {
            let Some(left) = time.checked_sub(begun.elapsed()) else { return false };
            reached = self.moved.wait_timeout(reached, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// The thread's own.
struct Follower {
    to: PathBuf,
    /// Files whose copy was compared with what it is a copy of.
    checked: BTreeSet<PathBuf>,
}

impl Follower {
    fn round(&mut self, folder: &Folder) -> Result<Place, StoreError> {
        let from = folder.dir();
        let snapshots = names(snapshot::list(&from.join("snapshot"))?.into_iter().map(|(_, path)| path));
        let checkpoints = disk::read(&from.join(CHECKPOINTS))?;
        let (segments, place) = folder.segments();
        for name in [FORGOTTEN, KEYS] {
            if let Some(bytes) = disk::read(&from.join(name))? {
                self.replace(name, &bytes)?;
            }
        }
        let packs = folder.blobs().packs();
        make_dir(&self.to.join("blobs"))?;
        packs.iter().try_for_each(|pack| self.follow("blobs", &pack.path, &pack.file, pack.length))?;
        make_dir(&self.to.join("ledger"))?;
        for Segment { path, length, .. } in &segments {
            let file = File::open(path).map_err(at("open the segment", path))?;
            self.follow("ledger", path, &file, *length)?;
        }
        make_dir(&self.to.join("snapshot"))?;
        for name in &snapshots {
            let (there, here) = (self.to.join("snapshot").join(name), from.join("snapshot").join(name));
            if !there.exists() {
                match File::open(&here) {
                    Ok(mut here) => disk::write_whole(&there, |file| io::copy(&mut here, file)).map(drop)?,
                    // A newer one has taken its place meanwhile; the next round copies that.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(at("read the snapshot", &here)(error)),
                }
            }
        }
        if let Some(bytes) = checkpoints {
            self.replace(CHECKPOINTS, &bytes)?;
        }
        keep_only(&self.to.join("snapshot"), &snapshots)?;
        keep_only(&self.to.join("ledger"), &names(segments.into_iter().map(|segment| segment.path)))?;
        keep_only(&self.to.join("blobs"), &names(packs.into_iter().map(|pack| pack.path)))?;
        Ok(place)
    }

    /// Replaces a small file when it is not the same.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let there = self.to.join(name);
        if disk::read(&there)?.as_deref() == Some(bytes) {
            return Ok(());
        }
        disk::write_whole(&there, |file| file.write_all(bytes))
    }

    /// Brings the copy in `part` of a file that only grows to `length`.
    fn follow(&mut self, part: &str, here: &Path, file: &File, length: u64) -> Result<(), StoreError> {
        let path = self.to.join(part).join(here.file_name().unwrap_or_default());
        let is_new = !path.exists();
        let mut out = Out::append(&path).map_err(at("open the copy", &path))?;
        let mut copied = out.file_length().map_err(at("open the copy", &path))?;
        if self.checked.insert(path.clone()) {
            let same = same_bytes(file, &path, length).map_err(at("compare the copy", &path))?;
            out.cut(same).map_err(at("cut what is no copy", &path))?;
            copied = same;
        }
        if copied == length {
            return Ok(());
        }
        let written = io::copy(&mut ReadAt { file, offset: copied }.take(length.saturating_sub(copied)), &mut out).and_then(|_| out.sync());
        if let Err(error) = written {
            // What reached the disk is not known: the next round compares again.
            self.checked.remove(&path);
            return Err(at("bring the copy up to date", &path)(error));
        }
        if is_new { path.parent().map_or(Ok(()), sync_dir) } else { Ok(()) }
    }
}

/// How many of the first bytes of two files are the same, at most `length`.
fn same_bytes(one: &File, other: &Path, length: u64) -> io::Result<u64> {
    let (mut one, mut other) =
        (BufReader::new(ReadAt { file: one, offset: 0 }.take(length)), BufReader::new(File::open(other)?.take(length)));
    let mut same = 0;
    loop {
        let (a, b) = (one.fill_buf()?, other.fill_buf()?);
        let equal = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        if equal == 0 {
            return Ok(same);
        }
        one.consume(equal);
        other.consume(equal);
        same += equal as u64;
    }
}

fn names(paths: impl Iterator<Item = PathBuf>) -> BTreeSet<OsString> {
    paths.filter_map(|path| path.file_name().map(ToOwned::to_owned)).collect()
}

/// Removes from `dir` what is not among `names`, the oldest first; a folder of an older version whole.
fn keep_only(dir: &Path, names: &BTreeSet<OsString>) -> Result<(), StoreError> {
    for path in entries(dir)?.into_iter().filter(|path| path.file_name().is_some_and(|name| !names.contains(name))) {
        let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { remove(&path) };
        removed.map_err(at("remove what is gone", &path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::{asset, entry_about, groups, put, site};
    use crate::store::{Store, verify_folder};
    use rollcall_proto::Digest;

    const SOON: Duration = Duration::from_secs(20);

    /// A copy of the copy, as it lies there now.
    fn opened(to: &Path, scratch: &Path) -> Folder {
        copy(to, scratch);
        assert_eq!(verify_folder(scratch).unwrap().damage, Vec::<String>::new());
        Folder::open(scratch).unwrap()
    }

    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for path in entries(from).unwrap() {
            let target = to.join(path.file_name().unwrap());
            match std::fs::copy(&path, &target) {
                Ok(_) => {}
                // The follower writes and removes meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) if path.is_dir() => copy(&path, &target),
                Err(error) => panic!("{}: {error}", path.display()),
            }
        }
    }

    #[test]
    fn the_copy_is_a_prefix_that_opens_at_any_time() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("live"), dir.path().join("second"));
        let folder = Arc::new(Folder::open(&from).unwrap());
        put(&*folder, b"content").unwrap();
        assert_eq!(folder.state().copy, "off");
        folder.copy_to(&to).unwrap();
        for (number, group) in groups(60).iter().enumerate() {
            folder.commit(group).unwrap();
            if number % 13 == 3 {
                folder.snapshot(&folder.load().unwrap()).unwrap();
            }
            if number % 10 == 9 {
                assert!(number != 19 || folder.await_copy(SOON));
                let there = opened(&to, &dir.path().join(number.to_string()));
                let reached = there.load().unwrap();
                assert_eq!(reached.state_hash(), site(reached.seq).state_hash());
                assert!(number != 19 || reached.seq == 30);
            }
        }
        assert!(folder.await_copy(SOON));
        assert!(folder.state().copy.starts_with("ok, up to event 60: "), "{}", folder.state().copy);
        let there = opened(&to, &dir.path().join("end"));
        assert_eq!(there.load().unwrap().state_hash(), site(60).state_hash());
        assert_eq!(there.blob(&Digest::of(b"content")).unwrap().unwrap(), b"content");
    }

    #[test]
    fn a_copy_that_went_wrong_is_mended_and_one_that_fails_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("live"), dir.path().join("second"));
        let folder = Arc::new(Folder::open(&from).unwrap());
        groups(12).iter().for_each(|group| folder.commit(group).unwrap());
        assert!(folder.copy_to(&from.join("inside")).is_err());
        folder.copy_to(&to).unwrap();
        assert!(folder.await_copy(SOON));
        let segment = entries(&to.join("ledger")).unwrap().remove(0);
        let mut bytes = std::fs::read(&segment).unwrap();
        bytes[700] ^= 1;
        bytes.extend(b"and more than there is");
        std::fs::write(&segment, bytes).unwrap();
        folder.copy_to(&to).unwrap();
        folder.commit(&[entry_about(13, asset(1))]).unwrap();
        assert!(folder.await_copy(SOON));
        assert_eq!(opened(&to, &dir.path().join("end")).load().unwrap().state_hash(), site(13).state_hash());
        std::fs::remove_dir_all(&to).unwrap();
        std::fs::write(&to, "a file where the folder was").unwrap();
        folder.commit(&[entry_about(14, asset(1))]).unwrap();
        assert!(!folder.await_copy(Duration::from_secs(1)));
        assert!(folder.state().copy.starts_with("behind since event 13: "), "{}", folder.state().copy);
    }
}
