//! Rows as a table for people or as tab-separated lines for scripts: columns are data.

use crate::cli::words;
use crate::csv_file::Writer;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets};
use jiff::Timestamp;
use serde_json::Value;

/// One column: where its value stands in a row, and how it is written.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The heading.
    head: &'static str,
    /// The field, with dots for fields of fields.
    at: &'static str,
    form: Form,
    /// Shown on terminals of at least so many columns.
    from: u16,
}

/// How a value is written in a table. Lines for scripts always have it as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    /// In a colour that says whether it is good.
    State,
    Memory,
    Moment,
    YesNo,
    /// A word where it is so; nowhere so: no column on a terminal.
    Mark(&'static str),
}

impl Column {
    /// A column of plain text.
    pub const fn text(head: &'static str, at: &'static str) -> Self {
        Self { head, at, form: Form::Text, from: 0 }
    }
    /// A column of words that say whether all is well.
    pub const fn state(head: &'static str, at: &'static str) -> Self {
        Self { form: Form::State, ..Self::text(head, at) }
    }
    /// A column of sizes of memory, bytes.
    pub const fn memory(head: &'static str, at: &'static str) -> Self {
        Self { form: Form::Memory, ..Self::text(head, at) }
    }
    /// A column of yes and no.
    pub const fn yes_no(head: &'static str, at: &'static str) -> Self {
        Self { form: Form::YesNo, ..Self::text(head, at) }
    }
    /// A column that has `word` in the rows of which it is true.
    pub const fn mark(word: &'static str, at: &'static str) -> Self {
        Self { form: Form::Mark(word), ..Self::text("", at) }
    }
    /// A column of moments.
    pub const fn moment(head: &'static str, at: &'static str) -> Self {
        Self { form: Form::Moment, ..Self::text(head, at) }
    }
    /// The same column, left out of tables on terminals narrower than `columns`.
    pub const fn from(self, columns: u16) -> Self {
        Self { from: columns, ..self }
    }

    /// The value for scripts: times RFC 3339, sizes in bytes.
    fn plain(&self, row: &Value) -> String {
        words::harmless(&self.cell_text(row).replace(['\t', '\n', '\r'], " "))
    }

    /// The value as it is.
    fn cell_text(&self, row: &Value) -> String {
        let value = field(row, self.at);
        match self.form {
            Form::YesNo | Form::Mark(_) => self.word(value).to_owned(),
            _ => text(value),
        }
    }

    /// What a yes or a no is in words; empty when it is neither.
    fn word(&self, value: &Value) -> &'static str {
        match (self.form, value.as_bool()) {
            (Form::Mark(word), Some(true)) => word,
            (Form::YesNo, Some(true)) => "yes",
            (Form::YesNo, Some(false)) => "no",
            _ => "",
        }
    }

    /// Whether a table of these rows on a terminal of so many columns has it.
    fn is_shown(&self, rows: &[Value], width: u16) -> bool {
        let marks = |row| !self.word(field(row, self.at)).is_empty();
        self.from <= width && (!matches!(self.form, Form::Mark(_)) || rows.iter().any(marks))
    }

    fn cell(&self, row: &Value, style: Style) -> Cell {
        let value = field(row, self.at);
        let words = match self.form {
            Form::Text | Form::State => words::harmless(&text(value)),
            Form::Memory => value.as_u64().map(words::memory).unwrap_or_default(),
            Form::YesNo | Form::Mark(_) => self.word(value).to_owned(),
            Form::Moment => moment(value).map(|at| words::ago(at, style.now)).unwrap_or_default(),
        };
        let colour = if self.form == Form::State && style.colour { tint(&words) } else { None };
        let cell = if self.form == Form::Memory || value.is_number() {
            Cell::new(words).set_alignment(CellAlignment::Right)
        } else {
            Cell::new(words)
        };
        match colour {
            Some(colour) => cell.fg(colour),
            None => cell,
        }
    }
}

/// How a table looks.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Columns of the terminal.
    pub width: u16,
    /// Whether it shows colours.
    pub colour: bool,
    /// Ages are counted from here.
    pub now: Timestamp,
}

/// The rows as a table.
pub fn table(columns: &[Column], rows: &[Value], style: Style) -> String {
    let shown: Vec<&Column> = columns.iter().filter(|column| column.is_shown(rows, style.width)).collect();
    let heads: Vec<&str> = shown.iter().map(|column| column.head).collect();
    grid(&heads, rows.iter().map(|row| shown.iter().map(|column| column.cell(row, style)).collect()), style)
}

/// Cells under their headings, without lines.
pub fn grid(heads: &[&str], rows: impl Iterator<Item = Vec<Cell>>, style: Style) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(style.width);
    if style.colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.set_header(heads.iter().map(|head| {
        let cell = Cell::new(head);
        if style.colour { cell.add_attribute(Attribute::Bold) } else { cell }
    }));
    for row in rows {
        table.add_row(row);
    }
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    table.trim_fmt()
}

/// The rows as lines of tab-separated values, without a heading.
pub fn lines(columns: &[Column], rows: &[Value]) -> String {
    let line = |row| columns.iter().map(|column: &Column| column.plain(row)).collect::<Vec<_>>().join("\t");
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The rows as CSV, every column with the name of its field over it.
pub fn csv(columns: &[Column], rows: &[Value]) -> String {
    let mut out = Writer::begin(columns.iter().map(|column| column.at));
    for row in rows {
        out.row(columns.iter().map(|column| column.cell_text(row)));
    }
    String::from_utf8_lossy(&out.finish()).trim_end().to_owned()
}

/// A field of a row, with dots for fields of fields and numbers for places in a list; null when there is none.
pub fn field<'a>(row: &'a Value, at: &str) -> &'a Value {
    let step = |value: &'a Value, name: &str| value.get(name).or_else(|| value.get(name.parse::<usize>().ok()?));
    at.split('.').fold(row, |value, name| step(value, name).unwrap_or(&Value::Null))
}

/// A field as plain text; empty when there is none.
pub fn text_at(row: &Value, at: &str) -> String {
    words::harmless(&text(field(row, at)))
}

/// A field as a number with its noun: "1 room", "3 rooms".
pub fn count_at(row: &Value, at: &str, one: &str, many: &str) -> String {
    words::count(number_at(row, at), one, many)
}

/// A field as a whole number; nought when it is none.
pub fn number_at(row: &Value, at: &str) -> u64 {
    field(row, at).as_u64().unwrap_or(0)
}

/// A field as a moment.
pub fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// A value as plain text; empty when there is none.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The colour of a word that says whether all is well.
pub fn tint(word: &str) -> Option<Color> {
    match word {
        "here" | "present" | "GO" | "ok" | "resolved" | "active" | "well" => Some(Color::Green),
        "late" | "slow" | "CHECK" | "medium" | "settling" | "acknowledged" | "snoozed" | "asleep" | "away" | "not measured" => {
            Some(Color::Yellow)
        }
        "silent" | "missing" | "barred" | "STOP" | "high" | "raised" | "revoked" | "quarantined" | "overdue" | "wrong" => Some(Color::Red),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const COLUMNS: &[Column] = &[
        Column::text("tag", "tag"),
        Column::state("presence", "presence"),
        Column::moment("since", "since"),
        Column::memory("memory", "memory_bytes"),
        Column::text("serial", "serial").from(100),
    ];

    fn rows() -> Vec<Value> {
        let since = "2026-11-24T17:50:00Z";
        vec![
            json!({"tag": "LAB1-001", "presence": "here", "since": since, "memory_bytes": 17_179_869_184_u64, "serial": "A\t1"}),
            json!({"tag": "LAB1-002", "presence": "silent", "since": since, "memory_bytes": null, "serial": "\u{1b}[2J"}),
        ]
    }

    fn style(width: u16) -> Style {
        Style { width, colour: false, now: "2026-11-24T18:00:00Z".parse().unwrap() }
    }

    #[test]
    fn people_read_a_table() {
        let want = "\
tag       presence  since       memory
LAB1-001  here      10 min ago   16 GB
LAB1-002  silent    10 min ago";
        assert_eq!(table(COLUMNS, &rows(), style(80)), want);
        assert!(table(COLUMNS, &rows(), style(120)).contains("\u{fffd}[2J"), "wide terminals see the serial, made harmless");
    }

    #[test]
    fn a_narrow_terminal_is_not_overrun() {
        let text = table(COLUMNS, &rows(), style(30));
        assert!(text.lines().all(|line| line.chars().count() <= 30), "{text}");
    }

    #[test]
    fn a_mark_stands_only_where_something_is_marked() {
        let columns = &[Column::text("tag", "tag"), Column::yes_no("overdue", "late"), Column::mark("simulated", "simulated")];
        let real = json!({"tag": "A", "late": true, "simulated": false});
        let simulated = json!({"tag": "B", "late": false, "simulated": true});
        assert_eq!(table(columns, std::slice::from_ref(&real), style(80)), "tag  overdue\nA    yes");
        assert!(table(columns, &[real.clone(), simulated.clone()], style(80)).ends_with("B    no       simulated"));
        assert_eq!(lines(columns, &[real, simulated]), "A\tyes\t\nB\tno\tsimulated");
    }

    #[test]
    fn scripts_read_lines() {
        let want = "LAB1-001\there\t2026-11-24T17:50:00Z\t17179869184\tA 1\nLAB1-002\tsilent\t2026-11-24T17:50:00Z\t\t\u{fffd}[2J";
        assert_eq!(lines(COLUMNS, &rows()), want);
    }
}
