//! Reads the memory devices (type 17) out of raw SMBIOS tables, as the firmware wrote them.

use super::text;

/// Type of a structure that describes a memory device.
const MEMORY_DEVICE: u8 = 17;
/// Type of the structure that ends the tables.
const END: u8 = 127;
/// Most structures looked at: real tables have under 300.
const STRUCTURES_LIMIT: usize = 4096;

/// A slot for memory, filled or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryDevice {
    /// The slot's name on the board, with its bank when the name alone would not tell.
    pub slot: String,
    /// Capacity, bytes; 0: empty.
    pub bytes: u64,
    /// "DDR4"; empty: not given.
    pub kind: &'static str,
    /// Configured speed, megatransfers per second; 0: not given.
    pub mts: u32,
    /// Maker.
    pub manufacturer: String,
    /// Part number.
    pub part: String,
    /// Serial number.
    pub serial: String,
}

/// One structure of the tables: its formatted area and its strings.
struct Structure<'a> {
    kind: u8,
    area: &'a [u8],
    strings: &'a [u8],
}

impl Structure<'_> {
    fn byte(&self, at: usize) -> u8 {
        self.area.get(at).copied().unwrap_or(0)
    }

    fn word(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.byte(at), self.byte(at + 1)])
    }

    fn double(&self, at: usize) -> u32 {
        u32::from(self.word(at)) | (u32::from(self.word(at + 2)) << 16)
    }

    /// The string whose number stands at `at`; numbers begin at 1, 0 is none.
    fn string(&self, at: usize) -> String {
        let Some(index) = usize::from(self.byte(at)).checked_sub(1) else { return String::new() };
        let raw = self.strings.split(|byte| *byte == 0).nth(index).unwrap_or_default();
        text::given(&String::from_utf8_lossy(raw))
    }
}

/// The memory devices of `tables`, in the firmware's order. What is cut off or malformed ends the reading.
pub fn memory_devices(tables: &[u8]) -> Vec<MemoryDevice> {
    structures(tables).filter(|structure| structure.kind == MEMORY_DEVICE).map(|structure| memory_device(&structure)).collect()
}

fn structures(tables: &[u8]) -> impl Iterator<Item = Structure<'_>> {
    let mut rest = tables;
    std::iter::from_fn(move || {
        let (kind, length) = (*rest.first()?, usize::from(*rest.get(1)?));
        if kind == END || length < 4 {
            return None;
        }
        let area = rest.get(..length)?;
        let tail = rest.get(length..)?;
        let end = tail.windows(2).position(|pair| pair == [0, 0])?;
        rest = tail.get(end + 2..)?;
        Some(Structure { kind, area, strings: tail.get(..end)? })
    })
    .take(STRUCTURES_LIMIT)
}

fn memory_device(device: &Structure<'_>) -> MemoryDevice {
    let (slot, bank) = (device.string(0x10), device.string(0x11));
    let slot = match (slot.is_empty(), bank.is_empty()) {
        (false, false) if slot != bank => format!("{slot} ({bank})"),
        (true, false) => bank,
        _ => slot,
    };
    let bytes = capacity(device);
    if bytes == 0 {
        return MemoryDevice { slot, ..MemoryDevice::default() };
    }
    let rated = u32::from(device.word(0x15));
    let configured = u32::from(device.word(0x20));
    let speed = if configured == 0 { rated } else { configured };
    MemoryDevice {
        slot,
        bytes,
        kind: kind(device.byte(0x12)),
        mts: if speed == 0xffff { 0 } else { speed },
        manufacturer: device.string(0x17),
        part: device.string(0x1a),
        serial: device.string(0x18),
    }
}

fn capacity(device: &Structure<'_>) -> u64 {
    const MIB: u64 = 1024 * 1024;
    match device.word(0x0c) {
        0 | 0xffff => 0,
        0x7fff => u64::from(device.double(0x1c) & 0x7fff_ffff) * MIB,
        size if size & 0x8000 != 0 => u64::from(size & 0x7fff) * 1024,
        size => u64::from(size) * MIB,
    }
}

fn kind(code: u8) -> &'static str {
    match code {
        0x0f => "SDRAM",
        0x12 => "DDR",
        0x13 => "DDR2",
        0x18 => "DDR3",
        0x1a => "DDR4",
        0x1b => "LPDDR",
        0x1c => "LPDDR2",
        0x1d => "LPDDR3",
        0x1e => "LPDDR4",
        0x20 => "HBM",
        0x21 => "HBM2",
        0x22 => "DDR5",
        0x23 => "LPDDR5",
        _ => "",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A structure of type 17 with `size` in the size field (extended: `mib`), DDR4 at 3200, and these strings.
    pub fn device(size: u16, mib: u32, strings: &[&str]) -> Vec<u8> {
        let mut area = vec![0u8; 0x28];
        area[0] = MEMORY_DEVICE;
        area[1] = 0x28;
        area[0x0c..0x0e].copy_from_slice(&size.to_le_bytes());
        area[0x10] = 1;
        area[0x11] = 2;
        area[0x12] = 0x1a;
        area[0x15..0x17].copy_from_slice(&3200u16.to_le_bytes());
        area[0x17] = 3;
        area[0x18] = 4;
        area[0x1a] = 5;
        area[0x1c..0x20].copy_from_slice(&mib.to_le_bytes());
        area[0x20..0x22].copy_from_slice(&2933u16.to_le_bytes());
        for string in strings {
            area.extend_from_slice(string.as_bytes());
            area.push(0);
        }
        area.push(0);
        area
    }

    #[test]
    fn slots_are_read_filled_and_empty() {
        let mut tables = vec![0, 4, 0, 0, 0, 0];
        tables.extend(device(8192, 0, &["DIMM A", "BANK 0", "Samsung ", "12345678", "M471A1K43DB1"]));
        tables.extend(device(0, 0, &["DIMM B", "BANK 1", "Not Specified"]));
        tables.extend(device(0x7fff, 65536, &["DIMM C", "DIMM C", "Kingston", "0000", "K"]));
        tables.extend([END, 4, 0, 0, 0, 0]);
        tables.extend(device(8192, 0, &["past the end"]));
        let devices = memory_devices(&tables);
        assert_eq!(
            devices.iter().map(|d| (d.slot.as_str(), d.bytes >> 30, d.mts)).collect::<Vec<_>>(),
            [("DIMM A (BANK 0)", 8, 2933), ("DIMM B (BANK 1)", 0, 0), ("DIMM C", 64, 2933)]
        );
        let first = &devices[0];
        assert_eq!((first.manufacturer.as_str(), first.part.as_str(), first.kind), ("Samsung", "M471A1K43DB1", "DDR4"));
        assert_eq!(devices[2].serial, "");
    }

    #[test]
    fn a_cut_table_gives_what_is_whole() {
        let mut tables = device(4096, 0, &["A", "B"]);
        let second = device(4096, 0, &["C", "D"]);
        tables.extend_from_slice(&second[..second.len() - 3]);
        assert_eq!(memory_devices(&tables).len(), 1);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            memory_devices(&bytes);
        }

        #[test]
        fn no_memory_device_makes_it_panic(mut bytes in proptest::collection::vec(any::<u8>(), 4..200)) {
            bytes[0] = MEMORY_DEVICE;
            memory_devices(&bytes);
        }
    }
}
