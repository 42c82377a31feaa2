//! CSV files as people's spreadsheets and other systems write them, read; and written so that no spreadsheet runs what stands in them.
//!
//! One place for both: a cell that begins like a formula is written with an apostrophe before it, and read without it.

mod formula;
mod read;
#[cfg(test)]
mod tests;
mod text;
mod write;

pub(crate) use read::{Lines, MOST_COLUMNS, shape, shown};
pub use read::{Reading, Row, Sheet, Wrong, parse};
pub use text::{Decoded, decode};
pub use write::{Writer, of_json};
