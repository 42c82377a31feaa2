//! Texts in the 217 letters that the standard types of PDF have: those of Windows-1252.

/// What stands between 0x80 and 0x9F there; a space: nothing.
const MIDDLE: &str = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";
/// The plain letter for each of U+0100 to U+017F, which Windows-1252 mostly lacks.
const EXTENDED_A: &str =
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiJjJjKkkLlLlLlLlLlNnNnNnnNnOoOoOoŒœRrRrRrSsSsSsŠšTtTtTtUuUuUuUuUuUuWwYyŸZzZzŽžs";

/// A text as the bytes of Windows-1252. Letters with marks that it lacks lose the mark; what it lacks altogether becomes "?".
pub(super) fn bytes(text: &str) -> Vec<u8> {
    text.chars().filter(|letter| !letter.is_control()).map(|letter| byte(letter).unwrap_or(b'?')).collect()
}

/// The letters that are printed of a text.
pub(super) fn printed(text: &str) -> String {
    bytes(text).into_iter().map(letter).collect()
}

fn letter(byte: u8) -> char {
    let middle = usize::from(byte).checked_sub(0x80).and_then(|place| MIDDLE.chars().nth(place));
    middle.unwrap_or(char::from(byte))
}

fn byte(letter: char) -> Option<u8> {
    match u32::from(letter) {
        code @ (0x20..=0x7e | 0xa0..=0xff) => u8::try_from(code).ok(),
        code @ 0x100..=0x17f => {
            let plain = EXTENDED_A.chars().nth(usize::try_from(code - 0x100).ok()?)?;
            middle(letter).or_else(|| u8::try_from(u32::from(plain)).ok()).or_else(|| middle(plain))
        }
        0x2010 | 0x2011 | 0x2212 => Some(b'-'),
        0x2192 => Some(b'>'),
        0x2002..=0x200a | 0x202f => Some(b' '),
        _ => middle(letter),
    }
}

fn middle(letter: char) -> Option<u8> {
    let place = MIDDLE.chars().position(|other| other == letter && other != ' ')?;
    u8::try_from(0x80 + place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_letters() {
        for (text, want) in [
            ("LAB1-017", "LAB1-017"),
            ("Müller’s “Čeština” – 5 €", "Müller’s “Ceština” – 5 €"),
            ("Łódź Ğüneş", "Lódz Günes"),
            ("ﬁ 東京 \u{7}x", "? ?? x"),
            ("Š Œ Ÿ ž", "Š Œ Ÿ ž"),
        ] {
            assert_eq!(printed(text), want);
        }
        assert_eq!((MIDDLE.chars().count(), EXTENDED_A.chars().count()), (32, 128));
    }
}
