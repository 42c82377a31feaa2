//! CSV files as people's spreadsheets write them: byte order mark, CRLF, comma or semicolon, columns by heading.

use crate::cli::exit::Failure;
use crate::cli::output::{Answer, Out};
use crate::cli::words;
use std::path::Path;

/// The largest file, bytes: a district's roster has a tenth of it.
const LARGEST: u64 = 6 * 1024 * 1024;
/// Most problems that are told of one file.
const MOST_TOLD: usize = 20;

/// A file's rows with their columns' headings in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The headings.
    pub columns: Vec<String>,
    /// The rows that are not empty.
    pub rows: Vec<Row>,
}

/// One row of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it begins in the file, from 1.
    pub line: u64,
    /// Its values, trimmed, by column.
    values: Vec<String>,
}

impl Row {
    /// The values that are there, with their columns.
    pub fn filled<'a>(&'a self, columns: &'a [String]) -> impl Iterator<Item = (&'a str, &'a str)> {
        columns.iter().map(String::as_str).zip(self.values.iter().map(String::as_str)).filter(|(_, value)| !value.is_empty())
    }

    /// The value in a column; empty when there is none.
    pub fn get<'a>(&'a self, columns: &'a [String], name: &str) -> &'a str {
        self.filled(columns).find(|(column, _)| *column == name).map_or("", |(_, value)| value)
    }
}

impl Sheet {
    /// In words, which of these columns are not there.
    pub fn missing(&self, wanted: &[&str]) -> Vec<String> {
        let absent = wanted.iter().filter(|name| !self.columns.iter().any(|column| column == *name));
        absent.map(|name| format!("there is no column {name:?}; the heading has {}", self.columns.join(", "))).collect()
    }
}

/// Reads a file.
///
/// # Errors
/// It can't be read, is too large, or is no CSV.
pub fn read(path: &Path) -> Result<Sheet, Failure> {
    let failed = |error| Failure::here(path.display(), &error);
    if std::fs::metadata(path).map_err(failed)?.len() > LARGEST {
        return Err(Failure::Usage(format!("{}: larger than {}; split it", path.display(), words::disk(LARGEST))));
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    parse(&bytes).map_err(|wrong| refuse(path, &[wrong]))
}

/// Reads the bytes of a file.
///
/// # Errors
/// In words: it is no CSV in UTF-8.
pub fn parse(bytes: &[u8]) -> Result<Sheet, String> {
    let text =
        std::str::from_utf8(bytes).map_err(|bad| format!("byte {} is not UTF-8; save the file as \"CSV UTF-8\"", bad.valid_up_to() + 1))?;
    let text = text.trim_start_matches('\u{feff}');
    let heading = text.lines().next().unwrap_or_default();
    let delimiter = if heading.matches(';').count() > heading.matches(',').count() { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns: Vec<String> = reader.headers().map_err(|error| error.to_string())?.iter().map(str::to_lowercase).collect();
    if let [only] = columns.as_slice()
        && only.contains('\t')
    {
        return Err("its columns are parted by tabs; save it as CSV, with commas or semicolons".to_owned());
    }
    if let Some(line) = open_quote(text, delimiter) {
        return Err(format!("line {line}: a \" is opened here and never closed; everything after it would be one value"));
    }
    if columns.iter().all(String::is_empty) {
        return Err("the file is empty; its first line must name the columns".to_owned());
    }
    let mut wrong = Vec::new();
    let (mut rows, mut lines) = (Vec::new(), Lines { bytes: text.as_bytes(), at: 0, line: 1 });
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        let values: Vec<String> = record.iter().map(str::to_owned).collect();
        if values.iter().skip(columns.len()).any(|value| !value.is_empty()) {
            let (has, names) = (values.len(), columns.len());
            wrong
                .push(format!("line {line} has {has} values and the heading names {names}; put a value with a comma in it between quotes"));
        }
        if values.iter().any(|value| !value.is_empty()) {
            rows.push(Row { line, values });
        }
    }
    if wrong.is_empty() { Ok(Sheet { columns, rows }) } else { Err(wrong.into_iter().take(MOST_TOLD).collect::<Vec<_>>().join("; ")) }
}

/// The line of a quote that is never closed: the reader would take all that follows for one value.
fn open_quote(text: &str, delimiter: u8) -> Option<u64> {
    let (mut line, mut opened, mut begins) = (1, None, true);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        line += u64::from(byte == b'\n');
        match (opened, byte) {
            (None, b'"') if begins => opened = Some(line),
            // Two quotes within a value stand for one.
            (Some(_), b'"') if bytes.next_if_eq(&b'"').is_none() => opened = None,
            _ => {}
        }
        begins = opened.is_none() && (byte == delimiter || byte == b'\n');
    }
    opened
}

/// Counts lines as an editor does: the reader itself counts neither empty lines nor CRLF that way.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of what comes first at or after `byte`, which never goes back.
    fn of(&mut self, byte: u64) -> u64 {
        let start = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(next) = self.bytes.get(self.at).filter(|next| self.at < start || matches!(next, b'\r' | b'\n')) {
            self.line += u64::from(*next == b'\n');
            self.at += 1;
        }
        self.line
    }
}

/// Says what is wrong with a file, line by line; nothing of it was taken.
pub fn refuse(path: &Path, wrong: &[String]) -> Failure {
    let mut told: Vec<&str> = wrong.iter().take(MOST_TOLD).map(String::as_str).collect();
    let more = format!("and {} more", wrong.len().saturating_sub(MOST_TOLD));
    if wrong.len() > MOST_TOLD {
        told.push(&more);
    }
    Failure::Usage(format!("{}: nothing was imported; {}", path.display(), told.join("; ")))
}

/// Asks whether to do what `plan` says an import would do.
///
/// # Errors
/// Somebody said no, or nobody is there to ask.
pub fn confirm(out: &Out, plan: &str) -> Result<(), Failure> {
    match out.ask(&format!("{plan}. Import?")) {
        Some(Answer::Yes) => Ok(()),
        Some(Answer::No) => Err(Failure::Refused("nothing was imported".to_owned())),
        None => Err(Failure::Refused(format!("{plan}; nothing was imported: say --yes to do it"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], want: &[(u64, &[&str])]) {
        let sheet = parse(bytes).unwrap();
        let got: Vec<(u64, Vec<&str>)> = sheet.rows.iter().map(|row| (row.line, row.values.iter().map(String::as_str).collect())).collect();
        let want: Vec<(u64, Vec<&str>)> = want.iter().map(|(line, values)| (*line, values.to_vec())).collect();
        assert_eq!(got, want, "{}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn spreadsheets_of_every_kind() {
        check(b"id,name\n1,Ana\n", &[(2, &["1", "Ana"])]);
        check("\u{feff}ID;Name\r\n1; Ana \r\n\r\n2;\"Li; Wei\"\r\n".as_bytes(), &[(2, &["1", "Ana"]), (4, &["2", "Li; Wei"])]);
        check(b"id,name\n1,\"two\nlines\"\n3,x", &[(2, &["1", "two\nlines"]), (4, &["3", "x"])]);
        check(b"id,name\n", &[]);
    }

    #[test]
    fn columns_are_found_by_their_heading() {
        let sheet = parse(b"Name,Grade,ID\nAna,9,100\n").unwrap();
        assert_eq!(sheet.rows[0].get(&sheet.columns, "id"), "100");
        assert_eq!(sheet.missing(&["id", "card"]), ["there is no column \"card\"; the heading has name, grade, id"]);
    }

    #[test]
    fn what_is_no_csv_is_told() {
        assert!(parse(b"").unwrap_err().contains("empty"));
        assert!(parse(b"id,name\n1,\xe9").unwrap_err().contains("byte 11 is not UTF-8"));
        assert!(parse(b"id\tname\n1\tAna\n").unwrap_err().contains("tabs"));
        assert!(parse(b"id,name\n1,\"Ana\n2,Bo\n").unwrap_err().starts_with("line 2: a \""));
        assert!(parse(b"id,name\n1,\"A \"\"B\"\" C\"\n").is_ok());
        assert!(parse(b"id,name\n1,Ana\n2,Ruiz, Ana\n").unwrap_err().starts_with("line 3 has 3 values"));
        assert!(parse(b"id,name\n1,Ana,,\n").is_ok(), "spreadsheets leave empty cells behind");
    }
}
