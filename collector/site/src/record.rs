//! What a record is: a JSON document by kind and key, kept in a persistent map of the site.

use crate::Site;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

/// A table of the site: records by key, shared, cheap to clone as a whole.
pub type Table<R> = imbl::OrdMap<<R as Record>::Key, Arc<R>>;

/// Fields that a newer version wrote and this one does not know: kept and written back.
pub type Rest = serde_json::Map<String, serde_json::Value>;

/// A kind of record.
pub trait Record: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What it is found by.
    type Key: Clone + Ord + Display + FromStr + Send + Sync;
    /// The kind's name on disk; never reused.
    const KIND: &'static str;
    /// Its key.
    fn key(&self) -> Self::Key;
    /// Its table.
    fn table(site: &Site) -> &Table<Self>;
    /// Its table, to write.
    fn table_mut(site: &mut Site) -> &mut Table<Self>;
    /// Keeps the site's indexes true when a record comes, changes or goes.
    fn index(_site: &mut Site, _old: Option<&Self>, _new: Option<&Self>) {}
}

/// A record as it goes to the store; `body` is `None` for one that is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The record's kind.
    pub kind: String,
    /// The record's key as text.
    pub key: String,
    /// The JSON document.
    pub body: Option<Vec<u8>>,
}

/// Why a stored record could not be taken up.
#[derive(Debug, thiserror::Error)]
pub enum BadRecord {
    /// No such kind in this version.
    #[error("record {kind}/{key}: this version knows no such kind")]
    UnknownKind {
        /// The kind as stored.
        kind: String,
        /// The key as stored.
        key: String,
    },
    /// The key is not of the kind's form.
    #[error("record {kind}/{key}: the key is not of this kind's form")]
    Key {
        /// The kind as stored.
        kind: String,
        /// The key as stored.
        key: String,
    },
    /// The document does not fit the kind.
    #[error("record {kind}/{key}: the document does not fit")]
    Body {
        /// The kind as stored.
        kind: String,
        /// The key as stored.
        key: String,
        /// What serde found.
        #[source]
        source: serde_json::Error,
    },
}

/// Whether a field says no more than when it is absent: it is not stored then.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Puts `record` into its table and keeps the indexes.
pub(crate) fn put<R: Record>(site: &mut Site, record: R) -> Arc<R> {
    let record = Arc::new(record);
    let old = R::table_mut(site).insert(record.key(), Arc::clone(&record));
    R::index(site, old.as_deref(), Some(&record));
    record
}

/// Takes `of` out of an index that knows one record for each key, unless another record stands there by now: the records of one change
/// are given back in the order of their keys, whichever was written first.
pub(crate) fn leave<K: Clone + Eq + std::hash::Hash, V: Clone + PartialEq>(index: &mut imbl::HashMap<K, V>, key: &K, of: &V) {
    if index.get(key) == Some(of) {
        index.remove(key);
    }
}

/// Takes the record out of its table and keeps the indexes.
pub(crate) fn remove<R: Record>(site: &mut Site, key: &R::Key) {
    if let Some(old) = R::table_mut(site).remove(key) {
        R::index(site, Some(&old), None);
    }
}

/// Takes up one stored record of kind `R`.
pub(crate) fn restore<R: Record>(site: &mut Site, written: &Written) -> Result<(), BadRecord> {
    let place = || (written.kind.clone(), written.key.clone());
    match &written.body {
        Some(body) => {
            let record: R = serde_json::from_slice(body).map_err(|source| {
                let (kind, key) = place();
                BadRecord::Body { kind, key, source }
            })?;
            put(site, record);
        }
        None => {
            let key = R::Key::from_str(&written.key).map_err(|_| {
                let (kind, key) = place();
                BadRecord::Key { kind, key }
            })?;
            remove::<R>(site, &key);
        }
    }
    Ok(())
}

/// Writes every record of kind `R` for a snapshot, in key order.
pub(crate) fn all<R: Record>(site: &Site) -> impl Iterator<Item = Written> + '_ {
    R::table(site).iter().map(|(_, record)| write(&**record))
}

/// The stored form of one record.
pub(crate) fn write<R: Record>(record: &R) -> Written {
    Written { kind: R::KIND.to_owned(), key: record.key().to_string(), body: Some(serde_json::to_vec(record).unwrap_or_default()) }
}
