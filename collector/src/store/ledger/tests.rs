//! Tests of the ledger: roll, torn tails at every byte, damage at every byte, a disk that fails.

use super::*;
use crate::store::contract::{asset, entry_about, groups, seqs, site};
use crate::store::{Verified, verify_folder};
use std::fs;
use std::path::PathBuf;

/// A ledger of `groups(count)` in `dir/ledger`, with a new segment before each group whose number is in `rolls`.
fn filled(dir: &Path, count: u64, rolls: &[usize]) -> Ledger {
    let ledger = Ledger::open(&dir.join("ledger"), &Known::default()).unwrap();
    for (number, group) in groups(count).iter().enumerate() {
        if rolls.contains(&number) {
            ledger.writer.lock().unwrap().fill_segment();
        }
        ledger.commit(group).unwrap();
    }
    ledger
}

/// The records here are in clear.
fn nobody() -> People {
    People::open(Path::new("/nonexistent")).unwrap()
}

fn reopen(dir: &Path) -> Result<Ledger, StoreError> {
    Ledger::open(&dir.join("ledger"), &Known::default())
}

fn replayed(ledger: &Ledger) -> Result<Site, StoreError> {
    let mut site = Site::default();
    ledger.replay(&Place::default(), &nobody(), &mut site).map(|()| site)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    numbered(&dir.join("ledger"), "log").unwrap().into_iter().map(|(_, path)| path).collect()
}

fn verified(dir: &Path) -> Verified {
    verify_folder(dir).unwrap()
}

#[test]
fn segments_follow_each_other_and_are_read_as_one() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 30, &[4, 5, 11]));
    let ledger = reopen(dir.path()).unwrap();
    let names: Vec<_> = files(dir.path()).iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["00000000000000000001", "00000000000000000005", "00000000000000000006", "00000000000000000012"]);
    assert_eq!(replayed(&ledger).unwrap().state_hash(), site(30).state_hash());
    for after in 0..30 {
        assert_eq!(seqs(&ledger.events(after, 4).unwrap()), (after + 1..=(after + 4).min(30)).collect::<Vec<_>>());
    }
    assert_eq!(seqs(&ledger.history(Some(asset(2)), 100).unwrap()), [29, 26, 23, 20, 17, 14, 11, 8, 5, 2]);
    for group in 1..=10 {
        let place = ledger.place_of(group * 3).unwrap().unwrap();
        assert_eq!((place.group, place.seq), (group * 2 - 1, group * 3));
    }
    assert_eq!((ledger.place_of(1).unwrap(), ledger.place_of(31).unwrap()), (None, None));
    assert_eq!(ledger.place_of(0).unwrap(), Some(Place::default()));
    let found = verified(dir.path());
    assert_eq!((found.entries, found.events, found.damage), (40, 30, Vec::new()));
}

#[test]
fn the_outbox_is_the_same_from_memory_and_from_disk() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = filled(dir.path(), 30, &[5]);
    let from_memory = ledger.events(3, 20).unwrap();
    drop(ledger);
    let ledger = reopen(dir.path()).unwrap();
    assert_eq!(ledger.events(3, 20).unwrap(), from_memory);
    ledger.commit(&[entry_about(31, asset(1))]).unwrap();
    assert_eq!(seqs(&ledger.events(28, 20).unwrap()), [29, 30, 31]);
    assert_eq!(seqs(&ledger.events(30, 20).unwrap()), [31]);
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_and_writing_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = filled(dir.path(), 9, &[]);
    let good = ledger.place();
    let length = ledger.segments().0[0].length;
    ledger.commit(&[entry_about(10, asset(1))]).unwrap();
    drop(ledger);
    let path = files(dir.path()).remove(0);
    let whole = fs::read(&path).unwrap();
    let last = usize::try_from(length).unwrap();
    for cut in last..whole.len() {
        let mut ends = vec![whole[..cut].to_vec()];
        if cut + 600 < whole.len() || cut == last {
            ends.push([&whole[..cut], &vec![0; whole.len() - cut][..]].concat());
        }
        for bytes in ends {
            fs::write(&path, &bytes).unwrap();
            assert_eq!(verified(dir.path()).damage, Vec::<String>::new(), "cut at {cut}");
            let ledger = reopen(dir.path()).unwrap();
            assert_eq!((ledger.place(), fs::metadata(&path).unwrap().len()), (good, length), "cut at {cut}");
            ledger.commit(&[entry_about(10, asset(1))]).unwrap();
            assert_eq!(replayed(&ledger).unwrap().state_hash(), site(10).state_hash());
        }
    }
}

#[test]
fn a_segment_cut_short_while_it_was_made_is_no_damage() {
    for left in 0..=SEGMENT_HEAD {
        let dir = tempfile::tempdir().unwrap();
        drop(filled(dir.path(), 9, &[]));
        let path = dir.path().join("ledger").join(format!("{:020}.log", 7));
        fs::write(&path, vec![0; left]).unwrap();
        assert_eq!(verified(dir.path()).damage, Vec::<String>::new());
        let ledger = reopen(dir.path()).unwrap();
        assert_eq!((files(dir.path()).len(), replayed(&ledger).unwrap().state_hash()), (1, site(9).state_hash()));
        ledger.writer.lock().unwrap().fill_segment();
        ledger.commit(&[entry_about(10, asset(1))]).unwrap();
    }
}

#[test]
fn a_changed_byte_anywhere_is_named_and_nothing_of_its_group_is_served() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 12, &[4]));
    for path in files(dir.path()) {
        let good = fs::read(&path).unwrap();
        for position in 0..good.len() {
            let mut bad = good.clone();
            bad[position] ^= 0x08;
            fs::write(&path, &bad).unwrap();
            let damage = verified(dir.path()).damage;
            let name = path.to_str().unwrap();
            assert!(damage[0].starts_with(name) && damage[0].contains(" at byte "), "byte {position}: {damage:?}");
            assert!(damage.len() == 1 || (position < SEGMENT_HEAD && damage.len() == 2), "byte {position}: {damage:?}");
            let served = reopen(dir.path()).and_then(|ledger| replayed(&ledger));
            let error = served.err().unwrap_or_else(|| panic!("byte {position} served")).to_string();
            assert!(error.contains(name), "byte {position}: {error}");
        }
        fs::write(&path, &good).unwrap();
    }
    assert_eq!(verified(dir.path()).damage, Vec::<String>::new());
}

#[test]
fn a_missing_byte_in_the_middle_is_named() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 12, &[]));
    let path = files(dir.path()).remove(0);
    let good = fs::read(&path).unwrap();
    for position in 0..good.len() - 1 {
        let mut bad = good.clone();
        bad.remove(position);
        fs::write(&path, &bad).unwrap();
        let last_group = position >= good.len() - 200;
        assert!(last_group || !verified(dir.path()).damage.is_empty(), "byte {position}");
        assert!(last_group || reopen(dir.path()).is_err(), "byte {position}");
    }
}

#[test]
fn a_missing_segment_is_named() {
    for (number, want) in [(0, "groups 1 to 4 are missing before it"), (1, "groups 5 to 8 are missing after")] {
        let dir = tempfile::tempdir().unwrap();
        drop(filled(dir.path(), 18, &[4, 8]));
        fs::remove_file(&files(dir.path())[number]).unwrap();
        let damage = verified(dir.path()).damage;
        assert!(damage.len() == 1 && damage[0].contains(want), "{damage:?}");
        assert!(matches!(replayed(&reopen(dir.path()).unwrap()), Err(StoreError::Damaged { .. })));
    }
}

#[test]
fn replay_from_a_place_needs_that_place() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = filled(dir.path(), 12, &[4]);
    for seq in [0, 3, 6, 9, 12] {
        let place = ledger.place_of(seq).unwrap().unwrap();
        let mut view = site(seq);
        ledger.replay(&place, &nobody(), &mut view).unwrap();
        assert_eq!(view.state_hash(), site(12).state_hash());
    }
    let end = ledger.place();
    for (place, want) in [
        (Place { head: [1; 32], ..ledger.place_of(6).unwrap().unwrap() }, "is not the one that the snapshot stands at"),
        (Place { group: end.group + 3, ..end }, "the ledger ends with group 8, and the snapshot stands at group 11"),
    ] {
        let error = ledger.replay(&place, &nobody(), &mut Site::default()).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
}

#[test]
fn after_a_failed_write_nothing_is_accepted_until_reopened() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = filled(dir.path(), 3, &[]);
    ledger.break_disk();
    assert!(matches!(ledger.commit(&[entry_about(4, asset(1))]), Err(StoreError::Io { .. })));
    assert!(matches!(ledger.commit(&[entry_about(4, asset(1))]), Err(StoreError::Stopped(_))));
    assert_eq!((ledger.place().seq, ledger.events(0, 9).unwrap().len()), (3, 3));
    drop(ledger);
    let ledger = reopen(dir.path()).unwrap();
    ledger.commit(&[entry_about(4, asset(1))]).unwrap();
    assert_eq!(replayed(&ledger).unwrap().state_hash(), site(4).state_hash());
}
