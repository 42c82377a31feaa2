//! Reads a software list where it lies: ten thousand lists of a thousand packages come at once after a holiday, and no text is copied.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// Number of the list's packages in its message.
const PACKAGES: u32 = 1;

/// Gives each package of the canonical bytes of a software list, in order, as its five texts: name, version, architecture, publisher,
/// source. `None`: the bytes are no list; some packages may have been given before.
pub fn each_package<'a>(mut list: &'a [u8], mut give: impl FnMut([&'a str; 5])) -> Option<()> {
    while !list.is_empty() {
        match field(&mut list)? {
            (PACKAGES, Some(package)) => give(texts(package)?),
            (PACKAGES, None) => return None,
            _ => {}
        }
    }
    Some(())
}

/// The texts of one package.
fn texts(mut package: &[u8]) -> Option<[&str; 5]> {
    let mut texts = [""; 5];
    while !package.is_empty() {
        let (number, bytes) = field(&mut package)?;
        if let Some(text) = (number as usize).checked_sub(1).and_then(|at| texts.get_mut(at)) {
            *text = std::str::from_utf8(bytes?).ok()?;
        }
    }
    Some(texts)
}

/// Takes the next field off the front: its number, and its bytes if it has a length.
fn field<'a>(rest: &mut &'a [u8]) -> Option<(u32, Option<&'a [u8]>)> {
    let (number, wire) = decode_key(rest).ok()?;
    if wire != WireType::LengthDelimited {
        skip_field(wire, number, rest, DecodeContext::default()).ok()?;
        return Some((number, None));
    }
    let length = usize::try_from(decode_varint(rest).ok()?).ok()?;
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some((number, Some(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Section;
    use crate::v1::{Package, Software};

    fn read(bytes: &[u8]) -> Option<Vec<[String; 5]>> {
        let mut all = Vec::new();
        each_package(bytes, |texts| all.push(texts.map(str::to_owned)))?;
        Some(all)
    }

    /// Both ways of reading agree, on what is a list too.
    #[track_caller]
    fn check(bytes: &[u8]) {
        let decoded = match Section::decode("software", bytes) {
            Some(Ok(Section::Software(list))) => {
                Some(list.packages.into_iter().map(|p| [p.name, p.version, p.architecture, p.publisher, p.source]).collect::<Vec<_>>())
            }
            _ => None,
        };
        assert_eq!(read(bytes), decoded, "{bytes:?}");
    }

    #[test]
    fn a_list_reads_as_it_decodes() {
        let package =
            |name: &str| Package { name: name.to_owned(), version: "1.2".to_owned(), source: "dpkg".to_owned(), ..Package::default() };
        let bytes = Section::Software(Software { packages: vec![package("bash"), package("é"), Package::default()] }).encode();
        check(&bytes);
        // A text that stands twice, a field of a newer version, a wrong kind of field, a text that is no UTF-8.
        for package in [&[10, 1, b'a', 10, 1, b'b'][..], &[0x52, 1, b'x'], &[0x30, 7], &[8, 7], &[10, 1, 0xff], &[10, 9, b'a'], &[11, 12]] {
            check(&[&[10, package.len() as u8][..], package].concat());
        }
        check(&[8, 1]);
        for position in 0..bytes.len() {
            check(&bytes[..position]);
            for bit in [1, 2, 8, 0x40, 0x80] {
                let mut bad = bytes.clone();
                bad[position] ^= bit;
                check(&bad);
            }
        }
    }
}
