//! Section contents by digest: appended to pack files, durable with the next commit, checked whenever they are read.
//!
//! A record names a content only in a commit that follows it, and a commit makes the pack durable first: one fsync serves all contents of a
//! group. What a crash leaves unfinished is named by no record. A pack that is full, or not in order behind what is durable, is followed by
//! another; a sweep moves what is used out of packs that are mostly unused (sweep.rs). Stores of older versions had a file per content:
//! they are moved into packs at the start (old.rs).

mod old;
mod pack;
mod sweep;
#[cfg(test)]
mod tests;

use super::StoreError;
use super::disk::{at, numbered, remove_unfinished};
use super::out::{Out, make_dir, sync_data, sync_dir};
use pack::{Frame, HEAD, frame, head, mark, not_whole, read_at, scan};
use rollcall_proto::Digest;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A pack that is as long is followed by another, bytes.
const FULL: u64 = 64 * 1024 * 1024;
const ENDING: &str = "pack";

/// The section contents of one site.
pub(super) struct Blobs {
    dir: PathBuf,
    held: Mutex<Held>,
    /// Held while the disk makes contents durable, so that each learns of every failure. Others put and read meanwhile.
    syncing: Mutex<()>,
}

/// What is there.
struct Held {
    contents: HashMap<Digest, Place>,
    /// Those put or read since the last sweep: what was just put is named by a record only a moment later.
    touched: HashSet<Digest>,
    packs: BTreeMap<u64, Pack>,
    /// What was damaged at the start.
    damage: Vec<String>,
    /// The pack that grows; `None`: the next content begins one.
    current: Option<Current>,
    /// The last pack and how much of it is durable.
    last: Option<(u64, u64)>,
    /// Why contents that were put are lost: a record may be about to name them, so nothing more is accepted.
    failed: Option<String>,
}

/// Where a content is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    pack: u64,
    frame: Frame,
}

/// A pack, open to be read.
struct Pack {
    path: PathBuf,
    file: Arc<File>,
    length: u64,
}

/// The pack that grows.
struct Current {
    number: u64,
    out: Out,
    durable: u64,
}

/// What of a pack is not durable yet.
struct Unsynced {
    pack: u64,
    from: u64,
    to: u64,
}

/// A pack as it is now, for a copy or a backup: what is named by a record that was durable before is in it.
pub(super) struct Packed {
    /// Its name.
    pub(super) path: PathBuf,
    /// Open, so that it can be read to the end even when a sweep removes it.
    pub(super) file: Arc<File>,
    /// Bytes of it.
    pub(super) length: u64,
}

impl Blobs {
    /// Opens the folder, checks and lists what it holds, and cuts off what a crash left unfinished.
    pub(super) fn open(dir: &Path) -> Result<Self, StoreError> {
        make_dir(dir)?;
        remove_unfinished(dir)?;
        let mut held = Held {
            contents: HashMap::new(),
            touched: HashSet::new(),
            packs: BTreeMap::new(),
            damage: Vec::new(),
            current: None,
            last: None,
            failed: None,
        };
        let packs = numbered(dir, ENDING)?;
        for (at, (number, path)) in packs.iter().enumerate() {
            held.take_up(*number, path, at + 1 == packs.len())?;
        }
        let blobs = Self { dir: dir.to_owned(), held: Mutex::new(held), syncing: Mutex::new(()) };
        old::move_into(&blobs)?;
        Ok(blobs)
    }

    /// Keeps packed contents, whose digests the caller has checked, all or none of them; durable with the next [`Blobs::sync`], and at no
    /// cost when they are held already.
    pub(super) fn put(&self, contents: &[(Digest, Vec<u8>)]) -> Result<(), StoreError> {
        let mut held = self.held();
        let missing: Vec<(&Digest, &[u8])> =
            contents.iter().filter(|(digest, _)| !held.touch(digest)).map(|(digest, packed)| (digest, packed.as_slice())).collect();
        if missing.is_empty() { Ok(()) } else { held.append(&self.dir, &missing) }
    }

    /// Makes everything put so far durable. Once that has failed, here or while a content was put, it fails until the folder is opened anew.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let _alone = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let held = self.held();
        let Some((unsynced, pack)) = held.unsynced()? else { return Ok(()) };
        let (file, path) = (Arc::clone(&pack.file), pack.path.clone());
        drop(held);
        let synced = sync_data(&file, &path);
        self.held().synced(&unsynced, &path, synced)
    }

    /// The bytes under `digest`. What is damaged is no longer held, so that it can be given again.
    pub(super) fn get(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let mut held = self.held();
        if !held.touch(digest) {
            return Ok(None);
        }
        let Some((place, path, file)) = held.find(digest) else { return Ok(None) };
        drop(held);
        let read = read_at(&file, &path, place.frame.offset, place.frame.length);
        let bytes = read.and_then(|frame| pack::open(&frame, digest).ok_or_else(|| not_whole(&path, place.frame.offset)));
        if bytes.is_err() {
            self.held().let_go(digest, place);
        }
        bytes.map(Some)
    }

    /// What was damaged at the start: file, offset, what is wrong.
    pub(super) fn damage(&self) -> Vec<String> {
        self.held().damage.clone()
    }

    /// The packs as they are now.
    pub(super) fn packs(&self) -> Vec<Packed> {
        let packed = |pack: &Pack| Packed { path: pack.path.clone(), file: Arc::clone(&pack.file), length: pack.length };
        self.held().packs.values().map(packed).collect()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Blobs {
    /// Says in the last pack how much of it is durable, so that a later change of its last bytes can be told from a crash.
    fn drop(&mut self) {
        let mut held = self.held();
        if held.sync().is_ok()
            && let Some(current) = held.current.as_mut().filter(|current| current.durable > HEAD)
            // Without it nothing is lost.
            && let Err(error) = current.out.write_all(&mark(current.durable))
        {
            tracing::debug!(%error, "the last pack has no mark at its end");
        }
    }
}

impl Held {
    /// Lists a pack that is there. The last one goes on where what is whole ends, if all behind its durable place is.
    fn take_up(&mut self, number: u64, path: &Path, is_last: bool) -> Result<(), StoreError> {
        let found = scan(path)?;
        let file = Arc::new(File::open(path).map_err(at("open the pack", path))?);
        // A process may have been killed before it made the last contents durable.
        file.sync_data().map_err(at("make the pack durable", path))?;
        for frame in &found.frames {
            self.contents.insert(frame.digest, Place { pack: number, frame: *frame });
        }
        let tail = found.odd.last().filter(|(from, _)| *from >= found.end && *from >= HEAD);
        // What the disk can't read now it may read another time: nothing is cut there.
        let in_order = found.before.is_some() && !found.is_unread && found.odd.iter().all(|odd| odd.0 < found.durable || Some(odd) == tail);
        self.damage.extend(found.damage(path, 0));
        if is_last && in_order && found.end < FULL {
            let mut out = Out::open(path, found.end).map_err(at("open the pack", path))?;
            if tail.is_some() {
                out.cut(found.end).map_err(at("cut off what a crash left unfinished", path))?;
                out.sync().map_err(at("make the pack durable", path))?;
            }
            self.current = Some(Current { number, out, durable: found.end });
        }
        self.last = Some((number, if in_order { found.end } else { found.durable }));
        self.packs.insert(number, Pack { path: path.to_owned(), file, length: found.end });
        Ok(())
    }

    /// Whether it is there; if so, the next sweep spares it.
    fn touch(&mut self, digest: &Digest) -> bool {
        let held = self.contents.contains_key(digest);
        if held {
            self.touched.insert(*digest);
        }
        held
    }

    /// Holds a content no more that is damaged in this place; by now it may be in another.
    fn let_go(&mut self, digest: &Digest, place: Place) {
        if self.contents.get(digest) == Some(&place) {
            self.contents.remove(digest);
        }
    }

    fn find(&self, digest: &Digest) -> Option<(Place, PathBuf, Arc<File>)> {
        let place = self.contents.get(digest)?;
        let pack = self.packs.get(&place.pack)?;
        Some((*place, pack.path.clone(), Arc::clone(&pack.file)))
    }

    /// Appends contents. A write that fails is cut off again, or its pack is left for another.
    fn append(&mut self, dir: &Path, contents: &[(&Digest, &[u8])]) -> Result<(), StoreError> {
        self.check()?;
        if self.current.is_none() {
            self.begin(dir)?;
        }
        let Some(current) = &mut self.current else { return Ok(()) };
        let Some(pack) = self.packs.get_mut(&current.number) else { return Ok(()) };
        let (mut frames, mut places) = (Vec::new(), Vec::new());
        for (digest, packed) in contents {
            let frame = frame(digest, packed, current.durable);
            let offset = pack.length + frames.len() as u64;
            places.push(Place { pack: current.number, frame: Frame { digest: **digest, offset, length: frame.len() as u64 } });
            frames.extend(frame);
        }
        if let Err(error) = current.out.write_all(&frames) {
            let error = at("keep the section's bytes", &pack.path)(error);
            if current.out.cut(pack.length).is_err() {
                // What was put before it waits for its record.
                self.sync()?;
                self.current = None;
            }
            return Err(error);
        }
        pack.length += frames.len() as u64;
        let is_full = pack.length >= FULL;
        for place in places {
            self.contents.insert(place.frame.digest, place);
            self.touched.insert(place.frame.digest);
        }
        if is_full {
            self.sync()?;
            self.current = None;
        }
        Ok(())
    }

    /// Begins the next pack, durable with its name.
    fn begin(&mut self, dir: &Path) -> Result<(), StoreError> {
        let number = self.last.map_or(0, |(number, _)| number) + 1;
        let path = dir.join(format!("{number:08}.{ENDING}"));
        let begun = Out::create(&path).and_then(|mut out| {
            out.write_all(&head(self.last))?;
            out.sync()?;
            Ok((out, File::open(&path)?))
        });
        let made = begun.map_err(at("begin a pack", &path)).and_then(|made| sync_dir(dir).map(|()| made));
        let (out, file) = made.inspect_err(|_| {
            // Without it the next one has its name.
            super::out::remove(&path).ok();
        })?;
        self.last = Some((number, HEAD));
        self.packs.insert(number, Pack { path, file: Arc::new(file), length: HEAD });
        self.current = Some(Current { number, out, durable: HEAD });
        Ok(())
    }

    /// Refuses everything once contents are lost.
    fn check(&self) -> Result<(), StoreError> {
        self.failed.as_ref().map_or(Ok(()), |why| Err(StoreError::Stopped(why.clone())))
    }

    /// What of the current pack is not durable yet, and the pack; nothing when all is.
    fn unsynced(&self) -> Result<Option<(Unsynced, &Pack)>, StoreError> {
        self.check()?;
        let Some(current) = &self.current else { return Ok(None) };
        let pack = self.packs.get(&current.number).filter(|pack| pack.length > current.durable);
        Ok(pack.map(|pack| (Unsynced { pack: current.number, from: current.durable, to: pack.length }, pack)))
    }

    /// Makes the current pack durable, while all others wait.
    fn sync(&mut self) -> Result<(), StoreError> {
        let Some((unsynced, pack)) = self.unsynced()? else { return Ok(()) };
        let path = pack.path.clone();
        // By the descriptor that writes, not by that of [`Blobs::sync`]: the system tells each of a failure once.
        let synced = self.current.as_ref().map_or(Ok(()), |current| current.out.sync_data());
        self.synced(&unsynced, &path, synced)
    }

    /// The disk has made it durable, or not: then it counts as lost with all behind it, whoever put it.
    fn synced(&mut self, unsynced: &Unsynced, path: &Path, synced: std::io::Result<()>) -> Result<(), StoreError> {
        self.check()?;
        if let Err(source) = synced {
            self.contents.retain(|_, place| place.pack != unsynced.pack || place.frame.offset < unsynced.from);
            if let Some(pack) = self.packs.get_mut(&unsynced.pack) {
                pack.length = unsynced.from;
            }
            self.current = None;
            // Whatever the reason, a full disk too: what is on the disk after a failed fsync only a new start can tell.
            let error = StoreError::Io { action: "make the section's bytes durable", path: path.to_owned(), source };
            self.failed = Some(error.to_string());
            return Err(error);
        }
        // Another one has begun since, or this one went on.
        if let Some(current) = self.current.as_mut().filter(|current| current.number == unsynced.pack) {
            current.durable = current.durable.max(unsynced.to);
            self.last = Some((current.number, current.durable));
        }
        Ok(())
    }
}

/// A pack with one content, as it is written.
pub(super) fn example() -> Vec<u8> {
    let content = rollcall_proto::pack(b"bash").unwrap_or_default();
    [head(None), frame(&Digest::of(b"bash"), &content, HEAD), mark(HEAD)].concat()
}

/// Checks every pack in `dir` and what older versions left, damaged or not; gives the number of whole contents.
pub(super) fn verify(dir: &Path, damage: &mut Vec<String>) -> Result<u64, StoreError> {
    let mut whole = old::verify(dir, damage)?;
    let mut packs = Vec::new();
    for (number, path) in numbered(dir, ENDING)? {
        match scan(&path) {
            Ok(found) => packs.push((number, path, found)),
            Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => damage.push(error.to_string()),
        }
    }
    for (at, (number, path, found)) in packs.iter().enumerate() {
        let next = packs.get(at + 1).and_then(|(.., next)| next.before).filter(|(before, _)| before == number);
        damage.extend(found.damage(path, next.map_or(0, |(_, durable)| durable)));
        whole += found.frames.len() as u64;
    }
    Ok(whole)
}
