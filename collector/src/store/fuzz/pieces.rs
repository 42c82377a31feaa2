//! What lies beside the ledger: contents, health samples, keys, the shelf's rows, backups.

use super::{Scratch, ledger};
use crate::store::backup::{archive, take_out};
use crate::store::blobs::{Blobs, verify};
use crate::store::disk::checksum;
use crate::store::health::{log, rows, table};
use crate::store::people::People;
use crate::store::shelf::rows as shelf;
use jiff::Timestamp;
use rollcall_proto::fuzz::{Feed, Target};
use rollcall_proto::v1::Health;
use rollcall_proto::{Digest, pack};
use rollcall_site::DeviceId;

const DEVICE: DeviceId = DeviceId(uuid::Uuid::from_u128(7));
const MANIFEST: &[u8] = br#"{"format":1,"group":1,"seq":1,"head":"07"}"#;
const KEYS: &[u8] = b"20431\t0707070707070707\t0707070707070707070707070707070707070707070707070707070707070707\n";

pub(super) fn targets() -> Vec<Target> {
    let samples: Vec<rows::Row> = (0..3).map(|minute| rows::Row::of(&sample(minute))).collect();
    let block = rows::pack(&samples);
    let plain = zstd::bulk::decompress(&block, 1 << 16).unwrap_or_default();
    vec![
        Target::with_state("store-backup", &[], backup_file).and(archives()),
        Target::new("store-blob", &[b"RCP1", b"RCB2"], blob).and(vec![crate::store::blobs::example()]),
        Target::new("store-health-block", &[], health_block).and(vec![block.clone(), plain]),
        Target::with_state("store-health-log", &[], health_log).and(vec![log::encode(DEVICE, 0, &[sample(1), sample(2)])]),
        Target::with_state("store-health-table", &[b"\xf5RH2\0\0\0\0"], health_table).and(vec![block]),
        Target::with_state("store-lines", &[KEYS, b"0707070707070707\t2026-09-01T08:00:00Z\n"], hashed_lines),
        Target::new("store-shelf", &[&[7; 20], b"{\"seq\":1}"], shelf_row),
    ]
}

fn sample(minute: i64) -> Health {
    Health { at_ms: 1_800_000_000_000 + minute * 60_000, cpu_permille: Some(35), temperature_decidegrees: Some(-41), ..Health::default() }
}

/// The bytes come as a pack, and as a content that is put beside what they are.
fn blob(bytes: &[u8]) {
    let scratch = Scratch::new();
    scratch.lay("00000001.pack", bytes);
    let dir = scratch.dir();
    assert!(verify(dir, &mut Vec::new()).is_ok());
    let (digest, packed) = (Digest::of(bytes), pack(bytes).unwrap_or_default());
    let opened = Blobs::open(dir);
    assert!(opened.is_ok(), "damaged contents refuse no start");
    if let Ok(blobs) = opened {
        assert!(blobs.get(&Digest::of(b"x")).is_ok_and(|found| found.is_none()), "only what was put is served");
        assert!(blobs.put(&[(digest, packed)]).is_ok() && blobs.sync().is_ok());
        assert_eq!(blobs.get(&digest).ok().flatten().as_deref(), Some(bytes));
    }
    let again = Blobs::open(dir).and_then(|blobs| blobs.get(&digest));
    assert_eq!(again.ok().flatten().as_deref(), Some(bytes), "what is put after damage is found");
}

/// The bytes come packed, and are packed.
fn health_block(bytes: &[u8]) {
    for packed in [bytes.to_vec(), zstd::bulk::compress(bytes, 1).unwrap_or_default()] {
        if let Some(read) = rows::unpack(&packed) {
            assert_eq!(rows::unpack(&rows::pack(&read)), Some(read.clone()), "what is read and packed reads the same");
            for row in &read {
                assert_eq!(row.sample().at_ms, row.at_ms);
            }
        }
    }
}

fn health_log() -> Feed {
    let scratch = Scratch::new();
    Box::new(move |bytes| {
        let path = scratch.lay("x.log", bytes);
        let mut damage = Vec::new();
        assert!(log::verify(&path, &mut damage).is_ok());
        let opened = log::Log::open(&path);
        assert!(opened.is_ok(), "damaged samples refuse no start");
        if let Ok(mut log) = opened {
            let before = log.rows(&path, DEVICE).map(|rows| rows.len()).unwrap_or_default();
            assert!(log.append(&path, DEVICE, 0, &[sample(9)]).is_ok());
            let again = log::Log::open(&path).and_then(|log| log.rows(&path, DEVICE)).map(|rows| rows.len()).unwrap_or_default();
            assert!(again > before, "what is appended after damage is found: {before}, then {again}");
        }
    })
}

/// The bytes come as the file, and as the one block of a table that is whole.
fn health_table() -> Feed {
    let scratch = Scratch::new();
    Box::new(move |bytes| {
        let index = [DEVICE.0.as_bytes().to_vec(), 0_u64.to_le_bytes().to_vec(), (bytes.len() as u32).to_le_bytes().to_vec()].concat();
        let index = [&index[..], &checksum(&[&index, bytes])].concat();
        let foot = [b"\xf5RH2".to_vec(), 1_u32.to_le_bytes().to_vec()].concat();
        let whole = [bytes, &index, &foot, &checksum(&[&index, &foot])].concat();
        for file in [bytes, &whole] {
            let path = scratch.lay("x.day", file);
            let mut damage = Vec::new();
            drop(table::verify(&path, &mut damage));
            if let Ok(Some(table)) = table::Table::open(&path) {
                drop((table.devices(), table.rows(DEVICE)));
            }
        }
    })
}

/// The bytes come as a file of lines, and as the lines under their hash: keys, the list of the forgotten, checkpoints.
fn hashed_lines() -> Feed {
    let scratch = Scratch::new();
    Box::new(move |bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let sealed = format!("{text}{}{}\n", crate::store::disk::HASH, blake3::hash(text.as_bytes()));
        for file in [bytes, sealed.as_bytes()] {
            for (name, other) in [("people.keys", "forgotten"), ("forgotten", "people.keys")] {
                drop(std::fs::remove_file(scratch.dir().join(other)));
                scratch.lay(name, file);
                drop(People::open(scratch.dir()).and_then(|people| people.forget("20431", Timestamp::UNIX_EPOCH)));
            }
            ledger::statements(&scratch.lay("checkpoints", file));
        }
    })
}

fn shelf_row(bytes: &[u8]) {
    let (key, stored) = bytes.split_at(bytes.len().min(8));
    assert!(shelf::body(key, stored).is_err(), "only what was written is served");
    assert_eq!(shelf::body(key, &shelf::value(key, bytes)).ok(), Some(bytes));
    assert_eq!(shelf::number(bytes).is_ok(), bytes.len() == 8);
}

fn archives() -> Vec<Vec<u8>> {
    let files: [(&str, &[u8]); 3] = [("manifest.json", MANIFEST), ("ledger/1.log", b"ledger"), ("extra/secrets.sealed", b"s")];
    let made = || -> std::io::Result<Vec<u8>> {
        let mut writer = archive::Writer::begin(Vec::new())?;
        for (name, bytes) in files {
            writer.add(name, bytes.len() as u64, bytes)?;
        }
        Ok(writer.end()?.0)
    };
    made().into_iter().collect()
}

/// What is taken out of an archive, whole or torn, stays in its folder.
fn backup_file() -> Feed {
    let scratch = Scratch::new();
    scratch.lay("beside", b"untouched");
    Box::new(move |bytes| {
        let into = scratch.dir().join("into");
        drop(std::fs::remove_dir_all(&into));
        drop(std::fs::create_dir_all(&into));
        let taken = archive::Reader::begin(bytes).and_then(|mut archive| take_out(&mut archive, &into));
        assert!(!taken.is_ok_and(|(_, files)| files > bytes.len() as u64), "more files than bytes");
        let names = std::fs::read_dir(scratch.dir()).map(Iterator::count).unwrap_or_default();
        let beside = std::fs::read(scratch.dir().join("beside")).unwrap_or_default();
        assert_eq!((names, beside.as_slice()), (2, &b"untouched"[..]), "a file went elsewhere");
    })
}
