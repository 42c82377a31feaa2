//! Tests of what is beside the ledger: checkpoints, retention, the forgotten, damage that a snapshot covers, a full disk, a spoilt shelf.

use super::contract::{asset, entry_about, groups, name_person, noon, put, seqs, site};
use super::disk::numbered;
use super::signed::tests::signer;
use super::simulated::Random;
use super::{Entry, Folder, Store, StoreError, verify_folder};
use jiff::SignedDuration;
use rollcall_site::event::Actor;
use rollcall_site::{PersonId, Site, Working};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const YEARS: SignedDuration = SignedDuration::from_hours(24 * 900);
const KEEP: SignedDuration = SignedDuration::from_hours(24 * 400);

fn open(dir: &Path) -> Folder {
    let folder = Folder::open(dir).unwrap();
    folder.sign_with(signer());
    folder
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    numbered(&dir.join("ledger"), "log").unwrap().into_iter().map(|(_, path)| path).collect()
}

fn damage(dir: &Path) -> Vec<String> {
    verify_folder(dir).unwrap().damage
}

/// Commits events `from` to `upto`, one a group; a new segment after every fifth.
fn commit(folder: &Folder, from: u64, upto: u64) {
    for seq in from..=upto {
        folder.commit(&[entry_about(seq, asset(u128::from(seq % 3)))]).unwrap();
        if seq % 5 == 0 {
            folder.fill_segment();
        }
    }
}

#[test]
fn a_last_frame_cut_off_is_named_where_a_checkpoint_stands_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let folder = open(dir.path());
    commit(&folder, 1, 3);
    let short = fs::read(&segments(dir.path())[0]).unwrap();
    commit(&folder, 4, 4);
    assert!(folder.checkpoint(noon()).unwrap());
    assert!(folder.state().checkpoint.unwrap().starts_with("checkpoint group=4 event=4 "));
    let verified = folder.verify().unwrap();
    assert_eq!((verified.checkpoints, verified.key.len(), verified.damage), (1, 64, Vec::new()));
    drop(folder);
    let path = segments(dir.path()).remove(0);
    let whole = fs::read(&path).unwrap();
    for cut in [short.len(), short.len() + 30, whole.len() - 1] {
        fs::write(&path, &whole[..cut]).unwrap();
        assert!(damage(dir.path()).iter().any(|line| line.contains("group 4")), "cut at {cut}: {:?}", damage(dir.path()));
        let error = Folder::open(dir.path()).err().unwrap().to_string();
        assert!(error.contains("the ledger ends with group 3, and the checkpoint signed at 2027-01-15T"), "{error}");
        assert_eq!(fs::metadata(&path).unwrap().len(), cut as u64, "nothing is cut off");
    }
    // Another ledger of the same length, in order in itself, is not the one that was signed.
    let other = tempfile::tempdir().unwrap();
    let folder = open(other.path());
    (1..=4).for_each(|seq| folder.commit(&[entry_about(seq, asset(9))]).unwrap());
    fs::copy(&segments(other.path())[0], &path).unwrap();
    assert!(damage(dir.path())[0].contains("the chain at group 4 is not the one that was signed at"), "{:?}", damage(dir.path()));
}

#[test]
fn old_segments_go_and_the_rest_proves_itself() {
    let dir = tempfile::tempdir().unwrap();
    let folder = open(dir.path());
    commit(&folder, 1, 12);
    assert_eq!(folder.retain(noon() + YEARS, KEEP).unwrap(), 0, "no snapshot stands behind them");
    folder.snapshot(&site(12)).unwrap();
    commit(&folder, 13, 22);
    folder.snapshot(&site(22)).unwrap();
    assert_eq!(folder.retain(noon() + SignedDuration::from_hours(1), KEEP).unwrap(), 0, "nothing is old");
    assert_eq!(folder.retain(noon() + YEARS, KEEP).unwrap(), 2, "up to the older snapshot, whole segments only");
    assert_eq!(segments(dir.path()).len(), 3);
    assert_eq!(seqs(&folder.events(0, 100).unwrap()), (11..=22).collect::<Vec<_>>());
    commit(&folder, 23, 24);
    assert_eq!(folder.verify().unwrap().damage, Vec::<String>::new());
    drop(folder);
    assert_eq!(damage(dir.path()), Vec::<String>::new());
    let folder = open(dir.path());
    assert_eq!(folder.load().unwrap().state_hash(), site(24).state_hash());
    assert_eq!(seqs(&folder.history(Some(asset(1)), 100).unwrap()), [22, 19, 16, 13]);
    drop(folder);
    // One more that goes missing is not explained by the anchor.
    fs::remove_file(&segments(dir.path())[0]).unwrap();
    assert!(damage(dir.path())[0].contains("it begins behind group 15, and the signed anchor at group 10"), "{:?}", damage(dir.path()));
}

/// Changes a site by `change`, durable.
fn change(folder: &Folder, site: &Site, change: impl FnOnce(&mut Working)) -> Site {
    let mut working = Working::begin(site.clone(), noon(), Actor::Rollcall);
    change(&mut working);
    let finished = working.finish();
    folder.commit(&[Entry { records: finished.written, events: finished.events }]).unwrap();
    finished.site
}

/// Whether any file below `dir` holds the text, packed or not.
fn is_written(dir: &Path, text: &str) -> bool {
    super::disk::entries(dir).unwrap().into_iter().any(|path| {
        if path.is_dir() {
            return is_written(&path, text);
        }
        let bytes = fs::read(&path).unwrap();
        let frames = bytes.windows(4).enumerate().filter(|(_, found)| *found == [0x28, 0xb5, 0x2f, 0xfd]).map(|(at, _)| &bytes[at..]);
        let plain = frames.filter_map(|frame| {
            let mut plain = Vec::new();
            let mut decoder = zstd::Decoder::new(frame).ok()?.single_frame();
            std::io::copy(&mut decoder, &mut plain).ok().map(|_| plain)
        });
        plain.chain([bytes.clone()]).any(|bytes| bytes.windows(text.len()).any(|found| found == text.as_bytes()))
    })
}

#[test]
fn a_person_who_is_forgotten_is_nowhere_and_every_restore_forgets_them_again() {
    let dir = tempfile::tempdir().unwrap();
    let live = dir.path().join("live");
    let identity = age::x25519::Identity::generate();
    let folder = open(&live);
    let id = PersonId::parse("20431").unwrap();
    let site = change(&folder, &Site::default(), |w| name_person(w, "20431", "Ada Lund"));
    let site = change(&folder, &site, |w| name_person(w, "18807", "Bo Lind"));
    folder.snapshot(&site).unwrap();
    assert!(!is_written(&live, "Ada Lund") && !is_written(&live, "Bo Lind"));
    let backup = dir.path().join("before.age");
    super::backup::back_up(&folder, &[], &identity.to_public().to_string(), &backup).unwrap();

    let site = change(&folder, &site, |w| rollcall_site::person::forget(w, &id).unwrap());
    assert!(folder.forget(&id, noon()).unwrap());
    assert_eq!(folder.load().unwrap().state_hash(), site.state_hash());
    drop(folder);
    fs::remove_dir_all(live.join("snapshot")).unwrap();
    assert_eq!(open(&live).load().unwrap().state_hash(), site.state_hash(), "the whole ledger read without the key");

    use age::secrecy::ExposeSecret;
    let key = identity.to_string();
    let into = dir.path().join("without");
    super::backup::restore(&backup, key.expose_secret(), &into).unwrap();
    super::backup::finish(&into).unwrap();
    assert_eq!(open(&into).load().unwrap().persons.len(), 2, "no list lies beside the backup");
    fs::copy(live.join("forgotten"), dir.path().join("forgotten")).unwrap();
    let into = dir.path().join("with");
    super::backup::restore(&backup, key.expose_secret(), &into).unwrap();
    super::backup::finish(&into).unwrap();
    let restored = open(&into).load().unwrap();
    assert_eq!(restored.persons.values().map(|person| person.name.as_str()).collect::<Vec<_>>(), ["Bo Lind"]);
    assert!(!fs::read_to_string(into.join("people.keys")).unwrap().contains("20431"));
}

#[test]
fn a_snapshot_that_was_on_its_way_keeps_nobody_who_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let folder = open(dir.path());
    let before = change(&folder, &Site::default(), |w| name_person(w, "20431", "Ada Lund"));
    let id = PersonId::parse("20431").unwrap();
    let site = change(&folder, &before, |w| rollcall_site::person::forget(w, &id).unwrap());
    assert!(folder.forget(&id, noon()).unwrap());
    folder.snapshot(&before).unwrap();
    assert!(!fs::read_to_string(dir.path().join("people.keys")).unwrap().contains("20431"), "what is stored of her can be read again");
    assert!(!is_written(dir.path(), "Ada Lund"));
    assert_eq!(folder.load().unwrap().state_hash(), site.state_hash());
}

#[test]
fn a_crash_in_the_middle_of_forgetting_is_finished_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let folder = open(dir.path());
    let site = change(&folder, &Site::default(), |w| name_person(w, "20431", "Ada Lund"));
    let site = change(&folder, &site, |w| rollcall_site::person::forget(w, &PersonId::parse("20431").unwrap()).unwrap());
    assert!(!folder.finish_forgetting(&site, noon()).unwrap(), "something was stored since the start");
    drop(folder);
    let folder = open(dir.path());
    assert!(folder.finish_forgetting(&folder.load().unwrap(), noon()).unwrap());
    assert!(!fs::read_to_string(dir.path().join("people.keys")).unwrap().contains("20431"));
}

#[test]
fn damage_that_a_snapshot_covers_refuses_no_start_and_is_named() {
    let lay = |last: u64| {
        let dir = tempfile::tempdir().unwrap();
        let folder = open(dir.path());
        (1..=9).for_each(|seq| folder.commit(&[entry_about(seq, asset(1))]).unwrap());
        folder.snapshot(&site_about(9)).unwrap();
        (10..=last).for_each(|seq| folder.commit(&[entry_about(seq, asset(1))]).unwrap());
        put(&folder, b"x").unwrap();
        drop(folder);
        dir
    };
    for last in [9, 12] {
        let dir = lay(last);
        let path = segments(dir.path()).remove(0);
        let good = fs::read(&path).unwrap();
        let end = good.len() * 2 / usize::try_from(last).unwrap();
        for position in [70, 100, 200, 300, end] {
            let mut bad = good.clone();
            bad[position] ^= 0x10;
            fs::write(&path, &bad).unwrap();
            let folder = Folder::open(dir.path()).unwrap_or_else(|error| panic!("byte {position} of {last}: {error}"));
            assert_eq!(folder.load().unwrap().state_hash(), site_about(last).state_hash(), "byte {position} of {last}");
            assert!(folder.state().damage[0].starts_with(path.to_str().unwrap()), "{:?}", folder.state().damage);
            assert!(folder.verify().unwrap().damage[0].starts_with(path.to_str().unwrap()));
            assert!(folder.events(0, 100).is_err(), "what is damaged is never served");
            folder.commit(&[entry_about(last + 1, asset(1))]).unwrap();
            assert_eq!(seqs(&folder.events(last, 9).unwrap()), [last + 1]);
            drop(folder);
            assert_eq!(Folder::open(dir.path()).unwrap().load().unwrap().seq, last + 1);
            segments(dir.path()).iter().skip(1).for_each(|path| fs::remove_file(path).unwrap());
        }
    }
    // Behind the snapshot nothing else holds what is damaged.
    let dir = lay(12);
    let path = segments(dir.path()).remove(0);
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    bad[good.len() * 11 / 12] ^= 0x10;
    fs::write(&path, &bad).unwrap();
    assert!(matches!(Folder::open(dir.path()), Err(StoreError::Damaged { .. })));
}

/// The site of events 1 to `count` about one asset.
fn site_about(count: u64) -> Site {
    let mut site = Site::default();
    (1..=count).for_each(|seq| super::contract::take(&mut site, &entry_about(seq, asset(1))));
    site
}

#[test]
fn a_spoilt_shelf_answers_in_time_and_never_wrongly() {
    let trials = std::env::var("ROLLCALL_TRIALS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let dir = tempfile::tempdir().unwrap();
    let folder = open(dir.path());
    groups(90).iter().for_each(|group| folder.commit(group).unwrap());
    let hash = folder.load().unwrap().state_hash();
    let want: Vec<_> = (1..=3).map(|n| folder.ledger().history(Some(asset(n)), 1000).unwrap()).collect();
    drop(folder);
    let (shelf, good) = (dir.path().join("shelf"), dir.path().join("good"));
    fs::rename(&shelf, &good).unwrap();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for trial in 0..trials {
        fs::remove_dir_all(&shelf).ok();
        copy(&good, &shelf, &mut |bytes: &mut Vec<u8>| {
            let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) as u64 + 1;
            let at = usize::try_from(random.below(used)).unwrap();
            if random.below(4) == 0 {
                bytes.truncate(at);
            } else if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        });
        let begun = Instant::now();
        let folder = open(dir.path());
        assert_eq!(folder.load().unwrap().state_hash(), hash);
        for (n, want) in (1..=3).zip(&want) {
            let asked = Instant::now();
            assert_eq!(folder.history(Some(asset(n)), 1000).unwrap(), *want, "trial {trial}");
            assert!(asked.elapsed() < Duration::from_secs(10), "trial {trial}: {:?}", asked.elapsed());
        }
        let rebuilt = |folder: &Folder| folder.state().shelf == "ok" || begun.elapsed() > Duration::from_secs(60);
        while !rebuilt(&folder) {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(folder.history(Some(asset(1)), 1000).unwrap(), want[0], "trial {trial}, when it is rebuilt");
    }
}

/// Copies a folder, each file spoilt.
fn copy(from: &Path, to: &Path, spoil: &mut dyn FnMut(&mut Vec<u8>)) {
    fs::create_dir_all(to).unwrap();
    for path in super::disk::entries(from).unwrap() {
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target, spoil);
        } else {
            let mut bytes = fs::read(&path).unwrap();
            if path.extension().is_none() && !path.ends_with("conf") {
                spoil(&mut bytes);
            }
            fs::write(target, bytes).unwrap();
        }
    }
}

/// Runs `test` on a disk of 48 MiB, where this test may mount one.
fn on_a_small_disk(test: impl FnOnce(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    let mount = std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=48m", "tmpfs"]).arg(dir.path()).output();
    if !mount.is_ok_and(|mount| mount.status.success()) {
        println!("skipped: only root may mount a small disk, and not in every container");
        return;
    }
    let tested = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| test(dir.path())));
    std::process::Command::new("umount").arg("-l").arg(dir.path()).status().unwrap();
    tested.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

#[test]
fn a_full_disk_refuses_changes_and_goes_on_by_itself() {
    on_a_small_disk(|dir| {
        let folder = open(&dir.join("data"));
        commit(&folder, 1, 10);
        assert_eq!(folder.state().room, "ok");
        // Somebody else fills it, to the last byte.
        let filler = dir.join("filler");
        let mut file = fs::File::create(&filler).unwrap();
        while std::io::Write::write_all(&mut file, &[1; 65_536]).is_ok() {}
        let mut seq = 10;
        for _ in 0..3 {
            let error = folder.commit(&[entry_about(seq + 1, asset(1))]).unwrap_err();
            assert!(matches!(error, StoreError::Full { .. }) && error.to_string().contains("nothing was changed; make room"), "{error}");
            let blob = put(&folder, b"more");
            assert!(matches!(blob, Err(StoreError::Full { .. })));
        }
        assert!(folder.state().room.starts_with("full: changes are refused until 19 MiB are free"), "{}", folder.state().room);
        // Reads go on, and so does what must not be stopped.
        assert_eq!(seqs(&folder.events(0, 100).unwrap()), (1..=10).collect::<Vec<_>>());
        assert_eq!(folder.load().unwrap().seq, 10);
        assert!(folder.checkpoint(noon()).unwrap(), "the ballast made room for it");
        assert_eq!(folder.verify().unwrap().damage, Vec::<String>::new());
        drop(file);
        // Room comes back: the same folder goes on, without a restart.
        fs::remove_file(&filler).unwrap();
        for _ in 0..5 {
            seq += 1;
            folder.commit(&[entry_about(seq, asset(1))]).unwrap();
        }
        assert_eq!(folder.state().room, "ok");
        drop(folder);
        assert_eq!(open(&dir.join("data")).load().unwrap().seq, 15);
    });
}
