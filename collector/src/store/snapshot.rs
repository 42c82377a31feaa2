//! Snapshots: every record of a view in one file, so that a start need not replay the ledger from its beginning.
//!
//! `DIR/snapshot/NNNNNNNNNNNNNNNNNNNN.snap`, named by the group that it stands after, twenty digits:
//! ```text
//!   0 magic "RCSNAP01" · 8 group, u64 · 16 last event, u64 · 24 chain, 32 · 56 checksum, 8 (as a segment's head)
//!  64 zstd of the records' lines (store/lines.rs), kind by kind
//! end BLAKE3 hash of everything before it, 32
//! ```
//! The file comes under its name when it is durable. The newest two are kept: a damaged one falls back to the older, then to the whole
//! ledger.

use super::StoreError;
use super::disk::{at, damaged, numbered, write_whole};
use super::hashed::Hashed;
use super::ledger::frame::{Place, SEGMENT_HEAD};
use super::lines;
use super::out::{make_dir, remove};
use super::people::People;
use rollcall_site::Site;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const MAGIC: [u8; 8] = *b"RCSNAP01";
const HASH: u64 = 32;
/// Snapshots that are kept.
const KEPT: usize = 2;
/// Longest line, bytes: no record comes near it.
const MAX_LINE: u64 = 256 * 1024 * 1024;

/// Writes every record of `view`, which stands at `place`, and removes all but the newest two snapshots.
pub(super) fn write(dir: &Path, place: &Place, people: &People, view: &Site) -> Result<(), StoreError> {
    make_dir(dir)?;
    write_whole(&dir.join(format!("{:020}.snap", place.group)), |file| {
        let mut hashed = Hashed::new(BufWriter::new(file));
        hashed.write_all(&place.head(MAGIC))?;
        let mut packed = zstd::Encoder::new(hashed, 1)?;
        let mut line = Vec::new();
        for record in view.records() {
            let Some(record) = people.sealed(record).map_err(io::Error::other)? else { continue };
            line.clear();
            lines::write_record(&mut line, &record);
            packed.write_all(&line)?;
        }
        let mut hashed = packed.finish()?;
        let hash = hashed.hasher.finalize();
        hashed.inner.write_all(hash.as_bytes())?;
        hashed.inner.flush()
    })?;
    for (_, old) in list(dir)?.into_iter().skip(KEPT) {
        remove(&old).map_err(at("remove an old snapshot", &old))?;
    }
    Ok(())
}

/// The snapshots in `dir`, newest first.
pub(super) fn list(dir: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let mut found = numbered(dir, "snap")?;
    found.reverse();
    Ok(found)
}

/// The newest snapshot in `dir` that is whole, or an empty site, with the place at which replay starts.
pub(super) fn newest(dir: &Path, people: &People) -> Result<(Place, Site), StoreError> {
    for (_, path) in list(dir)? {
        match read(&path, people) {
            Ok(read) => return Ok(read),
            Err(StoreError::Record(bad)) => return Err(StoreError::Record(bad)),
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "a snapshot is damaged; an older one or the whole ledger serves");
            }
        }
    }
    Ok((Place::default(), Site::default()))
}

/// Reads a snapshot: the site, and the place at which replay starts.
pub(super) fn read(path: &Path, people: &People) -> Result<(Place, Site), StoreError> {
    let (mut file, place, packed) = check(path)?;
    file.seek(SeekFrom::Start(SEGMENT_HEAD as u64)).map_err(at("read the snapshot", path))?;
    let plain = zstd::Decoder::new(file.take(packed)).map_err(at("unpack the snapshot", path))?;
    let mut plain = BufReader::with_capacity(1 << 20, plain);
    let mut site = Site::default();
    site.seq = place.seq;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut plain).take(MAX_LINE).read_until(b'\n', &mut line).map_err(at("unpack the snapshot", path))?;
        if read == 0 {
            return Ok((place, site));
        }
        let record = line.strip_suffix(b"\n").and_then(lines::read_record);
        let record = record.ok_or_else(|| damaged(path, SEGMENT_HEAD as u64, "a line is not a record"))?;
        site.restore(&people.open_record(record)?)?;
    }
}

/// Checks every byte of a snapshot; gives the open file, its place, and the bytes between head and hash.
pub(super) fn check(path: &Path) -> Result<(File, Place, u64), StoreError> {
    let mut file = File::open(path).map_err(at("open the snapshot", path))?;
    let length = file.metadata().map_err(at("ask for the snapshot's length", path))?.len();
    let packed = length.checked_sub(SEGMENT_HEAD as u64 + HASH).ok_or_else(|| damaged(path, length, "the snapshot ends early"))?;
    let mut head = [0; SEGMENT_HEAD];
    file.read_exact(&mut head).map_err(at("read the snapshot", path))?;
    let place = Place::from_head(MAGIC, &head).ok_or_else(|| damaged(path, 0, "the snapshot's head is not as it was written"))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&head);
    io::copy(&mut (&mut file).take(packed), &mut hasher).map_err(at("read the snapshot", path))?;
    let mut hash = [0; HASH as usize];
    file.read_exact(&mut hash).map_err(at("read the snapshot", path))?;
    if *hasher.finalize().as_bytes() != hash {
        return Err(damaged(path, SEGMENT_HEAD as u64, "the snapshot's bytes don't fit the hash at its end"));
    }
    Ok((file, place, packed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::site;

    /// The records here are in clear.
    fn nobody() -> People {
        People::open(Path::new("/nonexistent")).unwrap()
    }

    #[test]
    fn a_snapshot_reads_back_and_no_changed_byte_or_cut_passes() {
        let dir = tempfile::tempdir().unwrap();
        let view = site(20);
        let place = Place { group: 7, seq: view.seq, head: [9; 32] };
        write(dir.path(), &place, &nobody(), &view).unwrap();
        let (_, path) = list(dir.path()).unwrap().remove(0);
        let (read_place, read_site) = read(&path, &nobody()).unwrap();
        assert_eq!((read_place, read_site.state_hash()), (place, view.state_hash()));

        let bytes = std::fs::read(&path).unwrap();
        for position in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[position] ^= 1;
            std::fs::write(&path, &changed).unwrap();
            assert!(matches!(read(&path, &nobody()), Err(StoreError::Damaged { .. })), "byte {position}");
            std::fs::write(&path, &bytes[..position]).unwrap();
            assert!(matches!(read(&path, &nobody()), Err(StoreError::Damaged { .. })), "cut at {position}");
        }
    }

    #[test]
    fn the_newest_two_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        for group in [3, 5, 9, 12] {
            write(dir.path(), &Place { group, seq: 0, head: [0; 32] }, &nobody(), &Site::default()).unwrap();
        }
        assert_eq!(list(dir.path()).unwrap().iter().map(|(group, _)| *group).collect::<Vec<_>>(), [12, 9]);
    }
}
