//! Cells that a spreadsheet would run: an apostrophe before them makes them text, and reading takes it away again.

/// What a formula begins with, in one spreadsheet or another (OWASP, "CSV injection").
const BEGINS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// Whether a cell, after the apostrophes that it begins with, is like a formula.
fn is_like_one(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(BEGINS)
}

/// A cell that no spreadsheet takes for a formula.
pub(super) fn guarded(cell: &str) -> String {
    if is_like_one(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// The text of a cell that may have been guarded.
pub(super) fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_like_one(rest)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guarded_reads_as_it_was() {
        for (cell, want) in [
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("+1 555", "'+1 555"),
            ("-", "'-"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("'=1", "''=1"),
            ("''", "''"),
            ("LAB1-017", "LAB1-017"),
            ("'tis", "'tis"),
            ("", ""),
        ] {
            assert_eq!(guarded(cell), want);
            assert_eq!(plain(&guarded(cell)), cell);
        }
        assert_eq!(plain("'=2+3"), "=2+3", "as other systems guard");
        assert_eq!(plain("=2+3"), "=2+3");
    }
}
