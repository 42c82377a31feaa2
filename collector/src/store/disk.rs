//! What the store asks of the file system: durable writes, numbered files, and errors that name the place.

use super::StoreError;
use super::out::{Out, remove, rename, sync_dir};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Ending of a file that is being written; what is left of one after a crash is removed.
pub(super) const UNFINISHED: &str = "part";

/// How the last line of a file of lines begins.
pub(super) const HASH: &str = "blake3 ";

/// Names what was being done, and where, when the system says no.
pub(super) fn at<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> StoreError + 'a {
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => full(path),
        _ => StoreError::Io { action, path: path.to_owned(), source },
    }
}

/// The disk of `path` has no room.
pub(super) fn full(path: &Path) -> StoreError {
    let free = path.parent().and_then(free_bytes).unwrap_or(0);
    StoreError::Full { path: path.to_owned(), free }
}

/// A byte of `path` is not what was written.
pub(super) fn damaged(path: &Path, offset: u64, what: impl Into<String>) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), offset, what: what.into() }
}

/// Writes a file whole: into an unfinished one beside it, durable, then under its name. A crash leaves the old one or the new one.
pub(super) fn write_whole<T>(path: &Path, write: impl FnOnce(&mut Out) -> io::Result<T>) -> Result<T, StoreError> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let part = path.with_extension(format!("{}.{UNFINISHED}", COUNT.fetch_add(1, Ordering::Relaxed)));
    let written = Out::create(&part)
        .and_then(|mut file| {
            let value = write(&mut file)?;
            file.sync()?;
            Ok(value)
        })
        .and_then(|value| rename(&part, path).map(|()| value));
    match written {
        Ok(value) => path.parent().map_or(Ok(()), sync_dir).map(|()| value),
        Err(source) => {
            // What could not be finished is worth nothing; the error that follows is the one that counts.
            remove(&part).ok();
            Err(at("write the file", path)(source))
        }
    }
}

/// Writes lines whole, with a last line that holds the hash of those before it.
pub(super) fn write_lines(path: &Path, lines: &str) -> Result<(), StoreError> {
    write_whole(path, |file| file.write_all(format!("{lines}{HASH}{}\n", blake3::hash(lines.as_bytes())).as_bytes()))
}

/// Reads what [`write_lines`] wrote, without the last line; no file is no lines.
pub(super) fn read_lines(path: &Path) -> Result<String, StoreError> {
    let Some(bytes) = read(path)? else { return Ok(String::new()) };
    let text = String::from_utf8(bytes).ok();
    let sound = text.as_deref().and_then(|text| text.strip_suffix('\n')?.rsplit_once(HASH));
    let sound = sound.filter(|(lines, hash)| blake3::hash(lines.as_bytes()).to_hex().as_str() == *hash);
    let sound = sound.map(|(lines, _)| lines.to_owned());
    sound.ok_or_else(|| damaged(path, 0, "the lines don't fit the hash in the last of them; bring the file back from a backup"))
}

/// The files of `dir` named by a number and `.ending`, in the order of their numbers. No folder: none.
pub(super) fn numbered(dir: &Path, ending: &str) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let mut found = Vec::new();
    for path in entries(dir)? {
        let fits = path.extension().is_some_and(|found| found == ending);
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let Some(number) = number.filter(|_| fits) {
            found.push((number, path));
        }
    }
    found.sort();
    Ok(found)
}

/// Every name in `dir`, sorted. No folder: none.
pub(super) fn entries(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let read = match std::fs::read_dir(dir) {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(at("list the folder", dir)(error)),
    };
    let mut found =
        read.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>().map_err(at("list the folder", dir))?;
    found.sort();
    Ok(found)
}

/// Removes what a crash left unfinished in `dir`.
pub(super) fn remove_unfinished(dir: &Path) -> Result<(), StoreError> {
    for path in entries(dir)?.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == UNFINISHED)) {
        remove(&path).map_err(at("remove what a crash left unfinished", &path))?;
    }
    Ok(())
}

/// A file's bytes from `offset` to its end.
pub(super) fn read_from(path: &Path, offset: u64) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|mut file| {
            file.seek(SeekFrom::Start(offset))?;
            file.read_to_end(&mut bytes)
        })
        .map_err(at("read the file", path))?;
    Ok(bytes)
}

/// Reads a file from `offset` on, whoever else reads it.
pub(super) struct ReadAt<'a> {
    /// The file.
    pub(super) file: &'a File,
    /// Where the next byte is.
    pub(super) offset: u64,
}

impl Read for ReadAt<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = std::os::unix::fs::FileExt::read_at(self.file, buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

/// A file's bytes; `None` when there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at("read the file", path)(error)),
    }
}

/// Bytes free for the collector on the disk of `dir`; `None`: not known.
pub(super) fn free_bytes(dir: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(dir).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// Takes the next `N` bytes off the front; `None` when there are fewer.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

/// The first eight bytes of the BLAKE3 hash of `parts`, one after another.
pub(super) fn checksum(parts: &[&[u8]]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    let mut sum = [0; 8];
    hasher.finalize_xof().fill(&mut sum);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.bin");
        write_whole(&path, |file| file.write_all(b"old")).unwrap();
        let failed = write_whole(&path, |file| file.write_all(b"ne").and_then(|()| Err::<(), _>(io::Error::other("full"))));
        assert!(failed.unwrap_err().to_string().ends_with("x.bin: write the file"));
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(entries(dir.path()).unwrap().len(), 1);
    }

    #[test]
    fn lines_read_back_and_no_changed_byte_passes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lines");
        assert_eq!(read_lines(&path).unwrap(), "");
        for lines in ["", "one\ntwo\n"] {
            write_lines(&path, lines).unwrap();
            assert_eq!(read_lines(&path).unwrap(), lines);
        }
        let good = std::fs::read(&path).unwrap();
        for position in 0..good.len() {
            let mut changed = good.clone();
            changed[position] ^= 1;
            for bad in [&changed[..], &good[..position]] {
                std::fs::write(&path, bad).unwrap();
                assert!(read_lines(&path).is_err(), "byte {position}");
            }
        }
    }

    #[test]
    fn numbered_files_come_in_order_and_others_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["10.log", "9.log", "x.log", "8.snap", "7.log.0.part"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        assert_eq!(numbered(dir.path(), "log").unwrap().iter().map(|(n, _)| *n).collect::<Vec<_>>(), [9, 10]);
        remove_unfinished(dir.path()).unwrap();
        assert_eq!(entries(dir.path()).unwrap().len(), 4);
        assert!(numbered(&dir.path().join("none"), "log").unwrap().is_empty());
        assert!(free_bytes(dir.path()).is_some());
    }
}
