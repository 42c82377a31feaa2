//! The file of a day that is over: one packed block per device, sorted, and where each lies at the end. Numbers are little-endian.
//!
//! ```text
//! blocks  packed rows of a device (rows.rs), one after another
//! index   per device, ascending: device, 16 · offset, u64 · length, u32 · first eight bytes of BLAKE3 of those three and the block
//! foot    magic F5 "RH2" · number of devices, u32 · first eight bytes of BLAKE3 of the index and of these eight
//! ```
//! It is written whole and never changed. A device is found by halving the index on disk: a year's charts read 335 such files.

use super::super::StoreError;
use super::super::disk::{at, checksum, damaged, take, write_whole};
use super::rows::{self, Row};
use rollcall_site::DeviceId;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const MAGIC: [u8; 4] = *b"\xf5RH2";
const FOOT: u64 = 16;
const ENTRY: u64 = 36;
/// Largest block, bytes packed.
const MAX_BLOCK: u32 = 1024 * 1024;

/// A file of a day that is over.
pub(in crate::store) struct Table {
    path: PathBuf,
    file: File,
    /// Where the index begins.
    index: u64,
    count: u64,
}

/// Where a device's block lies.
struct Place {
    device: DeviceId,
    offset: u64,
    length: u32,
    sum: [u8; 8],
}

impl Place {
    fn read(mut bytes: &[u8]) -> Option<Self> {
        let device = DeviceId(uuid::Uuid::from_bytes(take(&mut bytes)?));
        let (offset, length) = (u64::from_le_bytes(take(&mut bytes)?), u32::from_le_bytes(take(&mut bytes)?));
        Some(Self { device, offset, length, sum: take(&mut bytes)? })
    }

    fn sum(device: DeviceId, offset: u64, length: u32, block: &[u8]) -> [u8; 8] {
        checksum(&[device.0.as_bytes(), &offset.to_le_bytes(), &length.to_le_bytes(), block])
    }
}

/// Writes a table: `rows` gives the rows of each of `devices`, which are in order; those without rows are left out.
pub(in crate::store) fn write(
    path: &Path,
    devices: impl Iterator<Item = DeviceId>,
    mut rows: impl FnMut(DeviceId) -> Result<Vec<Row>, StoreError>,
) -> Result<(), StoreError> {
    write_whole(path, |file| {
        let (mut file, mut index, mut offset, mut count) = (BufWriter::new(file), Vec::new(), 0_u64, 0_u32);
        for device in devices {
            let rows = rows(device).map_err(io::Error::other)?;
            if rows.is_empty() {
                continue;
            }
            let block = rows::pack(&rows);
            let length = u32::try_from(block.len()).map_err(io::Error::other)?;
            file.write_all(&block)?;
            index.extend([&device.0.as_bytes()[..], &offset.to_le_bytes(), &length.to_le_bytes()].concat());
            index.extend(Place::sum(device, offset, length, &block));
            (offset, count) = (offset + u64::from(length), count + 1);
        }
        let foot = [&MAGIC[..], &count.to_le_bytes()].concat();
        let sum = checksum(&[&index, &foot]);
        file.write_all(&[index, foot, sum.to_vec()].concat())?;
        file.flush()
    })
}

impl Table {
    /// Opens a table; `None` when there is no such file.
    pub(in crate::store) fn open(path: &Path) -> Result<Option<Self>, StoreError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at("read the health samples", path)(error)),
        };
        let size = file.metadata().map_err(at("read the health samples", path))?.len();
        let bad = || damaged(path, size.saturating_sub(FOOT), "the end of the health samples is not as it was written");
        let mut foot = [0; 8];
        let start = size.checked_sub(FOOT).ok_or_else(bad)?;
        file.read_exact_at(&mut foot, start).map_err(at("read the health samples", path))?;
        let mut fields = foot.strip_prefix(&MAGIC).ok_or_else(bad)?;
        let count = take(&mut fields).map(u32::from_le_bytes).ok_or_else(bad)?;
        let index = start.checked_sub(u64::from(count) * ENTRY).ok_or_else(bad)?;
        Ok(Some(Self { path: path.to_owned(), file, index, count: u64::from(count) }))
    }

    /// The devices in it.
    pub(in crate::store) fn devices(&self) -> Result<Vec<DeviceId>, StoreError> {
        (0..self.count).map(|number| Ok(self.place(number)?.device)).collect()
    }

    /// The rows of a device, oldest first; none when its block is not as written.
    pub(in crate::store) fn rows(&self, device: DeviceId) -> Result<Vec<Row>, StoreError> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low.midpoint(high);
            let place = self.place(middle)?;
            match place.device.cmp(&device) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Ok(self.block(&place)?.unwrap_or_default()),
            }
        }
        Ok(Vec::new())
    }

    fn place(&self, number: u64) -> Result<Place, StoreError> {
        let mut bytes = [0; ENTRY as usize];
        self.file.read_exact_at(&mut bytes, self.index + number * ENTRY).map_err(at("read the health samples", &self.path))?;
        Place::read(&bytes).ok_or_else(|| damaged(&self.path, self.index + number * ENTRY, "the index ends early"))
    }

    fn block(&self, place: &Place) -> Result<Option<Vec<Row>>, StoreError> {
        let end = place.offset.checked_add(u64::from(place.length));
        if place.length > MAX_BLOCK || end.is_none_or(|end| end > self.index) {
            return Ok(None);
        }
        let mut block = vec![0; place.length as usize];
        self.file.read_exact_at(&mut block, place.offset).map_err(at("read the health samples", &self.path))?;
        let sound = Place::sum(place.device, place.offset, place.length, &block) == place.sum;
        Ok(if sound { rows::unpack(&block) } else { None })
    }
}

/// Names what is damaged in a file.
pub(in crate::store) fn verify(path: &Path, damage: &mut Vec<String>) -> Result<(), StoreError> {
    let table = match Table::open(path) {
        Ok(Some(table)) => table,
        Ok(None) => return Ok(()),
        Err(error @ StoreError::Damaged { .. }) => {
            damage.push(error.to_string());
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let mut tail = vec![0; usize::try_from(table.count * ENTRY + FOOT).unwrap_or_default()];
    table.file.read_exact_at(&mut tail, table.index).map_err(at("read the health samples", path))?;
    let (index, sum) = tail.split_at(tail.len().saturating_sub(8));
    if checksum(&[index]) != sum {
        damage.push(format!("{} at byte {}: the index of the health samples is not as it was written", path.display(), table.index));
    }
    for number in 0..table.count {
        let place = table.place(number)?;
        if table.block(&place)?.is_none() {
            damage.push(format!("{} at byte {}: the block of health samples is not as it was written", path.display(), place.offset));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn device(n: u128) -> DeviceId {
        DeviceId(uuid::Uuid::from_u128(n))
    }

    fn rows_of(device: DeviceId) -> Vec<Row> {
        let n = i64::try_from(device.0.as_u128()).unwrap();
        (0..n % 5).map(|at_ms| Row { at_ms, values: BTreeMap::from([(2, n)]) }).collect()
    }

    #[test]
    fn every_device_is_found_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.day");
        for count in [0, 1, 2, 7, 100] {
            write(&path, (1..=count).map(device), |device| Ok(rows_of(device))).unwrap();
            let table = Table::open(&path).unwrap().unwrap();
            (0..=count + 2).for_each(|n| {
                let want = if n <= count { rows_of(device(n)) } else { Vec::new() };
                assert_eq!(table.rows(device(n)).unwrap(), want, "{n} of {count}");
            });
            assert_eq!(table.devices().unwrap().len() as u128, count - count / 5);
            let mut damage = Vec::new();
            verify(&path, &mut damage).unwrap();
            assert!(damage.is_empty(), "{damage:?}");
        }
        assert!(Table::open(&dir.path().join("none")).unwrap().is_none());
    }

    #[test]
    fn a_changed_byte_or_a_cut_is_named_and_never_served() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.day");
        write(&path, (1..=4).map(device), |device| Ok(rows_of(device))).unwrap();
        let good = std::fs::read(&path).unwrap();
        let check = |bytes: &[u8], what: &str| {
            std::fs::write(&path, bytes).unwrap();
            let mut damage = Vec::new();
            verify(&path, &mut damage).unwrap();
            assert!(!damage.is_empty(), "{what}");
            if let Ok(Some(table)) = Table::open(&path) {
                for n in 1..=4 {
                    let served = table.rows(device(n)).unwrap_or_default();
                    assert!(served.is_empty() || served == rows_of(device(n)), "{what}");
                }
            }
        };
        for position in 0..good.len() {
            let mut changed = good.clone();
            changed[position] ^= 1;
            check(&changed, &format!("byte {position}"));
            check(&good[..position], &format!("cut at {position}"));
        }
    }
}
