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
use crate::store::disk::{at, checksum, damaged, take};
use rollcall_proto::{Digest, MAX_SECTION, unpack};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes of a pack's head.
pub(super) const HEAD: u64 = 28;
/// Bytes of a frame's head.
pub(super) const FRAME: u64 = 56;
const MAGIC: [u8; 4] = *b"RCP1";
const FRAME_MAGIC: [u8; 4] = *b"RCB2";
/// What may be hashed and unpacked to find frames again behind damage, times what the pack has.
const EFFORT: u64 = 32;
/// What a disk that can't read some of a pack is asked for at once, bytes.
const BLOCK: usize = 4096;

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
    /// The disk could not read all of it.
    pub(super) is_unread: bool,
}

impl Scan {
    /// What is damaged below `durable`, by file and offset.
    pub(super) fn damage(&self, path: &Path, durable: u64) -> Vec<String> {
        let durable = durable.max(self.durable);
        let what = |(from, to): &(u64, u64)| format!("{} bytes of section contents are not as they were written", to - from);
        let mut damage: Vec<String> = self
            .odd
            .iter()
            .filter(|(from, _)| self.is_unread || *from < durable)
            .map(|odd| damaged(path, odd.0, what(odd)).to_string())
            .collect();
        let end = self.odd.last().map_or(self.end, |(_, to)| self.end.max(*to));
        if damage.is_empty() && end < durable {
            damage.push(damaged(path, end, format!("it ends here, and {durable} bytes of it were durable")).to_string());
        }
        damage
    }

    fn note_odd(&mut self, from: u64, to: u64) {
        match self.odd.last_mut() {
            Some((_, end)) if *end == from => *end = to,
            _ => self.odd.push((from, to)),
        }
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

/// Reads a whole pack and checks every frame. Behind one that is not as written the next one is where it says itself, or is looked for.
pub(super) fn scan(path: &Path) -> Result<Scan, StoreError> {
    let (bytes, unread) = read_all(path)?;
    let end = HEAD.min(bytes.len() as u64);
    let mut scan = Scan { before: before(&bytes), end, is_unread: unread.is_some(), ..Scan::default() };
    if scan.before.is_none() {
        scan.odd.push((0, end));
    }
    let mut search = Search { bytes: &bytes, is_astray: false, effort: EFFORT * (bytes.len() as u64 + MAX_SECTION as u64) };
    let mut offset = HEAD as usize;
    while offset < bytes.len() {
        if let Some((digest, durable, length)) = search.frame(offset) {
            if let Some(digest) = digest {
                scan.frames.push(Frame { digest, offset: offset as u64, length: length as u64 });
            }
            scan.durable = scan.durable.max(durable);
            offset += length;
            scan.end = offset as u64;
        } else {
            let next = search.behind(offset);
            scan.note_odd(offset as u64, next as u64);
            offset = next;
        }
    }
    Ok(scan)
}

/// A pack's bytes, and why the disk could not read some of them, which are zeros then: they are lost alone.
fn read_all(path: &Path) -> Result<(Vec<u8>, Option<io::Error>), StoreError> {
    let file = File::open(path).map_err(at("open the pack", path))?;
    let length = file.metadata().map_err(at("ask for the pack's length", path))?.len();
    let (bytes, unread) = read_blocks(usize::try_from(length).unwrap_or(usize::MAX), |block, offset| file.read_exact_at(block, offset));
    if let Some(error) = &unread {
        tracing::error!(file = %path.display(), %error, "the disk can't read all of a pack; the rest of it serves");
    }
    Ok((bytes, unread))
}

/// Reads all at once, or, where that fails, block by block.
fn read_blocks(length: usize, read: impl Fn(&mut [u8], u64) -> io::Result<()>) -> (Vec<u8>, Option<io::Error>) {
    let mut bytes = vec![0; length];
    let unread = read(&mut bytes, 0).err();
    if unread.is_some() {
        for (number, block) in bytes.chunks_mut(BLOCK).enumerate() {
            if read(block, (number * BLOCK) as u64).is_err() {
                block.fill(0);
            }
        }
    }
    (bytes, unread)
}

/// The search for frames in a pack's bytes.
struct Search<'a> {
    bytes: &'a [u8],
    /// Frames were looked for byte by byte. An agent can write in a content what looks like frames, so from here on only those count that
    /// hold what they say.
    is_astray: bool,
    /// Bytes that may still be hashed or unpacked for frames that are looked for.
    effort: u64,
}

impl Search<'_> {
    /// The frame at `offset`, if it is whole and says nothing that can't be.
    fn frame(&mut self, offset: usize) -> Option<(Option<Digest>, u64, usize)> {
        let rest = self.bytes.get(offset..)?;
        if self.is_astray {
            self.spend(claimed(rest)?)?;
        }
        let found = whole(rest).filter(|(_, durable, _)| *durable <= offset as u64)?;
        if let (true, Some(digest)) = (self.is_astray, found.0) {
            self.spend(open(rest.get(..found.2)?, &digest)?.len())?;
        }
        Some(found)
    }

    /// Where what is behind a frame that is not whole begins.
    fn behind(&mut self, offset: usize) -> usize {
        let rest = self.bytes.get(offset..).unwrap_or_default();
        if let Some(next) = claimed(rest).map(|length| offset + length)
            && (next == self.bytes.len() || self.frame(next).is_some())
        {
            return next;
        }
        self.is_astray = true;
        let mut at = offset + 1;
        while self.effort > 0
            && let Some(next) = self.bytes.get(at..).and_then(|rest| rest.windows(4).position(|found| found == FRAME_MAGIC))
        {
            at += next;
            if self.frame(at).is_some() {
                return at;
            }
            at += 1;
        }
        self.bytes.len()
    }

    fn spend(&mut self, bytes: usize) -> Option<()> {
        let left = self.effort.checked_sub(bytes as u64);
        self.effort = left.unwrap_or(0);
        left.map(|_| ())
    }
}

/// The length that a frame at the front says it has, if so much is there.
fn claimed(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes.strip_prefix(&FRAME_MAGIC)?;
    let length = u32::from_le_bytes(take(&mut rest)?) as usize;
    Some(FRAME as usize + length).filter(|all| length <= 2 * MAX_SECTION && *all <= bytes.len())
}

fn before(bytes: &[u8]) -> Option<(u64, u64)> {
    let (mut head, sum) = bytes.get(..HEAD as usize)?.split_at_checked(20)?;
    let sound = sum == checksum(&[head]) && take(&mut head) == Some(MAGIC);
    let (number, durable) = (u64::from_le_bytes(take(&mut head)?), u64::from_le_bytes(take(&mut head)?));
    sound.then_some((number, durable))
}

/// The frame at the front, if it is whole: its digest, what was durable when it was written, and its length.
fn whole(bytes: &[u8]) -> Option<(Option<Digest>, u64, usize)> {
    let frame = bytes.get(..claimed(bytes)?)?;
    let mut rest = frame.get(8..)?;
    let durable = u64::from_le_bytes(take(&mut rest)?);
    let digest: [u8; 32] = take(&mut rest)?;
    let sum: [u8; 8] = take(&mut rest)?;
    let digest = if rest.is_empty() && digest == [0; 32] { None } else { Some(Digest::from_wire(&digest)?) };
    (sum == checksum(&[frame.get(..48)?, rest])).then_some((digest, durable, frame.len()))
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
pub(super) fn read_at(file: &File, path: &Path, offset: u64, length: u64) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    match file.read_exact_at(&mut bytes, offset) {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(not_whole(path, offset)),
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
    fn what_the_disk_cannot_read_is_lost_alone() {
        let all: Vec<u8> = (0..3 * BLOCK + 9).map(|at| (at / 100) as u8 + 1).collect();
        let broken = BLOCK as u64..2 * BLOCK as u64;
        let read = |block: &mut [u8], offset: u64| {
            let end = offset + block.len() as u64;
            if offset < broken.end && broken.start < end {
                return Err(io::Error::from_raw_os_error(5));
            }
            block.copy_from_slice(&all[offset as usize..end as usize]);
            Ok(())
        };
        let (bytes, unread) = read_blocks(all.len(), read);
        let zeros = vec![0; BLOCK];
        assert_eq!((bytes, unread.is_some()), ([&all[..BLOCK], &zeros[..], &all[2 * BLOCK..]].concat(), true));
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

    /// A pack with `first`, then a content of hostile bytes behind a spoilt length, then `last`.
    fn lay_hostile(dir: &Path, planted: &[u8]) -> (std::path::PathBuf, [Digest; 2]) {
        let (first, last) = (Digest::of(b"first"), Digest::of(b"last"));
        let mut bytes = [head(None), frame(&first, &pack(b"first").unwrap(), HEAD)].concat();
        let spoilt = bytes.len() + 4;
        bytes.extend(frame(&Digest::of(planted), planted, HEAD));
        bytes[spoilt] ^= 0x55;
        bytes.extend(frame(&last, &pack(b"last").unwrap(), HEAD));
        let path = dir.join("00000001.pack");
        fs::write(&path, bytes).unwrap();
        (path, [first, last])
    }

    #[test]
    fn frames_planted_in_a_content_are_not_taken_for_what_was_kept() {
        let dir = tempfile::tempdir().unwrap();
        let other = Digest::of(b"a list that many have");
        let bait = frame(&Digest::of(b"bait"), &pack(b"bait").unwrap(), HEAD);
        for planted in [
            frame(&other, b"rubbish", HEAD),
            frame(&other, &pack(b"something else").unwrap(), HEAD),
            [bait, frame(&other, b"rubbish", HEAD)].concat(),
            mark(u64::MAX),
            frame(&Digest::of(b"bait"), &pack(b"bait").unwrap(), u64::MAX),
        ] {
            let (path, kept) = lay_hostile(dir.path(), &planted);
            let found = scan(&path).unwrap();
            let digests: Vec<Digest> = found.frames.iter().map(|frame| frame.digest).collect();
            assert!(!digests.contains(&other) && kept.iter().all(|digest| digests.contains(digest)), "{digests:?}");
            assert!(found.durable <= found.end, "{} of {} are called durable", found.durable, found.end);
        }
    }

    #[test]
    fn a_content_of_beginnings_of_frames_costs_no_more_than_its_size() {
        let dir = tempfile::tempdir().unwrap();
        let (path, _) = lay_hostile(dir.path(), &[&FRAME_MAGIC[..], &400_000_u32.to_le_bytes()].concat().repeat(100_000));
        let bytes = fs::read(&path).unwrap();
        let mut search = Search { bytes: &bytes, is_astray: false, effort: EFFORT * bytes.len() as u64 };
        let begun = std::time::Instant::now();
        assert_eq!(search.behind(HEAD as usize + 69), bytes.len());
        assert_eq!(search.effort, 0, "it gave up after {:?}", begun.elapsed());
    }
}
