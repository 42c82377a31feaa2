//! Health samples as rows of numbers by field, and rows as packed columns: a field that the wire gains is kept without a change here.
//!
//! A packed block is zstd of: number of rows · times, each as the difference to the one before · number of columns · per column its
//! key, then per row 0 for "not measured" or 1 + the zigzag of the difference to the value before. All are varints.

use prost::Message;
use prost::encoding::{decode_varint, encode_varint};
use rollcall_proto::v1::Health as Sample;
use std::collections::{BTreeMap, BTreeSet};

/// The field of the time on the wire.
const AT: u32 = 1;
/// Fields that the wire writes as zigzag: values below zero are small there.
const SIGNED: &[u32] = &[5];
/// Values are kept between these: no counter of a machine comes near, and no difference overflows.
const KEPT: std::ops::RangeInclusive<i64> = -(1 << 61)..=1 << 61;
/// Largest block, bytes unpacked: a day with every field takes a twentieth.
const MAX_BLOCK: usize = 512 * 1024;
/// Most rows of a block: a day by the minute, twice.
const MAX_ROWS: usize = 2_880;
/// Most columns of a block.
const MAX_COLUMNS: usize = 256;

/// What was measured at one time, by the number of its field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Row {
    /// When, ms since 1970.
    pub(in crate::store) at_ms: i64,
    /// The values, each in the unit of its field.
    pub(in crate::store) values: BTreeMap<u32, i64>,
}

impl Row {
    /// A sample as a row: its fields that are single numbers.
    pub(in crate::store) fn of(sample: &Sample) -> Self {
        let bytes = sample.encode_to_vec();
        let (mut rest, mut row) = (bytes.as_slice(), Self { at_ms: sample.at_ms, ..Self::default() });
        while let Some((field, value)) = next_field(&mut rest) {
            if let Some(value) = value.filter(|_| field != AT) {
                let value = if SIGNED.contains(&field) { unzigzag(value) } else { i64::try_from(value).unwrap_or(*KEPT.end()) };
                row.values.insert(field, value.clamp(*KEPT.start(), *KEPT.end()));
            }
        }
        row
    }

    /// The sample that the row was.
    pub(in crate::store) fn sample(&self) -> Sample {
        let mut bytes = Vec::new();
        for (field, value) in &self.values {
            encode_varint(u64::from(*field) << 3, &mut bytes);
            encode_varint(if SIGNED.contains(field) { zigzag(*value) } else { value.unsigned_abs() }, &mut bytes);
        }
        Sample { at_ms: self.at_ms, ..Sample::decode(bytes.as_slice()).unwrap_or_default() }
    }
}

/// The next field of a message and its value; `None` as value when it is not a single number.
fn next_field(bytes: &mut &[u8]) -> Option<(u32, Option<u64>)> {
    let key = decode_varint(bytes).ok()?;
    let field = u32::try_from(key >> 3).ok()?;
    let skip = match key & 7 {
        0 => return Some((field, Some(decode_varint(bytes).ok()?))),
        1 => 8,
        2 => usize::try_from(decode_varint(bytes).ok()?).ok()?,
        5 => 4,
        _ => return None,
    };
    *bytes = bytes.get(skip..)?;
    Some((field, None))
}

/// Packs rows, oldest first.
pub(in crate::store) fn pack(rows: &[Row]) -> Vec<u8> {
    let mut plain = Vec::new();
    encode_varint(rows.len() as u64, &mut plain);
    let mut before = 0_i64;
    for row in rows {
        encode_varint(zigzag(row.at_ms.wrapping_sub(before)), &mut plain);
        before = row.at_ms;
    }
    let columns: BTreeSet<u32> = rows.iter().flat_map(|row| row.values.keys().copied()).collect();
    encode_varint(columns.len() as u64, &mut plain);
    for key in columns {
        encode_varint(u64::from(key), &mut plain);
        let mut before = 0_i64;
        for row in rows {
            match row.values.get(&key) {
                Some(value) => {
                    encode_varint(zigzag(value - before) + 1, &mut plain);
                    before = *value;
                }
                None => plain.push(0),
            }
        }
    }
    zstd::bulk::compress(&plain, 9).unwrap_or_default()
}

/// Reads packed rows; `None` when they are not as written.
pub(in crate::store) fn unpack(packed: &[u8]) -> Option<Vec<Row>> {
    let plain = zstd::bulk::decompress(packed, MAX_BLOCK).ok()?;
    let mut rest = plain.as_slice();
    let count = usize::try_from(decode_varint(&mut rest).ok()?).ok().filter(|count| *count <= MAX_ROWS)?;
    let mut rows = Vec::with_capacity(count);
    let mut before = 0_i64;
    for _ in 0..count {
        before = before.wrapping_add(unzigzag(decode_varint(&mut rest).ok()?));
        rows.push(Row { at_ms: before, ..Row::default() });
    }
    let columns = usize::try_from(decode_varint(&mut rest).ok()?).ok().filter(|columns| *columns <= MAX_COLUMNS)?;
    for _ in 0..columns {
        let key = u32::try_from(decode_varint(&mut rest).ok()?).ok()?;
        let mut before = 0_i64;
        for row in &mut rows {
            if let Some(difference) = decode_varint(&mut rest).ok()?.checked_sub(1) {
                before = before.checked_add(unzigzag(difference)).filter(|value| KEPT.contains(value))?;
                row.values.insert(key, before);
            }
        }
    }
    rest.is_empty().then_some(rows)
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample(at_ms: i64) -> Sample {
        Sample {
            at_ms,
            cpu_permille: Some(137),
            temperature_decidegrees: Some(-42),
            uptime_s: Some(0),
            network_errors: Some(u64::MAX),
            ..Sample::default()
        }
    }

    #[test]
    fn a_sample_is_its_row_and_comes_back() {
        let row = Row::of(&sample(7));
        assert_eq!(row.values, BTreeMap::from([(2, 137), (5, -42), (7, 0), (9, 1 << 61)]));
        assert_eq!(row.sample(), Sample { network_errors: Some(1 << 61), ..sample(7) });
    }

    #[test]
    fn rows_come_back_and_no_cut_block_does() {
        let mut rows: Vec<Row> = (0..288).map(|n| Row::of(&sample(1_800_000_000_000 + n * 300_000))).collect();
        rows[3].values.clear();
        rows[4].values.insert(99, *KEPT.start());
        rows[5].values.insert(99, *KEPT.end());
        let packed = pack(&rows);
        assert_eq!(unpack(&packed).unwrap(), rows);
        assert!((0..packed.len()).all(|end| unpack(&packed[..end]).is_none()));
        assert_eq!(unpack(&pack(&[])), Some(Vec::new()));
    }

    proptest! {
        #[test]
        fn no_bytes_end_the_reader(plain in proptest::collection::vec(any::<u8>(), 0..200)) {
            unpack(&plain);
            unpack(&zstd::bulk::compress(&plain, 1).unwrap());
        }
    }
}
