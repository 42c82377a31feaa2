//! The truth: entries as text, frames, segments, snapshots, records and the statements signed over them.

use super::{Scratch, life};
use crate::store::ledger::frame::{Frame, Place, SEGMENT_HEAD, read_segment_head, segment_head};
use crate::store::ledger::verify::{Said, lying, segments};
use crate::store::people::People;
use crate::store::signed::{self, Statement};
use crate::store::{Verified, lines, snapshot};
use rollcall_proto::fuzz::{Feed, Target};
use rollcall_site::{AssetId, Site};
use std::path::Path;

const CHECKPOINT: &[u8] = b"checkpoint group=8 event=12 head=0707070707070707070707070707070707070707070707070707070707070707 \
    at=2026-11-24T08:00:00Z key=0707070707070707070707070707070707070707070707070707070707070707 signature=07";

pub(super) fn targets() -> Vec<Target> {
    let entries = text();
    let before = Place { group: 6, seq: 40, head: [7; 32] };
    let frame = Frame::following(&before, 42, 2, 100, b"payload").encode();
    vec![
        Target::new("store-checkpoint", &[CHECKPOINT], checkpoint),
        Target::new("store-entries", &[b"E\nV{}\n"], read_entries).and(vec![entries.clone()]),
        Target::new("store-frame", &[], heads).and(vec![frame, segment_head(&before)]),
        Target::with_state("store-ledger", &[], segment_file).and(vec![segment(&entries, 2), entries.clone()]),
        Target::with_state("store-record", &[b"R[\"person\",\"1\"]\t{\"id\":\"1\",\"sealed\":\"AAAA\"}"], record).and(records()),
        Target::with_state("store-snapshot", &[], snapshot_file).and(records()),
    ]
}

fn text() -> Vec<u8> {
    let mut text = Vec::new();
    life().iter().for_each(|entry| lines::write_entry(&mut text, entry));
    text
}

/// Every record's line.
fn records() -> Vec<Vec<u8>> {
    let line = |record| {
        let mut line = Vec::new();
        lines::write_record(&mut line, record);
        line.pop();
        line
    };
    life().iter().flat_map(|entry| entry.records.iter().map(line).collect::<Vec<_>>()).collect()
}

fn checkpoint(bytes: &[u8]) {
    let read = Statement::read(&String::from_utf8_lossy(bytes));
    assert!(read.is_none(), "nobody guesses a signature");
}

fn read_entries(bytes: &[u8]) {
    let Ok(entries) = lines::read_entries(bytes) else { return };
    let mut again = Vec::new();
    entries.iter().for_each(|entry| lines::write_entry(&mut again, entry));
    assert!(lines::read_entries(&again).is_ok_and(|read| read == entries), "what is read and written reads the same");
    let events = lines::read_events(bytes, None).map(|events| events.len());
    assert_eq!(events.ok(), Some(entries.iter().map(|entry| entry.events.len()).sum()));
    let some = entries.iter().flat_map(|entry| &entry.events).find_map(|event| event.asset);
    let of_one = lines::read_events(bytes, Some(some.unwrap_or(AssetId(uuid::Uuid::nil()))));
    assert!(of_one.is_ok_and(|events| events.iter().all(|event| event.asset.is_some())));
}

/// A head that is not as it was written is none; one that is reads back.
fn heads(bytes: &[u8]) {
    for frame in Frame::read(bytes).into_iter().chain(with_sum(bytes, 96).and_then(|sealed| Frame::read(&sealed))) {
        assert_eq!(Frame::read(&frame.encode()), Some(frame));
        assert!(!frame.follows(&Place::default()) || frame.after.group == 1);
        assert!(!frame.fits(&[]) || frame.stored == 0);
    }
    for place in read_segment_head(bytes).into_iter().chain(with_sum(bytes, 56).and_then(|sealed| read_segment_head(&sealed))) {
        assert_eq!(read_segment_head(&segment_head(&place)), Some(place));
    }
}

/// The first `length` bytes and their checksum.
fn with_sum(bytes: &[u8], length: usize) -> Option<Vec<u8>> {
    let head = bytes.get(..length)?;
    Some([head, &crate::store::disk::checksum(&[head])].concat())
}

/// A segment of one group, right in everything but perhaps its text.
fn segment(text: &[u8], last: u64) -> Vec<u8> {
    let before = Place::default();
    let payload = zstd::bulk::compress(text, 1).unwrap_or_default();
    let plain = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let frame = Frame::following(&before, last, 1, plain, &payload);
    [segment_head(&before), frame.encode(), payload].concat()
}

fn segment_file() -> Feed {
    let scratch = Scratch::new();
    Box::new(move |bytes| {
        for file in [bytes.to_vec(), segment(bytes, 1)] {
            scratch.lay("00000000000000000001.log", &file);
            let mut verified = Verified::default();
            let found = lying(scratch.dir(), &mut verified.damage);
            assert!(found.is_ok(), "a segment that can be opened is judged");
            let mut said = Said::of(Path::new("checkpoints"), Vec::new(), None, &mut verified);
            let end = segments(&found.unwrap_or_default(), &mut said, &mut verified);
            let whole = verified.damage.is_empty() && verified.entries > 0;
            assert!(!whole || end.group > 0 && file.len() > SEGMENT_HEAD, "what is counted lies in the file");
        }
    })
}

fn nobody() -> Option<People> {
    People::open(Path::new("/nonexistent")).ok()
}

fn record() -> Feed {
    let people = nobody();
    Box::new(move |bytes| {
        let Some(read) = lines::read_record(bytes) else { return };
        let mut line = Vec::new();
        lines::write_record(&mut line, &read);
        assert!(line.strip_suffix(b"\n").and_then(lines::read_record).is_some());
        let Some(Ok(opened)) = people.as_ref().map(|people| people.open_record(read)) else { return };
        let mut site = Site::default();
        if site.restore(&opened).is_ok() {
            let written: Vec<_> = site.records().collect();
            let mut again = Site::default();
            assert!(written.iter().all(|record| again.restore(record).is_ok()), "what was taken up is taken up again");
            assert_eq!(again.state_hash(), site.state_hash());
        }
    })
}

/// The bytes come as the file, and as the text in a file that is whole.
fn snapshot_file() -> Feed {
    let (scratch, people) = (Scratch::new(), nobody());
    Box::new(move |bytes| {
        let Some(people) = &people else { return };
        let place = Place { group: 1, seq: 1, head: [7; 32] };
        let packed = zstd::bulk::compress(&[bytes, b"\n"].concat(), 1).unwrap_or_default();
        let body = [place.head(*b"RCSNAP01"), packed].concat();
        let sealed = [&body[..], blake3::hash(&body).as_bytes()].concat();
        for file in [bytes, &sealed] {
            let path = scratch.lay("00000000000000000001.snap", file);
            if let Ok((at, site)) = snapshot::read(&path, people) {
                assert_eq!((at, site.seq), (place, place.seq), "only what was sealed here is read");
            }
        }
    })
}

/// The statements of a whole file.
pub(super) fn statements(path: &Path) {
    let mut damage = Vec::new();
    let said = signed::read(path, &mut damage);
    assert!(said.is_empty(), "nobody guesses a signature");
}
