//! The rows of the shelf in sled, every value with its own checksum and every row of an asset linked to the one before it.
//!
//! ```text
//! tree "events"  event number, u64 big-endian                        -> the event as JSON
//! tree "assets"  asset, 16 bytes · event number, u64 big-endian      -> number of the asset's event before it, u64 big-endian; 0: none
//! tree "mark"    "mark"                                              -> number of the last event taken up, u64 big-endian
//! ```
//! A value begins with the first eight bytes of the BLAKE3 hash of its key and of the rest of it.

use crate::store::disk::checksum;
use rollcall_site::AssetId;
use rollcall_site::event::Event;
use std::collections::HashMap;
use std::path::Path;

/// Memory for pages, bytes: the shelf serves questions about the past, which are few.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// Why the shelf's answer can't be relied upon.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum Doubt {
    /// Sled says so.
    #[error("sled: {0}")]
    Sled(#[from] sled::Error),
    /// A row is not as it was written, or is missing.
    #[error("{0}")]
    Row(String),
}

/// The rows.
pub(in crate::store) struct Rows {
    db: sled::Db,
    events: sled::Tree,
    assets: sled::Tree,
    mark: u64,
    /// The latest event of each asset touched since the shelf was opened.
    latest: HashMap<AssetId, u64>,
}

impl Rows {
    /// Opens or makes the rows in `dir`.
    pub(in crate::store) fn open(dir: &Path) -> Result<Self, Doubt> {
        let db = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).open()?;
        let (events, assets) = (db.open_tree("events")?, db.open_tree("assets")?);
        let mark = match db.open_tree("mark")?.get("mark")? {
            Some(value) => number(body(b"mark", &value)?)?,
            None => 0,
        };
        Ok(Self { db, events, assets, mark, latest: HashMap::new() })
    }

    /// Number of the last event taken up.
    pub(in crate::store) fn mark(&self) -> u64 {
        self.mark
    }

    /// Takes up events that follow the mark.
    pub(in crate::store) fn take(&mut self, events: &[Event]) -> Result<(), Doubt> {
        let (mut bodies, mut links) = (sled::Batch::default(), sled::Batch::default());
        for event in events {
            let key = event.seq.to_be_bytes();
            bodies.insert(&key, value(&key, &serde_json::to_vec(event).unwrap_or_default()));
            if let Some(asset) = event.asset {
                let key = link_key(asset, event.seq);
                let before = self.latest_of(asset)?;
                links.insert(&key[..], value(&key, &before.to_be_bytes()));
                self.latest.insert(asset, event.seq);
            }
            self.mark = event.seq;
        }
        self.events.apply_batch(bodies)?;
        self.assets.apply_batch(links)?;
        self.db.open_tree("mark")?.insert("mark", value(b"mark", &self.mark.to_be_bytes()))?;
        Ok(())
    }

    /// The last `limit` events of an asset, newest first; doubt when one is missing.
    pub(in crate::store) fn history(&self, asset: AssetId, limit: usize) -> Result<Vec<Event>, Doubt> {
        let mut found = Vec::new();
        let mut wanted = self.latest.get(&asset).copied();
        for row in self.assets.scan_prefix(asset.0.as_bytes()).rev() {
            let (key, stored) = row?;
            let seq = number(key.get(16..).unwrap_or_default())?;
            if wanted.is_some_and(|wanted| wanted != seq) {
                break;
            }
            if found.len() == limit {
                return Ok(found);
            }
            wanted = Some(number(body(&key, &stored)?)?);
            found.push(self.event(seq)?);
        }
        match wanted {
            None | Some(0) => Ok(found),
            Some(_) if found.len() == limit => Ok(found),
            Some(missing) => Err(Doubt::Row(format!("the row of event {missing} is missing"))),
        }
    }

    /// One event.
    pub(in crate::store) fn event(&self, seq: u64) -> Result<Event, Doubt> {
        let key = seq.to_be_bytes();
        let stored = self.events.get(key)?.ok_or_else(|| Doubt::Row(format!("event {seq} is missing")))?;
        let event: Option<Event> = serde_json::from_slice(body(&key, &stored)?).ok();
        event.filter(|event| event.seq == seq).ok_or_else(|| Doubt::Row(format!("event {seq} is not as it was written")))
    }

    /// Writes what sled still holds in memory.
    pub(in crate::store) fn flush(&self) -> Result<(), Doubt> {
        self.db.flush()?;
        Ok(())
    }

    fn latest_of(&self, asset: AssetId) -> Result<u64, Doubt> {
        if let Some(seq) = self.latest.get(&asset) {
            return Ok(*seq);
        }
        match self.assets.scan_prefix(asset.0.as_bytes()).next_back() {
            Some(row) => number(row?.0.get(16..).unwrap_or_default()),
            None => Ok(0),
        }
    }
}

fn link_key(asset: AssetId, seq: u64) -> Vec<u8> {
    [&asset.0.as_bytes()[..], &seq.to_be_bytes()].concat()
}

pub(in crate::store) fn value(key: &[u8], body: &[u8]) -> Vec<u8> {
    [&checksum(&[key, body])[..], body].concat()
}

pub(in crate::store) fn body<'a>(key: &[u8], stored: &'a [u8]) -> Result<&'a [u8], Doubt> {
    let (sum, body) = stored.split_first_chunk::<8>().ok_or_else(|| Doubt::Row("a row is too short".to_owned()))?;
    if checksum(&[key, body]) == *sum { Ok(body) } else { Err(Doubt::Row("a row is not as it was written".to_owned())) }
}

pub(in crate::store) fn number(bytes: &[u8]) -> Result<u64, Doubt> {
    bytes.try_into().map(u64::from_be_bytes).map_err(|_| Doubt::Row("a row holds no number".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::{asset, entry_about};

    fn filled(dir: &Path) -> Rows {
        let mut rows = Rows::open(dir).unwrap();
        let events: Vec<_> = (1..=30).flat_map(|seq| entry_about(seq, asset(u128::from(seq % 3))).events).collect();
        let (first, second) = events.split_at(20);
        rows.take(first).unwrap();
        rows.take(second).unwrap();
        rows
    }

    fn seqs(rows: &Rows, limit: usize) -> Result<Vec<u64>, Doubt> {
        rows.history(asset(1), limit).map(|events| events.iter().map(|event| event.seq).collect())
    }

    #[test]
    fn history_is_newest_first_and_survives_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let rows = filled(dir.path());
        assert_eq!(seqs(&rows, 3).unwrap(), [28, 25, 22]);
        assert_eq!(seqs(&rows, 99).unwrap().len(), 10);
        rows.flush().unwrap();
        drop(rows);
        let rows = Rows::open(dir.path()).unwrap();
        assert_eq!((rows.mark(), seqs(&rows, 99).unwrap().len()), (30, 10));
        assert!(rows.history(asset(77), 5).unwrap().is_empty());
    }

    #[test]
    fn a_changed_or_missing_row_is_doubted() {
        let dir = tempfile::tempdir().unwrap();
        let rows = filled(dir.path());
        let mut key = link_key(asset(1), 22);
        let old = rows.assets.remove(&key).unwrap().unwrap();
        assert_eq!(seqs(&rows, 99).unwrap_err().to_string(), "the row of event 22 is missing");
        assert_eq!(seqs(&rows, 2).unwrap(), [28, 25]);
        rows.assets.insert(&key, &b"rubbish that is long enough"[..]).unwrap();
        assert!(seqs(&rows, 99).is_err());
        rows.assets.insert(&key, old).unwrap();
        assert!(seqs(&rows, 99).is_ok());
        key.truncate(16);
        rows.events.remove(25_u64.to_be_bytes()).unwrap();
        assert_eq!(seqs(&rows, 99).unwrap_err().to_string(), "event 25 is missing");
        rows.assets.remove(link_key(asset(1), 28)).unwrap();
        assert_eq!(seqs(&rows, 99).unwrap_err().to_string(), "the row of event 28 is missing");
    }
}
