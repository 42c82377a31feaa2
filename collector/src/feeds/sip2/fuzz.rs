//! What a library system, or whoever stands in its place, sends.

use super::{answer, frame};
use rollcall_proto::fuzz::Target;
use rollcall_site::library::Letters;

const STATUS: &[u8] = b"98YYYYNN10000320261123    1205092.00AOLIN|AMLincoln|BXYYYNYYYYYNYNNNYN|AY1AZDEB7\r";
const DONE: &[u8] = b"121NNY20261123    120509AOLIN|AAS1|ABLT-1|AJLaptop|AH20261130    235900|\r\n";
const PATRON: &[u8] = b"64              00020261123    120509000000000002000000000000AOLIN|AAS1|AERuiz|BLY|AULT-1|";

/// Frames and answers of SIP2.
pub(crate) fn target() -> Target {
    Target::new("sip2", &[STATUS, DONE, PATRON, b"941", b"96AZFEF6", b"18010101"], feed)
}

/// The first byte picks the letters.
fn feed(bytes: &[u8]) {
    let Some((first, line)) = bytes.split_first() else { return };
    for line in [bytes, line] {
        let letters = [Letters::Utf8, Letters::Latin1, Letters::Ascii].into_iter().nth(usize::from(*first) % 3).unwrap_or_default();
        let Ok(read) = frame::read(line, letters) else { continue };
        let written = frame::write(&read.text, Some(read.sequence.unwrap_or(0)), letters);
        let again = frame::read(&written, letters);
        let whole = !written.contains(&b'\n') && written.iter().filter(|byte| **byte == b'\r').count() == 1;
        if whole && read.text.trim_ascii() == read.text && letters != Letters::Ascii {
            assert!(again.is_ok_and(|again| again.text == read.text), "what is written reads the same");
        }
        if let Ok(answer::Answer::Status(status)) = answer::read(&read.text) {
            assert!(status.tries >= 1 && status.patience.as_secs() <= 60);
        }
    }
}
