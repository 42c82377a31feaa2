//! One pack file: many section contents, one behind the other, each checked by itself.
//!
//! `DIR/blobs/00000001.pack`
//! ```text
//! head    0 magic "RCP1" · 4 number of the pack before it (0: none) · 12 how much of that is durable · 20 checksum of 0 to 20
//! frame   0 magic "RCB2" · 4 bytes of zstd · 8 how much of this pack was durable when this was written · 16 digest · 48 checksum of
//!         0 to 48 and of what follows · 56 zstd of the section's bytes; none and a digest of zeros: only says what is durable
//! ```
//! Numbers are little-endian, checksums the first eight bytes of a BLAKE3 hash. What is not as written below the place that a later frame
//! or head calls durable is damage; above it, a crash left it unfinished.

use crate::store::StoreError;
use crate::store::disk::{at, checksum, damaged, read_from, take};
use rollcall_proto::{Digest, MAX_SECTION, unpack};
use std::path::Path;

/// Bytes of a pack's head.
pub(super) const HEAD: u64 = 28;
/// Bytes of a frame's head.
pub(super) const FRAME: u64 = 56;
const MAGIC: [u8; 4] = *b"RCP1";
const FRAME_MAGIC: [u8; 4] = *b"RCB2";

/// A content in a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Its digest.
    pub(super) digest: Digest,
    /// Where its frame begins.
    pub(super) offset: u64,
    /// Bytes of the frame.
    pub(super) length: u64,
}

/// What a pack holds.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The contents that are whole, in order.
    pub(super) frames: Vec<Frame>,
    /// What is not as written: where it begins and ends.
    pub(super) odd: Vec<(u64, u64)>,
    /// Up to where it is known to be durable.
    pub(super) durable: u64,
    /// The pack before it, and how much of that is durable.
    pub(super) before: Option<(u64, u64)>,
    /// Where what is whole ends.
    pub(super) end: u64,
}

impl Scan {
    /// What is damaged below `durable`, by file and offset.
    pub(super) fn damage(&self, path: &Path, durable: u64) -> Vec<String> {
        let durable = durable.max(self.durable);
        let what = |(from, to): &(u64, u64)| format!("{} bytes of section contents are not as they were written", to - from);
        let mut damage: Vec<String> =
            self.odd.iter().filter(|(from, _)| *from < durable).map(|odd| damaged(path, odd.0, what(odd)).to_string()).collect();
        let end = self.odd.last().map_or(self.end, |(_, to)| self.end.max(*to));
        if damage.is_empty() && end < durable {
            damage.push(damaged(path, end, format!("it ends here, and {durable} bytes of it were durable")).to_string());
        }
        damage
    }
}

/// The head of a pack that follows pack `before`, of which so much is durable.
pub(super) fn head(before: Option<(u64, u64)>) -> Vec<u8> {
    let (number, durable) = before.unwrap_or_default();
    let mut head = [&MAGIC[..], &number.to_le_bytes(), &durable.to_le_bytes()].concat();
    head.extend(checksum(&[&head]));
    head
}

/// A frame for `packed`, written when `durable` bytes of its pack were.
pub(super) fn frame(digest: &Digest, packed: &[u8], durable: u64) -> Vec<u8> {
    frame_of(digest.as_bytes(), packed, durable)
}

/// A frame that only says what is durable.
pub(super) fn mark(durable: u64) -> Vec<u8> {
    frame_of(&[0; 32], &[], durable)
}

fn frame_of(digest: &[u8; 32], packed: &[u8], durable: u64) -> Vec<u8> {
    let length = u32::try_from(packed.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut frame = Vec::with_capacity(FRAME as usize + packed.len());
    for part in [&FRAME_MAGIC[..], &length, &durable.to_le_bytes(), digest] {
        frame.extend(part);
    }
    frame.extend(checksum(&[&frame, packed]));
    frame.extend(packed);
    frame
}

/// Reads a whole pack and checks every frame; behind one that is not as written the next whole one is looked for.
pub(super) fn scan(path: &Path) -> Result<Scan, StoreError> {
    let bytes = read_from(path, 0)?;
    let end = HEAD.min(bytes.len() as u64);
    let mut scan = Scan { before: before(&bytes), end, ..Scan::default() };
    if scan.before.is_none() {
        scan.odd.push((0, end));
    }
    let mut offset = HEAD as usize;
    while offset < bytes.len() {
        let rest = bytes.get(offset..).unwrap_or_default();
        if let Some((digest, durable, length)) = whole(rest) {
            if let Some(digest) = digest {
                scan.frames.push(Frame { digest, offset: offset as u64, length: length as u64 });
            }
            scan.durable = scan.durable.max(durable);
            offset += length;
            scan.end = offset as u64;
        } else {
            let next = rest.windows(4).skip(1).position(|found| found == FRAME_MAGIC).map_or(rest.len(), |at| at + 1);
            scan.note_odd(offset as u64, (offset + next) as u64);
            offset += next;
        }
    }
    Ok(scan)
}

impl Scan {
    fn note_odd(&mut self, from: u64, to: u64) {
        match self.odd.last_mut() {
            Some((_, end)) if *end == from => *end = to,
            _ => self.odd.push((from, to)),
        }
    }
}

fn before(bytes: &[u8]) -> Option<(u64, u64)> {
    let (mut head, sum) = bytes.get(..HEAD as usize)?.split_at_checked(20)?;
    let sound = sum == checksum(&[head]) && take(&mut head) == Some(MAGIC);
    let (number, durable) = (u64::from_le_bytes(take(&mut head)?), u64::from_le_bytes(take(&mut head)?));
    sound.then_some((number, durable))
}

/// The frame at the front, if it is whole: its digest, what was durable when it was written, and its length.
fn whole(bytes: &[u8]) -> Option<(Option<Digest>, u64, usize)> {
    let mut rest = bytes;
    let magic: [u8; 4] = take(&mut rest)?;
    let length = u32::from_le_bytes(take(&mut rest)?) as usize;
    if magic != FRAME_MAGIC || length > 2 * MAX_SECTION {
        return None;
    }
    let durable = u64::from_le_bytes(take(&mut rest)?);
    let digest: [u8; 32] = take(&mut rest)?;
    let sum: [u8; 8] = take(&mut rest)?;
    let (head, packed) = (bytes.get(..48)?, rest.get(..length)?);
    let digest = if length == 0 && digest == [0; 32] { None } else { Some(Digest::from_wire(&digest)?) };
    (sum == checksum(&[head, packed])).then_some((digest, durable, FRAME as usize + length))
}

/// The section's bytes in a frame that was read back, if they are those of the digest.
pub(super) fn open(frame: &[u8], digest: &Digest) -> Option<Vec<u8>> {
    let (found, _, length) = whole(frame)?;
    let bytes = unpack(frame.get(FRAME as usize..length)?).ok()?;
    (found == Some(*digest) && Digest::of(&bytes) == *digest).then_some(bytes)
}

/// The error for a frame that can't be read back.
pub(super) fn not_whole(path: &Path, offset: u64) -> StoreError {
    damaged(path, offset, "the section's bytes are not as they were written; its agent is asked again")
}

/// Reads `length` bytes of an open pack at `offset`.
pub(super) fn read_at(file: &std::fs::File, path: &Path, offset: u64, length: u64) -> Result<Vec<u8>, StoreError> {
    use std::os::unix::fs::FileExt;
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    match file.read_exact_at(&mut bytes, offset) {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(not_whole(path, offset)),
        Err(error) => Err(at("read the section's bytes", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_proto::pack;
    use std::fs;

    fn lay(contents: &[&[u8]], dir: &Path) -> (std::path::PathBuf, Vec<u8>) {
        let mut bytes = head(Some((6, 900)));
        for content in contents {
            bytes.extend(frame(&Digest::of(content), &pack(content).unwrap(), bytes.len() as u64));
        }
        bytes.extend(mark(bytes.len() as u64));
        let path = dir.join("00000007.pack");
        fs::write(&path, &bytes).unwrap();
        (path, bytes)
    }

    #[test]
    fn what_was_written_is_found_and_every_changed_byte_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let (path, good) = lay(&[b"one", b"two", b"three"], dir.path());
        let found = scan(&path).unwrap();
        let digests = [b"one".as_slice(), b"two", b"three"].map(Digest::of);
        assert_eq!(found.frames.iter().map(|frame| frame.digest).collect::<Vec<_>>(), digests);
        assert_eq!((found.before, found.odd.len(), found.end), (Some((6, 900)), 0, good.len() as u64));
        assert_eq!(found.damage(&path, 0), Vec::<String>::new());
        let end = good.len() - FRAME as usize;
        for position in 0..end {
            let mut bad = good.clone();
            bad[position] ^= 0x10;
            fs::write(&path, &bad).unwrap();
            let found = scan(&path).unwrap();
            let damage = found.damage(&path, 0);
            assert!(damage.len() == 1 && damage[0].contains("00000007.pack at byte"), "byte {position}: {damage:?}");
            assert!(found.frames.len() >= if position < HEAD as usize { 3 } else { 2 }, "byte {position}: only its own content is lost");
        }
        fs::write(&path, &good[..end]).unwrap();
        assert_eq!(scan(&path).unwrap().damage(&path, end as u64), Vec::<String>::new());
        fs::write(&path, &good[..end - 9]).unwrap();
        assert_eq!(scan(&path).unwrap().damage(&path, 0), Vec::<String>::new(), "a crash left the end unfinished");
        assert_eq!(scan(&path).unwrap().damage(&path, end as u64).len(), 1, "the next pack says that it was durable");
    }

    #[test]
    fn a_frame_gives_its_bytes_and_nothing_else_does() {
        let (digest, packed) = (Digest::of(b"content"), pack(b"content").unwrap());
        let good = frame(&digest, &packed, 0);
        assert_eq!(open(&good, &digest).as_deref(), Some(&b"content"[..]));
        assert_eq!(open(&good, &Digest::of(b"other")), None);
        assert_eq!(open(&frame(&Digest::of(b"other"), &packed, 0), &Digest::of(b"other")), None, "packed under a wrong digest");
        assert_eq!(open(&good[..good.len() - 1], &digest), None);
    }
}
