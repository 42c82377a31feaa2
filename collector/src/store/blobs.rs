//! Section contents: one file per digest, written once, checked against the digest whenever it is read.
//!
//! `DIR/blobs/ab/cdef…` (the digest's 64 hexadecimal digits, two for the folder):
//! ```text
//!  0 magic "RCB1" · 4 the first eight bytes of the BLAKE3 hash of what follows · 12 zstd of the section's bytes
//! ```

use super::StoreError;
use super::disk::{at, checksum, damaged, entries, read, remove_unfinished, take, write_whole};
use super::out::{make_dir, private_dir, remove, sync_dir};
use rollcall_proto::{Digest, pack, unpack};
use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

const MAGIC: [u8; 4] = *b"RCB1";

/// The section contents of one site.
pub(super) struct Blobs {
    dir: PathBuf,
    held: Mutex<Held>,
}

/// What is there.
#[derive(Default)]
struct Held {
    digests: HashSet<Digest>,
    /// Those put or read since the last sweep: what was just put is named by a record only a moment later.
    touched: HashSet<Digest>,
}

impl Held {
    /// Whether it is there; if so, the next sweep spares it.
    fn touch(&mut self, digest: &Digest) -> bool {
        let held = self.digests.contains(digest);
        if held {
            self.touched.insert(*digest);
        }
        held
    }
}

impl Blobs {
    /// Opens the folder and lists what it holds; the contents are checked when they are read.
    pub(super) fn open(dir: &Path) -> Result<Self, StoreError> {
        make_dir(dir)?;
        // All at once and durable, so that keeping a blob waits for no name but its own.
        for folder in 0..=u8::MAX {
            let folder = dir.join(format!("{folder:02x}"));
            private_dir(&folder).map_err(at("make the folder", &folder))?;
        }
        sync_dir(dir)?;
        for folder in entries(dir)?.into_iter().filter(|path| path.is_dir()) {
            remove_unfinished(&folder)?;
        }
        let digests = list(dir)?.into_iter().map(|(digest, _)| digest).collect();
        Ok(Self { dir: dir.to_owned(), held: Mutex::new(Held { digests, ..Held::default() }) })
    }

    /// Keeps `bytes`; durable when it returns, and at no cost when they are held already.
    ///
    /// A failed write may be tried again: it is a new file each time, and only a durable one gets the name.
    pub(super) fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), StoreError> {
        if self.held().touch(digest) {
            return Ok(());
        }
        let path = self.path(digest);
        if Digest::of(bytes) != *digest {
            return Err(damaged(&path, 0, "the bytes to keep are not those of the digest; nothing was written"));
        }
        let packed = pack(bytes).map_err(at("pack the section", &path))?;
        write_whole(&path, |file| file.write_all(&[&MAGIC[..], &checksum(&[&packed]), &packed].concat()))?;
        let mut held = self.held();
        held.digests.insert(*digest);
        held.touched.insert(*digest);
        Ok(())
    }

    /// Removes what is neither among `used` nor was touched since the last sweep; gives the number.
    pub(super) fn sweep(&self, used: &HashSet<Digest>) -> Result<usize, StoreError> {
        let mut held = self.held();
        let spared = std::mem::take(&mut held.touched);
        let unused = |digest: &&Digest| !used.contains(*digest) && !spared.contains(*digest);
        let unused: Vec<Digest> = held.digests.iter().filter(unused).copied().collect();
        drop(held);
        let mut removed = 0;
        for digest in unused {
            let mut held = self.held();
            // Taken out first: whoever puts it now writes it anew.
            if !held.touched.contains(&digest) && held.digests.remove(&digest) {
                let path = self.path(&digest);
                remove(&path).map_err(at("remove a content that nothing uses", &path))?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Whether a content should be there.
    pub(super) fn holds(&self, digest: &Digest) -> bool {
        self.held().digests.contains(digest)
    }

    /// The bytes under `digest`. What is damaged is no longer held, so that it can be given again.
    pub(super) fn get(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        if !self.held().touch(digest) {
            return Ok(None);
        }
        let bytes = read_blob(&self.path(digest), digest);
        if !matches!(bytes, Ok(Some(_))) {
            self.held().digests.remove(digest);
        }
        bytes
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        let (folder, file) = name.split_at_checked(2).unwrap_or(("", &name));
        self.dir.join(folder).join(file)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every blob in `dir`, with its file.
pub(super) fn list(dir: &Path) -> Result<Vec<(Digest, PathBuf)>, StoreError> {
    let mut found = Vec::new();
    for folder in entries(dir)?.into_iter().filter(|path| path.is_dir()) {
        for path in entries(&folder)? {
            let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            if let Some(digest) = Digest::from_hex(&(name(&folder) + &name(&path))) {
                found.push((digest, path));
            }
        }
    }
    Ok(found)
}

/// Reads and checks one blob's file; `None` when there is no such file.
pub(super) fn read_blob(path: &Path, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(file) = read(path)? else { return Ok(None) };
    let mut rest = file.as_slice();
    let sound = take(&mut rest) == Some(MAGIC) && take(&mut rest) == Some(checksum(&[rest]));
    let bytes = if sound { unpack(rest).ok() } else { None };
    let bytes = bytes.filter(|bytes| Digest::of(bytes) == *digest);
    bytes.map(Some).ok_or_else(|| damaged(path, 0, "the section's bytes are not as they were written; its agent is asked again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_kept_once_and_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = b"bash\t5.2\n".repeat(100);
        let digest = Digest::of(&bytes);
        let blobs = Blobs::open(dir.path()).unwrap();
        assert_eq!(blobs.get(&digest).unwrap(), None);
        blobs.put(&digest, &bytes).unwrap();
        let file = blobs.path(&digest);
        let written = file.metadata().unwrap().modified().unwrap();
        blobs.put(&digest, &bytes).unwrap();
        assert_eq!(file.metadata().unwrap().modified().unwrap(), written);
        assert_eq!(Blobs::open(dir.path()).unwrap().get(&digest).unwrap(), Some(bytes));
        assert!(blobs.put(&Digest::of(b"x"), b"y").is_err());
    }

    #[test]
    fn a_sweep_takes_what_nothing_uses_and_spares_what_was_just_put() {
        let dir = tempfile::tempdir().unwrap();
        let contents = [b"used", b"just", b"left"].map(|bytes| (Digest::of(bytes), bytes));
        let [used, just, left] = contents.map(|(digest, _)| digest);
        let blobs = Blobs::open(dir.path()).unwrap();
        contents.iter().for_each(|(digest, bytes)| blobs.put(digest, *bytes).unwrap());
        assert_eq!(blobs.sweep(&HashSet::from([used])).unwrap(), 0, "all were just put");
        blobs.put(&just, b"just").unwrap();
        assert_eq!(blobs.sweep(&HashSet::from([used])).unwrap(), 1);
        assert_eq!([used, just, left].map(|digest| blobs.get(&digest).unwrap().is_some()), [true, true, false]);
        blobs.put(&left, b"left").unwrap();
        assert_eq!(Blobs::open(dir.path()).unwrap().get(&left).unwrap().as_deref(), Some(&b"left"[..]));
        assert_eq!(Blobs::open(dir.path()).unwrap().sweep(&HashSet::new()).unwrap(), 3);
    }

    #[test]
    fn no_changed_byte_or_cut_is_served_and_the_blob_can_be_given_again() {
        let dir = tempfile::tempdir().unwrap();
        let digest = Digest::of(b"a section");
        let blobs = Blobs::open(dir.path()).unwrap();
        blobs.put(&digest, b"a section").unwrap();
        let path = blobs.path(&digest);
        let good = std::fs::read(&path).unwrap();
        for position in 0..good.len() {
            let mut changed = good.clone();
            changed[position] ^= 0x10;
            for bad in [&changed[..], &good[..position]] {
                std::fs::write(&path, bad).unwrap();
                let error = blobs.get(&digest).unwrap_err().to_string();
                assert!(error.contains(path.to_str().unwrap()), "{error}");
                assert_eq!(blobs.get(&digest).unwrap(), None);
                blobs.put(&digest, b"a section").unwrap();
                assert_eq!(blobs.get(&digest).unwrap().as_deref(), Some(&b"a section"[..]));
            }
        }
    }
}
