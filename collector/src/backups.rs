//! Backups: what goes into one, when the last was taken; and a folder for one every day and those made by hand, the newest kept.

use crate::Collector;
use crate::secrets::{RECOVERY, SEAL, SEALED};
use crate::settings::Backups;
use crate::store::backup::{BackupReport, back_up};
use crate::store::copy_forgotten;
use anyhow::Context;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rollcall_site::event::Actor;
use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::sync::Semaphore;

/// Files that a collector needs beside its records: its keys, and the site's own certificate.
const BESIDE: &[&str] = &[SEALED, SEAL, "desk.crt", "desk.key"];
/// Holds when the last backup was taken whole.
const LAST: &str = "last-backup";
/// A backup that is older than this is looked at: the daily one did not come.
pub const OLD: SignedDuration = SignedDuration::from_hours(48);
/// Backups that people ask for are made one at a time: each takes as much of the disk as everything that is kept.
pub static TURN: Semaphore = Semaphore::const_new(1);

/// How a backup in the folder came to be. The newest of each are kept, so that none made by hand takes the place of a daily one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// By itself: rollcall-2026-11-28.age
    Daily,
    /// Somebody asked for it: rollcall-2026-11-28-142512.age
    ByHand,
}

impl Made {
    /// What the name of a file says; `None`: it is no backup of ours.
    fn of(name: &str) -> Option<Self> {
        let stem = name.strip_prefix("rollcall-")?.strip_suffix(".age")?;
        if stem.parse::<Date>().is_ok() {
            return Some(Self::Daily);
        }
        let (day, time) = stem.rsplit_once('-')?;
        let is_time = time.len() == 6 && time.bytes().all(|digit| digit.is_ascii_digit());
        (is_time && day.parse::<Date>().is_ok()).then_some(Self::ByHand)
    }
}

/// A backup that lies in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The file's name.
    pub name: String,
    /// Its bytes.
    pub bytes: u64,
    /// When it was written.
    pub at: Timestamp,
    /// How it came to be.
    pub made: Made,
}

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
        self.make_as(collector, now, &day(now))
    }

    /// Makes one more, because somebody asks for it: beside that of the day, which stays.
    ///
    /// # Errors
    /// As [`Backups::make`].
    pub fn make_by_hand(&self, collector: &Collector, now: Timestamp) -> anyhow::Result<BackupReport> {
        self.make_as(collector, now, &TimeZone::UTC.to_datetime(now).strftime("rollcall-%F-%H%M%S.age").to_string())
    }

    fn make_as(&self, collector: &Collector, now: Timestamp, name: &str) -> anyhow::Result<BackupReport> {
        fs::create_dir_all(&self.dir).with_context(|| format!("the folder {} can't be made", self.dir.display()))?;
        let report = make(collector, &self.dir.join(name))?;
        copy_forgotten(collector.folder.dir(), &self.dir)?;
        self.rotate()?;
        note(collector, now)?;
        Ok(report)
    }

    /// The backups in the folder, the newest first; a folder that is not there yet holds none.
    ///
    /// # Errors
    /// The folder can't be listed.
    pub fn list(&self) -> anyhow::Result<Vec<Kept>> {
        let failed = || format!("the folder {} can't be listed", self.dir.display());
        if !self.dir.try_exists().with_context(failed)? {
            return Ok(Vec::new());
        }
        let listed = fs::read_dir(&self.dir).with_context(failed)?;
        let mut kept: Vec<Kept> = listed.filter_map(|entry| Kept::of(&entry.ok()?)).collect();
        kept.sort_by(|a, b| (Reverse(a.at), &b.name).cmp(&(Reverse(b.at), &a.name)));
        Ok(kept)
    }

    fn file(&self, now: Timestamp) -> PathBuf {
        self.dir.join(day(now))
    }

    /// Removes all but the newest of each kind, by the times that their names say; what is no backup of ours is left alone.
    fn rotate(&self) -> anyhow::Result<()> {
        let kept = self.list()?;
        for made in [Made::Daily, Made::ByHand] {
            let mut names: Vec<&str> = kept.iter().filter(|kept| kept.made == made).map(|kept| kept.name.as_str()).collect();
            names.sort_unstable();
            for old in names.iter().take(names.len().saturating_sub(self.keep.max(1))) {
                let old = self.dir.join(old);
                fs::remove_file(&old).with_context(|| format!("the old backup {} can't be removed", old.display()))?;
            }
        }
        Ok(())
    }
}

impl Kept {
    /// What a file of the folder is; `None`: no backup of ours, or gone meanwhile.
    fn of(entry: &fs::DirEntry) -> Option<Self> {
        let name = entry.file_name().into_string().ok()?;
        let (made, file) = (Made::of(&name)?, entry.metadata().ok().filter(fs::Metadata::is_file)?);
        let at = file.modified().ok().and_then(|at| Timestamp::try_from(at).ok())?;
        Some(Self { name, bytes: file.len(), at, made })
    }
}

/// The name of the backup of a day (UTC).
pub fn day(now: Timestamp) -> String {
    format!("rollcall-{}.age", TimeZone::UTC.to_datetime(now).date())
}

/// Backs up the collector's records and what it needs beside them to the new file `to`, encrypted to its recovery key.
///
/// # Errors
/// There is no recovery key, or the store or the disk failed.
pub fn make(collector: &Collector, to: &Path) -> anyhow::Result<BackupReport> {
    let recipient = recipient(collector).context("there is no recovery key in the sealed file")?;
    let beside = BESIDE.iter().map(|name| ((*name).to_owned(), collector.folder.dir().join(name)));
    let beside: Vec<_> = beside.filter(|(_, path)| path.exists()).collect();
    Ok(back_up(&collector.folder, &beside, &recipient, to)?)
}

/// The public half of the recovery key, "age1…": what is encrypted to it only the other half opens, which is not here.
pub fn recipient(collector: &Collector) -> Option<String> {
    collector.secrets.get(RECOVERY).and_then(|bytes| String::from_utf8(bytes).ok()).map(|text| text.trim().to_owned())
}

/// Writes down who had a backup made or took one away, or that it failed. A disk that takes no more notes is no reason to keep a backup back.
pub async fn record(collector: &Collector, by: Actor, kind: &'static str, text: String) {
    let noted = collector.keeper.change(by, move |w| {
        w.event(kind, text);
        Ok(())
    });
    if let Err(error) = noted.await {
        tracing::warn!(%error, "what became of a backup is not in the audit");
    }
}

/// Notes that a backup was taken whole at `now`.
///
/// # Errors
/// The disk is full or failed.
pub fn note(collector: &Collector, now: Timestamp) -> anyhow::Result<()> {
    let path = collector.folder.dir().join(LAST);
    let unfinished = path.with_extension("unfinished");
    // In one step: whoever reads it meanwhile finds the time before, and not none.
    let noted = fs::write(&unfinished, now.to_string()).and_then(|()| fs::rename(&unfinished, &path));
    noted.with_context(|| format!("{}: the time of the backup could not be noted", path.display()))
}

/// When the last backup was taken whole.
pub fn last(data: &Path) -> Option<Timestamp> {
    fs::read_to_string(data.join(LAST)).ok()?.trim().parse().ok()
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
        let by_hand = ["rollcall-2026-11-01-070000.age", "rollcall-2026-11-22-080000.age", "rollcall-2026-11-22-093011.age"];
        by_hand.iter().for_each(|name| fs::write(dir.path().join(name), "xyz").unwrap());
        backups.rotate().unwrap();
        let mut kept: Vec<(String, u64, Made)> =
            backups.list().unwrap().into_iter().map(|kept| (kept.name, kept.bytes, kept.made)).collect();
        kept.sort_by(|a, b| a.0.cmp(&b.0));
        let want = [(by_hand[1], 3, Made::ByHand), (by_hand[2], 3, Made::ByHand), (names[1], 1, Made::Daily), (names[2], 1, Made::Daily)];
        let mut want = want.map(|(name, bytes, made)| (name.to_owned(), bytes, made));
        want.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(kept, want, "none made by hand takes the place of a daily one");
        assert!(!backups.is_due("2026-11-22T23:59:00Z".parse().unwrap()) && backups.is_due("2026-11-23T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn the_newest_comes_first_and_a_folder_that_is_not_there_holds_none() {
        let dir = tempfile::tempdir().unwrap();
        let backups = Backups { dir: dir.path().to_owned(), keep: 14 };
        for (name, hours) in [("rollcall-2026-11-20.age", 72), ("rollcall-2026-11-21-070000.age", 24), ("rollcall-2026-11-21.age", 48)] {
            let file = fs::File::create(dir.path().join(name)).unwrap();
            file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000 - hours * 3600)).unwrap();
        }
        let names: Vec<String> = backups.list().unwrap().into_iter().map(|kept| kept.name).collect();
        assert_eq!(names, ["rollcall-2026-11-21-070000.age", "rollcall-2026-11-21.age", "rollcall-2026-11-20.age"]);
        assert!(Backups { dir: dir.path().join("none"), keep: 14 }.list().unwrap().is_empty());
        let not_a_folder = Backups { dir: dir.path().join(&names[0]), keep: 14 }.list().unwrap_err();
        assert!(not_a_folder.to_string().contains("can't be listed"), "{not_a_folder}");
    }

    #[test]
    fn only_names_of_ours_are_backups() {
        let check = |name: &str, made: Option<Made>| assert_eq!(Made::of(name), made, "{name}");
        check("rollcall-2026-11-28.age", Some(Made::Daily));
        check("rollcall-2026-11-28-142512.age", Some(Made::ByHand));
        check("rollcall-2026-13-28.age", None);
        check("rollcall-2026-11-28-1425.age", None);
        check("rollcall-2026-11-28-14251x.age", None);
        check("rollcall-2026-11-28.age.unfinished", None);
        check("mine.age", None);
    }
}
