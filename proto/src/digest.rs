//! Digests of section bytes, and their bounded compression.

use std::cell::RefCell;
use std::fmt;
use std::io::Read;
use std::sync::OnceLock;
use zstd::bulk::Decompressor;
use zstd::dict::DecoderDictionary;

/// The BLAKE3 hash of a section's bytes: its address on the wire and in the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Reads 32 bytes as they stand on the wire; `None` for any other length.
    pub fn from_wire(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads 64 hexadecimal digits; `None` for anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        blake3::Hash::from_hex(text).ok().map(|hash| Self(*hash.as_bytes()))
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom(format!("not a digest of 64 hexadecimal digits: {text:?}")))
    }
}

/// Why packed bytes were refused.
#[derive(Debug, thiserror::Error)]
pub enum BadPack {
    /// The bytes are not zstd, or end early.
    #[error("the section's bytes are not a zstd frame")]
    NotZstd(#[source] std::io::Error),
    /// The unpacked section would pass [`crate::MAX_SECTION`].
    #[error("the section is larger than {} bytes when unpacked", crate::MAX_SECTION)]
    TooLarge,
}

/// What a software list is likely to hold; `dictionary/make` made it. Changing a byte makes every packed list unreadable.
const DICTIONARY: &[u8] = include_bytes!("../dictionary/packages.bin");
/// Sections smaller than this gain less from the dictionary than it costs to load, bytes.
const WORTH_IT: usize = 4096;

/// Compresses a section's bytes with zstd, level 12: a section travels once and is read for years.
///
/// # Errors
/// zstd's, when memory is short.
pub fn pack(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let dictionary = if bytes.len() < WORTH_IT { &[] } else { DICTIONARY };
    zstd::bulk::Compressor::with_dictionary(12, dictionary)?.compress(bytes)
}

/// How large a section's bytes are unpacked, bytes, if their frame says so: [`unpack`] holds no more for them.
pub fn unpacked_size(packed: &[u8]) -> Option<u64> {
    zstd::zstd_safe::get_frame_content_size(packed).ok().flatten()
}

/// Unpacks a section's bytes and never holds more than [`crate::MAX_SECTION`] of them, whatever the frame claims.
///
/// # Errors
/// [`BadPack`] when the bytes are no zstd frame or unpack to more.
pub fn unpack(packed: &[u8]) -> Result<Vec<u8>, BadPack> {
    match unpacked_size(packed) {
        Some(size) if size > crate::MAX_SECTION as u64 => Err(BadPack::TooLarge),
        Some(size) => unpack_whole(packed, usize::try_from(size).unwrap_or(usize::MAX)),
        None => unpack_stream(packed),
    }
}

/// Unpacks a frame that says how large it is; more than that is an error.
fn unpack_whole(packed: &[u8], size: usize) -> Result<Vec<u8>, BadPack> {
    static PREPARED: OnceLock<DecoderDictionary<'static>> = OnceLock::new();
    thread_local! {
        // Made once a thread: it takes longer than most sections.
        static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    }
    UNPACKER.with_borrow_mut(|unpacker| {
        let unpacker = match unpacker {
            Some(unpacker) => unpacker,
            None => {
                let prepared = PREPARED.get_or_init(|| DecoderDictionary::copy(DICTIONARY));
                unpacker.insert(Decompressor::with_prepared_dictionary(prepared).map_err(BadPack::NotZstd)?)
            }
        };
        unpacker.decompress(packed, size).map_err(BadPack::NotZstd)
    })
}

/// Unpacks what does not say how large it is.
fn unpack_stream(packed: &[u8]) -> Result<Vec<u8>, BadPack> {
    let limit = crate::MAX_SECTION as u64 + 1;
    let mut bytes = Vec::new();
    zstd::Decoder::with_dictionary(packed, DICTIONARY)
        .map_err(BadPack::NotZstd)?
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(BadPack::NotZstd)?;
    if bytes.len() > crate::MAX_SECTION { Err(BadPack::TooLarge) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_unpacks_to_the_same() {
        let bytes = b"bash\t5.2\n".repeat(1000);
        let packed = pack(&bytes).unwrap_or_default();
        assert!(packed.len() < bytes.len() / 10);
        assert_eq!(unpacked_size(&packed), Some(bytes.len() as u64));
        assert_eq!(unpack(&packed).ok(), Some(bytes));
        assert_eq!(unpacked_size(b"rubbish"), None);
    }

    #[test]
    fn frames_without_the_dictionary_unpack_too_and_the_dictionary_stays_as_it_is() {
        let bytes = b"Debian Games Team".repeat(2000);
        let plain = zstd::bulk::compress(&bytes, 3).unwrap_or_default();
        assert_eq!(unpack(&plain).ok(), Some(bytes));
        assert_eq!(Digest::of(DICTIONARY).to_string(), "f0009a90c4daa4403aebb229e81d56715d6fd158736ba13d9ed07e80e8b09c26");
    }

    #[test]
    fn a_bomb_is_refused_and_rubbish_too() {
        let bomb = pack(&vec![0; crate::MAX_SECTION + 1]).unwrap_or_default();
        assert!(matches!(unpack(&bomb), Err(BadPack::TooLarge)));
        assert!(matches!(unpack(b"rubbish"), Err(BadPack::NotZstd(_))));
    }

    #[test]
    fn what_a_frame_claims_makes_it_no_larger_and_no_other() {
        let (one, two) = (pack(&[7; 9000]).unwrap_or_default(), pack(b"").unwrap_or_default());
        assert_eq!(unpack(&two).ok(), Some(Vec::new()));
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4][..], &one].concat();
        let short = one.get(..one.len() - 3).unwrap_or_default();
        // Two frames of which the first says the size of one, a frame to skip before one, one that ends early, one that claims another size.
        for bad in [[&one[..], &one].concat(), skipped, short.to_vec(), [&two[..], &one].concat(), [&one[..], b"rubbish"].concat()] {
            assert!(matches!(unpack(&bad), Err(BadPack::NotZstd(_))), "{} bytes", bad.len());
        }
        for claimed in [0, 1, 8999, 9001, 65_535] {
            let mut other = one.clone();
            let at = other.windows(2).position(|found| found == (9000_u16 - 256).to_le_bytes());
            let place = at.and_then(|at| other.get_mut(at..at + 2));
            place.into_iter().for_each(|place| place.copy_from_slice(&u16::to_le_bytes(claimed)));
            assert!(at.is_some() && unpack(&other).is_err(), "{claimed}");
        }
        // A frame of unknown size, and an endless row of frames, are cut at the limit.
        let streamed = |bytes: &[u8]| zstd::stream::encode_all(bytes, 1).unwrap_or_default();
        assert_eq!(unpack(&streamed(b"bash")).ok().as_deref(), Some(&b"bash"[..]));
        let half = streamed(&vec![0; crate::MAX_SECTION / 2 + 1]);
        assert!(unpack(&half).is_ok() && matches!(unpack(&half.repeat(2)), Err(BadPack::TooLarge)));
        assert!(matches!(unpack(&half.repeat(100_000)), Err(BadPack::TooLarge)));
    }

    #[test]
    fn a_digest_reads_back_from_hex_and_wire() {
        let digest = Digest::of(b"x");
        assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
        assert_eq!(Digest::from_wire(digest.as_bytes()), Some(digest));
        assert_eq!(Digest::from_wire(b"short"), None);
    }
}
