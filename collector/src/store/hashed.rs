//! A writer that hashes what goes through it: for files that end with their own hash.

use std::io::{self, Write};

/// Hashes what is written through it.
pub(super) struct Hashed<W> {
    pub(super) inner: W,
    pub(super) hasher: blake3::Hasher,
}

impl<W: Write> Hashed<W> {
    /// Over `inner`, with nothing hashed yet.
    pub(super) fn new(inner: W) -> Self {
        Self { inner, hasher: blake3::Hasher::new() }
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes three bytes at a time.
    struct Slow(Vec<u8>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.extend(bytes.iter().take(3));
            Ok(bytes.len().min(3))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_hashed_is_what_was_written_and_no_more() {
        let mut hashed = Hashed::new(Slow(Vec::new()));
        assert_eq!(hashed.write(b"ledger").unwrap(), 3);
        hashed.write_all(b"ger").unwrap();
        assert_eq!((hashed.inner.0.as_slice(), hashed.hasher.finalize()), (&b"ledger"[..], blake3::hash(b"ledger")));
    }
}
