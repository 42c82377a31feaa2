//! What only Linux gives: file identity, private files, and the signals that stop a service.
#![cfg(target_os = "linux")]

use super::{Ask, Host, Meta, Unread};
use rollcall_proto::v1::Reason;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use tokio::signal::unix::{SignalKind, signal};

/// Reads the identity of the file at `path`.
pub(super) fn meta(path: &Path) -> io::Result<Meta> {
    let meta = std::fs::metadata(path)?;
    let device = meta.dev();
    Ok(Meta {
        inode: meta.ino(),
        major: ((device >> 8) & 0xfff) | ((device >> 32) & !0xfff),
        minor: (device & 0xff) | ((device >> 12) & !0xff),
        modified_ns: i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec()),
        size: meta.size(),
    })
}

/// Makes the directory at `path` with its parents, for its owner alone (0700).
///
/// # Errors
/// The system's.
pub fn private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
}

/// Writes `bytes` to `path` so that after a crash there is the old file or the new one, for its owner alone (0600).
///
/// # Errors
/// The system's.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, bytes, File::sync_all)?;
    sync_dir(path)
}

/// Like [`write_private`], for several files of one folder at the price of one sync of that folder.
///
/// # Errors
/// The system's.
pub fn write_all_private<'a>(files: impl IntoIterator<Item = (&'a Path, &'a [u8])>) -> io::Result<()> {
    let mut last = None;
    for (path, bytes) in files {
        replace(path, bytes, File::sync_all)?;
        last = Some(path);
    }
    last.map_or(Ok(()), sync_dir)
}

/// Like [`write_private`], for what a power cut may take: it is whole or old for every reader, and nothing is synced.
///
/// # Errors
/// The system's.
pub fn write_private_unsynced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, bytes, |_| Ok(()))
}

fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

fn replace(path: &Path, bytes: &[u8], finish: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let draft = parent.join(format!(".{name}.draft"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    finish(&file)?;
    std::fs::rename(&draft, path)
}

/// Writes `bytes` to `path` so that readers see the old file or the new one, for its owner and `group` to read (0640);
/// without such a group for its owner alone.
///
/// # Errors
/// The system's.
pub(super) fn write_for_group(path: &Path, bytes: &[u8], group: &str) -> io::Result<()> {
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    replace(path, bytes, |file| {
        let Some(gid) = group_id(&groups, group) else { return Ok(()) };
        if file.metadata()?.gid() != gid {
            std::os::unix::fs::fchown(file, None, Some(gid))?;
        }
        file.set_permissions(std::fs::Permissions::from_mode(0o640))
    })
}

/// The number of the group called `name` in the text of `/etc/group`.
fn group_id(groups: &str, name: &str) -> Option<u32> {
    let row = groups.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    row.split(':').nth(1)?.parse().ok()
}

/// Whether this process is root's.
pub(super) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}

/// Whether the file at `path` and its folder are root's, and nobody else may write them.
pub(super) fn only_root_writes(path: &Path) -> bool {
    let safe = |path: &Path| std::fs::symlink_metadata(path).is_ok_and(|meta| meta.uid() == 0 && meta.mode() & 0o022 == 0);
    safe(path) && path.parent().is_some_and(safe)
}

/// Nothing here is called a registry.
pub(super) fn registry(key: &str, _limit: usize) -> Result<String, Unread> {
    Err(Unread::Absent { path: key.to_owned() })
}

/// Waits for SIGTERM or SIGINT, and says whether the machine goes down or only the agent.
///
/// # Errors
/// The system gives no signal handler.
pub async fn stop_requested() -> io::Result<Reason> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    let going_down = tokio::task::spawn_blocking(goes_down).await.unwrap_or(false);
    Ok(if going_down { Reason::Shutdown } else { Reason::Stopped })
}

/// Whether the machine goes down. Only the service manager knows, when nobody announced it.
fn goes_down() -> bool {
    let announced = ["/run/systemd/shutdown/scheduled", "/run/nologin"].iter().any(|path| Path::new(path).exists());
    announced || Host::live().ask(Ask::SystemState).is_ok_and(|state| state.trim() == "stopping")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_by_its_whole_name() {
        let groups = "root:x:0:\nrollcall-agents:x:7:\nrollcall-agent:x:998:a,b\nbad\n";
        assert_eq!((group_id(groups, "rollcall-agent"), group_id(groups, "nobody")), (Some(998), None));
    }

    #[test]
    fn what_is_private_is_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("a/b");
        private_dir(&state).unwrap();
        write_private(&state.join("key"), b"secret").unwrap();
        write_private(&state.join("key"), b"other").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&state), mode(&state.join("key"))), (0o700, 0o600));
        assert_eq!(std::fs::read(state.join("key")).unwrap(), b"other");
        assert_eq!(std::fs::read_dir(&state).unwrap().count(), 1);
    }
}
