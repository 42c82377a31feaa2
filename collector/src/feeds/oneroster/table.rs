//! One CSV file by the names of its columns: byte order mark, quotes, CRLF; every row with the line where it begins.

use super::Unreadable;
use crate::csv_file::{Lines, shape};
use csv::StringRecord;
use std::borrow::Cow;

/// A column that is read.
pub(super) struct Column {
    /// Its name, exactly.
    pub(super) name: &'static str,
    is_needed: bool,
}

impl Column {
    /// One that must be there.
    pub(super) const fn needed(name: &'static str) -> Self {
        Self { name, is_needed: true }
    }
    /// One that may be there.
    pub(super) const fn optional(name: &'static str) -> Self {
        Self { name, is_needed: false }
    }
}

/// A file whose heading is read.
pub(super) struct Table<'a> {
    file: &'static str,
    text: &'a str,
    /// Where each wanted column stands.
    places: Vec<Option<usize>>,
    /// Columns of the heading.
    width: usize,
}

/// A row.
pub(super) struct Row<'a> {
    /// Where it begins, from 1.
    pub(super) line: u64,
    record: &'a StringRecord,
    places: &'a [Option<usize>],
    /// How many values it has, where that is not what the heading names.
    pub(super) odd: Option<(usize, usize)>,
}

impl<'a> Row<'a> {
    /// The value in the wanted column of this number, trimmed; empty where there is none.
    pub(super) fn get(&self, wanted: usize) -> &'a str {
        self.places.get(wanted).copied().flatten().and_then(|place| self.record.get(place)).unwrap_or_default().trim()
    }
}

/// What is wrong at a line of a file.
pub(super) fn at(file: &str, line: u64, what: impl Into<Cow<'static, str>>) -> Unreadable {
    Unreadable::new(format!("{file}, line {line}"), what)
}

impl<'a> Table<'a> {
    /// Reads the heading.
    pub(super) fn of(file: &'static str, bytes: &'a [u8], wanted: &[Column]) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(bytes).map_err(|bad| {
            let before = bytes.get(..bad.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
            at(file, line, "this is not UTF-8; have it exported as UTF-8")
        })?;
        let text = text.trim_start_matches('\u{feff}');
        shape(text, b',').map_err(|wrong| at(file, wrong.line.unwrap_or(1), wrong.text))?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let heading = reader.headers().map_err(|error| at(file, 1, error.to_string()))?;
        let names: Vec<&str> = heading.iter().map(str::trim).collect();
        let place = |column: &Column| {
            let mut places = names.iter().enumerate().filter(|(_, name)| **name == column.name).map(|(place, _)| place);
            let (first, second) = (places.next(), places.next());
            match (first, second) {
                (_, Some(_)) => Err(at(file, 1, format!("the column {} stands twice in the heading", column.name))),
                (None, None) if column.is_needed => {
                    let has: String = names.join(", ").chars().take(300).collect();
                    Err(at(file, 1, format!("there is no column {}; the heading has {has}", column.name)))
                }
                (first, None) => Ok(first),
            }
        };
        let places = wanted.iter().map(place).collect::<Result<_, _>>()?;
        Ok(Self { file, text, places, width: names.len() })
    }

    /// Every row that is not empty, in order.
    pub(super) fn each(&self, mut told: impl FnMut(Result<Row<'_>, Unreadable>) -> Result<(), Unreadable>) -> Result<(), Unreadable> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(self.text.as_bytes());
        let (mut lines, mut line) = (Lines::of_text(self.text), 1);
        let mut record = StringRecord::new();
        // The heading was read.
        reader.headers().map_err(|error| at(self.file, 1, error.to_string()))?;
        loop {
            match reader.read_record(&mut record) {
                Ok(false) => return Ok(()),
                Ok(true) => {
                    line = lines.of(record.position().map_or(0, csv::Position::byte));
                    if record.iter().all(|value| value.trim().is_empty()) {
                        continue;
                    }
                    let odd = (record.len() != self.width).then_some((record.len(), self.width));
                    told(Ok(Row { line, record: &record, places: &self.places, odd }))?;
                }
                Err(error) => return told(Err(at(self.file, line, error.to_string()))),
            }
        }
    }
}
