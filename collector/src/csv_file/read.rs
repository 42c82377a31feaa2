//! Rows by the names of their columns, each with its line as an editor counts it.

use super::formula;
use super::text::decode;
use std::fmt;

/// Most problems that are told of one file.
const MOST_TOLD: usize = 20;
/// Most columns of a file; systems export some hundred.
pub(crate) const MOST_COLUMNS: usize = 1_000;
/// The longest heading, bytes.
const LONGEST_HEADING: usize = 64 * 1024;
/// The most characters of a heading that are repeated in a message.
const SHOWN: usize = 300;
/// The longest message, characters: longer ones repeat what stands in the file.
const LONGEST_TEXT: usize = 1_000;

/// What is wrong in a file, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Wrong {
    /// The line, from 1; none: the file as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The column's heading as it stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// In words.
    pub text: String,
}

impl Wrong {
    /// The file as a whole is wrong.
    pub fn of_file(text: impl Into<String>) -> Self {
        Self { line: None, column: None, text: text.into().chars().take(LONGEST_TEXT).collect() }
    }

    /// A line is wrong.
    pub fn of_line(line: u64, text: impl Into<String>) -> Self {
        Self { line: Some(line), ..Self::of_file(text) }
    }

    /// The same, in the column of this heading.
    #[must_use]
    pub fn in_column(self, heading: &str) -> Self {
        Self { column: Some(shown(heading)), ..self }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, &self.column) {
            (None, _) => f.write_str(&self.text),
            (Some(line), None) => write!(f, "line {line}: {}", self.text),
            (Some(line), Some(column)) => write!(f, "line {line}, {column}: {}", self.text),
        }
    }
}

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
    /// Its values, trimmed, by column; those of the last columns may be absent.
    pub values: Vec<String>,
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
        absent.map(|name| format!("there is no column {name:?}; the heading has {}", shown(&self.columns.join(", ")))).collect()
    }
}

/// Reads all of a file.
///
/// # Errors
/// In words: it is no CSV.
pub fn parse(bytes: &[u8]) -> Result<Sheet, String> {
    let decoded = decode(bytes)?;
    let mut reading = Reading::begin(&decoded.text).map_err(|wrong| wrong.to_string())?;
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for row in reading.by_ref() {
        match row {
            Ok(row) => rows.push(row),
            Err(bad) => wrong.push(bad.to_string()),
        }
    }
    let columns = reading.columns.iter().map(|name| name.to_lowercase()).collect();
    if wrong.is_empty() { Ok(Sheet { columns, rows }) } else { Err(wrong.into_iter().take(MOST_TOLD).collect::<Vec<_>>().join("; ")) }
}

/// A file being read, row by row: it takes no more memory than the text and one row.
pub struct Reading<'a> {
    /// The headings as they stand there, trimmed.
    pub columns: Vec<String>,
    records: csv::StringRecordsIntoIter<&'a [u8]>,
    lines: Lines<'a>,
}

impl<'a> Reading<'a> {
    /// Reads the heading.
    ///
    /// # Errors
    /// It is empty, or a quote in it is never closed.
    pub fn begin(text: &'a str) -> Result<Self, Wrong> {
        let delimiter = delimiter(text);
        shape(text, delimiter)?;
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
        let head = reader.headers().map_err(|error| Wrong::of_file(error.to_string()))?;
        let columns: Vec<String> = head.iter().map(|name| formula::plain(name).to_owned()).collect();
        if columns.iter().all(String::is_empty) {
            return Err(Wrong::of_file("the file is empty; its first line must name the columns"));
        }
        Ok(Self { columns, records: reader.into_records(), lines: Lines::of_text(text) })
    }
}

impl Iterator for Reading<'_> {
    type Item = Result<Row, Wrong>;

    fn next(&mut self) -> Option<Result<Row, Wrong>> {
        loop {
            let record = match self.records.next()? {
                Ok(record) => record,
                Err(error) => return Some(Err(Wrong::of_file(error.to_string()))),
            };
            let line = self.lines.of(record.position().map_or(0, csv::Position::byte));
            if record.iter().skip(self.columns.len()).any(|value| !value.is_empty()) {
                let (has, names) = (record.len(), self.columns.len());
                let text = format!("it has {has} values and the heading names {names}; put a value with a comma in it between quotes");
                return Some(Err(Wrong::of_line(line, text)));
            }
            if record.iter().any(|value| !value.is_empty()) {
                return Some(Ok(Row {
                    line,
                    values: record.iter().take(self.columns.len()).map(|value| formula::plain(value).to_owned()).collect(),
                }));
            }
        }
    }
}

/// What parts the columns: whichever of comma, semicolon and tab stands in the heading most often.
fn delimiter(text: &str) -> u8 {
    let heading = text.split(['\r', '\n']).find(|line| !line.is_empty()).unwrap_or_default();
    let count = |byte: u8| heading.bytes().filter(|other| *other == byte).count();
    // Of equals the first counts, which `max_by_key` would not give.
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|byte| count(*byte)).unwrap_or(b',')
}

/// Whether a file may be read at all: a quote that is never closed makes all that follows one value, and thousands of columns, or a heading
/// without an end, take many times the memory of the text.
///
/// # Errors
/// The line, and what is wrong there.
pub(crate) fn shape(text: &str, delimiter: u8) -> Result<(), Wrong> {
    let (mut line, mut opened, mut begins) = (1, None, true);
    let (mut row, mut columns, mut heading) = (1, 1, 0);
    let mut is_heading = true;
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        line += u64::from(byte == b'\n' || (byte == b'\r' && bytes.peek() != Some(&b'\n')));
        match (opened, byte) {
            (None, b'"') if begins => opened = Some(line),
            // Two quotes within a value stand for one.
            (Some(_), b'"') if bytes.next_if_eq(&b'"').is_none() => opened = None,
            _ => {}
        }
        let ends_row = opened.is_none() && (byte == b'\n' || byte == b'\r');
        begins = ends_row || (opened.is_none() && byte == delimiter);
        if ends_row {
            is_heading &= heading == 0;
            (row, columns) = (line, 1);
        } else {
            heading += usize::from(is_heading);
            columns += usize::from(begins);
        }
        if columns > MOST_COLUMNS {
            return Err(Wrong::of_line(row, format!("it has more than {MOST_COLUMNS} values: this is no list")));
        }
        if heading > LONGEST_HEADING {
            return Err(Wrong::of_line(row, format!("the heading is longer than {} KB: this is no list", LONGEST_HEADING / 1024)));
        }
    }
    let open = "a \" is opened here and never closed; everything after it would be one value";
    opened.map_or(Ok(()), |line| Err(Wrong::of_line(line, open)))
}

/// As much of a heading, or of a list of them, as is repeated in a message.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// Counts lines as an editor does: the reader itself counts neither empty lines nor CRLF that way.
pub(crate) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    /// From the first line on.
    pub(crate) const fn of_text(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0, line: 1 }
    }

    /// The line of what comes first at or after `byte`, which never goes back.
    pub(crate) fn of(&mut self, byte: u64) -> u64 {
        let start = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(next) = self.bytes.get(self.at).filter(|next| self.at < start || matches!(next, b'\r' | b'\n')) {
            let ends = *next == b'\n' || (*next == b'\r' && self.bytes.get(self.at + 1) != Some(&b'\n'));
            self.line += u64::from(ends);
            self.at += 1;
        }
        self.line
    }
}
