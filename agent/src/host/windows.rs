//! What only Windows gives: the registry, file identity, and the signal that stops a service.
#![cfg(windows)]

use super::{Meta, Unread};
use rollcall_proto::v1::Reason;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::windows::fs::MetadataExt;
use std::path::Path;
use windows_registry::{Key, LOCAL_MACHINE, Type};

/// Seconds between 1601, where Windows counts from, and 1970.
const EPOCH_S: i128 = 11_644_473_600;

/// Reads the identity of the file at `path`.
pub(super) fn meta(path: &Path) -> io::Result<Meta> {
    let meta = std::fs::metadata(path)?;
    let modified_ns = i128::from(meta.last_write_time()) * 100 - EPOCH_S * 1_000_000_000;
    Ok(Meta { inode: meta.creation_time(), major: 0, minor: 0, modified_ns, size: meta.file_size() })
}

/// Makes the directory at `path` with its parents. The installer gives the state's folder to the service alone.
///
/// # Errors
/// The system's.
pub fn private_dir(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Writes `bytes` to `path` so that after a crash there is the old file or the new one.
///
/// # Errors
/// The system's.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, bytes, File::sync_all)
}

/// Like [`write_private`], for several files.
///
/// # Errors
/// The system's.
pub fn write_all_private<'a>(files: impl IntoIterator<Item = (&'a Path, &'a [u8])>) -> io::Result<()> {
    files.into_iter().try_for_each(|(path, bytes)| write_private(path, bytes))
}

/// Like [`write_private`], for what a power cut may take.
///
/// # Errors
/// The system's.
pub fn write_private_unsynced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, bytes, |_| Ok(()))
}

/// There is no helper to write for: the service reads everything itself.
pub(super) fn write_for_group(path: &Path, bytes: &[u8], _group: &str) -> io::Result<()> {
    write_private(path, bytes)
}

fn replace(path: &Path, bytes: &[u8], sync: fn(&File) -> io::Result<()>) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let mut file = File::create(&draft)?;
    file.write_all(bytes)?;
    sync(&file)?;
    drop(file);
    std::fs::rename(&draft, path)
}

/// The service runs as the system and asks no helper.
pub(super) fn is_root() -> bool {
    true
}

/// There is no helper whose file could count.
pub(super) fn only_root_writes(_path: &Path) -> bool {
    false
}

/// Waits for the end of the session or of the machine.
///
/// # Errors
/// The system gives no handler.
pub async fn stop_requested() -> io::Result<Reason> {
    let mut shutdown = tokio::signal::windows::ctrl_shutdown()?;
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(tokio::select! {
        _ = shutdown.recv() => Reason::Shutdown,
        _ = interrupt.recv() => Reason::Stopped,
    })
}

/// The values of the key at `path`, and of each key right under it, as text of at most `limit` bytes.
pub(super) fn registry(path: &str, limit: usize) -> Result<String, Unread> {
    let place = || path.to_owned();
    let failed = |error: windows_result::Error| match error.code().0 as u32 & 0xffff {
        2 | 3 => Unread::Absent { path: place() },
        5 => Unread::Denied { path: place() },
        _ => Unread::Failed { path: place(), what: error.message() },
    };
    let root = LOCAL_MACHINE.open(path).map_err(failed)?;
    let mut text = String::new();
    dump("", &root, &mut text);
    for name in root.keys().map_err(failed)? {
        // A key that may not be opened costs itself.
        if let Ok(key) = root.open(&name) {
            dump(&name, &key, &mut text);
        }
        if text.len() > limit {
            return Err(Unread::TooLarge { path: place(), limit });
        }
    }
    Ok(text)
}

fn dump(name: &str, key: &Key, text: &mut String) {
    let Ok(values) = key.values() else { return };
    writeln!(text, "[{name}]").ok();
    for (value, content) in values {
        let content = match content.ty() {
            Type::U32 => u32::try_from(content).map(|number| number.to_string()),
            Type::U64 => u64::try_from(content).map(|number| number.to_string()),
            Type::String | Type::ExpandString => String::try_from(content),
            _ => continue,
        };
        if let Ok(content) = content {
            writeln!(text, "{value}={}", content.replace(['\r', '\n', '\0'], " ")).ok();
        }
    }
}
