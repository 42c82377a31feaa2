//! The ledger's bytes: the head of a segment, the head of a frame, and the chain between them. Numbers are little-endian.
//!
//! A segment is a head of 64 bytes, then frames, one per group of changes that was committed together:
//! ```text
//! segment  0 magic "RCLEDG01" · 8 group before it, u64 · 16 last event before it, u64 · 24 chain before it, 32 · 56 checksum, 8
//! frame    0 magic F5 "RC1" · 4 stored bytes, u32 · 8 unpacked bytes, u32 · 12 entries, u32 · 16 group, u64
//!          24 last event after it, u64 · 32 digest of the stored bytes, 32 · 64 chain after it, 32 · 96 checksum, 8
//!          104 the stored bytes: zstd of the entries' lines (store/lines.rs), then the end mark, which zstd skips
//! ```
//! A checksum is the first eight bytes of the BLAKE3 hash of the head before it. The chain after a frame is the BLAKE3
//! hash of the chain before it and of bytes 4 to 64 of the frame: of its payload it covers the digest.

use crate::store::disk::{checksum, take};

/// Bytes of a segment's head.
pub(in crate::store) const SEGMENT_HEAD: usize = 64;
/// Bytes of a frame's head.
pub(in crate::store) const FRAME_HEAD: usize = 104;
/// Largest payload, bytes, stored and unpacked: an import of a whole district fits, and memory for one is always there.
pub(in crate::store) const MAX_PAYLOAD: u32 = 256 * 1024 * 1024;
/// How a frame begins; no UTF-8 text holds its first byte.
pub(super) const MAGIC: [u8; 4] = *b"\xf5RC1";
/// What a payload ends with: a skippable frame of zstd (RFC 8878, section 3.1.2) of one byte. As its last byte is not zero, a
/// power cut that lost only the first bytes of a frame's last sector can be told from a group that ends with zeros.
pub(super) const END: [u8; 9] = [0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 0xff];
const SEGMENT_MAGIC: [u8; 8] = *b"RCLEDG01";

/// A place in the ledger: after a group, with the last event and the chain up to there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Place {
    /// Number of the last group, from 1; 0: before the first.
    pub(in crate::store) group: u64,
    /// Number of the last event; 0: none yet.
    pub(in crate::store) seq: u64,
    /// The chain's head.
    pub(in crate::store) head: [u8; 32],
}

impl Place {
    /// The 48 bytes of a place, as in a segment's and a snapshot's head.
    pub(in crate::store) fn encode(&self) -> Vec<u8> {
        [&self.group.to_le_bytes()[..], &self.seq.to_le_bytes(), &self.head].concat()
    }

    /// Reads 48 bytes off the front.
    pub(in crate::store) fn take(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self { group: u64::from_le_bytes(take(bytes)?), seq: u64::from_le_bytes(take(bytes)?), head: take(bytes)? })
    }

    /// A head of 64 bytes: a magic word, this place, a checksum.
    pub(in crate::store) fn head(&self, magic: [u8; 8]) -> Vec<u8> {
        let place = self.encode();
        [&magic[..], &place, &checksum(&[&magic, &place])].concat()
    }

    /// Reads a head of 64 bytes; `None` when a byte is not as written.
    pub(in crate::store) fn from_head(magic: [u8; 8], bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&magic)?;
        let place = Self::take(&mut rest)?;
        (take(&mut rest)? == checksum(&[&magic, &place.encode()])).then_some(place)
    }
}

/// The head of a segment that begins after `before`.
pub(in crate::store) fn segment_head(before: &Place) -> Vec<u8> {
    before.head(SEGMENT_MAGIC)
}

/// Reads the head of a segment; `None` when a byte is not as written.
pub(in crate::store) fn read_segment_head(bytes: &[u8]) -> Option<Place> {
    Place::from_head(SEGMENT_MAGIC, bytes)
}

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Frame {
    /// Bytes of the payload as stored.
    pub(in crate::store) stored: u32,
    /// Bytes of the payload unpacked.
    pub(in crate::store) plain: u32,
    /// Entries of the group.
    pub(in crate::store) entries: u32,
    /// BLAKE3 of the payload as stored.
    pub(in crate::store) digest: [u8; 32],
    /// The place after it.
    pub(in crate::store) after: Place,
}

impl Frame {
    /// The head of the group that follows `before`.
    pub(in crate::store) fn following(before: &Place, seq: u64, entries: u32, plain: u32, payload: &[u8]) -> Self {
        let stored = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let after = Place { group: before.group + 1, seq, head: [0; 32] };
        let mut frame = Self { stored, plain, entries, digest: *blake3::hash(payload).as_bytes(), after };
        frame.after.head = frame.chain(before);
        frame
    }

    /// Bytes 4 to 64: what the chain covers.
    fn covered(&self) -> Vec<u8> {
        let numbers = [self.stored.to_le_bytes(), self.plain.to_le_bytes(), self.entries.to_le_bytes()].concat();
        [&numbers[..], &self.after.group.to_le_bytes(), &self.after.seq.to_le_bytes(), &self.digest].concat()
    }

    fn chain(&self, before: &Place) -> [u8; 32] {
        *blake3::Hasher::new().update(&before.head).update(&self.covered()).finalize().as_bytes()
    }

    /// The 104 bytes.
    pub(in crate::store) fn encode(&self) -> Vec<u8> {
        let head = [&MAGIC[..], &self.covered(), &self.after.head].concat();
        let sum = checksum(&[&head]);
        [&head[..], &sum].concat()
    }

    /// Reads a head from the front of `bytes`; `None` when a byte is not as written.
    pub(in crate::store) fn read(bytes: &[u8]) -> Option<Self> {
        let (head, mut sum) = bytes.get(..FRAME_HEAD)?.split_at_checked(FRAME_HEAD - 8)?;
        if take(&mut sum)? != checksum(&[head]) {
            return None;
        }
        let mut rest = head.strip_prefix(&MAGIC)?;
        let mut number = || take(&mut rest).map(u32::from_le_bytes);
        let (stored, plain, entries) = (number()?, number()?, number()?);
        let (group, seq) = (u64::from_le_bytes(take(&mut rest)?), u64::from_le_bytes(take(&mut rest)?));
        let digest = take(&mut rest)?;
        let after = Place { group, seq, head: take(&mut rest)? };
        (stored <= MAX_PAYLOAD && plain <= MAX_PAYLOAD).then_some(Self { stored, plain, entries, digest, after })
    }

    /// Whether it follows `before`, number and chain.
    pub(in crate::store) fn follows(&self, before: &Place) -> bool {
        self.after.group == before.group + 1 && self.after.seq >= before.seq && self.after.head == self.chain(before)
    }

    /// Whether `payload` is what was written.
    pub(in crate::store) fn fits(&self, payload: &[u8]) -> bool {
        payload.len() == self.stored as usize && *blake3::hash(payload).as_bytes() == self.digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame() -> (Place, Frame) {
        let before = Place { group: 6, seq: 40, head: [7; 32] };
        (before, Frame::following(&before, 42, 2, 100, b"payload"))
    }

    #[test]
    fn a_head_reads_back_and_follows_only_its_place() {
        let (before, frame) = frame();
        let bytes = frame.encode();
        assert_eq!(bytes.len(), FRAME_HEAD);
        assert_eq!(Frame::read(&bytes), Some(frame));
        assert!(frame.follows(&before) && frame.fits(b"payload") && !frame.fits(b"paxload"));
        assert!(!frame.follows(&Place { head: [8; 32], ..before }));
        assert!(!frame.follows(&Place { group: 5, ..before }));
        let segment = segment_head(&before);
        assert_eq!((segment.len(), read_segment_head(&segment)), (SEGMENT_HEAD, Some(before)));
    }

    #[test]
    fn no_changed_bit_of_a_head_passes() {
        let (before, frame) = frame();
        for (bytes, reads) in [
            (frame.encode(), (|bytes| Frame::read(bytes).is_some()) as fn(&[u8]) -> bool),
            (segment_head(&before), |bytes| read_segment_head(bytes).is_some()),
        ] {
            for bit in 0..bytes.len() * 8 {
                let mut changed = bytes.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert!(!reads(&changed), "bit {bit}");
            }
            assert!((0..bytes.len()).all(|length| !reads(&bytes[..length])));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_end_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(Frame::read(&bytes), None);
            prop_assert_eq!(read_segment_head(&bytes), None);
        }

        #[test]
        fn every_head_reads_back(
            (group, seq, head) in (0..u64::MAX, any::<u64>(), any::<[u8; 32]>()),
            entries in any::<u32>(),
            payload in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let before = Place { group, seq, head };
            let frame = Frame::following(&before, seq, entries, 1, &payload);
            let read = Frame::read(&frame.encode());
            prop_assert_eq!(read, Some(frame));
            prop_assert!(frame.follows(&before) && frame.fits(&payload));
        }
    }
}
