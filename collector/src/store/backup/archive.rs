//! The archive inside a backup: files one after another, each with a hash, and an end that counts them. Numbers are little-endian.
//!
//! ```text
//! magic "RCBACK01"
//! file   length of the name, u16, not 0 · name · length of the bytes, u64 · bytes · BLAKE3 hash of all that, 32
//! end    0, u16 · number of files, u64
//! ```
//! Names are relative, with `/`. The bytes are not packed: what the store keeps is packed already.

use crate::store::hashed::Hashed;
use std::io::{self, Read, Write};

const MAGIC: [u8; 8] = *b"RCBACK01";
/// Longest name, bytes.
const MAX_NAME: usize = 255;
/// Bytes that are copied at once.
const CHUNK: usize = 256 * 1024;

/// Writes an archive.
pub(in crate::store) struct Writer<W> {
    out: W,
    files: u64,
    bytes: u64,
}

impl<W: Write> Writer<W> {
    /// Begins an archive.
    pub(in crate::store) fn begin(mut out: W) -> io::Result<Self> {
        out.write_all(&MAGIC)?;
        Ok(Self { out, files: 0, bytes: 0 })
    }

    /// Adds a file: `length` bytes of `from`.
    pub(in crate::store) fn add(&mut self, name: &str, length: u64, from: impl Read) -> io::Result<()> {
        let short = u16::try_from(name.len()).ok().filter(|short| is_name(name) && *short > 0);
        let short = short.ok_or_else(|| io::Error::other(format!("{name:?} is no name for a file of a backup")))?;
        let mut hashed = Hashed::new(&mut self.out);
        hashed.write_all(&short.to_le_bytes())?;
        hashed.write_all(name.as_bytes())?;
        hashed.write_all(&length.to_le_bytes())?;
        let copied = io::copy(&mut from.take(length), &mut hashed)?;
        if copied != length {
            return Err(io::Error::other(format!("{name}: {copied} bytes are there, not {length}")));
        }
        let hash = hashed.hasher.finalize();
        self.out.write_all(hash.as_bytes())?;
        (self.files, self.bytes) = (self.files + 1, self.bytes + length);
        Ok(())
    }

    /// Ends the archive; gives what it was written to, the number of files, and their bytes.
    pub(in crate::store) fn end(mut self) -> io::Result<(W, u64, u64)> {
        self.out.write_all(&0_u16.to_le_bytes())?;
        self.out.write_all(&self.files.to_le_bytes())?;
        Ok((self.out, self.files, self.bytes))
    }
}

/// Reads an archive.
pub(in crate::store) struct Reader<R> {
    from: R,
    files: u64,
}

/// The head of a file in an archive.
pub(in crate::store) struct Head {
    /// Its name, checked to lead nowhere else.
    pub(in crate::store) name: String,
    /// Its bytes.
    pub(in crate::store) length: u64,
    hasher: blake3::Hasher,
}

impl<R: Read> Reader<R> {
    /// Begins to read.
    pub(in crate::store) fn begin(mut from: R) -> io::Result<Self> {
        if bytes::<8>(&mut from)? == MAGIC { Ok(Self { from, files: 0 }) } else { Err(bad("it is not a backup of Rollcall")) }
    }

    /// The next file's head, to be followed by [`Reader::copy`]; `None` at the end, which must be the end of everything.
    pub(in crate::store) fn head(&mut self) -> io::Result<Option<Head>> {
        let length = u16::from_le_bytes(bytes(&mut self.from)?);
        if length == 0 {
            let counted = u64::from_le_bytes(bytes(&mut self.from)?);
            let behind = self.from.by_ref().take(1).read_to_end(&mut Vec::new())?;
            return if counted == self.files && behind == 0 { Ok(None) } else { Err(bad("its end does not fit")) };
        }
        let mut name = vec![0; usize::from(length)];
        self.from.read_exact(&mut name)?;
        let size: [u8; 8] = bytes(&mut self.from)?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&length.to_le_bytes()).update(&name).update(&size);
        let name = String::from_utf8(name).ok().filter(|name| is_name(name)).ok_or_else(|| bad("a file in it has no proper name"))?;
        Ok(Some(Head { name, length: u64::from_le_bytes(size), hasher }))
    }

    /// Copies the file whose head was just read, and checks it.
    pub(in crate::store) fn copy(&mut self, head: Head, to: impl Write) -> io::Result<()> {
        let mut hashed = Hashed { inner: to, hasher: head.hasher };
        let copied = io::copy(&mut io::BufReader::with_capacity(CHUNK, self.from.by_ref().take(head.length)), &mut hashed)?;
        if copied != head.length || *hashed.hasher.finalize().as_bytes() != bytes::<32>(&mut self.from)? {
            return Err(bad(&format!("{} in it is damaged", head.name)));
        }
        self.files += 1;
        hashed.inner.flush()
    }
}

/// Whether a name is relative, leads nowhere else, and is plain.
fn is_name(name: &str) -> bool {
    let plain = |part: &str| {
        let fits = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        fits && !part.is_empty() && !part.starts_with('.')
    };
    name.len() <= MAX_NAME && name.split('/').all(plain)
}

fn bytes<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = Writer::begin(Vec::new()).unwrap();
        files.iter().for_each(|(name, content)| writer.add(name, content.len() as u64, *content).unwrap());
        writer.end().unwrap().0
    }

    fn read(archive: &[u8]) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut reader = Reader::begin(archive)?;
        let mut files = Vec::new();
        while let Some(head) = reader.head()? {
            let (name, mut content) = (head.name.clone(), Vec::new());
            reader.copy(head, &mut content)?;
            files.push((name, content));
        }
        Ok(files)
    }

    #[test]
    fn files_read_back_and_no_changed_byte_or_cut_passes() {
        let whole = archive(&[("ledger/1.log", b"truth"), ("blobs/ab/cd", b"")]);
        assert_eq!(read(&whole).unwrap(), [("ledger/1.log".to_owned(), b"truth".to_vec()), ("blobs/ab/cd".to_owned(), Vec::new())]);
        for position in 0..whole.len() {
            let mut changed = whole.clone();
            changed[position] ^= 2;
            assert!(read(&changed).is_err(), "byte {position}");
            assert!(read(&whole[..position]).is_err(), "cut at {position}");
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        for name in ["", "/etc/passwd", "../x", "a/../b", "a//b", ".ssh", "a\\b", "a b", &"x".repeat(256)] {
            let mut writer = Writer::begin(Vec::new()).unwrap();
            assert!(writer.add(name, 0, &b""[..]).is_err(), "{name:?}");
        }
        let mut hostile = archive(&[("aaaa", b"x")]);
        hostile[10..14].copy_from_slice(b"../x");
        assert!(read(&hostile).unwrap_err().to_string().contains("no proper name"));
    }

    proptest! {
        #[test]
        fn no_bytes_end_the_reader(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(read(&[&MAGIC[..], &tail].concat()).is_err());
        }
    }
}
