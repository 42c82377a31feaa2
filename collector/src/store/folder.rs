//! The embedded engine: ledger, snapshot, blobs, health and shelf in one folder.
//!
//! ```text
//! DIR/lock        held while a collector has the folder open     DIR/blobs/     section contents (blobs/)
//! DIR/ledger/     the truth: committed groups (ledger/)          DIR/health/    health samples (health/)
//! DIR/snapshot/   records at a place of the ledger (snapshot.rs) DIR/shelf/     made from the ledger, harmless to delete (shelf/)
//! DIR/checkpoints signed places of the ledger (signed.rs)        DIR/ballast    room that is kept for a full disk (room.rs)
//! DIR/people.keys, DIR/forgotten  keys of people's own data, and which of them are destroyed (people.rs)
//! ```

use super::blobs::Blobs;
use super::copy::Copy;
use super::disk::{at, free_bytes, remove_unfinished};
use super::health::Health;
use super::ledger::Ledger;
use super::ledger::frame::Place;
use super::ledger::segment::Segment;
use super::out::make_dir;
use super::people::People;
use super::room::Room;
use super::shelf::Shelf;
use super::signed::{Says, Signed, Signer};
use super::{Entry, Known, Range, Reading, Store, StoreError, StoreState, Verified, snapshot, verify};
use jiff::Timestamp;
use rollcall_proto::{Digest, SECTIONS, v1};
use rollcall_site::content::Content;
use rollcall_site::event::Event;
use rollcall_site::packages::Packages;
use rollcall_site::{AssetId, DeviceId, PersonId, Site};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a start waits for the lock.
const LOCK: Duration = Duration::from_secs(1);

/// Marks a folder whose restore is not finished.
pub(super) const RESTORING: &str = "restoring";

/// The embedded engine over one folder. One at a time: a second process is refused.
pub struct Folder {
    dir: PathBuf,
    // Before the lock, so that the shelf is closed while the folder is still held.
    shelf: Shelf,
    ledger: Arc<Ledger>,
    blobs: Blobs,
    health: Health,
    people: People,
    signed: Signed,
    room: Room,
    copy: Mutex<Option<Copy>>,
    missing: Mutex<Vec<Missing>>,
    _lock: File,
}

/// A section content that a profile names and the store can't give. The site does not hold it, so its agent is asked again.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Missing {
    /// The section's name.
    pub section: String,
    /// Its digest.
    pub digest: Digest,
    /// Why: not there, or what is damaged.
    pub why: String,
}

impl Folder {
    /// Opens the folder, makes it when it is not there, and holds its lock until dropped. Cuts an unfinished write off the ledger's end.
    ///
    /// # Errors
    /// Another collector has it open, the ledger's end is damaged, or the disk's own error.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let restoring = dir.join(RESTORING);
        if restoring.exists() { Err(StoreError::HalfRestored { path: restoring }) } else { Self::open_restored(dir) }
    }

    /// As [`Folder::open`], also while a restore is being finished.
    pub fn open_restored(dir: &Path) -> Result<Self, StoreError> {
        make_dir(dir)?;
        let lock = lock(&dir.join("lock"))?;
        [dir.to_owned(), dir.join("ledger"), dir.join("snapshot")].iter().try_for_each(|dir| remove_unfinished(dir))?;
        let (people, signed, room) = (People::open(dir)?, Signed::open(dir)?, Room::open(dir));
        let known = known(dir, &signed)?;
        let ledger = Arc::new(Ledger::open(&dir.join("ledger"), &known)?);
        let blobs = Blobs::open(&dir.join("blobs"))?;
        let shelf = Shelf::open(&dir.join("shelf"), Arc::clone(&ledger))?;
        let health = Health::open(&dir.join("health"));
        let (copy, missing) = (Mutex::default(), Mutex::default());
        Ok(Self { dir: dir.to_owned(), shelf, ledger, blobs, health, people, signed, room, copy, missing, _lock: lock })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The section contents that the last [`Store::load`] did not find whole.
    pub fn missing(&self) -> Vec<Missing> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last signed checkpoint, as a line of text.
    pub fn last_checkpoint(&self) -> Option<String> {
        self.signed.text()
    }

    /// As [`Store::verify`], held to the checkpoints in a text that was kept elsewhere, too.
    ///
    /// # Errors
    /// Only what keeps it from reading at all; damage is in the answer.
    pub fn verify_against(&self, against: &str) -> Result<Verified, StoreError> {
        Ok(verify::everything(&self.dir, self.signed.key().as_deref(), against, |_| Ok(self.segments().0))?.verified)
    }

    /// Signs checkpoints with `signer` from now on.
    pub fn sign_with(&self, signer: Signer) {
        self.signed.sign_with(signer);
    }

    /// Signs where the ledger stands now, durable; `false`: nobody signs.
    ///
    /// # Errors
    /// The disk is full or failed; the checkpoints before it stay.
    pub fn checkpoint(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.signed.say(Says::Checkpoint, self.ledger.place(), now)
    }

    /// Destroys the key of a person who was taken out of the records: what is stored of them, here and in every restored backup, can't be
    /// read any more. Whether there was one.
    ///
    /// # Errors
    /// The disk is full or failed; the next start then finishes it.
    pub fn forget(&self, person: &PersonId, now: Timestamp) -> Result<bool, StoreError> {
        self.people.forget(person.as_str(), now)
    }

    /// As [`Folder::forget`], of many at once: the keys are written anew once.
    ///
    /// # Errors
    /// The disk is full or failed; the next start then finishes it.
    pub fn forget_all(&self, people: &BTreeSet<PersonId>, now: Timestamp) -> Result<bool, StoreError> {
        self.people.forget_these(people, now)
    }

    /// Makes the keys of people who are about to come, all in one file write; else each group of changes writes every key anew.
    ///
    /// # Errors
    /// The disk is full or failed.
    pub fn expect_people(&self, people: impl Iterator<Item = PersonId>) -> Result<(), StoreError> {
        self.people.admit(people.map(|person| person.to_string()))
    }

    /// Finishes what a crash interrupted: whoever is not in `site`, just loaded, is forgotten. Does nothing once a change was stored.
    ///
    /// # Errors
    /// The disk is full or failed.
    pub fn finish_forgetting(&self, site: &Site, now: Timestamp) -> Result<bool, StoreError> {
        self.people.forget_others(site, now)
    }

    /// Copies everything to `to` from now on, as it becomes durable.
    ///
    /// # Errors
    /// The place can't be used.
    pub fn copy_to(self: &Arc<Self>, to: &Path) -> Result<(), StoreError> {
        let copy = Copy::start(Arc::downgrade(self), &self.dir, to)?;
        *self.copy.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy);
        Ok(())
    }

    /// Waits until the copy holds what is durable now, or `time` has passed; whether it does.
    pub fn await_copy(&self, time: Duration) -> bool {
        let progress = self.copy.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Copy::progress);
        progress.is_none_or(|progress| progress.wait_for(self.ledger.place().group, time))
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(super) fn signed(&self) -> &Signed {
        &self.signed
    }

    pub(super) fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    pub(super) fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// The segments of the ledger as far as they are durable, and the place where they end.
    pub(super) fn segments(&self) -> (Vec<Segment>, Place) {
        self.ledger.segments()
    }

    /// Takes up the contents that the profiles name, read by all processors; what is not there whole goes to the list.
    fn take_up_contents(&self, site: &mut Site) {
        let named = site.clone();
        let (used, packages) = (named.used_contents().into_iter().collect::<Vec<_>>(), named.packages());
        let absent = self.blobs.damage().into_iter().next().unwrap_or_else(|| "it is not there".to_owned());
        let share = used.len().div_ceil(std::thread::available_parallelism().map_or(1, usize::from)).max(1);
        let content = |(section, digest): &(&str, Digest)| self.content(section, digest, packages, &absent);
        let read = std::thread::scope(|scope| {
            let read = |some: &[(&str, Digest)]| some.iter().map(&content).collect::<Vec<_>>();
            let threads: Vec<_> = used.chunks(share).map(|some| scope.spawn(move || read(some))).collect();
            let joined = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            joined.collect::<Vec<_>>()
        });
        let mut missing = Vec::new();
        for ((section, digest), content) in used.iter().copied().zip(read.into_iter().flatten()) {
            match content {
                Ok(content) => site.hold(digest, content),
                // Of a section of a newer version nothing is missed: nobody here can read it.
                Err(why) if SECTIONS.contains(&section) => missing.push(Missing { section: section.to_owned(), digest, why }),
                Err(_) => {}
            }
        }
        if let Some(first) = missing.first() {
            tracing::warn!(count = missing.len(), first.why = %first.why, "section contents are not held; their agents are asked again");
        }
        *self.missing.lock().unwrap_or_else(PoisonError::into_inner) = missing;
    }

    /// A content as the site holds it, or why it is missing; `absent`: why one may not be there at all.
    fn content(&self, section: &str, digest: &Digest, packages: &Arc<Packages>, absent: &str) -> Result<Content, String> {
        match self.blobs.get(digest) {
            Ok(Some(bytes)) => Content::read(section, &bytes, packages).ok_or_else(|| "it can't be decoded".to_owned()),
            Ok(None) => Err(absent.to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Makes the next commit fail, as a full or broken disk would.
    #[cfg(test)]
    pub(crate) fn break_disk(&self) {
        self.ledger.break_disk();
    }

    /// Makes the next group begin a segment.
    #[cfg(test)]
    pub(super) fn fill_segment(&self) {
        self.ledger.fill_segment();
    }

    /// Makes the shelf's thread hang, as sled may on a damaged page.
    #[cfg(test)]
    pub(super) fn hang_shelf(&self, time: Duration) {
        self.shelf.hang(time);
    }
}

impl Store for Folder {
    fn load(&self) -> Result<Site, StoreError> {
        let (place, mut site) = snapshot::newest(&self.dir.join("snapshot"), &self.people)?;
        self.ledger.replay(&place, &self.people, &mut site)?;
        self.take_up_contents(&mut site);
        Ok(site)
    }

    fn commit(&self, group: &[Entry]) -> Result<(), StoreError> {
        let bytes = group.iter().flat_map(|entry| &entry.records).map(|record| record.body.as_ref().map_or(0, Vec::len) + 200);
        self.room.check(bytes.sum::<usize>() as u64)?;
        self.blobs.sync().inspect_err(|error| self.ledger.stop(error))?;
        self.ledger.commit(&self.people.seal(group).inspect_err(|error| self.ledger.stop(error))?)?;
        self.shelf.grown();
        if let Some(copy) = &*self.copy.lock().unwrap_or_else(PoisonError::into_inner) {
            copy.grown();
        }
        Ok(())
    }

    fn put_blobs(&self, contents: &[(Digest, Vec<u8>)]) -> Result<(), StoreError> {
        self.room.check(contents.iter().map(|(_, packed)| packed.len() as u64).sum())?;
        self.blobs.put(contents)
    }

    fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.blobs.get(digest)
    }

    fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.ledger.events(after, limit)
    }

    fn history(&self, asset: Option<AssetId>, limit: usize) -> Result<Vec<Event>, StoreError> {
        match asset.and_then(|asset| self.shelf.history(asset, limit)) {
            Some(events) => Ok(events),
            None => self.ledger.history(asset, limit),
        }
    }

    fn put_sample(&self, device: DeviceId, sample: v1::Health) {
        if let Err(error) = self.health.put(device, sample) {
            tracing::warn!(%error, "an hour of health samples is lost");
        }
    }

    fn samples(&self, device: DeviceId, since: Timestamp) -> Result<Vec<v1::Health>, StoreError> {
        self.health.samples(device, since)
    }

    fn readings(&self, device: DeviceId, range: Range, now: Timestamp) -> Result<Vec<Reading>, StoreError> {
        self.health.readings(device, range, now)
    }

    fn tidy(&self, now: Timestamp) -> Result<(), StoreError> {
        self.health.tidy(now)
    }

    fn snapshot(&self, view: &Site) -> Result<(), StoreError> {
        let place = self.ledger.place_of(view.seq)?.ok_or(StoreError::NoSuchPlace { seq: view.seq })?;
        self.people.admit(view.persons.keys().map(ToString::to_string))?;
        snapshot::write(&self.dir.join("snapshot"), &place, &self.people, view)
    }

    fn verify(&self) -> Result<Verified, StoreError> {
        self.verify_against("")
    }

    fn state(&self) -> StoreState {
        let (segments, place) = self.segments();
        StoreState {
            seq: place.seq,
            ledger_bytes: segments.iter().map(|segment| segment.length).sum(),
            shelf: self.shelf.state(),
            free_bytes: free_bytes(&self.dir),
            room: self.room.state(),
            damage: [self.ledger.damage(), &self.blobs.damage()].concat(),
            checkpoint: self.signed.text(),
            copy: self.copy.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map_or_else(|| "off".to_owned(), Copy::state),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = self.health.flush() {
            tracing::warn!(%error, "the last hour of health samples is lost");
        }
    }
}

/// What is known of the ledger from beside it.
fn known(dir: &Path, signed: &Signed) -> Result<Known, StoreError> {
    let checkpoint = signed.last(Says::Checkpoint).map(|statement| (statement.place, statement.at));
    let anchor = signed.last(Says::Anchor).map(|statement| statement.place);
    let snapshots = snapshot::list(&dir.join("snapshot"))?;
    let snapshot = snapshots.iter().find_map(|(_, path)| snapshot::check(path).ok()).map(|(_, place, _)| place);
    Ok(Known { checkpoint, anchor, snapshot })
}

/// Takes the lock of a folder; the system frees it when the process ends, however it ends. A program that the collector starts holds it as
/// well, from its beginning until it is another program: so long a start waits.
fn lock(path: &Path) -> Result<File, StoreError> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map_err(at("open the lock", path))?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if begun.elapsed() < LOCK => std::thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(at("take the lock", path)(error)),
        }
    }
}
