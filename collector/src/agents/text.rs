//! Looks through every text of a section: short and plain, or the section is refused.

use crate::agents::translate::shows;
use rollcall_proto::Section;
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};
use std::io::{self, Write};

/// Longest text of a single value, bytes: an agent keeps 256 characters of at most 4 bytes.
const LONGEST: usize = 1024;

/// What is wrong with a section's texts, or nothing. Writes the section away as JSON, so that nothing is copied.
pub(super) fn odd(section: &Section) -> Option<String> {
    let mut serializer = Serializer::with_formatter(io::sink(), Look { bytes: 0 });
    section.serialize(&mut serializer).err().map(|error| error.to_string())
}

/// What is wrong with one text, or nothing.
pub(super) fn odd_text(text: &str) -> Option<String> {
    let mut look = Look { bytes: 0 };
    look.see(text).err().map(|error| error.to_string())
}

/// Sees every text that is written.
struct Look {
    /// Of the text that is being written.
    bytes: usize,
}

impl Look {
    fn see(&mut self, text: &str) -> io::Result<()> {
        self.grow(text.len())?;
        // Nearly every text is plain ASCII.
        let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || text.chars().all(shows);
        if plain { Ok(()) } else { Err(hidden()) }
    }

    fn grow(&mut self, by: usize) -> io::Result<()> {
        self.bytes += by;
        if self.bytes > LONGEST { Err(io::Error::other(format!("a text in it has more than {LONGEST} bytes"))) } else { Ok(()) }
    }
}

fn hidden() -> io::Error {
    io::Error::other("a text in it has characters that control how text is shown")
}

impl Formatter for Look {
    fn begin_string<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.bytes = 0;
        Ok(())
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, _: &mut W, fragment: &str) -> io::Result<()> {
        self.see(fragment)
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, _: &mut W, escape: CharEscape) -> io::Result<()> {
        self.grow(1)?;
        match escape {
            CharEscape::Quote | CharEscape::ReverseSolidus | CharEscape::Solidus => Ok(()),
            _ => Err(hidden()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_proto::v1;

    #[track_caller]
    fn check(name: &str, want: Option<&str>) {
        let package = |name: &str| v1::Package { name: name.to_owned(), ..Default::default() };
        let section = Section::Software(v1::Software { packages: vec![package("bash"), package(name)] });
        let odd = odd(&section);
        assert!(odd.as_deref().map_or(want.is_none(), |odd| want.is_some_and(|want| odd.contains(want))), "{name:?}: {odd:?}");
        assert_eq!(odd_text(name), odd, "a text alone");
    }

    #[test]
    fn texts_are_short_and_plain() {
        check(&"é".repeat(LONGEST / 2), None);
        check(r#"Dell \ 24" / "Ültra" 日本"#, None);
        check(&"x".repeat(LONGEST + 1), Some("more than 1024 bytes"));
        check(&"\"".repeat(LONGEST + 1), Some("more than 1024 bytes"));
        for hidden in
            ["\u{1b}[31mred", "two\nlines", "tab\t", "\u{0}", "\u{7f}", "\u{9b}31m", "gnp.\u{202e}exe", "a\u{2066}b", "a\u{200f}b"]
        {
            check(hidden, Some("control how text is shown"));
        }
    }

    #[test]
    fn every_section_is_looked_through() {
        let long = "x".repeat(LONGEST + 1);
        let os = Section::OperatingSystem(v1::OperatingSystem { pretty: long.clone(), ..Default::default() });
        let disk = v1::Disk { model: long, ..Default::default() };
        let storage = Section::Storage(v1::Storage { disks: vec![disk], ..Default::default() });
        assert!(odd(&os).is_some() && odd(&storage).is_some());
    }
}
