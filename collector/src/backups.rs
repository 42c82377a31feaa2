//! Backups: what goes into one, when the last was taken; and by themselves one a day into a folder, the newest kept.

use crate::Collector;
use crate::secrets::{RECOVERY, SEAL, SEALED};
use crate::settings::Backups;
use crate::store::backup::{BackupReport, back_up};
use crate::store::copy_forgotten;
use anyhow::Context;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fs;
use std::path::{Path, PathBuf};

/// Files that a collector needs beside its records: its keys, and the site's own certificate.
const BESIDE: &[&str] = &[SEALED, SEAL, "desk.crt", "desk.key"];
/// Holds when the last backup was taken whole.
const LAST: &str = "last-backup";

impl Backups {
    /// Whether the day of `now` (UTC) has no backup yet.
    pub fn is_due(&self, now: Timestamp) -> bool {
        !self.file(now).exists()
    }

    /// Makes the backup of the day, brings the list of the forgotten up to date, and removes the oldest.
    ///
    /// # Errors
    /// There is no recovery key, or the store or the disk failed; the backups before it stay.
    pub fn make(&self, collector: &Collector, now: Timestamp) -> anyhow::Result<BackupReport> {
        fs::create_dir_all(&self.dir).with_context(|| format!("the folder {} can't be made", self.dir.display()))?;
        let report = make(collector, &self.file(now))?;
        copy_forgotten(collector.folder.dir(), &self.dir)?;
        self.rotate()?;
        note(collector, now)?;
        Ok(report)
    }

    fn file(&self, now: Timestamp) -> PathBuf {
        self.dir.join(format!("rollcall-{}.age", TimeZone::UTC.to_datetime(now).date()))
    }

    /// Removes all but the newest; what is no backup of ours is left alone.
    fn rotate(&self) -> anyhow::Result<()> {
        let listed = fs::read_dir(&self.dir).with_context(|| format!("the folder {} can't be listed", self.dir.display()))?;
        let mut found: Vec<PathBuf> = listed.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_ours(path)).collect();
        found.sort();
        for old in found.iter().take(found.len().saturating_sub(self.keep.max(1))) {
            fs::remove_file(old).with_context(|| format!("the old backup {} can't be removed", old.display()))?;
        }
        Ok(())
    }
}

/// Backs up the collector's records and what it needs beside them to the new file `to`, encrypted to its recovery key.
///
/// # Errors
/// There is no recovery key, or the store or the disk failed.
pub fn make(collector: &Collector, to: &Path) -> anyhow::Result<BackupReport> {
    let recipient = collector.secrets.get(RECOVERY).and_then(|bytes| String::from_utf8(bytes).ok());
    let recipient = recipient.context("there is no recovery key in the sealed file")?;
    let beside = BESIDE.iter().map(|name| ((*name).to_owned(), collector.folder.dir().join(name)));
    let beside: Vec<_> = beside.filter(|(_, path)| path.exists()).collect();
    Ok(back_up(&collector.folder, &beside, &recipient, to)?)
}

/// Notes that a backup was taken whole at `now`.
///
/// # Errors
/// The disk is full or failed.
pub fn note(collector: &Collector, now: Timestamp) -> anyhow::Result<()> {
    let path = collector.folder.dir().join(LAST);
    fs::write(&path, now.to_string()).with_context(|| format!("{}: the time of the backup could not be noted", path.display()))
}

/// When the last backup was taken whole.
pub fn last(data: &Path) -> Option<Timestamp> {
    fs::read_to_string(data.join(LAST)).ok()?.trim().parse().ok()
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let day = name.strip_prefix("rollcall-").and_then(|rest| rest.strip_suffix(".age"));
    day.is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stay_and_nothing_else_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        let backups = Backups { dir: dir.path().to_owned(), keep: 2 };
        let names = ["rollcall-2026-11-20.age", "rollcall-2026-11-21.age", "rollcall-2026-11-22.age", "rollcall-mine.age", "holiday.jpg"];
        names.iter().for_each(|name| fs::write(dir.path().join(name), "x").unwrap());
        backups.rotate().unwrap();
        let left: Vec<_> = names.iter().filter(|name| dir.path().join(name).exists()).collect();
        assert_eq!(left, [&names[1], &names[2], &names[3], &names[4]]);
        assert!(!backups.is_due("2026-11-22T23:59:00Z".parse().unwrap()) && backups.is_due("2026-11-23T00:00:00Z".parse().unwrap()));
    }
}
