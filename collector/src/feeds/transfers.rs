//! Looks at the files that must come: age and size always, rows and columns only when the file has changed.

use crate::csv_file::MOST_COLUMNS;
use crate::feeds::plain_file::{self, Face};
use csv_core::ReadRecordResult;
use rollcall_site::TransferName;
use rollcall_site::transfer::{Expected, Found, Transfer};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead};
use std::path::Path;

/// A file that is larger is not read; its size and age are looked at all the same. Bytes.
const LARGEST: u64 = 512 * 1024 * 1024;
/// Most entries of a folder that are looked at to find the newest of a name.
const MOST_ENTRIES: usize = 100_000;

/// What was seen of each transfer, so that a file that has not changed is not read again.
#[derive(Default)]
pub struct Memory(BTreeMap<TransferName, (Expected, Face, Found)>);

impl Memory {
    /// What lies there now.
    pub fn look<'a>(&mut self, transfers: impl Iterator<Item = &'a Transfer>) -> Vec<(TransferName, Found)> {
        let mut kept = BTreeMap::new();
        let seen = transfers.map(|transfer| {
            let (found, face) = self.one(transfer);
            if let Some(face) = face {
                kept.insert(transfer.name.clone(), (transfer.expected.clone(), face, found.clone()));
            }
            (transfer.name.clone(), found)
        });
        let seen = seen.collect();
        self.0 = kept;
        seen
    }

    fn one(&self, transfer: &Transfer) -> (Found, Option<Face>) {
        let expected = &transfer.expected;
        let face = match newest(&expected.path) {
            Ok(Some(face)) => face,
            Ok(None) => return (Found::Missing, None),
            Err(why) => return (Found::Unreadable { why }, None),
        };
        let before = self.0.get(&transfer.name).filter(|(of, before, _)| of == expected && *before == face);
        let found = before.map_or_else(|| read(&face, expected), |(_, _, found)| found.clone());
        (found, Some(face))
    }
}

/// The file that is meant: the one of this name, or the newest whose name fits the one `*`.
fn newest(path: &str) -> Result<Option<Face>, String> {
    let Some((folder, name)) = path.rsplit_once('/').filter(|(_, name)| name.contains('*')) else {
        return plain_file::face(Path::new(path));
    };
    let (begins, ends) = name.split_once('*').unwrap_or((name, ""));
    let folder = if folder.is_empty() { "/" } else { folder };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries.map_err(|error| format!("the folder {folder}: {error}"))?,
    };
    let mut newest: Option<Face> = None;
    for entry in entries.take(MOST_ENTRIES).flatten() {
        let name = entry.file_name();
        let fits =
            name.to_str().is_some_and(|name| name.len() >= begins.len() + ends.len() && name.starts_with(begins) && name.ends_with(ends));
        if let Some(face) = Some(entry.path()).filter(|_| fits).and_then(|path| plain_file::face(&path).ok().flatten())
            && newest.as_ref().is_none_or(|before| face.at > before.at)
        {
            newest = Some(face);
        }
    }
    Ok(newest)
}

fn read(face: &Face, expected: &Expected) -> Found {
    let Ok(at) = face.at.try_into() else {
        return Found::Unreadable { why: "its time can't be read".to_owned() };
    };
    let size = face.size;
    if expected.columns.is_empty() && expected.least_rows == 0 {
        return Found::File { at, size, rows: None, malformed: String::new() };
    }
    if size > LARGEST {
        let malformed = format!("is larger than {} MB: its rows were not counted", LARGEST / 1024 / 1024);
        return Found::File { at, size, rows: None, malformed };
    }
    match form(&face.path, expected) {
        Ok((rows, malformed)) => Found::File { at, size, rows: Some(rows), malformed },
        Err(error) => Found::Unreadable { why: error.to_string() },
    }
}

/// The number of rows, and what is wrong with the form.
fn form(path: &Path, expected: &Expected) -> io::Result<(u64, String)> {
    let mut rows = Rows::of(plain_file::open(path)?);
    match rows.next()? {
        Next::TooLarge => return Ok((0, format!("is no CSV: its heading is longer than {BOUNDS}"))),
        Next::Row | Next::End => {}
    }
    let names: Vec<String> = rows.values().map(|name| String::from_utf8_lossy(name).trim_matches(['\u{feff}', ' ']).to_owned()).collect();
    let absent: Vec<&str> = expected.columns.iter().filter(|column| !names.contains(column)).map(String::as_str).collect();
    if !absent.is_empty() {
        let word = if absent.len() == 1 { "column" } else { "columns" };
        return Ok((0, format!("lacks the {word} {}", absent.join(", "))));
    }
    let mut number = 0;
    loop {
        match rows.next()? {
            Next::End => return Ok((number, String::new())),
            Next::Row => number += u64::from(rows.values().any(|value| !value.is_empty())),
            Next::TooLarge => return Ok((number, format!("is no CSV after {number} rows: the next is longer than {BOUNDS}"))),
        }
    }
}

/// The longest row, bytes: with a quote that is never closed a file is one row.
const LONGEST_ROW: usize = 1024 * 1024;
/// The same, and [`MOST_COLUMNS`], in words.
const BOUNDS: &str = "1 MB, or has more than 1000 values";

/// A file's rows, one at a time: it takes the memory of the longest row that may be.
struct Rows {
    file: io::BufReader<fs::File>,
    csv: csv_core::Reader,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// How many values this row has.
    count: usize,
}

/// What came next.
enum Next {
    Row,
    TooLarge,
    End,
}

impl Rows {
    fn of(file: fs::File) -> Self {
        let file = io::BufReader::with_capacity(1 << 16, file);
        Self { file, csv: csv_core::Reader::new(), bytes: vec![0; LONGEST_ROW], ends: vec![0; MOST_COLUMNS], count: 0 }
    }

    fn next(&mut self) -> io::Result<Next> {
        self.count = 0;
        let mut filled = 0;
        loop {
            let here = self.file.fill_buf()?;
            let bytes = self.bytes.get_mut(filled..).unwrap_or_default();
            let ends = self.ends.get_mut(self.count..).unwrap_or_default();
            let (result, read, wrote, ended) = self.csv.read_record(here, bytes, ends);
            self.file.consume(read);
            (filled, self.count) = (filled + wrote, self.count + ended);
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => return Ok(Next::TooLarge),
                ReadRecordResult::Record => return Ok(Next::Row),
                ReadRecordResult::End => return Ok(Next::End),
            }
        }
    }

    /// The values of this row.
    fn values(&self) -> impl Iterator<Item = &[u8]> {
        let ends = self.ends.iter().take(self.count);
        let begins = std::iter::once(&0).chain(self.ends.iter());
        begins.zip(ends).map(|(begin, end)| self.bytes.get(*begin..*end).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use std::fs::File;
    use std::time::SystemTime;

    fn transfer(path: &Path, columns: &[&str]) -> Transfer {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        let path = path.display().to_string();
        let expected = Expected { path, age_s: 3600, school_days: false, least_size: 0, least_rows: 1, columns };
        let name = TransferName::parse("grades").unwrap();
        Transfer { name, expected, watched_since: Timestamp::UNIX_EPOCH, found: Found::Unknown, rest: Default::default() }
    }

    #[track_caller]
    fn check(text: &[u8], columns: &[&str], want: (u64, &str)) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("grades.csv");
        fs::write(&path, text).unwrap();
        let seen = Memory::default().look([&transfer(&path, columns)].into_iter()).remove(0).1;
        let Found::File { size, rows, malformed, .. } = seen else { panic!("{seen:?}") };
        assert_eq!((size, rows.unwrap()), (text.len() as u64, want.0));
        assert!(if want.1.is_empty() { malformed.is_empty() } else { malformed.contains(want.1) }, "{malformed}");
    }

    #[test]
    fn rows_and_columns_are_counted_as_they_are() {
        check(b"\xef\xbb\xbfid,name\r\n1,\"a\nb\"\r\n\r\n2,c\r\n", &["id", "name"], (2, ""));
        check(b"id;name\n1;a\n", &["id", "name"], (0, "lacks the columns id, name"));
        check(b"", &["id"], (0, "lacks the column id"));
        check(b"id\n1\n2\n3", &[], (3, ""));
        check(b"\n\nid,name\n,\n1,\"x\"\"\n", &["name"], (1, ""));
    }

    #[test]
    fn a_row_without_an_end_is_told_and_not_read_into_memory() {
        let long = format!("id\n1\n\"{}", "a\n".repeat(LONGEST_ROW));
        check(long.as_bytes(), &["id"], (1, "no CSV after 1 rows: the next is longer than 1 MB"));
        check(long.as_bytes().get(5..).unwrap(), &["id"], (0, "its heading is longer"));
        check(format!("id\n1{}\n", ",".repeat(MOST_COLUMNS)).as_bytes(), &["id"], (0, "more than 1000 values"));
        check(format!("id{}\n1\n", ",".repeat(MOST_COLUMNS - 1)).as_bytes(), &["id"], (1, ""));
    }

    #[test]
    fn the_newest_file_of_a_name_counts_and_a_link_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let pattern = dir.path().join("grades-*.csv");
        let look = |memory: &mut Memory| memory.look([&transfer(&pattern, &[])].into_iter()).remove(0).1;
        let mut memory = Memory::default();
        assert_eq!(look(&mut memory), Found::Missing);
        for (name, hours, rows) in [("grades-1.csv", 2, "id\n1\n"), ("grades-2.csv", 1, "id\n1\n2\n"), ("other.csv", 0, "id\n")] {
            fs::write(dir.path().join(name), rows).unwrap();
            let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_000 - 3600 * hours);
            File::options().write(true).open(dir.path().join(name)).unwrap().set_modified(at).unwrap();
        }
        assert!(matches!(look(&mut memory), Found::File { rows: Some(2), .. }));
        assert!(matches!(look(&mut memory), Found::File { rows: Some(2), .. }), "from memory");
        fs::remove_file(dir.path().join("grades-2.csv")).unwrap();
        assert!(matches!(look(&mut memory), Found::File { rows: Some(1), .. }));
        let link = dir.path().join("link.csv");
        std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
        let seen = Memory::default().look([&transfer(&link, &[])].into_iter()).remove(0).1;
        assert!(matches!(&seen, Found::Unreadable { why } if why.contains("a link")), "{seen:?}");
        let pipe = dir.path().join("pipe.csv");
        plain_file::tests::pipe(&pipe);
        let seen = Memory::default().look([&transfer(&pipe, &[])].into_iter()).remove(0).1;
        assert!(matches!(&seen, Found::Unreadable { why } if why.contains("no plain file")), "{seen:?}");
    }
}
