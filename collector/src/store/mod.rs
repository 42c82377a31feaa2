//! The durable place of one site, behind one small trait: records, events, section contents, health samples. No query logic lives here.

pub mod backup;
mod blobs;
#[cfg(test)]
pub(crate) mod contract;
mod copy;
mod disk;
pub mod folder;
pub(crate) mod fuzz;
#[cfg(test)]
mod golden;
mod hashed;
mod health;
mod ledger;
#[cfg(test)]
mod lending;
mod lines;
#[cfg(test)]
mod measure;
#[cfg(test)]
mod measure_contents;
mod out;
mod people;
#[cfg(test)]
mod power;
mod retention;
mod room;
mod shelf;
mod signed;
#[cfg(test)]
mod simulated;
mod snapshot;
#[cfg(test)]
mod tamper;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trials;
mod verify;

pub use folder::Folder;
pub use health::{Range, Reading, Spread};
pub use people::copy_forgotten;
pub use signed::Signer;
pub use verify::{verify_and_replay, verify_folder};

use jiff::Timestamp;
use ledger::frame::Place;
use rollcall_proto::{Digest, v1::Health};
use rollcall_site::event::Event;
use rollcall_site::{AssetId, DeviceId, Site, Written};
use std::path::PathBuf;

/// What one change comes to: the resulting records and the events that say why.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The records that it touched, each once.
    pub records: Vec<Written>,
    /// Why, in order, numbered by the site.
    pub events: Vec<Event>,
}

/// A durable place for one site. Every method may be called from any thread; only the keeper calls `commit` and `snapshot`.
pub trait Store: Send + Sync {
    /// Everything that is durable, as a site: snapshot, then every later entry, then the contents that the profiles name.
    ///
    /// # Errors
    /// Damage, by file and offset; or the disk's own error.
    fn load(&self) -> Result<Site, StoreError>;

    /// Makes a group of changes durable, all or nothing. After an error nothing more is accepted until the store is opened anew.
    ///
    /// # Errors
    /// The disk is full or failed.
    fn commit(&self, group: &[Entry]) -> Result<(), StoreError>;

    /// Keeps sections' packed bytes (`rollcall_proto::pack`), each under the digest of what they unpack to, which the caller has checked: all of
    /// them or none. They are durable when a later commit returns. Bytes that are held already cost nothing.
    ///
    /// # Errors
    /// The disk is full or failed.
    fn put_blobs(&self, contents: &[(Digest, Vec<u8>)]) -> Result<(), StoreError>;

    /// A section's bytes, checked against the digest; `None` when not held.
    ///
    /// # Errors
    /// The file is damaged, or the disk failed.
    fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError>;

    /// Up to `limit` events after number `after`, in order: the outbox.
    ///
    /// # Errors
    /// Damage or the disk's own error.
    fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>, StoreError>;

    /// The last `limit` events, newest first: of one asset, or of the whole site.
    ///
    /// # Errors
    /// Damage or the disk's own error.
    fn history(&self, asset: Option<AssetId>, limit: usize) -> Result<Vec<Event>, StoreError>;

    /// Keeps a health sample: the last one of each minute. Up to an hour of samples may be lost in a crash.
    fn put_sample(&self, device: DeviceId, sample: Health);

    /// The samples of a device since `since`, oldest first.
    ///
    /// # Errors
    /// The disk's own error; a damaged chunk is left out.
    fn samples(&self, device: DeviceId, since: Timestamp) -> Result<Vec<Health>, StoreError>;

    /// What a device measured in a range that ends now, step by step; a step without a sample is not there.
    ///
    /// # Errors
    /// The disk's own error; what is damaged is left out.
    fn readings(&self, device: DeviceId, range: Range, now: Timestamp) -> Result<Vec<Reading>, StoreError>;

    /// Does what may wait: packs samples that have grown old, removes those of a year ago. Meant to be called every few minutes, on a
    /// thread that may wait.
    ///
    /// # Errors
    /// The disk is full or failed; nothing is lost then.
    fn tidy(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Writes all records from a view, so that a start need not replay from the beginning.
    ///
    /// # Errors
    /// The disk is full or failed; the old snapshot then stays.
    fn snapshot(&self, view: &Site) -> Result<(), StoreError>;

    /// Reads and checks every byte of the truth.
    ///
    /// # Errors
    /// Only what keeps it from reading at all; damage is in the answer.
    fn verify(&self) -> Result<Verified, StoreError>;

    /// How the store is, for `status` and metrics.
    fn state(&self) -> StoreState;
}

/// What is known of the ledger from beside it, when it is opened.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The last signed checkpoint, and when it was signed: the ledger reaches there.
    checkpoint: Option<(Place, Timestamp)>,
    /// Up to here old segments were removed by policy.
    anchor: Option<Place>,
    /// The newest whole snapshot.
    snapshot: Option<Place>,
}

/// What `ledger verify` found.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Verified {
    /// Entries read.
    pub entries: u64,
    /// Events read.
    pub events: u64,
    /// The chain's head: 64 hexadecimal digits.
    pub head: String,
    /// Section contents read.
    pub blobs: u64,
    /// Signed checkpoints that the ledger was held to.
    pub checkpoints: u64,
    /// The key that signed the last of them, 64 hexadecimal digits; empty: none is signed. Compare it with the one in the daily mail.
    pub key: String,
    /// What is damaged, one line each: file, offset, what is wrong. Empty: all is well.
    pub damage: Vec<String>,
}

/// How the store is.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct StoreState {
    /// Number of the last durable event.
    pub seq: u64,
    /// Bytes of the ledger.
    pub ledger_bytes: u64,
    /// "ok", "rebuilding" or why it is suspect.
    pub shelf: String,
    /// Bytes free on the disk; `None`: not known.
    pub free_bytes: Option<u64>,
    /// "ok", or that the disk is full and what to do.
    pub room: String,
    /// What was damaged at the start, within what a snapshot covers; empty: nothing.
    pub damage: Vec<String>,
    /// The last signed checkpoint, as a line of text; `None`: none is signed yet.
    pub checkpoint: Option<String>,
    /// The copy at a second place: "off", "ok, up to event N", or why it is behind.
    pub copy: String,
}

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk's own error.
    #[error("{}: {action}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's word.
        #[source]
        source: std::io::Error,
    },
    /// The disk is full. Nothing was written, and the next change may well succeed.
    #[error(
        "{}: the disk is full ({} KiB are left): nothing was changed; make room there, and the collector goes on by itself",
        path.display(),
        free / 1024
    )]
    Full {
        /// Where.
        path: PathBuf,
        /// Bytes that are left.
        free: u64,
    },
    /// A byte is not what was written.
    #[error("{} at byte {offset}: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        offset: u64,
        /// What is wrong, and what to do.
        what: String,
    },
    /// A record of the store does not fit this version.
    #[error("the store holds a record that does not fit")]
    Record(#[from] rollcall_site::BadRecord),
    /// Another collector has the folder open.
    #[error("{}: another collector has this folder open; stop it first, or give another --data", path.display())]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// A restore into the folder was not finished.
    #[error("{}: a restore into this folder was not finished; remove the folder and restore again", path.display())]
    HalfRestored {
        /// The mark that the restore left.
        path: PathBuf,
    },
    /// The group's events don't continue the sequence: somebody else wrote, or the view is not the last. Nothing was written.
    #[error("the group brings event {given} where the ledger expects {wanted}; nothing was written")]
    OutOfOrder {
        /// The number that comes next.
        wanted: u64,
        /// The number that was given.
        given: u64,
    },
    /// The group is larger than a frame may be. Nothing was written.
    #[error("the group takes {bytes} bytes, more than {} fit; make the change in parts", ledger::frame::MAX_PAYLOAD)]
    TooLarge {
        /// Bytes of the group.
        bytes: usize,
    },
    /// The view is at no place where a group of the ledger ends.
    #[error("no group of the ledger ends with event {seq}: the view is not of this store")]
    NoSuchPlace {
        /// Number of the view's last event.
        seq: u64,
    },
    /// A write failed before: nothing is accepted until the collector is started anew.
    #[error("a write failed before ({0}); nothing is accepted until the collector is started anew")]
    Stopped(String),
}
