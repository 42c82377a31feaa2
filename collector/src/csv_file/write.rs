//! Lists as CSV.

use super::formula::guarded;
use serde_json::{Map, Value};

/// Excel takes a file for UTF-8 only with this before it.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// A list being written: its heading, then row by row.
pub struct Writer(csv::Writer<Vec<u8>>);

impl Writer {
    /// Begins with the names of the columns. Those are ours, and guarded all the same.
    pub fn begin<T: AsRef<str>>(columns: impl IntoIterator<Item = T>) -> Self {
        let mut writer = Self(csv::WriterBuilder::new().flexible(true).from_writer(Vec::new()));
        writer.row(columns);
        writer
    }

    /// The same for a person's spreadsheet: marked as UTF-8, without which Excel would spoil every accent.
    pub fn for_spreadsheets<T: AsRef<str>>(columns: impl IntoIterator<Item = T>) -> Self {
        let mut writer = Self(csv::WriterBuilder::new().flexible(true).from_writer(MARK.to_vec()));
        writer.row(columns);
        writer
    }

    /// Writes a row.
    pub fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        // Rows of any length go into memory: this can't fail.
        drop(self.0.write_record(cells.into_iter().map(|cell| guarded(cell.as_ref()))));
    }

    /// The bytes of the file.
    pub fn finish(self) -> Vec<u8> {
        self.0.into_inner().unwrap_or_default()
    }
}

/// A list of JSON objects as CSV: a column for each field, fields of fields with a dot, lists in one cell parted by "; ".
///
/// # Errors
/// It is no list of objects.
pub fn of_json(json: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let rows: Vec<Map<String, Value>> = serde_json::from_slice(json)?;
    let mut columns: Vec<String> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for row in &rows {
        flat(row, "", &mut |name, _| {
            if known.insert(name.to_owned()) {
                columns.push(name.to_owned());
            }
        });
    }
    columns.sort_by_key(|name| (first(name), name.clone()));
    let mut writer = Writer::for_spreadsheets(&columns);
    for row in &rows {
        let mut cells = std::collections::HashMap::new();
        flat(row, "", &mut |name, value| drop(cells.insert(name.to_owned(), text(value))));
        writer.row(columns.iter().map(|name| cells.remove(name).unwrap_or_default()));
    }
    Ok(writer.finish())
}

/// What a row is known by comes first, and long numbers last.
fn first(column: &str) -> usize {
    let order = ["number", "tag", "id", "name", "title", "severity", "state", "status", "kind", "person", "room", "seat"];
    let last = if column.contains('.') { order.len() + 1 } else { order.len() };
    order.iter().position(|name| *name == column).unwrap_or(last)
}

/// Every field of an object that is no object itself, by its name with dots.
fn flat<'a>(row: &'a Map<String, Value>, under: &str, found: &mut impl FnMut(&str, &'a Value)) {
    for (name, value) in row {
        let name = if under.is_empty() { name.clone() } else { format!("{under}.{name}") };
        match value {
            Value::Object(inner) if under.matches('.').count() < 3 => flat(inner, &name, found),
            value => found(&name, value),
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}
