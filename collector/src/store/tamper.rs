//! Tampering with a long trail: every entry is edited, deleted, put elsewhere, and made the last one; and each time that is found.

use super::contract::{asset, entry_about, noon};
use super::signed::CHECKPOINTS;
use super::signed::tests::signer;
use super::{Folder, Store, verify_and_replay, verify_folder};
use std::fs;
use std::path::{Path, PathBuf};

/// Entries of the trail, each a group of its own; a new segment begins after every fiftieth.
const LONG: u64 = 240;

/// Where an entry lies.
struct Lies {
    file: PathBuf,
    from: usize,
    to: usize,
}

/// A trail on disk, closed; where each entry lies, and the checkpoint that a mail took away in the end.
struct Trail {
    dir: tempfile::TempDir,
    entries: Vec<Lies>,
    mailed: String,
}

/// A trail whose event `other` is not what it is elsewhere.
fn trail(other: Option<u64>) -> Trail {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    folder.sign_with(signer());
    let mut entries = Vec::new();
    for seq in 1..=LONG {
        let at = folder.segments().0.last().map(|segment| (segment.path.clone(), segment.length)).unwrap();
        let about = if other == Some(seq) { 9 } else { u128::from(seq % 3) };
        folder.commit(&[entry_about(seq, asset(about))]).unwrap();
        let segment = folder.segments().0.last().cloned().unwrap();
        // A group that begins a segment lies behind its head.
        let from = if segment.path == at.0 { at.1 } else { super::ledger::frame::SEGMENT_HEAD as u64 };
        let [from, to] = [from, segment.length].map(|at| usize::try_from(at).unwrap());
        entries.push(Lies { file: segment.path, from, to });
        if seq % 50 == 0 {
            folder.fill_segment();
        }
    }
    assert!(folder.checkpoint(noon()).unwrap());
    Trail { mailed: folder.last_checkpoint().unwrap(), dir, entries }
}

impl Trail {
    fn damage(&self) -> Vec<String> {
        verify_folder(self.dir.path()).unwrap().damage
    }

    fn damage_against(&self, mailed: &str) -> Vec<String> {
        verify_and_replay(self.dir.path(), mailed).unwrap().0.damage
    }

    /// Spoils a file, looks, and puts it back.
    fn spoilt(&self, file: &Path, spoil: impl FnOnce(&mut Vec<u8>)) -> Vec<String> {
        let good = fs::read(file).unwrap();
        let mut bad = good.clone();
        spoil(&mut bad);
        fs::write(file, &bad).unwrap();
        let damage = self.damage();
        fs::write(file, good).unwrap();
        damage
    }
}

#[test]
fn every_entry_that_is_edited_deleted_or_put_elsewhere_is_found() {
    let trail = trail(None);
    assert_eq!(trail.damage(), Vec::<String>::new());
    for (number, Lies { file, from, to }) in trail.entries.iter().enumerate() {
        let (from, to, named) = (*from, *to, file.to_str().unwrap());
        let found = |what: &str, damage: Vec<String>| {
            assert!(damage.iter().any(|line| line.contains(named)), "{what} entry {}: {damage:?}", number + 1);
        };
        let length = to - from;
        for place in [from, from + length / 3, from + 2 * length / 3, to - 1] {
            found("edited", trail.spoilt(file, |bytes| bytes[place] ^= 0x10));
        }
        let is_last = number + 1 == trail.entries.len();
        let deleted = trail.spoilt(file, |bytes| drop(bytes.drain(from..to)));
        assert!(!deleted.is_empty(), "deleted entry {}", number + 1);
        if !is_last {
            let next = &trail.entries[number + 1];
            if next.file == *file {
                found("swapped", trail.spoilt(file, |bytes| bytes[from..next.to].rotate_left(length)));
            }
            found(
                "doubled",
                trail.spoilt(file, |bytes| {
                    let again = bytes[from..to].to_vec();
                    bytes.splice(to..to, again);
                }),
            );
        }
    }
    assert_eq!(trail.damage(), Vec::<String>::new(), "everything was put back");
}

#[test]
fn a_trail_cut_off_behind_any_entry_is_found_by_its_checkpoints_and_without_them_by_the_mail() {
    let trail = trail(None);
    let mut files: Vec<PathBuf> = trail.entries.iter().map(|entry| entry.file.clone()).collect();
    files.dedup();
    let whole: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let checkpoints = trail.dir.path().join(CHECKPOINTS);
    let signed = fs::read(&checkpoints).unwrap();
    for kept in 1..trail.entries.len() {
        let last = &trail.entries[kept - 1];
        for file in files.iter().filter(|file| **file > last.file) {
            fs::remove_file(file).unwrap();
        }
        fs::write(&last.file, &fs::read(&last.file).unwrap()[..last.to]).unwrap();
        let beyond = format!("the ledger ends with group {kept}");
        assert!(trail.damage().iter().any(|line| line.contains(&beyond)), "cut behind {kept}: {:?}", trail.damage());
        fs::remove_file(&checkpoints).unwrap();
        assert_eq!(trail.damage(), Vec::<String>::new(), "whoever takes the checkpoints as well leaves no trace on this machine");
        let damage = trail.damage_against(&trail.mailed);
        assert!(damage.iter().any(|line| line.contains(&beyond)), "cut behind {kept}: {damage:?}");
        fs::write(&checkpoints, &signed).unwrap();
        files.iter().zip(&whole).for_each(|(file, bytes)| fs::write(file, bytes).unwrap());
    }
    assert_eq!(trail.damage_against(&trail.mailed), Vec::<String>::new());
}

#[test]
fn a_trail_written_anew_in_order_is_found_by_the_mail_whatever_entry_was_changed() {
    let trail = trail(None);
    for changed in [1, 2, 49, 50, 51, 120, LONG - 1, LONG] {
        let forged = self::trail(Some(changed));
        assert_eq!(forged.damage(), Vec::<String>::new(), "in order in itself, and signed by somebody");
        let damage = forged.damage_against(&trail.mailed);
        assert!(damage.iter().any(|line| line.contains("is not the one that was signed")), "entry {changed}: {damage:?}");
        assert!(damage.iter().any(|line| line.contains("is signed with")), "by another key: {damage:?}");
    }
}

#[test]
fn what_was_given_and_is_no_checkpoint_is_told() {
    let trail = trail(None);
    let (line, wrapped) = (&trail.mailed, trail.mailed.replace(' ', "\r\n   "));
    assert_eq!(trail.damage_against(&format!("Keep this line:\n- {wrapped}\n-- \nRollcall")), Vec::<String>::new());
    assert_eq!(trail.damage_against(&format!("{line} {line}")), Vec::<String>::new());
    let told = |text: &str| trail.damage_against(text).join("\n");
    assert!(told("no such thing").contains("has no signed checkpoint"));
    assert!(told(&line.replace("event=240", "event=241")).contains("is not as it was signed"));
    assert!(told(&line[..line.len() - 2]).contains("is not as it was signed"));
}
