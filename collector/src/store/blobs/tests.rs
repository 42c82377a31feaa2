//! Tests of the packs as a whole: contents come back, crashes cut nothing that was durable, sweeps move and remove.

use super::*;
use crate::store::disk::checksum;
use crate::store::simulated::{Broken, Random, Simulated};
use rollcall_proto::pack as packed;

fn put_noise(blobs: &Blobs, number: u64) -> Digest {
    let bytes = noise(number, 1 << 20);
    let digest = Digest::of(&bytes);
    blobs.put(&[(digest, zstd::bulk::compress(&bytes, 1).unwrap())]).unwrap();
    digest
}

fn put(blobs: &Blobs, bytes: &[u8]) -> Digest {
    let digest = Digest::of(bytes);
    blobs.put(&[(digest, packed(bytes).unwrap())]).unwrap();
    digest
}

fn damage(dir: &Path) -> Vec<String> {
    let mut damage = Vec::new();
    verify(dir, &mut damage).unwrap();
    damage
}

fn files(dir: &Path) -> Vec<PathBuf> {
    numbered(dir, ENDING).unwrap().into_iter().map(|(_, path)| path).collect()
}

/// Bytes that don't pack, different for each number.
fn noise(number: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

#[test]
fn a_content_is_kept_once_and_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = b"bash\t5.2\n".repeat(100);
    let blobs = Blobs::open(dir.path()).unwrap();
    assert_eq!(blobs.get(&Digest::of(&bytes)).unwrap(), None);
    let digest = put(&blobs, &bytes);
    blobs.sync().unwrap();
    let length = files(dir.path())[0].metadata().unwrap().len();
    put(&blobs, &bytes);
    assert_eq!(files(dir.path())[0].metadata().unwrap().len(), length);
    assert_eq!(blobs.get(&digest).unwrap().as_ref(), Some(&bytes));
    drop(blobs);
    for _ in 0..3 {
        let blobs = Blobs::open(dir.path()).unwrap();
        assert_eq!(blobs.get(&digest).unwrap().as_ref(), Some(&bytes));
    }
    assert_eq!((damage(dir.path()), files(dir.path()).len()), (Vec::new(), 1));
}

#[test]
fn what_a_crash_left_unfinished_is_cut_and_is_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let first = put(&blobs, b"first");
    blobs.sync().unwrap();
    put(&blobs, b"second");
    put(&blobs, b"third");
    let path = files(dir.path()).remove(0);
    let whole = std::fs::read(&path).unwrap();
    std::mem::forget(blobs);
    let durable = scan(&path).unwrap().durable as usize;
    for cut in durable..whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        assert_eq!(damage(dir.path()), Vec::<String>::new(), "cut at {cut}");
        let blobs = Blobs::open(dir.path()).unwrap();
        assert!(blobs.get(&first).unwrap().is_some());
        let second = put(&blobs, b"second");
        drop(blobs);
        assert!(Blobs::open(dir.path()).unwrap().get(&second).unwrap().is_some());
        assert_eq!(damage(dir.path()), Vec::<String>::new(), "cut at {cut}");
    }
    // A sector in the middle never reached the disk: what is behind it was not durable either.
    let mut holed = whole.clone();
    holed[durable..durable + 9].fill(0);
    std::fs::write(&path, &holed).unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let second = put(&blobs, b"second");
    blobs.sync().unwrap();
    drop(blobs);
    assert_eq!((files(dir.path()).len(), damage(dir.path())), (2, Vec::new()), "another pack follows");
    let blobs = Blobs::open(dir.path()).unwrap();
    assert!([first, second, Digest::of(b"third")].iter().all(|digest| blobs.get(digest).unwrap().is_some()));
}

#[test]
fn no_changed_byte_or_cut_is_served_and_the_content_can_be_given_again() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let digest = put(&blobs, b"a section");
    let path = files(dir.path()).remove(0);
    blobs.sync().unwrap();
    drop(blobs);
    let good = std::fs::read(&path).unwrap();
    let end = good.len() - pack::FRAME as usize;
    for position in 0..end {
        let mut bad = good.clone();
        bad[position] ^= 0x10;
        std::fs::write(&path, &bad).unwrap();
        let said = damage(dir.path());
        assert!(said.len() == 1 && said[0].contains("00000001.pack at byte"), "byte {position}: {said:?}");
        let blobs = Blobs::open(dir.path()).unwrap();
        let read = blobs.get(&digest).unwrap();
        assert!(position < HEAD as usize || read.is_none(), "byte {position} is served");
        put(&blobs, b"a section");
        assert_eq!(blobs.get(&digest).unwrap().as_deref(), Some(&b"a section"[..]));
        drop(blobs);
        files(dir.path()).into_iter().skip(1).for_each(|path| std::fs::remove_file(path).unwrap());
    }
    // While it is open.
    std::fs::write(&path, &good).unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    std::fs::write(&path, [&good[..60], &b"spoilt"[..], &good[66..]].concat()).unwrap();
    assert!(blobs.get(&digest).unwrap_err().to_string().contains("00000001.pack at byte 28"));
    assert_eq!(blobs.get(&digest).unwrap(), None);
    put(&blobs, b"a section");
    assert!(blobs.get(&digest).unwrap().is_some());
}

#[test]
fn a_sweep_forgets_what_nothing_uses_and_spares_what_was_just_put() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let [used, just, left] = [b"used", b"just", b"left"].map(|bytes| put(&blobs, bytes));
    assert_eq!(blobs.sweep(&HashSet::from([used])).unwrap(), 0, "all were just put");
    put(&blobs, b"just");
    assert_eq!(blobs.sweep(&HashSet::from([used])).unwrap(), 1);
    assert_eq!([used, just, left].map(|digest| blobs.get(&digest).unwrap().is_some()), [true, true, false]);
    put(&blobs, b"left");
    assert_eq!(blobs.get(&left).unwrap().as_deref(), Some(&b"left"[..]));
}

#[test]
fn packs_that_are_mostly_unused_go_and_what_is_used_stays() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let all: Vec<Digest> = (0..90).map(|number| put_noise(&blobs, number)).collect();
    blobs.sync().unwrap();
    assert_eq!(files(dir.path()).len(), 2);
    let used: HashSet<Digest> = all.iter().copied().step_by(10).collect();
    blobs.sweep(&used).unwrap();
    let before = blobs.packs();
    assert_eq!(blobs.sweep(&used).unwrap(), 81);
    assert_eq!(files(dir.path()), [dir.path().join("00000003.pack")]);
    assert!(before.iter().all(|pack| read_at(&pack.file, &pack.path, 0, pack.length).is_ok()), "a backup reads on");
    assert!(used.iter().all(|digest| blobs.get(digest).unwrap().is_some()));
    drop(blobs);
    let blobs = Blobs::open(dir.path()).unwrap();
    assert!(used.iter().all(|digest| blobs.get(digest).unwrap().is_some()));
    assert_eq!(damage(dir.path()), Vec::<String>::new());
}

#[test]
fn files_of_an_older_version_are_moved_into_a_pack_and_damaged_ones_stay() {
    let dir = tempfile::tempdir().unwrap();
    let write = |bytes: &[u8], spoil: bool| {
        let name = Digest::of(bytes).to_string();
        let body = packed(bytes).unwrap();
        let mut file = [&b"RCB1"[..], &checksum(&[&body]), &body].concat();
        file[20] ^= u8::from(spoil);
        std::fs::create_dir_all(dir.path().join(&name[..2])).unwrap();
        let path = dir.path().join(&name[..2]).join(&name[2..]);
        std::fs::write(&path, file).unwrap();
        path
    };
    let (good, bad) = (write(b"a section of old", false), write(b"another one", true));
    assert_eq!(damage(dir.path()).len(), 1);
    let blobs = Blobs::open(dir.path()).unwrap();
    assert_eq!(blobs.get(&Digest::of(b"a section of old")).unwrap().as_deref(), Some(&b"a section of old"[..]));
    assert_eq!(blobs.get(&Digest::of(b"another one")).unwrap(), None);
    assert!(!good.exists() && !good.parent().unwrap().exists() && bad.exists());
    drop(blobs);
    assert!(damage(dir.path())[0].contains(bad.to_str().unwrap()));
}

#[test]
fn once_contents_are_lost_nothing_is_called_durable() {
    let dir = tempfile::tempdir().unwrap();
    for code in [5, 28] {
        let blobs = Blobs::open(&dir.path().join(code.to_string())).unwrap();
        put(&blobs, b"named by a record that is on its way");
        let disk = Simulated::under(&blobs.dir);
        // The content of somebody else fills the pack, and the sync that comes with it fails.
        blobs.held().packs.values_mut().for_each(|pack| pack.length += FULL);
        disk.fail_after(1, code, Broken::Once);
        let failed = blobs.put(&[(Digest::of(b"fills"), packed(b"fills").unwrap())]).unwrap_err();
        assert!(failed.to_string().ends_with("make the section's bytes durable"), "{failed}");
        assert!(matches!(blobs.sync(), Err(StoreError::Stopped(_))), "the record would be committed");
        assert!(blobs.put(&[(Digest::of(b"later"), Vec::new())]).is_err());
    }
}

#[test]
fn what_was_put_before_a_write_that_failed_is_made_durable() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let first = put(&blobs, b"first");
    let disk = Simulated::under(dir.path());
    // The write fails, and so does taking it back.
    disk.fail_after(0, 5, Broken::ForGood);
    assert!(blobs.put(&[(Digest::of(b"second"), packed(b"second").unwrap())]).is_err());
    disk.mend();
    let durable = blobs.sync().is_ok();
    let after = tempfile::tempdir().unwrap();
    // Of what is not durable nothing is left.
    disk.cut_power(after.path(), &mut Random(1 << 40));
    assert!(!durable || Blobs::open(after.path()).unwrap().get(&first).unwrap().is_some(), "called durable, and gone");
}

#[test]
fn what_was_put_before_a_sync_began_is_durable_when_it_returns_however_much_is_put_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let disk = Simulated::under(dir.path());
    let (put_before, is_over) = (Mutex::new(Vec::new()), std::sync::atomic::AtomicBool::new(false));
    std::thread::scope(|scope| {
        for putter in 0..2_u64 {
            let (blobs, put_before, is_over) = (&blobs, &put_before, &is_over);
            scope.spawn(move || {
                for number in (0..).take_while(|_| !is_over.load(std::sync::atomic::Ordering::Relaxed)) {
                    let digest = put(blobs, format!("content {number} of {putter}").as_bytes());
                    put_before.lock().unwrap().push(digest);
                }
            });
        }
        for round in 0..20 {
            let before = put_before.lock().unwrap().clone();
            blobs.sync().unwrap();
            let after = tempfile::tempdir().unwrap();
            disk.cut_power(after.path(), &mut Random(round));
            let left = Blobs::open(after.path()).unwrap();
            assert!(before.iter().all(|digest| left.get(digest).unwrap().is_some()), "round {round}: one of {} is gone", before.len());
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn contents_are_put_all_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let first = put(&blobs, b"first");
    let disk = Simulated::under(dir.path());
    let some = [b"first".as_slice(), b"second", b"third"].map(|bytes| (Digest::of(bytes), packed(bytes).unwrap()));
    disk.fail_after(0, 28, Broken::Once);
    assert!(matches!(blobs.put(&some), Err(StoreError::Full { .. })));
    disk.mend();
    assert_eq!([&some[1], &some[2]].map(|(digest, _)| blobs.get(digest).unwrap()), [None, None]);
    blobs.put(&some).unwrap();
    drop(blobs);
    let blobs = Blobs::open(dir.path()).unwrap();
    assert!(blobs.get(&first).unwrap().is_some() && some.iter().all(|(digest, _)| blobs.get(digest).unwrap().is_some()));
    assert_eq!(damage(dir.path()), Vec::<String>::new());
}

#[test]
fn a_disk_that_is_full_while_a_pack_is_emptied_loses_no_content() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let all: Vec<Digest> = (0..4).map(|number| put_noise(&blobs, number)).collect();
    blobs.sync().unwrap();
    let used = HashSet::from([all[2]]);
    blobs.sweep(&used).unwrap();
    let disk = Simulated::under(dir.path());
    for passed in 0..20 {
        disk.fail_after(passed, 28, Broken::Once);
        let swept = blobs.sweep(&used);
        let (_, failed) = disk.steps();
        disk.mend();
        assert!(swept.is_ok() || blobs.get(&all[2]).unwrap().is_some(), "step {passed}: {swept:?}");
        if failed == 0 || blobs.sync().is_err() {
            break;
        }
    }
    drop(blobs);
    assert!(Blobs::open(dir.path()).unwrap().get(&all[2]).unwrap().is_some());
}

#[test]
fn power_that_goes_at_any_step_of_emptying_a_pack_loses_no_content() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for passed in 0..9 {
        let (dir, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let blobs = Blobs::open(dir.path()).unwrap();
        let all: Vec<Digest> = (0..5).map(|number| put_noise(&blobs, number)).collect();
        blobs.sync().unwrap();
        let used = HashSet::from([all[1], all[3]]);
        blobs.sweep(&used).unwrap();
        let disk = Simulated::under(dir.path());
        disk.fail_after(passed, 5, Broken::ForGood);
        // How far it comes is chance.
        blobs.sweep(&used).ok();
        disk.cut_power(after.path(), &mut random);
        let blobs = Blobs::open(after.path()).unwrap();
        assert!(used.iter().all(|digest| blobs.get(digest).unwrap().is_some()), "step {passed}");
        assert_eq!(damage(after.path()), Vec::<String>::new(), "step {passed}");
    }
}

#[test]
fn a_pack_whose_beginning_a_crash_cut_is_as_long_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    for length in [0, 10, HEAD as usize - 1, HEAD as usize] {
        std::fs::write(dir.path().join("00000004.pack"), &head(None)[..length]).unwrap();
        let blobs = Blobs::open(dir.path()).unwrap();
        let digest = put(&blobs, b"a section");
        blobs.sync().unwrap();
        for pack in blobs.packs() {
            assert_eq!(
                pack.length,
                pack.path.metadata().unwrap().len(),
                "a backup would want more than there is of {}",
                pack.path.display()
            );
        }
        assert!(blobs.get(&digest).unwrap().is_some() && damage(dir.path()).is_empty());
        drop(blobs);
        files(dir.path()).iter().for_each(|path| std::fs::remove_file(path).unwrap());
    }
}

#[test]
fn a_move_that_broke_off_goes_on_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let all: Vec<Vec<u8>> = (0..12).map(|number| noise(number, 1 << 20)).collect();
    for bytes in &all {
        let name = Digest::of(bytes).to_string();
        let body = zstd::bulk::compress(bytes, 1).unwrap();
        std::fs::create_dir_all(dir.path().join(&name[..2])).unwrap();
        std::fs::write(dir.path().join(&name[..2]).join(&name[2..]), [&b"RCB1"[..], &checksum(&[&body]), &body].concat()).unwrap();
    }
    let disk = Simulated::under(dir.path());
    // The pack's head takes four steps, a content one.
    disk.fail_after(4 + 9, 28, Broken::Once);
    assert!(matches!(Blobs::open(dir.path()), Err(StoreError::Full { .. })));
    disk.mend();
    let left = old::list(dir.path()).unwrap().len();
    assert!((1..12).contains(&left), "{left} files wait, and the disk holds all the others twice");
    let blobs = Blobs::open(dir.path()).unwrap();
    assert!(all.iter().all(|bytes| blobs.get(&Digest::of(bytes)).unwrap().as_ref() == Some(bytes)));
    assert!(old::list(dir.path()).unwrap().is_empty() && damage(dir.path()).is_empty());
}
