//! The bytes of a file as text: UTF-8, UTF-16 as Excel's "Unicode Text" has it, or the Windows-1252 of its plain CSV.

use std::borrow::Cow;

/// What Windows-1252 has from 0x80 to 0x9F; a space: nothing.
const WINDOWS: &str = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

/// A file's text, and how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text, without a byte order mark.
    pub text: Cow<'a, str>,
    /// Its encoding, where that had to be guessed: a person should look at its accents.
    pub guessed: Option<&'static str>,
}

/// Reads bytes as text.
///
/// # Errors
/// In words: they are no text, or of an encoding that is not read here.
pub fn decode(bytes: &[u8]) -> Result<Decoded<'_>, String> {
    refuse_others(bytes)?;
    let decoded = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf_8(rest).map_err(|at| format!("byte {} is not UTF-8, as its mark says it is", at + 4))?,
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes)?,
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => utf_16(bytes, u16::from_le_bytes)?,
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => utf_16(bytes, u16::from_be_bytes)?,
        _ => utf_8(bytes).or_else(|_| windows(bytes))?,
    };
    match decoded.text.find('\0') {
        Some(at) => {
            Err(format!("line {} has a NUL byte: this is no text, or it is damaged; save it as CSV again", line_at(&decoded.text, at)))
        }
        None => Ok(decoded),
    }
}

/// Says what a file is that is known to be something else.
fn refuse_others(bytes: &[u8]) -> Result<(), String> {
    let known: [(&[u8], &str); 5] = [
        (b"PK\x03\x04", "a spreadsheet (or another zip file)"),
        (&[0xd0, 0xcf, 0x11, 0xe0], "an old Excel file"),
        (b"%PDF", "a PDF"),
        (&[0x1f, 0x8b], "a packed file"),
        (&[0xff, 0xfe, 0, 0], "in UTF-32"),
    ];
    match known.iter().find(|(begin, _)| bytes.starts_with(begin)) {
        Some((_, what)) => Err(format!("this is {what}, not CSV; save it as \"CSV UTF-8\"")),
        None => Ok(()),
    }
}

fn utf_8(bytes: &[u8]) -> Result<Decoded<'_>, usize> {
    let text = std::str::from_utf8(bytes).map_err(|bad| bad.valid_up_to())?;
    Ok(Decoded { text: Cow::Borrowed(text), guessed: None })
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Decoded<'static>, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("it breaks off in the middle of a letter of UTF-16; save it as \"CSV UTF-8\"".to_owned());
    }
    let letters = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)));
    let text: Result<String, _> = letters.collect();
    let text = text.map_err(|_| "it is damaged: not all of it is UTF-16; save it as \"CSV UTF-8\"".to_owned())?;
    Ok(Decoded { text: Cow::Owned(text), guessed: None })
}

fn windows(bytes: &[u8]) -> Result<Decoded<'static>, String> {
    let middle: Vec<char> = WINDOWS.chars().collect();
    let letter = |(at, byte): (usize, &u8)| {
        let letter = usize::from(*byte).checked_sub(0x80).and_then(|place| middle.get(place)).copied().unwrap_or(char::from(*byte));
        let is_none = letter == ' ' && *byte >= 0x80;
        if is_none { Err(format!("byte {} is neither UTF-8 nor Windows-1252; save the file as \"CSV UTF-8\"", at + 1)) } else { Ok(letter) }
    };
    let text: String = bytes.iter().enumerate().map(letter).collect::<Result<_, _>>()?;
    Ok(Decoded { text: Cow::Owned(text), guessed: Some("Windows-1252") })
}

/// The line of a place in a text.
fn line_at(text: &str, at: usize) -> usize {
    text.get(..at).map_or(1, |before| before.replace("\r\n", "\n").matches(['\n', '\r']).count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], want: Result<(&str, bool), &str>) {
        let got = decode(bytes);
        match want {
            Ok((text, guessed)) => {
                let got = got.unwrap_or_else(|wrong| panic!("{bytes:?}: {wrong}"));
                assert_eq!((&*got.text, got.guessed.is_some()), (text, guessed), "{bytes:?}");
            }
            Err(words) => assert!(got.as_ref().is_err_and(|wrong| wrong.contains(words)), "{bytes:?}: {got:?}"),
        }
    }

    #[test]
    fn files_of_every_encoding_are_read_or_refused_in_words() {
        let both = |unit: fn(u16) -> [u8; 2]| "é,ü\n".encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        check("é,ü\n".as_bytes(), Ok(("é,ü\n", false)));
        check(b"\xef\xbb\xbftag\n", Ok(("tag\n", false)));
        check(&[&[0xff, 0xfe], both(u16::to_le_bytes).as_slice()].concat(), Ok(("é,ü\n", false)));
        check(&[&[0xfe, 0xff], both(u16::to_be_bytes).as_slice()].concat(), Ok(("é,ü\n", false)));
        check(b"t\0a\0g\0\n\0", Ok(("tag\n", false)));
        check(b"\0t\0a\0g\0\n", Ok(("tag\n", false)));
        check(b"Jos\xe9 \x80\n", Ok(("José €\n", true)));
        check(b"", Ok(("", false)));
        check(b"Jos\xe9\x81", Err("byte 5 is neither"));
        check(b"\xef\xbb\xbfJos\xe9\n", Err("byte 7 is not UTF-8"));
        check(b"\xff\xfet\0a", Err("breaks off"));
        check(b"\xff\xfe\x00\xd8t\0", Err("damaged"));
        check(b"tag\r\na\rb\0c\n", Err("line 3 has a NUL"));
        check(b"PK\x03\x04...", Err("a spreadsheet"));
    }
}
