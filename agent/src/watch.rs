//! Notices a change of the package database and says so when the package manager has finished, never in the middle of an upgrade.

use crate::host::{Host, Meta};
use std::time::Duration;

/// How often the databases are looked at while something happens in them.
pub const INTERVAL: Duration = Duration::from_millis(400);
/// How long it must be still before a change counts as finished, where the package manager holds a lock over its whole run: what is removed
/// is to be on an open page within two seconds.
const SETTLE: Duration = Duration::from_millis(400);
/// How long where nothing tells that it still works.
const SETTLE_UNLOCKED: Duration = Duration::from_secs(2);

/// The files and folders whose last write tells of a change, one package manager after another.
const DATABASES: [&str; 8] = [
    "/var/lib/dpkg/status",
    "/var/lib/rpm/rpmdb.sqlite",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
    "/lib/apk/db/installed",
    "/usr/lib/apk/db/installed",
    "/var/lib/pacman/local",
    "/var/lib/snapd/snaps",
    "/var/lib/flatpak/.changed",
];
/// The folders in which something happens then.
pub const FOLDERS: &[&str] = &[
    "/var/lib/dpkg",
    "/var/lib/rpm",
    "/usr/lib/sysimage/rpm",
    "/lib/apk/db",
    "/usr/lib/apk/db",
    "/var/lib/pacman/local",
    "/var/lib/snapd/snaps",
    "/var/lib/flatpak",
];

/// The states of the databases; `None`: absent or unreadable.
type States = [Option<Meta>; DATABASES.len()];

/// How many of the databases, from the first on, are worked on under a lock; snap and flatpak have none that shows.
const LOCKED: usize = 6;
/// Locks that the kernel keeps. apt holds the first over a whole run, dpkg the second while it works; rpm holds its own over a
/// transaction, so that what dnf replaces is gone and there again under one lock; apk over a run.
const LOCKS: [&str; 6] = [
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/lock",
    "/var/lib/rpm/.rpm.lock",
    "/usr/lib/sysimage/rpm/.rpm.lock",
    "/lib/apk/db/lock",
    "/usr/lib/apk/db/lock",
];
/// pacman's lock is a file that is there while it works.
const PACMAN_LOCK: &str = "/var/lib/pacman/db.lck";
/// One that a crash left behind does not count for ever, seconds.
const PACMAN_LOCK_LIFE: i64 = 3600;
const LOCK_TABLE: &str = "/proc/locks";
const LOCK_TABLE_LIMIT: usize = 1024 * 1024;

/// What the package databases look like at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// The databases.
    states: States,
    /// Somebody works on one of them.
    locked: bool,
}

/// Looks once.
pub fn glance(host: &Host) -> Glance {
    Glance { states: DATABASES.map(|path| host.meta(path).ok()), locked: is_locked(host) }
}

/// Whether a package manager holds its lock. The kernel's table of locks tells; taking one would disturb.
pub fn is_locked(host: &Host) -> bool {
    let age = |written: i64| crate::clock::now().as_second().saturating_sub(written);
    if host.modified(PACMAN_LOCK).is_ok_and(|written| age(written) < PACMAN_LOCK_LIFE) {
        return true;
    }
    let locks = LOCKS.map(|path| host.meta(path).ok());
    if locks.iter().all(Option::is_none) {
        return false;
    }
    host.text(LOCK_TABLE, LOCK_TABLE_LIMIT).is_ok_and(|table| locks.iter().flatten().any(|lock| is_held(&table, lock)))
}

/// Whether the kernel's `table` has a lock on the file `meta`: "1: POSIX  ADVISORY  WRITE 811 fe:01:1234 0 EOF".
/// A waiting lock ("1: -> POSIX …") stands under the one it waits for.
fn is_held(table: &str, meta: &Meta) -> bool {
    let place = |line: &str| line.split_whitespace().find(|word| word.matches(':').count() == 2).map(str::to_owned);
    table.lines().filter_map(place).any(|place| {
        let mut parts = place.split(':');
        let mut hex = || parts.next().and_then(|part| u64::from_str_radix(part, 16).ok());
        let device = (hex(), hex());
        let inode = parts.next().and_then(|part| part.parse::<u64>().ok());
        // A file system without a device of its own shows another number here than in `stat`.
        inode == Some(meta.inode) && (meta.major == 0 || device == (Some(meta.major), Some(meta.minor)))
    })
}

/// Whether the kernel's `table` has a lock on the file with inode 1234 of device fe:01.
pub(crate) fn names_lock(table: &str) -> bool {
    is_held(table, &Meta { inode: 1234, major: 0xfe, minor: 1, modified_ns: 0, size: 0 })
}

/// Judges glances one after another.
#[derive(Debug)]
pub struct Watch {
    reported: States,
    seen: States,
    locked: bool,
    since: Duration,
}

impl Watch {
    /// Begins with what is there now: a change is what differs from it.
    pub fn new(glance: Glance) -> Self {
        Self { reported: glance.states, seen: glance.states, locked: glance.locked, since: Duration::ZERO }
    }

    /// Whether nothing is going on: the next thing to happen is a change.
    pub fn is_still(&self) -> bool {
        self.seen == self.reported && !self.locked
    }

    /// Whether a change has come to its end; `now` is measured from any fixed start.
    pub fn step(&mut self, glance: Glance, now: Duration) -> bool {
        self.locked = glance.locked;
        if glance.states != self.seen || glance.locked {
            self.seen = glance.states;
            self.since = now;
            return false;
        }
        let under_lock = self.seen.iter().skip(LOCKED).eq(self.reported.iter().skip(LOCKED));
        let settle = if under_lock { SETTLE } else { SETTLE_UNLOCKED };
        let finished = self.seen != self.reported && now.saturating_sub(self.since) >= settle;
        if finished {
            self.reported = self.seen;
        }
        finished
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn glance(inode: u64, locked: bool) -> Glance {
        let mut states = [None; DATABASES.len()];
        states[0] = Some(Meta { inode, major: 0xfe, minor: 1, modified_ns: 0, size: 1 });
        Glance { states, locked }
    }

    /// Glances every 400 ms; at which of them a change was finished.
    fn finished(glances: &[(u64, bool)]) -> Vec<usize> {
        let mut watch = Watch::new(glance(1, false));
        let step = |(index, (inode, locked)): (usize, &(u64, bool))| {
            watch.step(glance(*inode, *locked), INTERVAL * (index as u32 + 1)).then_some(index)
        };
        glances.iter().enumerate().filter_map(step).collect()
    }

    #[test]
    fn a_change_counts_when_the_database_is_still_and_unlocked() {
        assert_eq!(finished(&[(1, false), (1, false)]), [0usize; 0]);
        assert_eq!(finished(&[(2, false), (2, false), (2, false)]), [1]);
        assert_eq!(finished(&[(2, true), (3, true), (3, true), (3, false), (3, false), (3, false)]), [3]);
        assert_eq!(finished(&[(2, false), (3, false), (3, false), (4, false), (4, false)]), [2, 4]);
        assert_eq!(finished(&[(1, true), (1, false), (1, false)]), [0usize; 0]);
    }

    #[test]
    fn an_upgrade_that_removes_and_installs_in_one_run_is_one_change() {
        // Removed under the lock, a long script, installed under the lock, the lock let go.
        let mut run = vec![(2, true)];
        run.extend([(2, true); 20]);
        run.extend([(3, true), (3, true), (3, false), (3, false), (3, false)]);
        assert_eq!(finished(&run), [23]);
    }

    #[test]
    fn a_database_without_a_lock_must_be_still_for_two_seconds() {
        let with = |inode| {
            let mut states = [None; DATABASES.len()];
            states[LOCKED] = Some(Meta { inode, major: 0xfe, minor: 1, modified_ns: 0, size: 1 });
            Glance { states, locked: false }
        };
        let mut watch = Watch::new(with(1));
        let finished = [2, 2, 3, 3, 3, 3, 3, 3, 3].map(with).into_iter().enumerate().filter_map({
            let mut now = Duration::ZERO;
            move |(index, glance)| {
                now += INTERVAL;
                watch.step(glance, now).then_some(index)
            }
        });
        assert_eq!(finished.collect::<Vec<_>>(), [7]);
    }

    #[test]
    fn every_package_managers_lock_is_seen() {
        let check = |path: &str, held: bool, wanted: bool| {
            let (dir, host) = crate::host::machine("{}", &[(path, "")]);
            let meta = host.meta(&format!("/{path}")).unwrap();
            let inode = if held { meta.inode } else { 1 };
            std::fs::create_dir_all(dir.path().join("proc")).unwrap();
            let table = format!("1: POSIX  ADVISORY  WRITE 811 {:02x}:{:02x}:{inode} 0 EOF\n", meta.major, meta.minor);
            std::fs::write(dir.path().join("proc/locks"), table).unwrap();
            assert_eq!(is_locked(&host), wanted, "{path}");
        };
        for lock in LOCKS {
            check(lock.trim_start_matches('/'), true, true);
            check(lock.trim_start_matches('/'), false, false);
        }
        check(PACMAN_LOCK.trim_start_matches('/'), false, true);
        let (_dir, host) = crate::host::machine(r#"{"modified":{"/var/lib/pacman/db.lck":1000000000}}"#, &[]);
        assert!(!is_locked(&host), "a crash of last year's");
    }

    #[test]
    fn a_lock_is_found_by_device_and_inode() {
        let table = "1: POSIX  ADVISORY  WRITE 811 fe:01:1234 0 EOF\n2: FLOCK  ADVISORY  WRITE 99 00:1a:77 0 EOF\n2: -> FLOCK  ADVISORY  WRITE 98 00:1a:77 0 EOF\n";
        let meta = |major, minor, inode| Meta { inode, major, minor, modified_ns: 0, size: 0 };
        assert!(is_held(table, &meta(0xfe, 1, 1234)));
        assert!(!is_held(table, &meta(0xfe, 2, 1234)));
        assert!(is_held(table, &meta(0, 31, 77)));
        assert!(!is_held(table, &meta(0xfe, 1, 12)));
    }

    proptest! {
        #[test]
        fn no_table_makes_it_panic(table in "(?s)([0-9a-f:]{0,12}| |->|\n|.){0,80}") {
            is_held(&table, &Meta { inode: 1, major: 1, minor: 1, modified_ns: 0, size: 0 });
        }
    }
}
