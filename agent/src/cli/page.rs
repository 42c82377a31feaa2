//! Plain text in columns.

/// Text under construction.
#[derive(Default)]
pub(super) struct Page {
    /// What is written so far.
    pub text: String,
}

impl Page {
    /// The name of a part.
    pub(super) fn title(&mut self, name: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        self.text.push_str(&format!("{gap}{}\n", name.to_uppercase()));
    }

    /// One line.
    pub(super) fn line(&mut self, text: &str) {
        self.text.push_str(&format!("  {text}\n"));
    }

    /// A line that says that there is nothing.
    pub(super) fn none(&mut self, none: impl Into<bool>, text: &str) {
        if none.into() {
            self.line(text);
        }
    }

    /// What could not be read.
    pub(super) fn problems(&mut self, problems: &[String]) {
        problems.iter().for_each(|problem| self.line(&format!("problem: {problem}")));
    }

    /// Name and value in two columns; values that are not there are left out.
    pub(super) fn facts(&mut self, facts: &[(&str, &str)]) {
        for (name, value) in facts.iter().filter(|(_, value)| !value.trim().is_empty()) {
            self.line(&format!("{name:<14} {}", value.trim()));
        }
    }

    /// Rows with their columns aligned; columns that are empty in every row are left out.
    pub(super) fn table<T>(&mut self, items: &[T], row: impl Fn(&T) -> Vec<String>) {
        let rows: Vec<Vec<String>> = items.iter().map(row).collect();
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |row: &Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
        let widths: Vec<usize> = (0..columns).map(|c| rows.iter().map(|row| cell(row, c).chars().count()).max().unwrap_or(0)).collect();
        for row in &rows {
            let cells = widths.iter().enumerate().filter(|(_, width)| **width > 0).map(|(c, width)| format!("{:<width$}", cell(row, c)));
            let line = cells.collect::<Vec<_>>().join("  ");
            self.line(line.trim_end());
        }
    }
}

/// Memory, in binary units.
pub(super) fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1u32 << 30))
}

/// Disks, in decimal units.
pub(super) fn gb(bytes: u64) -> String {
    if bytes == 0 { String::new() } else { format!("{:.1} GB", bytes as f64 / 1e9) }
}

/// A number with its unit; nothing for zero.
pub(super) fn unit(value: u64, unit: &str) -> String {
    if value == 0 { String::new() } else { format!("{value} {unit}").trim_end().to_owned() }
}

/// A count with its noun.
pub(super) fn counted(count: u32, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned_without_empty_columns() {
        let mut page = Page::default();
        page.table(&[("a", ""), ("long", "")], |(name, none)| vec![(*name).into(), (*none).into(), "x".into()]);
        assert_eq!(page.text, "  a     x\n  long  x\n");
    }
}
