//! Reads an EDID block: what a display says of itself.

use super::text;

/// What an EDID block of 128 bytes says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edid {
    /// Three-letter PNP id of the maker.
    pub manufacturer: String,
    /// The model's name, else its product code in hexadecimal.
    pub model: String,
    /// Serial number; empty: not given.
    pub serial: String,
    /// Year of make; 0: not given.
    pub year: u32,
    /// Width of the picture, mm; 0: a projector, or not given.
    pub width_mm: u32,
    /// Height of the picture, mm.
    pub height_mm: u32,
}

const HEADER: [u8; 8] = [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0];
const NAME: u8 = 0xfc;
const SERIAL: u8 = 0xff;

/// Reads the first block of `bytes`.
///
/// # Errors
/// Why it is no EDID, in words.
pub fn parse(bytes: &[u8]) -> Result<Edid, &'static str> {
    let block: &[u8; 128] = bytes.first_chunk().ok_or("the EDID is shorter than 128 bytes")?;
    if !block.starts_with(&HEADER) {
        return Err("the EDID does not begin with its header");
    }
    if block.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)) != 0 {
        return Err("the EDID's checksum is wrong: try another cable");
    }
    let byte = |at: usize| block.get(at).copied().unwrap_or(0);
    let number = u32::from_le_bytes([byte(12), byte(13), byte(14), byte(15)]);
    let code = u16::from_le_bytes([byte(10), byte(11)]);
    let (width_mm, height_mm) = size(block);
    let name = descriptor(block, NAME);
    let serial = descriptor(block, SERIAL);
    Ok(Edid {
        manufacturer: pnp_id(u16::from_be_bytes([byte(8), byte(9)])),
        model: if name.is_empty() { format!("{code:04X}") } else { name },
        serial: if serial.is_empty() && !matches!(number, 0 | 0x0101_0101 | u32::MAX) { number.to_string() } else { serial },
        year: if byte(17) == 0 { 0 } else { 1990 + u32::from(byte(17)) },
        width_mm,
        height_mm,
    })
}

/// Three letters in five bits each, 1 is A.
fn pnp_id(code: u16) -> String {
    [10, 5, 0].iter().map(|shift| (code >> shift) & 31).filter(|n| (1..=26).contains(n)).map(|n| char::from(b'@' + n as u8)).collect()
}

/// The four descriptors of 18 bytes.
fn descriptors(block: &[u8; 128]) -> impl Iterator<Item = &[u8]> {
    block.get(54..126).unwrap_or_default().chunks_exact(18)
}

fn descriptor(block: &[u8; 128], tag: u8) -> String {
    let found = descriptors(block).find_map(|d| match d {
        [0, 0, 0, kind, _, text @ ..] if *kind == tag => Some(text),
        _ => None,
    });
    let raw = found.unwrap_or_default().split(|byte| *byte == b'\n').next().unwrap_or_default();
    text::given(&String::from_utf8_lossy(raw))
}

/// The picture's size from the first timing in millimetres, else from the rounded centimetres.
fn size(block: &[u8; 128]) -> (u32, u32) {
    let timing = descriptors(block).next().filter(|d| !d.starts_with(&[0, 0]));
    let exact = timing.and_then(|d| match d {
        [_, _, _, _, _, _, _, _, _, _, _, _, w, h, high, ..] => {
            Some((u32::from(*w) | (u32::from(high >> 4) << 8), u32::from(*h) | (u32::from(high & 15) << 8)))
        }
        _ => None,
    });
    let rounded = (block.get(21).map_or(0, |w| u32::from(*w) * 10), block.get(22).map_or(0, |h| u32::from(*h) * 10));
    // Some displays write the centimetres, or an aspect ratio, where millimetres belong.
    exact.filter(|(w, h)| *w >= 50 && *h >= 50).unwrap_or(rounded)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A Dell P2419H as its EDID says, with a right checksum.
    pub fn dell() -> Vec<u8> {
        let mut block = vec![0u8; 128];
        block[..8].copy_from_slice(&HEADER);
        block[8..10].copy_from_slice(&0x10acu16.to_be_bytes());
        block[10..12].copy_from_slice(&0xd0d9u16.to_le_bytes());
        block[17] = 29;
        block[21] = 53;
        block[22] = 30;
        block[54..72]
            .copy_from_slice(&[0x02, 0x3a, 0x80, 0x18, 0x71, 0x38, 0x2d, 0x40, 0x58, 0x2c, 0x45, 0x00, 0x0f, 0x28, 0x21, 0, 0, 0x1e]);
        block[72..90].copy_from_slice(b"\0\0\0\xff\0ABC1234\n     ");
        block[90..108].copy_from_slice(b"\0\0\0\xfc\0DELL P2419H\n ");
        seal(&mut block);
        block
    }

    fn seal(block: &mut [u8]) {
        let sum = block[..127].iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
        block[127] = 0u8.wrapping_sub(sum);
    }

    #[test]
    fn a_display_says_what_it_is() {
        let display = Edid {
            manufacturer: "DEL".into(),
            model: "DELL P2419H".into(),
            serial: "ABC1234".into(),
            year: 2019,
            width_mm: 527,
            height_mm: 296,
        };
        assert_eq!(parse(&dell()), Ok(display));
    }

    #[test]
    fn without_names_the_numbers_serve() {
        let mut block = dell();
        block[54..126].fill(0);
        block[12] = 7;
        seal(&mut block);
        let display = parse(&block).unwrap();
        assert_eq!((display.model.as_str(), display.serial.as_str(), display.width_mm), ("D0D9", "7", 530));
    }

    #[test]
    fn what_is_no_edid_is_refused() {
        assert!(parse(b"").is_err());
        assert!(parse(&[0; 128]).is_err());
        let mut block = dell();
        block[20] ^= 1;
        assert!(parse(&block).unwrap_err().contains("checksum"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(tail in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut bytes = HEADER.to_vec();
            bytes.extend(tail);
            if bytes.len() >= 128 {
                seal(&mut bytes[..128]);
            }
            drop(parse(&bytes));
        }
    }
}
