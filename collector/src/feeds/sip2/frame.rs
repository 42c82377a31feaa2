//! The frame of SIP2: one message a line, its letters, its sequence number and its checksum. Pure.

use rollcall_site::library::Letters;

/// Longest message that is read, bytes: a patron with some hundred items.
pub(super) const LONGEST: usize = 64 * 1024;
/// Bytes of a sequence number and a checksum: "AY1AZFCA4".
const CHECKED: usize = 9;
/// Bytes of a checksum alone: "AZFEF5".
const SUM: usize = 6;

/// A message, taken out of its frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The message.
    pub text: String,
    /// Its sequence number, 0 to 9; `None`: it has none.
    pub sequence: Option<u8>,
}

/// Why a line is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadFrame {
    /// Bytes were changed on the way.
    #[error("its checksum is wrong")]
    Checksum,
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
}

/// The line of a message, with its number and checksum where there is a `sequence`.
pub(super) fn write(text: &str, sequence: Option<u8>, letters: Letters) -> Vec<u8> {
    let mut line = encode(text, letters);
    if let Some(sequence) = sequence {
        line.extend(format!("AY{}AZ", sequence % 10).into_bytes());
        line.extend(sum(&line).into_bytes());
    }
    line.push(b'\r');
    line
}

/// A word of two digits that asks for the last message again: it has a checksum and never a number.
pub(super) fn again(code: &str) -> Vec<u8> {
    let mut line = format!("{code}AZ").into_bytes();
    line.extend(sum(&line).into_bytes());
    line.push(b'\r');
    line
}

/// Reads a line, with or without its end.
pub(super) fn read(line: &[u8], letters: Letters) -> Result<Frame, BadFrame> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Err(BadFrame::Empty);
    }
    let (text, sequence) = match line.len().checked_sub(CHECKED).and_then(|at| line.split_at_checked(at)) {
        Some((text, [b'A', b'Y', digit @ b'0'..=b'9', b'A', b'Z', _, _, _, _])) => (text, Some(*digit - b'0')),
        _ => match line.len().checked_sub(SUM).and_then(|at| line.split_at_checked(at)) {
            Some((text, [b'A', b'Z', tail @ ..])) if tail.iter().all(u8::is_ascii_hexdigit) => (text, None),
            // A library system that does not check sends none.
            _ => return Ok(Frame { text: decode(line, letters), sequence: None }),
        },
    };
    let (summed, hex) = line.split_at(line.len() - 4);
    if !hex.eq_ignore_ascii_case(sum(summed).as_bytes()) {
        return Err(BadFrame::Checksum);
    }
    Ok(Frame { text: decode(text, letters), sequence })
}

/// The checksum of everything up to and with "AZ": the sum of the bytes, negated, 16 bits, four digits.
fn sum(line: &[u8]) -> String {
    let sum = line.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    format!("{:04X}", sum.wrapping_neg())
}

fn encode(text: &str, letters: Letters) -> Vec<u8> {
    let byte = |c: char| match letters {
        Letters::Ascii if c.is_ascii() => u8::try_from(c).ok(),
        Letters::Latin1 => u8::try_from(c).ok(),
        _ => None,
    };
    match letters {
        Letters::Utf8 => text.as_bytes().to_vec(),
        Letters::Ascii | Letters::Latin1 => text.chars().map(|c| byte(c).unwrap_or(b'?')).collect(),
    }
}

fn decode(line: &[u8], letters: Letters) -> String {
    match letters {
        Letters::Utf8 => String::from_utf8_lossy(line).into_owned(),
        Letters::Latin1 => line.iter().map(|byte| char::from(*byte)).collect(),
        Letters::Ascii => line.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER }).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_as_library_systems_write_them() {
        let check = |text: &str, sequence, want: &str| assert_eq!(write(text, sequence, Letters::Utf8), format!("{want}\r").into_bytes());
        check("9910302.00", Some(1), "9910302.00AY1AZFCA4");
        check("9300CNa|", None, "9300CNa|");
        assert_eq!(again("97"), b"97AZFEF5\r");
        assert_eq!(again("96"), b"96AZFEF6\r");
        // One whose sum begins with zeros.
        let padded: String = "~".repeat(515);
        let line = String::from_utf8(write(&padded, Some(0), Letters::Utf8)).unwrap();
        assert_eq!(line.trim_end().len(), padded.len() + CHECKED);
    }

    #[test]
    fn a_line_is_read_with_any_end_and_refused_when_a_byte_differs() {
        let frame = |text: &str, sequence| Ok(Frame { text: text.to_owned(), sequence });
        let check = |line: &[u8], want: Result<Frame, BadFrame>| assert_eq!(read(line, Letters::Utf8), want, "{line:?}");
        check(b"9910302.00AY1AZFCA4\r\n", frame("9910302.00", Some(1)));
        check(b"\n9910302.00AY1AZfca4\r", frame("9910302.00", Some(1)));
        check(b"96AZFEF6", frame("96", None));
        check(b"941", frame("941", None));
        check(b"9910302.00AY1AZFCA5", Err(BadFrame::Checksum));
        check(b"9910302.00AY2AZFCA4", Err(BadFrame::Checksum));
        check(b"96AZFEF7", Err(BadFrame::Checksum));
        check(b"\r\n", Err(BadFrame::Empty));
        check(b"AY1AZ0000", Err(BadFrame::Checksum));
    }

    #[test]
    fn letters_are_those_of_the_library_system() {
        let check = |text: &str, letters, bytes: &[u8], back: &str| {
            let line = write(text, Some(3), letters);
            assert!(line.starts_with(bytes), "{line:?}");
            assert_eq!(read(&line, letters).unwrap().text, back);
        };
        check("José €", Letters::Utf8, "José €".as_bytes(), "José €");
        check("José €", Letters::Latin1, b"Jos\xe9 ?", "José ?");
        check("José €", Letters::Ascii, b"Jos? ?", "Jos? ?");
        assert_eq!(read(b"Jos\xe9", Letters::Ascii).unwrap().text, "Jos\u{fffd}");
    }
}
