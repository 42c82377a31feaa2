//! What goes into a backup, read while the collector runs: what may go away meanwhile is passed over, what may not fails the backup.

use super::archive::Writer;
use super::{KEPT, MANIFEST, Manifest};
use crate::store::disk::{ReadAt, at, entries};
use crate::store::people::KEYS;
use crate::store::signed::hex;
use crate::store::{Folder, snapshot};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

/// How often the health samples are listed at most: a day is packed once in its life.
const LOOKS: u32 = 3;

/// Fills the archive. Snapshots are opened before the ledger is measured: none is ahead of it. Contents come last: every one that a
/// record names is there.
pub(super) fn fill<W: Write>(archive: &mut Writer<W>, store: &Folder, extra: &[(String, PathBuf)]) -> io::Result<Manifest> {
    let dir = store.dir();
    let kept = open_all(KEPT.iter().map(|name| dir.join(name)).filter(|path| path.file_name() != Some(KEYS.as_ref())))?;
    let snapshots = open_all(snapshot::list(&dir.join("snapshot")).map_err(io::Error::other)?.into_iter().map(|(_, path)| path))?;
    let (segments, place) = store.segments();
    let head = hex(&place.head);
    let manifest = Manifest { format: 1, group: place.group, seq: place.seq, head };
    let text = serde_json::to_vec(&manifest)?;
    archive.add(MANIFEST, text.len() as u64, &*text)?;
    // Read after the ledger was measured: every person in it has a key there.
    let keys = open_all(std::iter::once(dir.join(KEYS)))?;
    for (path, file) in kept.into_iter().chain(keys) {
        add(archive, &format!("kept/{}", name_of(&path)), &file)?;
    }
    for (path, file) in snapshots {
        add(archive, &format!("snapshot/{}", name_of(&path)), &file)?;
    }
    for segment in segments {
        let file = File::open(&segment.path)?;
        archive.add(&format!("ledger/{}", name_of(&segment.path)), segment.length, BufReader::new(file))?;
    }
    add_contents(archive, store)?;
    add_health(archive, &dir.join("health"))?;
    for (name, path) in extra {
        let file = File::open(path).map_err(|error| io::Error::other(at("open the file to back up", path)(error)))?;
        add(archive, &format!("extra/{name}"), &file)?;
    }
    Ok(manifest)
}

fn add<W: Write>(archive: &mut Writer<W>, name: &str, file: &File) -> io::Result<()> {
    archive.add(name, file.metadata()?.len(), BufReader::new(file))
}

/// Adds the section contents: each pack was opened as it is now, so that none can go away.
fn add_contents<W: Write>(archive: &mut Writer<W>, store: &Folder) -> io::Result<()> {
    store.blobs().packs().into_iter().try_for_each(|pack| {
        let file = BufReader::new(ReadAt { file: &pack.file, offset: 0 });
        archive.add(&format!("blobs/{}", name_of(&pack.path)), pack.length, file)
    })
}

/// Adds the health samples. A file that went away meanwhile was packed into another, which the next look finds.
fn add_health<W: Write>(archive: &mut Writer<W>, dir: &Path) -> io::Result<()> {
    let mut added = BTreeSet::new();
    for _ in 0..LOOKS {
        let mut gone = false;
        for path in entries(dir).map_err(io::Error::other)? {
            if added.contains(&path) {
                continue;
            }
            match open(&path)? {
                Some(file) => add(archive, &format!("health/{}", name_of(&path)), &file)?,
                None => gone = true,
            }
            added.insert(path);
        }
        if !gone {
            break;
        }
    }
    Ok(())
}

/// Opens a file that may go away; `None`: it did.
fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens files; one that went away meanwhile was replaced by a newer one, or is not needed any more.
fn open_all(paths: impl Iterator<Item = PathBuf>) -> io::Result<Vec<(PathBuf, File)>> {
    let opened = paths.map(|path| Ok(open(&path)?.map(|file| (path, file)))).filter_map(io::Result::transpose);
    opened.collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
