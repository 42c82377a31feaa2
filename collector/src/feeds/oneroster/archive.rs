//! The files of a delivery out of a zip or a folder, bounded: number, names, sizes, and how much comes out of how little.

use super::{Files, NAMES, Unreadable};
use crate::feeds::plain_file;
use std::io::{self, Cursor, Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// The largest delivery as it comes, bytes: ten times that of a district of 100,000 people.
pub const LARGEST: u64 = 128 * 1024 * 1024;
/// The largest of its files when it is unpacked, bytes.
const LARGEST_FILE: u64 = 256 * 1024 * 1024;
/// All of its files together, unpacked, bytes: they are in memory at once.
const LARGEST_ALL: u64 = 512 * 1024 * 1024;
/// So many times may a file be larger than its packed form: CSV packs to a tenth, and with long runs to a fiftieth.
const MOST_RATIO: u64 = 400;
/// Small files may be packed however well.
const SMALL: u64 = 1024 * 1024;
/// Most entries of a zip.
const MOST_ENTRIES: usize = 200;

/// The files of a zip; other names are passed over and never unpacked.
///
/// # Errors
/// It is no zip, too large, locked by a password, or its files lie in a folder.
pub fn of_zip(bytes: &[u8]) -> Result<Files, Unreadable> {
    some_of_zip(bytes, NAMES)
}

/// Those of a zip that are `wanted`.
pub(super) fn some_of_zip(bytes: &[u8], wanted: &[&str]) -> Result<Files, Unreadable> {
    let wrong = |what: String| Unreadable::new("the zip", what);
    if bytes.len() as u64 > LARGEST {
        return Err(wrong(format!("it is larger than {} MB", LARGEST / 1024 / 1024)));
    }
    let mut zip = ZipArchive::new(Cursor::new(bytes))
        .map_err(|_| Unreadable::new("the zip", "it can't be opened as a zip: it is something else, damaged, or not all of it has come"))?;
    if zip.len() > MOST_ENTRIES {
        return Err(wrong(format!("it has {} entries; a roster has at most {MOST_ENTRIES}", zip.len())));
    }
    let (mut files, mut room) = (Files::new(), Room::default());
    for place in 0..zip.len() {
        let entry = zip.by_index(place).map_err(|error| wrong(format!("entry {} can't be read: {error}", place + 1)))?;
        let name = entry.name().map_err(|error| wrong(format!("entry {} has no name that can be read: {error}", place + 1)))?.into_owned();
        let Some(known) = known(&name)?.filter(|known| wanted.contains(known)) else { continue };
        if files.contains_key(known) {
            return Err(Unreadable::new(known, "the zip has it twice"));
        }
        if !entry.is_file() || entry.encrypted() {
            return Err(Unreadable::new(known, "it is no plain file, or locked by a password"));
        }
        let (size, packed) = (entry.size(), entry.compressed_size());
        if size > LARGEST_FILE || (size > SMALL && size / packed.max(1) > MOST_RATIO) {
            return Err(Unreadable::new(known, format!("it would be {size} bytes out of {packed}, which is no list of people")));
        }
        room.take(size).map_err(|what| Unreadable::new(known, what))?;
        files.insert(known, taken(known, entry, size)?);
    }
    Ok(files)
}

/// Our name for an entry that is wanted.
fn known(name: &str) -> Result<Option<&'static str>, Unreadable> {
    let (folder, file) = name.rsplit_once(['/', '\\']).unwrap_or(("", name));
    let Some(known) = NAMES.iter().find(|known| **known == file) else { return Ok(None) };
    if folder.is_empty() {
        return Ok(Some(known));
    }
    // What a Mac leaves beside the files.
    if folder.starts_with("__MACOSX") {
        return Ok(None);
    }
    let folder: String = folder.chars().take(60).collect();
    Err(Unreadable::new(*known, format!("it lies in the folder {folder:?} of the zip; pack the files themselves, not their folder")))
}

/// Reads to the end, and never more than was said.
fn taken(name: &str, from: impl Read, size: u64) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    let read = from.take(size + 1).read_to_end(&mut bytes);
    match read {
        Ok(_) if bytes.len() as u64 > size => Err(Unreadable::new(name, "it is longer than it says")),
        Ok(_) => Ok(bytes),
        Err(error) => Err(Unreadable::new(name, format!("it can't be unpacked: {error}"))),
    }
}

/// The files of a folder; other names are passed over.
///
/// # Errors
/// The folder or a file can't be read, or a file is too large.
pub fn of_folder(folder: &Path) -> Result<Files, Unreadable> {
    if !folder.is_dir() {
        return Err(Unreadable::new(folder.display().to_string(), "it is no folder"));
    }
    let (mut files, mut room) = (Files::new(), Room::default());
    for name in NAMES {
        let path = folder.join(name);
        let wrong = |what: String| Unreadable::new(path.display().to_string(), what);
        let opened = match plain_file::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened.and_then(|file| Ok((file.metadata()?.len(), file))),
        };
        let (size, file) = opened.map_err(|error| wrong(error.to_string()))?;
        room.take(size).map_err(wrong)?;
        files.insert(name, taken(name, file, size)?);
    }
    Ok(files)
}

/// How much of a delivery is in memory already, bytes.
#[derive(Default)]
struct Room(u64);

impl Room {
    fn take(&mut self, size: u64) -> Result<(), String> {
        self.0 = self.0.saturating_add(size);
        if size <= LARGEST_FILE && self.0 <= LARGEST_ALL {
            return Ok(());
        }
        let mb = |bytes: u64| bytes / 1024 / 1024;
        Err(format!("it is too large: a file of a roster has at most {} MB, and all of them {} MB", mb(LARGEST_FILE), mb(LARGEST_ALL)))
    }
}

/// Packs the files into one zip, to be sent: nothing but what is read goes on its way.
///
/// # Errors
/// They are too large to be packed.
pub fn pack(files: &Files) -> Result<Vec<u8>, Unreadable> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let failed = |error: &dyn std::fmt::Display| Unreadable::new(*name, format!("it can't be packed: {error}"));
        zip.start_file(*name, SimpleFileOptions::default()).map_err(|error| failed(&error))?;
        zip.write_all(bytes).map_err(|error| failed(&error))?;
    }
    zip.finish().map(Cursor::into_inner).map_err(|error| Unreadable::new("the zip", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_together_are_bounded() {
        let mut room = Room::default();
        assert_eq!((room.take(LARGEST_FILE), room.take(LARGEST_FILE)), (Ok(()), Ok(())));
        assert!(room.take(1).unwrap_err().contains("all of them 512 MB"));
        assert!(Room::default().take(LARGEST_FILE + 1).is_err());
    }
}
