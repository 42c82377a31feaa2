//! The files of a delivery out of a zip or a folder, bounded: number, names, sizes, and how much comes out of how little.

use super::{Files, NAMES, Unreadable};
use std::fs::File;
use std::io::{self, Cursor, Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// The largest delivery as it comes, bytes: ten times that of a district of 100,000 people.
pub const LARGEST: u64 = 128 * 1024 * 1024;
/// The largest of its files when it is unpacked, bytes.
const LARGEST_FILE: u64 = 256 * 1024 * 1024;
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
    let wrong = |what: String| Unreadable::new("the zip", what);
    if bytes.len() as u64 > LARGEST {
        return Err(wrong(format!("it is larger than {} MB", LARGEST / 1024 / 1024)));
    }
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| wrong(format!("it can't be opened as a zip: {error}")))?;
    if zip.len() > MOST_ENTRIES {
        return Err(wrong(format!("it has {} entries; a roster has at most {MOST_ENTRIES}", zip.len())));
    }
    let mut files = Files::new();
    for place in 0..zip.len() {
        let entry = zip.by_index(place).map_err(|error| wrong(format!("entry {} can't be read: {error}", place + 1)))?;
        let name = entry.name().map_err(|error| wrong(format!("entry {} has no name that can be read: {error}", place + 1)))?.into_owned();
        let Some(known) = known(&name)? else { continue };
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

/// The files of a folder; links and other names are passed over.
///
/// # Errors
/// The folder or a file can't be read, or a file is too large.
pub fn of_folder(folder: &Path) -> Result<Files, Unreadable> {
    if !folder.is_dir() {
        return Err(Unreadable::new(folder.display().to_string(), "it is no folder"));
    }
    let mut files = Files::new();
    for name in NAMES {
        let path = folder.join(name);
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Unreadable::new(path.display().to_string(), error.to_string())),
            Ok(is) if !is.is_file() => return Err(Unreadable::new(path.display().to_string(), "it is no plain file")),
            Ok(is) if is.len() > LARGEST_FILE => return Err(Unreadable::new(path.display().to_string(), "it is too large")),
            Ok(is) => {
                let file = File::open(&path).map_err(|error| Unreadable::new(path.display().to_string(), error.to_string()))?;
                files.insert(name, taken(name, file, is.len())?);
            }
        }
    }
    Ok(files)
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
