//! Tells an unfinished write at the ledger's end, which was never acknowledged, from damage to what was.
//!
//! A group is one write, and the next is not begun before it is durable. So what a crash may leave behind the last
//! intact frame is a part of one frame: cut short, or (after a power cut) with sectors that never reached the disk and
//! read as zeros. Everything else is damage: a frame that is there in full and has a wrong byte, or one with an intact head behind it.

use super::frame::{END, FRAME_HEAD, Frame, MAGIC, Place};

/// Smallest unit that a disk writes, bytes.
const SECTOR: usize = 512;
/// Fewer zeros than this may stand by chance in a frame, which is packed; at its end they are told by the end mark.
const ZEROS: usize = 4;

/// Whether `rest`, the file's bytes from `offset` to its end, is an unfinished write behind `place`.
pub(super) fn is_unfinished(rest: &[u8], offset: u64, place: &Place) -> bool {
    if holds_later_frame(rest, place) {
        return false;
    }
    let Some(head) = rest.get(..FRAME_HEAD) else { return true };
    match Frame::read(head) {
        Some(frame) if !frame.follows(place) => false,
        Some(frame) if rest.len() < FRAME_HEAD + frame.stored as usize => true,
        _ => has_unwritten_sector(rest, offset),
    }
}

/// Whether the head of a later group stands anywhere behind the first byte.
fn holds_later_frame(rest: &[u8], place: &Place) -> bool {
    let candidates = rest.windows(MAGIC.len()).enumerate().skip(1).filter(|(_, bytes)| *bytes == MAGIC);
    let mut frames = candidates.filter_map(|(start, _)| rest.get(start..).and_then(Frame::read));
    frames.any(|frame| frame.after.group > place.group)
}

/// Whether a whole sector, or the part of one that belongs to `rest`, is all zeros.
fn has_unwritten_sector(rest: &[u8], offset: u64) -> bool {
    let into = usize::try_from(offset % SECTOR as u64).unwrap_or(0);
    let (first, others) = rest.split_at_checked(SECTOR - into).unwrap_or((rest, &[]));
    let mut sectors = std::iter::once(first).chain(others.chunks(SECTOR));
    let has_long = sectors.any(|sector| sector.len() >= ZEROS && sector.iter().all(|byte| *byte == 0));
    has_long || has_cut_mark(rest, (rest.len() + into) % SECTOR)
}

/// Whether `rest` ends with the end mark, but for its last `missing` bytes, which are zeros.
fn has_cut_mark(rest: &[u8], missing: usize) -> bool {
    let there = END.len().checked_sub(missing).and_then(|there| END.get(..there)).filter(|_| missing > 0);
    there.is_some_and(|there| rest.ends_with(&[there, &vec![0; missing]].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { group: 3, seq: 9, head: [5; 32] };

    fn frame(place: &Place, length: u8) -> (Vec<u8>, Place) {
        let payload: Vec<u8> = (0..2000).map(|i| length.wrapping_add(i as u8) | 1).chain(END).collect();
        let frame = Frame::following(place, place.seq + 1, 1, 4000, &payload);
        ([frame.encode(), payload].concat(), frame.after)
    }

    fn check(rest: &[u8], want: bool, why: &str) {
        assert_eq!(is_unfinished(rest, 1000, &PLACE), want, "{why}");
    }

    #[test]
    fn a_frame_cut_anywhere_is_unfinished() {
        let (bytes, _) = frame(&PLACE, 1);
        (0..bytes.len()).for_each(|length| check(&bytes[..length], true, "cut"));
    }

    #[test]
    fn sectors_that_never_reached_the_disk_are_unfinished() {
        let (bytes, _) = frame(&PLACE, 1);
        let mut zeros = bytes.clone();
        zeros[24..536].fill(0);
        check(&zeros, true, "a sector inside: 1024 to 1536 of the file");
        check(&vec![0; bytes.len()], true, "only the length reached the disk");
        zeros.clone_from(&bytes);
        zeros[1600..].fill(0);
        check(&zeros, true, "the last sectors");
    }

    #[test]
    fn the_first_bytes_of_the_last_sector_alone_are_unfinished() {
        let (bytes, _) = frame(&PLACE, 1);
        for length in 1..=15 {
            let text = &bytes[FRAME_HEAD..1536 - 1000 + length - END.len()];
            // A frame of a version without the mark may end with a few zeros by chance.
            for (payload, want) in [([text, &END].concat(), true), ([text, &[7; 9]].concat(), length >= ZEROS)] {
                let mut short = [&Frame::following(&PLACE, 10, 1, 4000, &payload).encode()[..], &payload].concat();
                let end = short.len();
                assert_eq!((1000 + end) % SECTOR, length);
                short[end - length..].fill(0);
                check(&short, want, "the last sector never reached the disk");
                short[end - length - 1] ^= 1;
                check(&short, length >= ZEROS, "and a byte before it is wrong too");
            }
        }
    }

    #[test]
    fn a_wrong_byte_in_a_whole_frame_is_damage() {
        let (bytes, _) = frame(&PLACE, 1);
        for position in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[position] ^= 0x40;
            check(&changed, false, "one byte changed");
        }
    }

    #[test]
    fn a_later_frame_makes_it_damage() {
        let (first, after) = frame(&PLACE, 1);
        let (second, _) = frame(&after, 2);
        let mut both = [first.clone(), second.clone()].concat();
        both[100..700].fill(0);
        check(&both, false, "zeros, and an intact frame behind");
        check(&[&first[..200], &second].concat(), false, "bytes missing in the middle");
        check(&[&first[..200], &second[..FRAME_HEAD]].concat(), false, "only the next head");
    }
}
