//! Tests of the whole folder: the contract, damage in every kind of file, a crash in the middle, the shelf gone or mad.

use super::contract::{asset, entry_about, groups, keeps_the_contract, noon, put, seqs, site};
use super::{Folder, Store, StoreError, verify_folder};
use rollcall_proto::v1::Health;
use rollcall_site::DeviceId;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn open(dir: &Path) -> Folder {
    Folder::open(dir).unwrap()
}

/// A folder with twelve events, snapshots at two places, a blob and a chunk of samples.
fn fill(dir: &Path) {
    let folder = open(dir);
    for (number, group) in groups(12).iter().enumerate() {
        folder.commit(group).unwrap();
        if number == 1 || number == 3 {
            folder.snapshot(&folder.load().unwrap()).unwrap();
        }
    }
    put(&folder, b"content").unwrap();
    for minute in 0..70 {
        let at_ms = noon().as_millisecond() + minute * 60_000;
        folder.put_sample(DeviceId(uuid::Uuid::nil()), Health { at_ms, ..Health::default() });
    }
}

/// Every file below `dir` that holds something; the shelf's aside.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in super::disk::entries(dir).unwrap() {
        if path.is_dir() && !path.ends_with("shelf") {
            found.extend(files(&path));
        } else if path.is_file() && !path.ends_with("lock") && !path.ends_with("ballast") {
            found.push(path);
        }
    }
    found
}

/// Copies a folder as a crash would leave it: whatever is in the files now.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for path in super::disk::entries(from).unwrap() {
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// Waits until the shelf says `want`.
fn await_shelf(folder: &Folder, want: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while folder.state().shelf != want {
        assert!(Instant::now() < deadline, "the shelf says {:?}, not {want:?}", folder.state().shelf);
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn holds_site(folder: &Folder, count: u64) {
    assert_eq!(folder.load().unwrap().state_hash(), site(count).state_hash());
    let own: Vec<_> = (1..=count).rev().filter(|seq| seq % 3 == 1).collect();
    assert_eq!(seqs(&folder.history(Some(asset(1)), 1000).unwrap()), own);
}

#[test]
fn the_folder_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    keeps_the_contract(|| Box::new(open(dir.path())));
}

#[test]
fn the_folder_keeps_the_contract_when_the_shelf_is_deleted_each_time() {
    let dir = tempfile::tempdir().unwrap();
    keeps_the_contract(|| {
        fs::remove_dir_all(dir.path().join("shelf")).ok();
        Box::new(open(dir.path()))
    });
}

#[test]
fn the_folder_keeps_the_contract_when_the_shelf_answers() {
    let dir = tempfile::tempdir().unwrap();
    keeps_the_contract(|| {
        let folder = open(dir.path());
        await_shelf(&folder, "ok");
        Box::new(folder)
    });
}

#[test]
fn a_second_collector_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    let refused = Folder::open(dir.path()).err().unwrap();
    assert!(matches!(refused, StoreError::InUse { .. }) && refused.to_string().contains("stop it first"));
    drop(first);
    open(dir.path());
}

#[test]
fn a_changed_byte_in_any_file_is_found_and_named() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    assert_eq!(verify_folder(dir.path()).unwrap().damage, Vec::<String>::new());
    let files = files(dir.path());
    let kinds: std::collections::BTreeSet<_> = files.iter().filter_map(|path| path.extension()).collect();
    assert!(files.len() >= 5 && kinds.len() == 4, "{files:?}");
    for path in files {
        let good = fs::read(&path).unwrap();
        // Of the last chunk of samples the length may say, changed, that a crash cut it short: no step of nine meets it twice.
        let mut may_miss = usize::from(path.to_string_lossy().contains("/health/"));
        // What a pack says at its end of its own length: nothing is lost with it, and it looks as if a crash had cut it off.
        let checked = good.len() - if path.extension().is_some_and(|ending| ending == "pack") { 56 } else { 0 };
        for position in (0..checked).step_by(9) {
            let mut bad = good.clone();
            bad[position] ^= 0x21;
            fs::write(&path, &bad).unwrap();
            let damage = verify_folder(dir.path()).unwrap().damage;
            let found = damage.iter().any(|line| line.starts_with(path.to_str().unwrap()));
            may_miss = if found {
                may_miss
            } else {
                may_miss.checked_sub(1).unwrap_or_else(|| panic!("{} byte {position}: {damage:?}", path.display()))
            };
        }
        fs::write(&path, &good).unwrap();
    }
    assert_eq!(verify_folder(dir.path()).unwrap().damage, Vec::<String>::new());
}

#[test]
fn a_damaged_snapshot_falls_back_to_the_older_and_then_to_the_ledger() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let snapshots: Vec<_> = files(dir.path()).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "snap")).collect();
    assert_eq!(snapshots.len(), 2);
    for path in snapshots.iter().rev() {
        let mut bytes = fs::read(path).unwrap();
        bytes[80] ^= 1;
        fs::write(path, bytes).unwrap();
        holds_site(&open(dir.path()), 12);
    }
    fs::remove_dir_all(dir.path().join("snapshot")).unwrap();
    holds_site(&open(dir.path()), 12);
}

#[test]
fn damage_in_the_last_segment_ends_the_start_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let ledger = files(dir.path()).into_iter().find(|path| path.to_string_lossy().contains("/ledger/")).unwrap();
    let good = fs::read(&ledger).unwrap();
    // Behind the newest snapshot nothing else holds what is damaged.
    for position in [good.len() * 3 / 4, good.len() - 300] {
        let mut bad = good.clone();
        bad[position] ^= 1;
        fs::write(&ledger, &bad).unwrap();
        let error = Folder::open(dir.path()).err().unwrap().to_string();
        assert!(error.starts_with(ledger.to_str().unwrap()) && error.contains(" at byte "), "{error}");
    }
    fs::write(&ledger, &good).unwrap();
    holds_site(&open(dir.path()), 12);
}

#[test]
fn a_ledger_that_ends_before_its_snapshot_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let ledger = files(dir.path()).into_iter().find(|path| path.to_string_lossy().contains("/ledger/")).unwrap();
    let bytes = fs::read(&ledger).unwrap();
    fs::write(&ledger, &bytes[..300]).unwrap();
    let error = open(dir.path()).load().err().unwrap().to_string();
    assert!(error.contains("ledger ends with group") && error.contains("restore a backup"), "{error}");
}

#[test]
fn a_copy_taken_in_the_middle_holds_every_committed_group() {
    let dir = tempfile::tempdir().unwrap();
    let folder = open(&dir.path().join("live"));
    let mut committed = 0;
    for (number, group) in groups(90).iter().enumerate() {
        folder.commit(group).unwrap();
        committed = group.iter().flat_map(|entry| &entry.events).last().map_or(committed, |event| event.seq);
        if number % 7 == 0 {
            folder.snapshot(&folder.load().unwrap()).unwrap();
        }
        if number % 10 == 3 {
            let crashed = dir.path().join(number.to_string());
            copy(&dir.path().join("live"), &crashed);
            holds_site(&open(&crashed), committed);
            assert_eq!(verify_folder(&crashed).unwrap().damage, Vec::<String>::new());
        }
    }
}

#[test]
fn a_shelf_deleted_or_full_of_garbage_changes_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let spoilers: [fn(&Path); 4] = [
        |shelf| fs::remove_dir_all(shelf).unwrap(),
        |shelf| shelf_files(shelf).iter().for_each(|path| fs::write(path, b"garbage").unwrap()),
        |shelf| shelf_files(shelf).iter().for_each(|path| fs::write(path, vec![0x5a; 600_000]).unwrap()),
        |shelf| shelf_files(shelf).iter().for_each(|path| fs::remove_file(path).unwrap()),
    ];
    for spoil in spoilers {
        let folder = open(dir.path());
        await_shelf(&folder, "ok");
        drop(folder);
        spoil(&dir.path().join("shelf"));
        let folder = open(dir.path());
        holds_site(&folder, 12);
        await_shelf(&folder, "ok");
        holds_site(&folder, 12);
    }
}

/// The files of the shelf that was closed in order; its mark stays, so that it is trusted.
fn shelf_files(shelf: &Path) -> Vec<PathBuf> {
    let home = super::disk::entries(shelf).unwrap().into_iter().find(|path| path.is_dir()).unwrap();
    let mut found = files(&home);
    found.retain(|path| !path.ends_with("conf"));
    found
}

#[test]
fn every_changed_byte_of_the_shelf_is_harmless() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    drop(open(dir.path()));
    let good = dir.path().join("good");
    copy(&dir.path().join("shelf"), &good);
    let mut random = 88_172_645_463_325_252_u64;
    for _ in 0..25 {
        fs::remove_dir_all(dir.path().join("shelf")).unwrap();
        copy(&good, &dir.path().join("shelf"));
        for path in shelf_files(&dir.path().join("shelf")) {
            let mut bytes = fs::read(&path).unwrap();
            let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0);
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let position = usize::try_from(random % (used as u64 + 1)).unwrap();
            if let Some(byte) = bytes.get_mut(position) {
                *byte ^= 0x11;
            }
            fs::write(&path, bytes).unwrap();
        }
        let asked = Instant::now();
        holds_site(&open(dir.path()), 12);
        assert!(asked.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn a_shelf_that_hangs_is_abandoned_and_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let folder = open(dir.path());
    await_shelf(&folder, "ok");
    folder.hang_shelf(Duration::from_secs(30));
    let asked = Instant::now();
    holds_site(&folder, 12);
    assert!(asked.elapsed() >= Duration::from_secs(2) && asked.elapsed() < Duration::from_secs(20));
    await_shelf(&folder, "ok");
    folder.commit(&[entry_about(13, asset(1))]).unwrap();
    holds_site(&folder, 13);
}

#[test]
fn a_content_that_is_damaged_is_asked_for_again() {
    let dir = tempfile::tempdir().unwrap();
    keeps_the_contract(|| Box::new(open(dir.path())));
    let blob = files(dir.path()).into_iter().find(|path| path.to_string_lossy().contains("/blobs/")).unwrap();
    let mut bytes = fs::read(&blob).unwrap();
    bytes[90] ^= 1;
    fs::write(&blob, bytes).unwrap();
    let folder = open(dir.path());
    folder.load().unwrap();
    let missing = folder.missing();
    assert_eq!(missing.iter().map(|missing| missing.section.as_str()).collect::<Vec<_>>(), ["software", "system"]);
    assert!(missing[1].why.contains(blob.to_str().unwrap()), "{missing:?}");
}

/// What the child of the next test runs: it commits one event after another, and says so on its standard output, until it is killed.
#[test]
fn commits_until_it_is_killed() {
    let Some(dir) = std::env::var_os("ROLLCALL_TEST_COMMIT_INTO") else { return };
    let folder = open(Path::new(&dir));
    let begin = folder.load().unwrap().seq + 1;
    for seq in begin..begin + 100_000 {
        folder.commit(&[entry_about(seq, asset(u128::from(seq % 3)))]).unwrap();
        println!("durable {seq}");
        if seq % 40 == 0 {
            folder.snapshot(&folder.load().unwrap()).unwrap();
        }
    }
}

#[test]
fn a_killed_collector_loses_nothing_that_it_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut said = 0;
    for round in 0_u64..8 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::commits_until_it_is_killed", "--nocapture"])
            .env("ROLLCALL_TEST_COMMIT_INTO", dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let seq = |line: std::io::Result<String>| line.ok().and_then(|line| line.rsplit_once("durable ")?.1.parse::<u64>().ok());
        let target = said + 30 + round * 7;
        said = lines.by_ref().filter_map(seq).find(|seq| *seq >= target).unwrap();
        child.kill().unwrap();
        said = lines.filter_map(seq).last().unwrap_or(said);
        child.wait().unwrap();
        assert_eq!(verify_folder(dir.path()).unwrap().damage, Vec::<String>::new());
        let folder = open(dir.path());
        let held = folder.load().unwrap().seq;
        assert!(held == said || held == said + 1, "{said} was durable, {held} is held");
        holds_site(&folder, held);
    }
}
