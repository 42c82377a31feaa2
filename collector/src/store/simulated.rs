//! A disk that fails or loses power, for tests: it sees every step of the store on its files (out.rs), and can refuse one or forget it.
//!
//! A power cut keeps what was made durable, and of the rest what a disk may keep: of each file's later bytes a prefix, some sectors or
//! nothing; of each folder's later names a prefix, in order.

use super::out::Step;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The disks of the tests that run now, each with the folder that it stands for.
static DISKS: Mutex<Vec<(PathBuf, Arc<Mutex<Disk>>)>> = Mutex::new(Vec::new());

const SECTOR: usize = 512;

/// What a simulated disk has seen.
#[derive(Default)]
struct Disk {
    /// Steps until one fails; `None`: none does.
    fuse: Option<(u64, i32)>,
    /// Whether every step after that fails as well.
    stays_broken: bool,
    steps: u64,
    failed: u64,
    files: Vec<Inode>,
    /// Names as the system shows them, and as they are on the disk.
    names: BTreeMap<PathBuf, usize>,
    durable: BTreeMap<PathBuf, usize>,
    /// Changes of names that are not durable yet: what a name stands for then.
    waiting: Vec<(PathBuf, Option<usize>)>,
}

/// A file: what is durable, and what is written since.
#[derive(Clone, Default)]
struct Inode {
    durable: Vec<u8>,
    now: Vec<u8>,
}

/// A disk under a folder, for as long as this is held.
pub(super) struct Simulated {
    root: PathBuf,
    disk: Arc<Mutex<Disk>>,
}

impl Simulated {
    /// Stands for the disk of `root`; what is there now is durable.
    pub(super) fn under(root: &Path) -> Self {
        let mut disk = Disk::default();
        disk.take_up(root);
        let disk = Arc::new(Mutex::new(disk));
        lock(&DISKS).push((root.to_owned(), Arc::clone(&disk)));
        Self { root: root.to_owned(), disk }
    }

    /// Makes the step after `passed` more fail with the system's error `code`; and with `stays_broken` every later one.
    pub(super) fn fail_after(&self, passed: u64, code: i32, stays_broken: Broken) {
        let mut disk = lock(&self.disk);
        (disk.fuse, disk.stays_broken) = (Some((passed, code)), stays_broken == Broken::ForGood);
    }

    /// The disk works again.
    pub(super) fn mend(&self) {
        lock(&self.disk).fuse = None;
    }

    /// Steps seen, and how many of them failed.
    pub(super) fn steps(&self) -> (u64, u64) {
        let disk = lock(&self.disk);
        (disk.steps, disk.failed)
    }

    /// Writes to `to` what a power cut now would leave, as `random` has it.
    pub(super) fn cut_power(&self, to: &Path, random: &mut Random) {
        let disk = lock(&self.disk);
        let mut names = disk.durable.clone();
        let folders: std::collections::BTreeSet<_> = disk.waiting.iter().filter_map(|(path, _)| path.parent()).collect();
        for folder in folders {
            let changes: Vec<_> = disk.waiting.iter().filter(|(path, _)| path.parent() == Some(folder)).collect();
            for (path, inode) in changes.iter().take(random.below(changes.len() as u64 + 1) as usize) {
                match inode {
                    Some(inode) => names.insert(path.clone(), *inode),
                    None => names.remove(path),
                };
            }
        }
        for (path, inode) in names {
            let target = to.join(path.strip_prefix(&self.root).unwrap());
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::write(target, disk.files[inode].after_cut(random)).unwrap();
        }
    }
}

/// How long a failure lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// One step fails.
    Once,
    /// Every later step fails as well.
    ForGood,
}

impl Drop for Simulated {
    fn drop(&mut self) {
        lock(&DISKS).retain(|(_, disk)| !Arc::ptr_eq(disk, &self.disk));
    }
}

/// Sees a step, and refuses it when it is to fail.
pub(super) fn step(step: Step<'_>) -> io::Result<()> {
    let path = match &step {
        Step::Create(path) | Step::Write(_, path, ..) | Step::Cut(path, _) | Step::Sync(path) => path,
        Step::SyncDir(path) | Step::Rename(_, path) | Step::Remove(path) => path,
    };
    let found =
        lock(&DISKS).iter().find(|(root, _)| path.starts_with(root)).map(|(root, disk)| (path.strip_prefix(root), Arc::clone(disk)));
    // The shelf may be lost at any time, and its thread would make the count of steps a matter of chance.
    let Some((Ok(inside), disk)) = found else { return Ok(()) };
    if inside.starts_with("shelf") {
        return Ok(());
    }
    lock(&disk).see(step)
}

impl Disk {
    fn take_up(&mut self, dir: &Path) {
        for path in super::disk::entries(dir).unwrap() {
            if path.is_dir() && !path.ends_with("shelf") {
                self.take_up(&path);
            } else if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                self.files.push(Inode { durable: bytes.clone(), now: bytes });
                self.names.insert(path.clone(), self.files.len() - 1);
                self.durable.insert(path, self.files.len() - 1);
            }
        }
    }

    fn see(&mut self, step: Step<'_>) -> io::Result<()> {
        self.steps += 1;
        if let Some((left, code)) = &mut self.fuse {
            if *left == 0 {
                let code = *code;
                self.failed += 1;
                self.fuse = self.fuse.filter(|_| self.stays_broken);
                return Err(self.spoil(step, code));
            }
            *left -= 1;
        }
        match step {
            Step::Create(path) => {
                self.files.push(Inode::default());
                self.name(path, Some(self.files.len() - 1));
            }
            Step::Write(_, path, offset, bytes) => self.write(path, offset, bytes),
            Step::Cut(path, length) => self.inode(path).now.truncate(length as usize),
            Step::Sync(path) => {
                let inode = self.inode(path);
                inode.durable.clone_from(&inode.now);
            }
            Step::SyncDir(dir) => self.sync_dir(dir),
            Step::Rename(from, to) => {
                let inode = self.names.get(from).copied();
                self.name(from, None);
                self.name(to, inode);
            }
            Step::Remove(path) if self.names.contains_key(path) => self.name(path, None),
            Step::Remove(_) => {}
        }
        Ok(())
    }

    /// A write that fails may have written a part.
    fn spoil(&mut self, step: Step<'_>, code: i32) -> io::Error {
        if let Step::Write(file, path, offset, bytes) = step {
            let part = &bytes[..bytes.len() / 2];
            file.write_all(part).unwrap();
            self.write(path, offset, part);
        }
        io::Error::from_raw_os_error(code)
    }

    fn write(&mut self, path: &Path, offset: u64, bytes: &[u8]) {
        let now = &mut self.inode(path).now;
        let (start, end) = (offset as usize, offset as usize + bytes.len());
        now.resize(now.len().max(end), 0);
        now[start..end].copy_from_slice(bytes);
    }

    fn inode(&mut self, path: &Path) -> &mut Inode {
        let number = self.names[path];
        &mut self.files[number]
    }

    fn name(&mut self, path: &Path, inode: Option<usize>) {
        match inode {
            Some(inode) => self.names.insert(path.to_owned(), inode),
            None => self.names.remove(path),
        };
        self.waiting.push((path.to_owned(), inode));
    }

    fn sync_dir(&mut self, dir: &Path) {
        let (now, later): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(|(path, _)| path.parent() == Some(dir));
        self.waiting = later;
        for (path, inode) in now {
            match inode {
                Some(inode) => self.durable.insert(path, inode),
                None => self.durable.remove(&path),
            };
        }
    }
}

impl Inode {
    fn after_cut(&self, random: &mut Random) -> Vec<u8> {
        match random.below(4) {
            0 => self.durable.clone(),
            1 => self.now.clone(),
            2 => {
                let shared = self.durable.iter().zip(&self.now).take_while(|(a, b)| a == b).count();
                let kept = shared + random.below((self.now.len() - shared) as u64 + 1) as usize;
                if kept < self.durable.len() { self.durable.clone() } else { self.now[..kept].to_vec() }
            }
            _ => {
                let mut bytes = self.now.clone();
                for (number, sector) in bytes.chunks_mut(SECTOR).enumerate().filter(|_| random.below(2) == 0) {
                    let before = self.durable.get(number * SECTOR..).unwrap_or_default();
                    let known = before.len().min(sector.len());
                    sector[..known].copy_from_slice(&before[..known]);
                    sector[known..].fill(0);
                }
                bytes
            }
        }
    }
}

/// Chance that is the same each time.
pub(super) struct Random(pub(super) u64);

impl Random {
    /// A number below `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
