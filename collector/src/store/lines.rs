//! The stored text of records and entries: one line each, read with any pager once unpacked.
//!
//! ```text
//! E                            an entry begins
//! R["kind","key"]<tab>{…}      a record and its JSON document
//! D["kind","key"]              a record that is gone
//! V{…}                         an event, as JSON
//! ```
//! Every line ends with a line feed. JSON as written here holds neither a raw tab nor a raw line feed.

use super::Entry;
use rollcall_site::event::Event;
use rollcall_site::{AssetId, Written};

/// Why stored text is not what this module writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub(super) struct BadLine {
    /// Which line, from 1.
    line: usize,
    /// What is wrong with it.
    what: &'static str,
}

/// Adds an entry's lines.
pub(super) fn write_entry(text: &mut Vec<u8>, entry: &Entry) {
    text.extend_from_slice(b"E\n");
    for record in &entry.records {
        write_record(text, record);
    }
    for event in &entry.events {
        text.push(b'V');
        text.extend(serde_json::to_vec(event).unwrap_or_default());
        text.push(b'\n');
    }
}

/// Adds a record's line.
pub(super) fn write_record(text: &mut Vec<u8>, record: &Written) {
    text.push(if record.body.is_some() { b'R' } else { b'D' });
    text.extend(serde_json::to_vec(&(&record.kind, &record.key)).unwrap_or_default());
    if let Some(body) = &record.body {
        text.push(b'\t');
        // Outside its strings a document may hold line feeds, and there a space says the same.
        text.extend(body.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }));
    }
    text.push(b'\n');
}

/// Reads the entries of a group.
pub(super) fn read_entries(text: &[u8]) -> Result<Vec<Entry>, BadLine> {
    let mut entries: Vec<Entry> = Vec::new();
    for (number, line) in lines(text).enumerate() {
        let bad = |what| BadLine { line: number + 1, what };
        match (line.split_first(), entries.last_mut()) {
            (Some((b'E', [])), _) => entries.push(Entry { records: Vec::new(), events: Vec::new() }),
            (Some((b'V', event)), Some(entry)) => entry.events.push(serde_json::from_slice(event).map_err(|_| bad("not an event"))?),
            (Some(_), Some(entry)) => entry.records.push(read_record(line).ok_or_else(|| bad("not a record"))?),
            _ => return Err(bad("not the beginning of an entry")),
        }
    }
    Ok(entries)
}

/// Reads a record's line; `None` when it is none.
pub(super) fn read_record(line: &[u8]) -> Option<Written> {
    let (head, body) = match line.split_first()? {
        (b'R', rest) => {
            let tab = rest.iter().position(|byte| *byte == b'\t')?;
            (rest.get(..tab)?, Some(rest.get(tab + 1..)?.to_vec()))
        }
        (b'D', rest) => (rest, None),
        _ => return None,
    };
    let (kind, key) = serde_json::from_slice(head).ok()?;
    Some(Written { kind, key, body })
}

/// The events of a group; of one asset only, where one is named. Cheaper than reading the entries.
pub(super) fn read_events(text: &[u8], asset: Option<AssetId>) -> Result<Vec<Event>, BadLine> {
    let name = asset.map(|asset| asset.to_string());
    let mut events = Vec::new();
    for (number, line) in lines(text).enumerate() {
        let Some((b'V', line)) = line.split_first() else { continue };
        let bad = |what| BadLine { line: number + 1, what };
        let line = std::str::from_utf8(line).map_err(|_| bad("not text"))?;
        if name.as_deref().is_none_or(|name| line.contains(name)) {
            let event: Event = serde_json::from_str(line).map_err(|_| bad("not an event"))?;
            if asset.is_none() || event.asset == asset {
                events.push(event);
            }
        }
    }
    Ok(events)
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.strip_suffix(b"\n").into_iter().flat_map(|text| text.split(|byte| *byte == b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::{entry, person};

    fn text(entries: &[Entry]) -> Vec<u8> {
        let mut text = Vec::new();
        entries.iter().for_each(|entry| write_entry(&mut text, entry));
        text
    }

    #[test]
    fn entries_read_back_as_they_were_written() {
        let gone = Written { kind: "person".to_owned(), key: "tab\t\"and\"\nline".to_owned(), body: None };
        let nothing = Entry { records: Vec::new(), events: Vec::new() };
        let entries = vec![entry(1, "S1", "Ada"), Entry { records: vec![gone], events: Vec::new() }, nothing, entry(2, "S2", "a\nb\tc")];
        assert_eq!(read_entries(&text(&entries)).unwrap(), entries);
        assert_eq!(read_events(&text(&entries), None).unwrap().len(), 2);
        assert!(read_entries(b"").unwrap().is_empty());
    }

    #[test]
    fn a_document_with_line_feeds_stays_on_one_line() {
        let mut record = person("S1", "Ada");
        record.body = Some(b"{\n\"id\":\"S1\"}".to_vec());
        let mut line = Vec::new();
        write_record(&mut line, &record);
        assert_eq!(read_record(line.strip_suffix(b"\n").unwrap()).unwrap().body.unwrap(), b"{ \"id\":\"S1\"}");
    }

    #[test]
    fn bad_lines_are_named() {
        for (bad, want) in [
            ("R[\"person\",\"1\"]\t{}\n", "line 1: not the beginning of an entry"),
            ("E\nV{}\n", "line 2: not an event"),
            ("E\nR[\"person\"]\t{}\n", "line 2: not a record"),
            ("E\nX\n", "line 2: not a record"),
        ] {
            assert_eq!(read_entries(bad.as_bytes()).unwrap_err().to_string(), want);
        }
    }
}
