//! Tests that a disk which fails at any step, and power that goes at any step, lose nothing that was acknowledged and refuse no start.
//!
//! In short form by default; `ROLLCALL_TRIALS=N` sets the number of power cuts, and makes every step fail in turn (tests/power-cut).

use super::contract::{asset, entry_about, noon, put, site};
use super::simulated::{Broken, Random, Simulated};
use super::{Entry, Folder, Store, StoreError, signed, verify_folder};
use jiff::SignedDuration;
use rollcall_proto::Digest;
use std::path::Path;

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

/// What a folder has said that it holds.
#[derive(Default)]
struct Acknowledged {
    seq: u64,
    /// Tried and not acknowledged: may be there or not.
    tried: u64,
    blobs: Vec<Digest>,
    errors: Vec<String>,
}

impl Acknowledged {
    fn note<T>(&mut self, result: Result<T, StoreError>) -> Option<T> {
        result.map_err(|error| self.errors.push(error.to_string())).ok()
    }

    /// Everything that a store does, `rounds` times; goes on after a refusal and ends with the first failure.
    fn live(&mut self, folder: &Folder, rounds: u64) {
        for round in 0..rounds {
            let bytes = format!("content {} of round {round}", self.seq).into_bytes();
            let put = self.note(put(folder, &bytes));
            let group: Vec<Entry> =
                (self.seq + 1..=self.seq + 1 + round % 3).map(|seq| entry_about(seq, asset(u128::from(seq % 3)))).collect();
            let upto = self.seq + group.len() as u64;
            self.tried = self.tried.max(upto);
            match folder.commit(&group) {
                Ok(()) => {
                    self.seq = upto;
                    self.blobs.extend(put);
                }
                Err(error @ StoreError::Full { .. }) => self.errors.push(error.to_string()),
                Err(error) => {
                    self.errors.push(error.to_string());
                    assert!(folder.commit(&group).is_err(), "after a failure nothing is accepted");
                    return;
                }
            }
            if round % 4 == 1 {
                self.note(folder.snapshot(&site(self.seq)));
            }
            if round % 4 == 2 {
                self.note(folder.checkpoint(noon()));
                folder.fill_segment();
            }
            if round % 6 == 5 {
                self.note(folder.retain(noon() + SignedDuration::from_hours(24 * 900), SignedDuration::from_hours(24 * 400)));
            }
        }
    }

    /// The folder opens, and holds a prefix of what was tried with everything that was acknowledged.
    fn is_held_by(&mut self, dir: &Path, why: &str) -> Folder {
        assert_eq!(verify_folder(dir).unwrap().damage, Vec::<String>::new(), "{why}: {:?}", self.errors);
        let folder = Folder::open(dir).unwrap_or_else(|error| panic!("{why}: a start is refused: {error}; {:?}", self.errors));
        let held = folder.load().unwrap();
        assert!((self.seq..=self.tried.max(self.seq)).contains(&held.seq), "{why}: {} acknowledged, {} held", self.seq, held.seq);
        assert_eq!(held.state_hash(), site(held.seq).state_hash(), "{why}");
        for digest in &self.blobs {
            assert!(folder.blob(digest).unwrap().is_some(), "{why}: a content is lost");
        }
        self.seq = held.seq;
        folder.sign_with(signed::tests::signer());
        folder
    }
}

/// The number of trials: in long form as asked for.
fn trials(short: u64) -> (u64, bool) {
    let asked = std::env::var("ROLLCALL_TRIALS").ok().and_then(|text| text.parse().ok());
    (asked.unwrap_or(short), asked.is_some())
}

/// A folder that has lived a little.
fn begin(dir: &Path) -> Acknowledged {
    let folder = Folder::open(dir).unwrap();
    folder.sign_with(signed::tests::signer());
    let mut acknowledged = Acknowledged::default();
    acknowledged.live(&folder, 5);
    assert_eq!(acknowledged.errors, Vec::<String>::new());
    acknowledged
}

#[test]
fn any_step_that_fails_is_reported_and_corrupts_nothing() {
    let (_, is_long) = trials(0);
    for (code, broken) in [(EIO, Broken::Once), (EIO, Broken::ForGood), (ENOSPC, Broken::Once), (ENOSPC, Broken::ForGood)] {
        let mut passed = u64::from(code == ENOSPC);
        loop {
            let dir = tempfile::tempdir().unwrap();
            let mut acknowledged = begin(dir.path());
            let disk = Simulated::under(dir.path());
            disk.fail_after(passed, code, broken);
            let why = format!("step {passed} fails with {code} {broken:?}");
            match Folder::open(dir.path()) {
                Ok(folder) => {
                    folder.sign_with(signed::tests::signer());
                    acknowledged.live(&folder, 8);
                }
                Err(error) => acknowledged.errors.push(error.to_string()),
            }
            let (_, failed) = disk.steps();
            disk.mend();
            let folder = acknowledged.is_held_by(dir.path(), &why);
            acknowledged.errors.clear();
            acknowledged.live(&folder, 2);
            assert_eq!(acknowledged.errors, Vec::<String>::new(), "{why}");
            if failed == 0 {
                break;
            }
            passed += if is_long { 1 } else { 29 };
        }
    }
}

#[test]
fn a_disk_that_is_full_for_one_write_refuses_one_change_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = begin(dir.path());
    let folder = acknowledged.is_held_by(dir.path(), "before");
    let disk = Simulated::under(dir.path());
    let next = |acknowledged: &Acknowledged| [entry_about(acknowledged.seq + 1, asset(1))];
    // Of a commit: keys written, synced, renamed, the folder synced twice; then the write of the frame.
    for passed in 0..8 {
        disk.fail_after(passed, ENOSPC, Broken::Once);
        let refused = folder.commit(&next(&acknowledged));
        let (_, failed) = disk.steps();
        disk.mend();
        match refused {
            Ok(()) => acknowledged.seq += 1,
            Err(StoreError::Full { .. }) => {
                folder.commit(&next(&acknowledged)).unwrap();
                acknowledged.seq += 1;
            }
            Err(error) => {
                assert!(error.to_string().contains("make the ledger durable"), "only a failed fsync stops the writer: {error}, {failed}");
                break;
            }
        }
        acknowledged.tried = acknowledged.seq + 1;
    }
    drop(folder);
    acknowledged.is_held_by(dir.path(), "after");
}

#[test]
fn power_that_goes_at_any_step_loses_nothing_acknowledged_and_refuses_no_start() {
    let (cuts, _) = trials(16);
    let scratch = tempfile::tempdir().unwrap();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut dir = scratch.path().join("0");
    let mut acknowledged = begin(&dir);
    for cut in 1..=cuts {
        let why = format!("power cut {cut}");
        let folder = acknowledged.is_held_by(&dir, &why);
        let disk = Simulated::under(&dir);
        disk.fail_after(random.below(90), EIO, Broken::ForGood);
        acknowledged.errors.clear();
        acknowledged.live(&folder, 12);
        let after = scratch.path().join(cut.to_string());
        disk.cut_power(&after, &mut random);
        drop((folder, disk));
        std::fs::remove_dir_all(&dir).unwrap();
        dir = after;
    }
    acknowledged.is_held_by(&dir, "at the end");
}
