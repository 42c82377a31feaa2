//! Every change that the store makes to its files, in one place, so that a test can fail each of them or lose it in a power cut.

use super::StoreError;
use super::disk::at;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What is about to be done.
#[cfg_attr(not(test), expect(dead_code, reason = "only the tests' simulated disk looks into it"))]
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// A new file.
    Create(&'a Path),
    /// Bytes at an offset of a file that is open.
    Write(&'a mut File, &'a Path, u64, &'a [u8]),
    /// A file gets this length.
    Cut(&'a Path, u64),
    /// What is in a file becomes durable.
    Sync(&'a Path),
    /// The names in a folder become durable.
    SyncDir(&'a Path),
    /// A file gets another name.
    Rename(&'a Path, &'a Path),
    /// A file goes.
    Remove(&'a Path),
}

/// Lets a test say no.
#[cfg(test)]
use super::simulated::step;

/// Nothing stands between the store and the system.
#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "the tests' one says no")]
fn step(_: Step<'_>) -> io::Result<()> {
    Ok(())
}

/// A file that is being written.
pub(super) struct Out {
    file: File,
    path: PathBuf,
    offset: u64,
}

impl Out {
    /// A new file that only the collector's own user may read; an error when it is there already.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        step(Step::Create(path))?;
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Self { file, path: path.to_owned(), offset: 0 })
    }

    /// A file that is there, to be written from `offset` on.
    pub(super) fn open(path: &Path, offset: u64) -> io::Result<Self> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self { file, path: path.to_owned(), offset })
    }

    /// The end of a file, which is made when it is not there.
    pub(super) fn append(path: &Path) -> io::Result<Self> {
        if path.exists() { Self::open(path, path.metadata()?.len()) } else { Self::create(path) }
    }

    /// Makes everything written durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        step(Step::Sync(&self.path))?;
        self.file.sync_all()
    }

    /// Makes the bytes written durable, with the length that they need.
    pub(super) fn sync_data(&self) -> io::Result<()> {
        sync_data(&self.file, &self.path)
    }

    /// Cuts the file to `length` bytes and goes on there.
    pub(super) fn cut(&mut self, length: u64) -> io::Result<()> {
        step(Step::Cut(&self.path, length))?;
        self.file.set_len(length)?;
        self.offset = self.file.seek(SeekFrom::Start(length))?;
        Ok(())
    }

    /// The file's length, bytes.
    pub(super) fn file_length(&self) -> io::Result<u64> {
        self.file.metadata().map(|found| found.len())
    }

    /// Writes to a file whose name another one has by now.
    pub(super) fn write_unnamed(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.sync_data()
    }

    /// Keeps room for the file's first `length` bytes on the disk.
    pub(super) fn reserve(&self, length: u64) -> io::Result<()> {
        rustix::fs::fallocate(&self.file, rustix::fs::FallocateFlags::empty(), 0, length).map_err(io::Error::from)
    }

    /// A file that can't be written.
    #[cfg(test)]
    pub(super) fn open_to_read(path: &Path) -> Self {
        Self { file: File::open(path).unwrap(), path: path.to_owned(), offset: 0 }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        step(Step::Write(&mut self.file, &self.path, self.offset, bytes))?;
        self.file.write_all(bytes)?;
        self.offset += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes everything written to a file durable, by whichever descriptor, with the length that it needs.
pub(super) fn sync_data(file: &File, path: &Path) -> io::Result<()> {
    step(Step::Sync(path))?;
    file.sync_data()
}

/// Gives a file another name, over whatever has it.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    step(Step::Rename(from, to))?;
    std::fs::rename(from, to)
}

/// Removes a file; nothing when it is gone.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    step(Step::Remove(path))?;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes the names in a folder durable.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    let synced = step(Step::SyncDir(dir)).and_then(|()| File::open(dir)?.sync_all());
    synced.map_err(at("make the folder's names durable", dir))
}

/// Makes a folder that only the collector's own user may enter, durable; nothing when it is there.
pub(super) fn make_dir(dir: &Path) -> Result<(), StoreError> {
    if dir.is_dir() {
        return Ok(());
    }
    private_dir(dir).map_err(at("make the folder", dir))?;
    dir.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync_dir)
}

/// Makes a folder, and those above it, that only the collector's own user may enter; nothing when it is there.
pub(super) fn private_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}
