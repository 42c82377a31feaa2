//! What the first versions wrote: a file for each content. At the start they are moved into packs.
//!
//! `DIR/blobs/ab/cdef…` (the digest's 64 hexadecimal digits, two for the folder):
//! ```text
//!  0 magic "RCB1" · 4 the first eight bytes of the BLAKE3 hash of what follows · 12 zstd of the section's bytes
//! ```

use super::Blobs;
use crate::store::StoreError;
use crate::store::disk::{at, checksum, damaged, entries, read, take};
use crate::store::out::remove;
use rollcall_proto::{Digest, unpack};
use std::path::{Path, PathBuf};

const MAGIC: [u8; 4] = *b"RCB1";
/// Bytes that lie in both places at most, about.
const AT_ONCE: usize = 4 * 1024 * 1024;

/// Moves every content that is whole into a pack, durable, then removes its file: some at a time, so that little room is needed. What is
/// damaged or can't be read stays where it is, and is not held.
pub(super) fn move_into(blobs: &Blobs) -> Result<(), StoreError> {
    let files = list(&blobs.dir)?;
    if files.is_empty() {
        return Ok(());
    }
    tracing::info!(count = files.len(), "moving section contents of an older version into packs");
    let (mut moved, mut bytes) = (Vec::new(), 0);
    for (digest, path) in files {
        match read_packed(&path, &digest) {
            Ok(packed) => {
                bytes += packed.len();
                blobs.put(&[(digest, packed)])?;
                moved.push(path);
            }
            Err(error) => tracing::error!(%error, "a content of an older version is left where it is"),
        }
        if bytes >= AT_ONCE {
            remove_moved(blobs, &mut moved)?;
            bytes = 0;
        }
    }
    remove_moved(blobs, &mut moved)?;
    for folder in entries(&blobs.dir)?.into_iter().filter(|path| path.is_dir()) {
        // One that still holds something stays.
        std::fs::remove_dir(&folder).ok();
    }
    Ok(())
}

/// Removes files whose contents are in a pack, once that is durable.
fn remove_moved(blobs: &Blobs, moved: &mut Vec<PathBuf>) -> Result<(), StoreError> {
    blobs.sync()?;
    moved.drain(..).try_for_each(|path| remove(&path).map_err(at("remove what was moved into a pack", &path)))
}

/// Checks every such file; gives the number of whole ones.
pub(super) fn verify(dir: &Path, damage: &mut Vec<String>) -> Result<u64, StoreError> {
    let mut whole = 0;
    for (digest, path) in list(dir)? {
        match read_packed(&path, &digest) {
            Ok(_) => whole += 1,
            Err(error) => damage.push(error.to_string()),
        }
    }
    Ok(whole)
}

/// Every such file in `dir`, with its digest.
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

/// The packed bytes in one file, checked against the digest.
fn read_packed(path: &Path, digest: &Digest) -> Result<Vec<u8>, StoreError> {
    let file = read(path)?.unwrap_or_default();
    let mut rest = file.as_slice();
    let sound = take(&mut rest) == Some(MAGIC) && take(&mut rest) == Some(checksum(&[rest]));
    let fits = sound && unpack(rest).is_ok_and(|bytes| Digest::of(&bytes) == *digest);
    let packed = fits.then(|| rest.to_vec());
    packed.ok_or_else(|| damaged(path, 0, "the section's bytes are not as they were written; its agent is asked again"))
}
